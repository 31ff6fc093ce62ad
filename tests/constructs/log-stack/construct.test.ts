import { Size } from 'cdk8s';
import { Cpu } from '../../../constructs/core/cpu.ts';
import { logAgentDefaults, logStoreDefaults } from '../../../constructs/log-stack/index.ts';
import type { LogAgentProps, LogStoreProps } from '../../../constructs/log-stack/index.ts';
import { restrictedViolations } from '../../../synth/pod-security.ts';
import { podTemplateOf } from '../../../synth/pods.ts';
import { nextVersion, yamlOf } from '../../support/constructs.ts';
import type { ChangeOfEveryOption } from '../../support/constructs.ts';
import { at, image, only, refusal, testEnvironment } from '../../support/harness.ts';
import { agentWith, lokiIn, minimalStore, storeWith } from '../../support/logs.ts';
import { addresses } from '../../support/observability.ts';

const bucket = testEnvironment().objectStore('backups');

const changes: ChangeOfEveryOption<LogStoreProps> = {
  image: () => ({ ...minimalStore.image, tag: '3.8.0', reference: 'registry.example/loki:3.8.0' }),
  keysImage: () => nextVersion(image),
  store: () => ({ ...bucket, bucket: 'other' }),
  alertmanagers: () => addresses('Alertmanager', 9093, '192.0.2.94/32'),
  runbooks: () => 'https://wiki.example/runbooks',
  cluster: () => 'other',
  retentionDays: () => 30,
  storage: () => Size.gibibytes(20),
  storageClass: () => 'hcloud-volumes',
  mebibytesPerSecond: () => 2,
  mostStreams: () => 500,
  longestLine: () => Size.kibibytes(64),
  size: () => ({ memory: Size.mebibytes(768) }),
};

const lines = {
  name: 'ManyErrors',
  contains: ['"level":"error"'],
  moreThan: 10,
  withinMinutes: 5,
  severity: 'ticket',
  summary: 'many lines are errors',
  runbook: 'pods',
} as const;

const text = (props: Partial<LogStoreProps> = {}): string => yamlOf(storeWith(props, [lines]).manifests);
const pod = (props: Partial<LogStoreProps> = {}) =>
  podTemplateOf(only(storeWith(props).manifests, 'StatefulSet', 'loki'))!.spec!;

describe('options of LogStore', () => {
  test.each(Object.keys(changes) as (keyof typeof changes)[])('%s changes the output', (key) => {
    expect(text({ [key]: changes[key](undefined as never) })).not.toBe(text());
  });

  test('those that are left out are the documented ones', () => {
    const { size, ...others } = logStoreDefaults;
    expect(text(others)).toBe(text());
    expect(text({ size }).replaceAll(/diptych\/resources-of.*/g, '')).toBe(
      text().replaceAll(/diptych\/resources-of.*/g, ''),
    );
  });

  test('another id in the code changes no byte', () => {
    expect(yamlOf(storeWith({}, [], 'moved').manifests)).toBe(yamlOf(storeWith().manifests));
  });
});

