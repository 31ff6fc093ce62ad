import { Size } from 'cdk8s';
import { Cpu } from '../../../constructs/core/cpu.ts';
import {
  nodeExporterDefaults,
  observabilityStackDefaults,
  statusFile,
} from '../../../constructs/observability-stack/index.ts';
import type { NodeExporterProps, ObservabilityStackProps } from '../../../constructs/observability-stack/index.ts';
import { restrictedViolations } from '../../../synth/pod-security.ts';
import { podTemplateOf } from '../../../synth/pods.ts';
import { built, nextVersion, password, yamlOf } from '../../support/constructs.ts';
import type { ChangeOfEveryOption } from '../../support/constructs.ts';
import { at, image, only, refusal, testEnvironment } from '../../support/harness.ts';
import {
  addresses,
  configurationIn,
  minimalStack,
  nodeExporterWith,
  stackWith,
  told,
} from '../../support/observability.ts';

/** Somebody who keeps numbers elsewhere. */
const remoteWrite = built((scope) => ({
  to: { ...addresses('archive', 443, '192.0.2.7/32'), url: 'https://192.0.2.7/api/v1/write' },
  credentials: { user: 'test', password: password(scope, 'archive') },
})).value;

const authority = { name: 'archive-ca', certificates: 'the certificate of an authority\n' };

const changes: ChangeOfEveryOption<ObservabilityStackProps> = {
  image: () => nextVersion(image),
  kubeStateMetricsImage: () => nextVersion(image),
  alertmanagerImage: () => nextVersion(image),
  blackboxImage: () => nextVersion(image),
  runbooks: () => 'https://wiki.example/runbooks',
  receivers: () => [told.mail],
  heartbeat: () => ({ ...told.heartbeat, endpoint: addresses('other', 443, '192.0.2.9/32') }),
  publicPaths: () => ['https://shop.example.com/'],
  statusPage: () => statusFile(testEnvironment().objectStore('backups')),
  cluster: () => 'other',
  kubernetesApi: () => addresses('Kubernetes API', 6443, '10.0.0.9/32'),
  kubelets: () => addresses('kubelets', 10250, '10.0.0.9/32'),
  nodes: () => [{ name: 'node9', address: '10.0.0.9', role: 'server' }],
  replicas: () => 2,
  storage: () => Size.gibibytes(20),
  storageClass: () => 'hcloud-volumes',
  retentionDays: () => 60,
  retentionSize: () => Size.gibibytes(5),
  scrapeSeconds: () => 15,
  remoteWrite: () => remoteWrite,
  size: () => ({ cpuRequest: Cpu.millicores(200) }),
  kubeStateMetricsSize: () => ({ memory: Size.mebibytes(256) }),
  alertmanagerSize: () => ({ memory: Size.mebibytes(256) }),
  blackboxSize: () => ({ memory: Size.mebibytes(256) }),
};

/** What asks for public paths is there where there are some. */
const withPaths: Partial<ObservabilityStackProps> = { publicPaths: ['https://api.example.com/health'] };

const text = (props: Partial<ObservabilityStackProps> = {}): string => yamlOf(stackWith(props).manifests);
const pod = (props: Partial<ObservabilityStackProps> = {}) =>
  podTemplateOf(only(stackWith(props).manifests, 'StatefulSet', 'prometheus'))!.spec!;

describe('options', () => {
  test.each(Object.keys(changes) as (keyof typeof changes)[])('%s changes the output', (key) => {
    expect(text({ ...withPaths, [key]: changes[key](undefined as never) })).not.toBe(text(withPaths));
  });

  test('without a sign of life nobody is told of none', () => {
    expect(text({ heartbeat: false })).not.toMatch(/alert: Watchdog|heartbeat/);
  });

  test('those that are left out are the documented ones', () => {
    const { size, kubeStateMetricsSize, alertmanagerSize, blackboxSize, ...others } = observabilityStackDefaults;
    const more = { retentionSize: Size.gibibytes(8), remoteWrite: false, publicPaths: [] } as const;
    expect(text({ ...others, ...more })).toBe(text());
    expect(
      text({ size, kubeStateMetricsSize, alertmanagerSize, blackboxSize }).replaceAll(/diptych\/resources-of.*/g, ''),
    ).toBe(text().replaceAll(/diptych\/resources-of.*/g, ''));
  });

  test('another id in the code changes no byte', () => {
    expect(yamlOf(stackWith({}, undefined, 'moved').manifests)).toBe(text());
  });
});