describe('Loki', () => {
  const configuration = lokiIn(storeWith().manifests);

  test('has its storage by the client that is named, with the keys of that client alone', () => {
    const { use_thanos_objstore: named, object_store: store, ...rest } = configuration.storage_config!;
    expect([named, Object.keys(rest)]).toEqual([true, ['tsdb_shipper']]);
    expect(store).toEqual({
      s3: {
        bucket_name: bucket.bucket,
        endpoint: 's3.example:443',
        region: bucket.region,
        bucket_lookup_type: 'path',
        dualstack_enabled: false,
        insecure: false,
        send_content_md5: true,
      },
    });
    expect(configuration).not.toHaveProperty('ruler.storage');
  });

  test('asks a service without TLS, and at its own port, where the configuration says so', () => {
    const { manifests } = storeWith({ store: { ...bucket, endpoint: 'http://10.0.0.9:7070' } });
    expect(lokiIn(manifests).storage_config).toMatchObject({
      object_store: { s3: { endpoint: '10.0.0.9:7070', insecure: true } },
    });
  });

  test('removes what is too old by its compactor, and nothing because somebody asks', () => {
    expect(configuration.compactor).toMatchObject({ retention_enabled: true, delete_request_store: 's3' });
    expect(configuration.limits_config).toMatchObject({ retention_period: '336h', deletion_mode: 'disabled' });
  });

  test('knows in the bucket what is to be removed of it: with its volume, two hours of old lines would stay for ever', () => {
    expect(configuration.compactor).toMatchObject({
      retention_delete_delay: '2h',
      deletion_marker_object_store_prefix: expect.stringMatching(/^[a-z-]+\/$/) as string,
    });
  });

  test('takes late lines of two hours, and cuts off what is too long', () => {
    expect(configuration.ingester).toMatchObject({ max_chunk_age: '4h' });
    expect(configuration.limits_config).toMatchObject({ max_line_size: '256KB', max_line_size_truncate: true });
  });

  test('finds a line for as long as it is in the bucket nowhere yet', () => {
    const hours = (part: string, key: string) => Number.parseInt(String(configuration[part]![key]));
    expect(hours('querier', 'query_ingesters_within')).toBeGreaterThan(hours('ingester', 'max_chunk_age'));
  });

  test('has labels for those of the agent, and none of its own', () => {
    expect(configuration.limits_config).toMatchObject({ max_label_names_per_series: 8, discover_service_name: [] });
  });

  test('tells nobody outside that it is there', () => {
    expect(configuration.analytics).toEqual({ reporting_enabled: false });
    const { spec } = only(storeWith().manifests, 'NetworkPolicy', 'loki') as unknown as {
      readonly spec: { readonly egress: readonly { readonly ports: readonly { readonly port: number }[] }[] };
    };
    expect(spec.egress.flatMap(({ ports }) => ports.map(({ port }) => port)).sort()).toEqual(
      [443, 53, 53, 9093].sort(),
    );
  });

  test('gets the keys of the bucket as a file in memory, which only it and who writes it see', () => {
    const { containers, initContainers, volumes } = pod();
    expect(volumes).toContainEqual({ name: 'keys', emptyDir: { sizeLimit: '1Mi', medium: 'Memory' } });
    expect(initContainers![0]!.env).toContainEqual({ name: 'CREDENTIALS', value: '/run/keys/credentials' });
    expect(containers[0]!.env).toContainEqual({ name: 'AWS_SHARED_CREDENTIALS_FILE', value: '/run/keys/credentials' });
    expect(containers[0]!.env).toContainEqual({ name: 'AWS_REQUEST_CHECKSUM_CALCULATION', value: 'when_required' });
    const secrets = (names: typeof containers) =>
      names.flatMap((each) => each.volumeMounts ?? []).map(({ name }) => name);
    expect(secrets(containers).filter((name) => name.startsWith('secret'))).toEqual([]);
    expect(JSON.stringify(storeWith().manifests)).not.toContain('"Secret"');
  });

  test('is restricted, and has what was written last on a volume of its node', () => {
    expect(restrictedViolations(pod())).toEqual([]);
    const { spec } = only(storeWith().manifests, 'StatefulSet', 'loki');
    expect(spec).toMatchObject({
      replicas: 1,
      volumeClaimTemplates: [
        { spec: { storageClassName: 'local-path', resources: { requests: { storage: '10Gi' } } } },
      ],
    });
    expect(pod().terminationGracePeriodSeconds).toBe(300);
  });

  test('looks at alerts of the platform, in a folder of the only tenant', () => {
    const { manifests, platform } = storeWith({}, [lines]);
    expect(platform.logAlerts.map(({ props }) => props.name)).toEqual(['ManyErrors']);
    const mount = podTemplateOf(only(manifests, 'StatefulSet'))!.spec!.containers[0]!.volumeMounts!;
    expect(mount.map(({ mountPath }) => mountPath)).toContain('/etc/loki-rules/fake');
    const rules = at(only(manifests, 'ConfigMap', 'loki-rules'), 'data') as Readonly<Record<string, string>>;
    expect(rules['test.yaml']).toContain('alert: ManyErrors');
    expect(lokiIn(manifests).ruler).toMatchObject({ alertmanager_url: 'http://192.0.2.93:9093', enable_api: false });
  });
});

describe('a LogStore is refused', () => {
  const what = (props: Partial<LogStoreProps>) => refusal(() => storeWith(props)).map((each) => each.what);
  const version = (tag: string) => ({ image: { ...minimalStore.image, tag } });

  test.each<[string, Partial<LogStoreProps>, string]>([
    ['with a Loki that writes what others refuse', version('3.7.6'), 'Loki 3.7.6'],
    ['with a Loki that is older still', version('3.6.99'), 'Loki 3.6.99'],
    ['with a Loki of an unknown version', version('latest'), 'Loki latest'],
    ['that keeps nothing', { retentionDays: 0 }, 'retentionDays: 0'],
    ['that keeps half a day', { retentionDays: 1.5 }, 'retentionDays: 1.5'],
    ['that takes nothing', { mebibytesPerSecond: 0 }, 'mebibytesPerSecond: 0'],
    ['with streams without end', { mostStreams: 1_000_000 }, 'mostStreams: 1000000'],
    [
      'whose volume is full within minutes',
      { storage: Size.gibibytes(2) },
      'a volume of 2048 MiB, for 4 MiB each second',
    ],
    ['with lines of a page', { longestLine: Size.mebibytes(16) }, 'longestLine: 16384 KiB'],
    [
      'in a bucket where nobody may delete',
      { store: { ...bucket, holdsCopies: true } },
      `the bucket ${bucket.bucket} holds copies of backups, with a lock`,
    ],
    ['of a cluster with a sentence for a name', { cluster: 'My cluster' }, 'cluster: My cluster'],
    ['with runbooks that are nowhere', { runbooks: 'docs/runbooks' }, 'runbooks: docs/runbooks'],
  ])('%s', (_, props, expected) => {
    expect(what(props)).toEqual([expected]);
  });

  test.each(['3.7.7', '3.7.8', '3.8.0', 'v4.0.0'])('not with Loki %s', (tag) => {
    expect(() => storeWith(version(tag))).not.toThrow();
  });

  test('with an option that there is not', () => {
    expect(what({ retention: 3 } as never)[0]).toContain('retention');
  });
});