describe('Prometheus', () => {
  test('keeps numbers by time and by size, on a volume of its own', () => {
    expect(pod().containers[0]!.command).toEqual(
      expect.arrayContaining(['--storage.tsdb.retention.time=31d', '--storage.tsdb.retention.size=8192MB']),
    );
    const { spec } = only(stackWith().manifests, 'StatefulSet', 'prometheus');
    expect(spec).toMatchObject({
      volumeClaimTemplates: [
        { spec: { storageClassName: 'local-path', resources: { requests: { storage: '10Gi' } } } },
      ],
    });
  });

  test('prefers a node with the API; two are never on one', () => {
    const affinity = { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100 }] };
    expect(pod().affinity?.nodeAffinity).toMatchObject(affinity);
    expect(pod({ replicas: 2 }).affinity?.podAntiAffinity).toHaveProperty(
      'requiredDuringSchedulingIgnoredDuringExecution',
    );
  });

  test('may list pods, and read the numbers of the nodes that there are and of the API', () => {
    const role = only(stackWith().manifests, 'ClusterRole', 'test-prometheus') as { rules?: unknown };
    expect(role.rules).toEqual([
      { apiGroups: [''], resources: ['pods'], verbs: ['list', 'watch'] },
      { apiGroups: [''], resources: ['nodes/metrics'], resourceNames: ['node1', 'node2'], verbs: ['get'] },
      { nonResourceURLs: ['/metrics'], verbs: ['get'] },
    ]);
  });

  test('writes elsewhere by a password that only a file has', () => {
    const { manifests } = stackWith({ remoteWrite });
    expect(configurationIn(manifests).remote_write).toEqual([
      {
        url: 'https://192.0.2.7/api/v1/write',
        basic_auth: { username: 'test', password_file: '/run/secrets/archive/password' },
      },
    ]);
    expect(JSON.stringify(at(only(manifests, 'NetworkPolicy', 'prometheus'), 'spec.egress'))).toContain('192.0.2.7/32');
  });

  test('says which of two it is where both write elsewhere, and in no alert: each would be told twice', () => {
    const labels = (props: Partial<ObservabilityStackProps>) =>
      configurationIn(stackWith(props).manifests).global.external_labels;
    expect(labels({ remoteWrite, replicas: 2 })).toEqual({ cluster: 'test', replica: '${POD_NAME}' });
    expect([labels({ remoteWrite }), labels({ replicas: 2 })]).toEqual([{ cluster: 'test' }, { cluster: 'test' }]);
    const { manifests } = stackWith({ remoteWrite, replicas: 2 });
    expect(configurationIn(manifests)).toMatchObject({
      alerting: { alert_relabel_configs: [{ regex: 'replica', action: 'labeldrop' }] },
    });
    expect(pod({ remoteWrite, replicas: 2 }).containers[0]!.env).toContainEqual({
      name: 'POD_NAME',
      valueFrom: { fieldRef: { fieldPath: 'metadata.name' } },
    });
  });

  test('verifies who keeps numbers elsewhere by the authority of its own that it has', () => {
    const { manifests } = stackWith({ remoteWrite: { ...remoteWrite, to: { ...remoteWrite.to, authority } } });
    expect(configurationIn(manifests).remote_write).toMatchObject([
      { tls_config: { ca_file: '/run/authorities/archive-ca.crt' } },
    ]);
    expect(at(only(manifests, 'ConfigMap', 'prometheus-authorities'), 'data')).toEqual({
      'archive-ca.crt': authority.certificates,
    });
  });
});

test('kube-state-metrics is on two nodes, and reads no secret and no ConfigMap', () => {
  const { manifests } = stackWith();
  expect(at(only(manifests, 'Deployment', 'kube-state-metrics'), 'spec.replicas')).toBe(2);
  const role = only(manifests, 'ClusterRole', 'test-kube-state-metrics');
  expect(JSON.stringify(role)).not.toMatch(/secrets|configmaps/);
  const resources = (role as unknown as { rules: { resources: string[] }[] }).rules.flatMap((rule) => rule.resources);
  expect(podTemplateOf(only(manifests, 'Deployment', 'kube-state-metrics'))!.spec!.containers[0]!.command).toContain(
    `--resources=${resources.sort().join(',')}`,
  );
});