describe('LogAgent', () => {
  const other: ChangeOfEveryOption<LogAgentProps> = {
    image: () => nextVersion(image),
    to: () => ({ ...addresses('other', 3100, '192.0.2.32/32'), url: 'http://192.0.2.32:3100' }),
    size: () => ({ cpuRequest: Cpu.millicores(50) }),
  };
  const spec = podTemplateOf(only(agentWith().manifests, 'DaemonSet'))!.spec!;

  test.each(Object.keys(other) as (keyof typeof other)[])('%s changes the output', (key) => {
    const changed = agentWith({ [key]: other[key](undefined as never) });
    expect(yamlOf(changed.manifests)).not.toBe(yamlOf(agentWith().manifests));
  });

  test('requests what is documented', () => {
    const { cpuRequest, memory } = logAgentDefaults.size;
    expect(spec.containers[0]!.resources?.requests).toEqual({
      cpu: cpuRequest.asString(),
      memory: memory.asString(),
    });
  });

  test('is on every node, a witness too, without a token and without a right', () => {
    expect(spec.tolerations!.map(({ key }) => key)).toEqual([
      'node-role.kubernetes.io/etcd',
      'node-role.kubernetes.io/control-plane',
    ]);
    const kinds = agentWith().manifests.map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind.includes('Role'))).toEqual([]);
    expect(JSON.stringify(spec)).not.toContain('serviceAccountToken');
  });

  const to = { ...addresses('logs', 443, '192.0.2.33/32'), url: 'https://logs.example.com' };

  test('verifies whom it sends lines to by the authority of its own that it has', () => {
    const authority = { name: 'logs-ca', certificates: 'the certificate of an authority\n' };
    const { manifests } = agentWith({ to: { ...to, authority } });
    const data = at(only(manifests, 'ConfigMap', 'alloy-settings'), 'data') as Readonly<Record<string, string>>;
    expect(data['config.alloy']).toContain('tls_config {\n      ca_file = "/run/authorities/logs-ca.crt"\n    }\n');
    expect(at(only(manifests, 'ConfigMap', 'alloy-authorities'), 'data')).toEqual({
      'logs-ca.crt': authority.certificates,
    });
  });

  test.each(['https://logs.example.com/', 'https://logs.example.com/loki/api/v1/push', 'logs.example.com', 'ftp://a'])(
    'is refused where lines would go to %s',
    (url) => {
      expect(refusal(() => agentWith({ to: { ...to, url } }))).toEqual([
        {
          where: 'LogAgent',
          what: `the url of to: ${url}`,
          allowed: 'https://HOST or http://HOST, with a port or without, and without a path',
          remedy: 'change it: the path is that of Loki',
        },
      ]);
    },
  );

  test('reads the logs of containers as root without any capability, and writes where it was and nowhere else', () => {
    const paths = spec.volumes!.flatMap(({ hostPath }) => (hostPath ? [[hostPath.path, hostPath.type]] : []));
    expect(paths).toEqual([
      ['/var/log/pods', 'Directory'],
      ['/var/lib/alloy', 'DirectoryOrCreate'],
    ]);
    expect(restrictedViolations(spec).filter((each) => !each.endsWith(': hostPath'))).toEqual([
      'containers[0].runAsNonRoot: not true',
      'containers[0].runAsUser: 0',
    ]);
    const [container] = spec.containers;
    expect(container!.securityContext).toMatchObject({
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
      readOnlyRootFilesystem: true,
    });
    expect(container!.volumeMounts!.filter(({ readOnly }) => !readOnly).map(({ mountPath }) => mountPath)).toEqual([
      '/var/lib/alloy',
    ]);
  });
});