describe('NodeExporter', () => {
  const other: ChangeOfEveryOption<NodeExporterProps> = {
    image: () => nextVersion(image),
    size: () => ({ cpuRequest: Cpu.millicores(50) }),
  };

  test.each(Object.keys(other) as (keyof typeof other)[])('%s changes the output', (key) => {
    const changed = nodeExporterWith({ [key]: other[key](undefined as never) });
    expect(yamlOf(changed.manifests)).not.toBe(yamlOf(nodeExporterWith().manifests));
  });

  test('requests what is documented', () => {
    const { cpuRequest, memory } = nodeExporterDefaults.size;
    const { containers } = podTemplateOf(only(nodeExporterWith().manifests, 'DaemonSet'))!.spec!;
    expect(containers[0]!.resources?.requests).toEqual({ cpu: cpuRequest.asString(), memory: memory.asString() });
  });

  test('is on every node, a witness too, and sees no file of it', () => {
    const template = podTemplateOf(only(nodeExporterWith().manifests, 'DaemonSet'))!.spec!;
    expect(restrictedViolations(template)).toEqual([]);
    expect(template.tolerations!.map(({ key }) => key)).toEqual([
      'node-role.kubernetes.io/etcd',
      'node-role.kubernetes.io/control-plane',
    ]);
    expect(template.volumes).toEqual([{ name: 'disk', emptyDir: { sizeLimit: '1Mi' } }]);
  });
});

describe('is refused', () => {
  const what = (props: Partial<ObservabilityStackProps>) => refusal(() => stackWith(props)).map((each) => each.what);

  test.each<[string, Partial<ObservabilityStackProps>, string]>([
    ['three of it', { replicas: 3 as 2 }, 'replicas: 3'],
    [
      'what keeps more than its volume has',
      { storage: Size.gibibytes(5), retentionSize: Size.gibibytes(5) },
      '5120 MiB are kept on a volume of 5120 MiB',
    ],
    ['no day', { retentionDays: 0 }, 'retentionDays: 0'],
    ['a look every two minutes', { scrapeSeconds: 120 }, 'scrapeSeconds: 120'],
    ['a cluster with a sentence for a name', { cluster: 'My cluster' }, 'cluster: My cluster'],
    ['no server', { nodes: [{ name: 'a', address: '10.0.0.1', role: 'agent' }] }, 'nodes has no server'],
    ['nobody who is woken', { receivers: [told.chat] }, 'no receiver is told of pages'],
    ['two receivers of one name', { receivers: [told.receiver, told.receiver] }, 'the receiver on-call'],
    [
      "a receiver of the stack's own name",
      { receivers: [{ ...told.receiver, name: 'nobody' }] },
      'the receiver nobody',
    ],
    [
      'an address as text',
      { receivers: [{ ...told.receiver, url: 'https://hooks.example.com/abc' } as never] },
      'the receiver on-call has no reference to a secret',
    ],
    [
      'a sign of life by an address as text',
      { heartbeat: { ...told.heartbeat, url: 'https://ping.example.com' as never } },
      'the url of heartbeat is no key of a secret',
    ],
    ['a path without TLS', { publicPaths: ['http://shop.example.com/'] }, 'the public path http://shop.example.com/'],
    ['runbooks that are nowhere', { runbooks: 'docs/runbooks' }, 'runbooks: docs/runbooks'],
    [
      'a receiver of a kind that there is not',
      { receivers: [told.receiver, { ...told.receiver, name: 'pager', kind: 'pager' } as never] },
      'the kind of the receiver pager: pager',
    ],
    [
      'mail from nobody',
      { receivers: [told.receiver, { ...told.mail, from: 'Alerts' } as never] },
      'the receiver mail has from: Alerts',
    ],
    [
      'numbers kept elsewhere at what is no address',
      { remoteWrite: { ...remoteWrite, to: { ...remoteWrite.to, url: 'metrics.example.com/api/v1/write' } } },
      'the url of remoteWrite: metrics.example.com/api/v1/write',
    ],
    [
      'a password as text',
      { remoteWrite: { ...remoteWrite, credentials: { user: 'a', password: 'secret' as never } } },
      'the password of remoteWrite is no key of a secret',
    ],
    [
      'a receiver of an urgency that no alert has',
      { receivers: [{ ...told.receiver, severities: ['page', 'tickets'] } as never] },
      'severities: ["page","tickets"]',
    ],
    [
      'a receiver whose urgency is no list',
      { receivers: [{ ...told.receiver, severities: 'page' } as never] },
      'severities: "page"',
    ],
  ])('%s', (_, props, expected) => {
    expect(what(props)).toEqual([expected]);
  });

  test('an option that there is not', () => {
    expect(what({ retention: 3 } as never)[0]).toContain('retention');
  });

  test('an option of another kind of receiver', () => {
    expect(what({ receivers: [{ ...told.receiver, to: 'team@example.com' } as never] })[0]).toContain('to');
  });

  test('nothing of the minimal one', () => {
    expect(() => stackWith(minimalStack)).not.toThrow();
  });
});
