import fs from 'node:fs';
import { environments, loadEnvironment } from '../config/index.ts';
import { buildPlatform } from '../apps/platform.ts';
import { describePeer } from '../constructs/core/endpoint.ts';
import { isClusterScoped } from '../constructs/core/kube-object.ts';
import { asksOutside, outsideNames } from '../constructs/core/outside-names.ts';
import { describePrivilege } from '../constructs/core/privilege.ts';
import { Workload } from '../constructs/core/workload.ts';
import { declaredEdges, foreignPodGroups, runtimeLabels } from '../synth/model.ts';
import { compareReachability } from '../synth/network/compare.ts';
import { podGroups, reachability } from '../synth/network/evaluate.ts';
import { networkFindings } from '../synth/network/lint.ts';
import { restrictedViolations } from '../synth/pod-security.ts';
import { policyFindings } from '../synth/policies.ts';
import { controllerSpec, podTemplateOf } from '../synth/pods.ts';
import { outdatedPrivileges, placedPrivileges, privilegesOf } from '../synth/privileges.ts';
import { objectFindings } from '../synth/api-server/index.ts';
import { upstreamManifests } from '../synth/upstream/facts.ts';
import { HEADER } from '../synth/write/index.ts';
import { committed, root } from './support/committed.ts';
import { at } from './support/harness.ts';
import type { Manifest } from '../constructs/core/manifest.ts';

const ofPods = [
  'automountServiceAccountToken',
  'restartPolicy',
  'securityContext.runAsNonRoot',
  'priorityClassName',
].map((field) => `template.spec.${field}`);
const ofJobs = ['activeDeadlineSeconds', 'backoffLimit', 'podReplacementPolicy', ...ofPods];

/** Fields without which an object is taken, and means: one pod, six attempts, without end, everything, or nothing. */
const owed: Readonly<Record<string, readonly string[]>> = {
  Deployment: ['replicas', 'progressDeadlineSeconds', 'strategy.rollingUpdate.maxUnavailable', ...ofPods].map(inSpec),
  StatefulSet: ['replicas', 'podManagementPolicy', ...ofPods].map(inSpec),
  DaemonSet: ofPods.map(inSpec),
  Job: ofJobs.map(inSpec),
  CronJob: ['concurrencyPolicy', 'timeZone', ...ofJobs.map((field) => `jobTemplate.spec.${field}`)].map(inSpec),
  HorizontalPodAutoscaler: ['minReplicas', 'behavior.scaleDown.stabilizationWindowSeconds'].map(inSpec),
  PodDisruptionBudget: ['maxUnavailable', 'unhealthyPodEvictionPolicy'].map(inSpec),
  NetworkPolicy: ['policyTypes'].map(inSpec),
  ServiceAccount: ['automountServiceAccountToken'],
  Namespace: ['metadata.labels'],
  Application: ['syncPolicy.automated', 'syncPolicy.retry.limit', 'syncPolicy.syncOptions'].map(inSpec),
  AppProject: ['sourceRepos', 'destinations', 'clusterResourceWhitelist', 'namespaceResourceWhitelist'].map(inSpec),
  ValidatingAdmissionPolicy: ['failurePolicy'].map(inSpec),
};

function inSpec(field: string): string {
  return `spec.${field}`;
}

/** Read from the committed files, not from memory: this is what Argo CD applies. */
describe.each(Object.keys(environments))('the committed output of %s', (name) => {
  const dist = committed(`dist/${name}`);
  const argocd = committed(`argocd/${name}`);
  const manifests = dist.map(({ manifest }) => manifest);
  const platform = buildPlatform(name);
  const foreign = foreignPodGroups(platform);
  const applied = [...manifests, ...upstreamManifests(platform)];
  const workloads = manifests.filter((manifest) => podTemplateOf(manifest) !== undefined);

  test('what the network policies allow is what the wires declare', () => {
    expect(compareReachability(declaredEdges(platform), reachability(applied, { foreign }))).toEqual([]);
  });

  test('pods whose wires lead to a name outside, and no others, may ask for names of the world', () => {
    const { key, value } = outsideNames;
    const labels = new Map(podGroups(manifests, foreign).map((group) => [group.name, group.labels[key] === value]));
    // It is let out by its name: what it fetches must not be what cuts it off.
    labels.set('argocd/argocd-repo-server', true);
    const wired = new Set(platform.owners.filter(({ wires }) => asksOutside(wires)).map(describePeer));
    expect(wired.size).toBeGreaterThan(3);
    expect([...labels].filter(([group, may]) => may !== wired.has(group))).toEqual([]);
  });

  test('every namespace with a default-deny but the one of K3s has room for no load balancer, and for node ports where Traefik is', () => {
    const named = (name: string) =>
      manifests.filter(({ metadata }) => metadata.name === name).map(({ metadata }) => metadata.namespace);
    const denied = named('default-deny').filter((namespace) => namespace !== 'kube-system');
    expect(named('services').sort()).toEqual(denied.sort());
    const quotas = manifests.filter(({ kind, metadata }) => kind === 'ResourceQuota' && metadata.name === 'services');
    const room = (nodePorts: number) => ({ hard: { 'services.loadbalancers': 0, 'services.nodeports': nodePorts } });
    expect(quotas.map(({ metadata, spec }) => [metadata.namespace, spec])).toEqual(
      quotas.map(({ metadata }) => [metadata.namespace, room(metadata.namespace === 'edge' ? 3 : 0)]),
    );
  });

  test('no namespace is open, no selector selects nothing, no rule names a port that nobody has', () => {
    expect(networkFindings(applied, { foreign, runtimeLabels: runtimeLabels(platform) })).toEqual([]);
  });

  test('every wire has a reason', () => {
    expect(platform.connections.filter(({ reason }) => reason.length < 5)).toEqual([]);
  });

  test('every pod passes Pod Security restricted, but for those of nodes, in a namespace of their own', () => {
    const violations = workloads
      .filter(({ metadata }) => metadata.namespace !== 'node-agents')
      .flatMap((manifest) => restrictedViolations(podTemplateOf(manifest)!.spec!));
    expect([workloads.length > 0, violations]).toEqual([true, []]);
  });

  test('no container has more privileges than these, and none for longer than it was to', () => {
    const list = placedPrivileges(platform);
    const named = list.map(({ where, privilege }) => `${where}: ${describePrivilege(privilege)}`);
    expect(named).toEqual([
      'DaemonSet kube-system/coredns: coredns: capability NET_BIND_SERVICE until 2027-11-30: its image gives the program ' +
        'this capability, and the kernel starts none that may not have what it was given',
      "DaemonSet node-agents/alloy: alloy: user 0 until 2027-11-30: files of containers' logs are root's, and nobody else may read them",
      'DaemonSet node-agents/alloy: alloy: hostPath /var/log/pods until 2027-11-30: the kubelet has the logs of containers there',
      'DaemonSet node-agents/alloy: alloy: hostPath /var/lib/alloy for writing until 2027-11-30: another pod goes on reading where ' +
        'this one was, and sends no line twice',
    ]);
    expect(outdatedPrivileges(list, new Date())).toEqual([]);
  });

  test('every workload has its own service account without a token unless it asks', () => {
    const accounts = workloads.map(({ metadata, ...manifest }) => {
      const { serviceAccountName = '' } = podTemplateOf({ metadata, ...manifest })!.spec!;
      return `${metadata.namespace ?? ''}/${serviceAccountName}`;
    });
    expect(new Set(accounts).size).toBe(workloads.length);
    const tokens = workloads.flatMap((manifest) => {
      const { containers, volumes = [] } = podTemplateOf(manifest)!.spec!;
      const named = volumes.filter(({ projected }) => projected?.sources?.some((each) => each.serviceAccountToken));
      const names = named.map((volume) => volume.name);
      return containers
        .filter(({ volumeMounts = [] }) => volumeMounts.some((mount) => names.includes(mount.name)))
        .map((container) => `${manifest.metadata.name}: ${container.name}`);
    });
    const asking = platform.owners.flatMap((owner) =>
      owner instanceof Workload ? (owner.props.api?.containers ?? []).map((each) => `${owner.name}: ${each}`) : [],
    );
    expect(tokens.sort()).toEqual(asking.sort());
  });

  test('what runs by schedule and only reads backups has no keys that may delete them', () => {
    const owners = platform.secrets.map((secret) => secret.name).filter((each) => each.endsWith('-archive'));
    const jobs = workloads.filter(({ kind }) => kind === 'CronJob');
    const held = jobs.flatMap((job) => podTemplateOf(job)!.spec!.volumes!.map(({ secret }) => secret?.secretName));
    expect([owners.length > 0, held.filter((each) => each !== undefined && owners.includes(each))]).toEqual([true, []]);
  });

  test('every object is one that an API server takes', () => {
    expect([...manifests, ...argocd.map(({ manifest }) => manifest)].flatMap(objectFindings)).toEqual([]);
  });

  test('no field is left to the API server whose default hurts: who gives it up later would get that', () => {
    const missing = [...manifests, ...argocd.map(({ manifest }) => manifest)].flatMap((manifest) =>
      (owed[manifest.kind] ?? [])
        .filter((field) => at(manifest, field) === undefined)
        .map((field) => `${manifest.kind} ${manifest.metadata.name}: ${field}`),
    );
    expect(missing).toEqual([]);
  });

  test('the Argo CD tree holds Applications, AppProjects and the policies that keep them as git has them', () => {
    const kinds = new Set(argocd.map(({ manifest }) => manifest.kind));
    expect([...kinds].sort()).toEqual([
      'AppProject',
      'Application',
      'ValidatingAdmissionPolicy',
      'ValidatingAdmissionPolicyBinding',
    ]);
  });

  test('a project may bring admission policies by their names alone: else it could write those that judge it', () => {
    const permitted = argocd
      .filter(({ manifest }) => manifest.kind === 'AppProject')
      .flatMap(({ manifest }) => (manifest.spec as { clusterResourceWhitelist: object[] }).clusterResourceWhitelist)
      .filter(
        (each): each is { kind: string; name?: string } =>
          'kind' in each && String(each.kind).includes('AdmissionPolicy'),
      );
    expect(permitted.filter(({ name }) => name === undefined)).toEqual([]);
    expect(permitted.length).toBeGreaterThan(4);
  });

  test('no selector contains the version, and each matches its own pods', () => {
    const broken = workloads.filter((manifest) => {
      const selector = controllerSpec(manifest).selector?.matchLabels ?? {};
      const labels: Readonly<Record<string, string>> = podTemplateOf(manifest)!.metadata?.labels ?? {};
      return Object.entries(selector).some(([key, value]) => key.endsWith('/version') || labels[key] !== value);
    });
    expect(broken).toEqual([]);
  });

  test('no file holds a Secret with data', () => {
    expect(manifests.filter(({ kind }) => kind === 'Secret')).toEqual([]);
  });

  test('each file is one object of ours, in the namespace it should be in', () => {
    for (const { text, manifest } of [...dist, ...argocd]) {
      expect(text.startsWith(HEADER)).toBe(true);
      expect(text).not.toMatch(/^---/m);
      expect(text).not.toContain('\r');
      expect(manifest.metadata.namespace === undefined).toBe(isClusterScoped(manifest.kind));
    }
  });

  test('each folder is the path of exactly one application', () => {
    const folders = [...new Set(dist.map(({ file }) => file.split('/').slice(0, 3).join('/')))];
    const paths = argocd
      .filter(({ file, manifest }) => manifest.kind === 'Application' && !file.endsWith('root.yaml'))
      .flatMap(({ manifest }) => {
        const { source, sources = [] } = manifest.spec as {
          source?: { path?: string };
          sources?: { path?: string }[];
        };
        return [...sources, ...(source ? [source] : [])].map((each) => each.path ?? '');
      })
      .filter((path) => path.startsWith('dist/'));
    expect(paths.sort()).toEqual(folders);
  });

  test('every image comes from the table', () => {
    const images = loadEnvironment(name).imageReferences;
    expect(policyFindings(manifests, { images, secrets: inventory(), privileges: privilegesOf(platform) })).toEqual([]);
  });

  function inventory(): Map<string, string[]> {
    return new Map(
      platform.secrets.flatMap((secret) => {
        const entry = secret.inventoryEntry();
        return entry.copies.map(({ namespace }) => [`${namespace}/${entry.name}`, Object.keys(entry.keys)] as const);
      }),
    );
  }
});

describe('a policy refuses', () => {
  const context = {
    images: new Set(['registry.example/web:1']),
    secrets: new Map([['shop/known', ['key']]]),
    privileges: new Map(),
  };
  const container = {
    name: 'web',
    image: 'registry.example/web:1',
    resources: { requests: { cpu: '1', memory: '1Gi' }, limits: { memory: '1Gi' } },
    startupProbe: {},
    readinessProbe: {},
    livenessProbe: {},
    securityContext: { readOnlyRootFilesystem: true, allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
  };
  const pod = {
    serviceAccountName: 'web',
    automountServiceAccountToken: false,
    securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    containers: [container],
  };
  const metadata = { name: 'web', namespace: 'shop' };
  const account: Manifest = {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata,
    automountServiceAccountToken: false,
  };
  const role = (rule: object, reason?: string): Manifest => ({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'Role',
    metadata: { ...metadata, ...(reason === undefined ? {} : { annotations: { 'diptych/unnamed-rights': reason } }) },
    rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['patch'], ...rule }],
  });
  const clusterRole = (rule: object): Manifest => ({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: 'web' },
    rules: [rule],
  });
  const binding = (name: string): Manifest => ({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata,
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
  });
  const deployment = (podChanges: object = {}, specChanges: object = {}): Manifest => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata,
    spec: {
      selector: { matchLabels: { app: 'web' } },
      template: { metadata: { labels: { app: 'web' } }, spec: { ...pod, ...podChanges } },
      ...specChanges,
    },
  });
  const withContainer = (changes: object): Manifest => deployment({ containers: [{ ...container, ...changes }] });
  const autoscaler = (name: string): Manifest => ({
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata,
    spec: { scaleTargetRef: { kind: 'Deployment', name } },
  });

  const withVariable = (name: string, value: string): Manifest => withContainer({ env: [{ name, value }] });

  test('nothing of a sound workload', () => {
    expect(policyFindings([deployment(), account], context)).toEqual([]);
  });

  test.each([
    ['DB_PASSWORD_FILE', 'secrets'],
    ['DB_PASSWORD', '/run/secrets/db'],
    ['REQUIRE_TOKEN', 'true'],
    ['NEXT_PUBLIC_MAPS_API_KEY', 'for-every-browser'],
    ['URL', 'https://user@git.example/a:b@c'],
  ])('nothing of a variable that holds no secret: %s', (name, value) => {
    expect(policyFindings([withVariable(name, value), account], context)).toEqual([]);
  });

  test.each([
    ['with names', role({ resourceNames: ['web-0'] })],
    ['that knows none, for a reason', role({ verbs: ['create'] }, 'create pods: nobody knows their names yet\n')],
    ['to read roles', role({ resourceNames: ['web'], resources: ['roles'], verbs: ['get'] })],
    ['to the numbers of nodes', role({ resourceNames: ['a'], resources: ['nodes/metrics'], verbs: ['get'] })],
  ])('nothing of a right %s', (_, manifest) => {
    expect(policyFindings([manifest, binding('web')], context)).toEqual([]);
  });

  test('nothing of a right to a page of the API server', () => {
    const page = clusterRole({ nonResourceURLs: ['/metrics'], verbs: ['get'] });
    expect(policyFindings([page], context)).toEqual([]);
  });

  const certificate = (namespace: string): Manifest => ({
    apiVersion: 'cert-manager.io/v1',
    kind: 'Certificate',
    metadata: { name: 'web-tls', namespace },
    spec: { secretName: 'web-tls' },
  });
  const mounting = (secretName: string, key: string): Manifest =>
    deployment({ volumes: [{ name: 's', secret: { secretName, items: [{ key, path: key }] } }] });

  test.each(['ca.crt', 'tls.crt', 'tls.key'])('nothing of a pod that reads %s of a Certificate beside it', (key) => {
    expect(policyFindings([mounting('web-tls', key), account, certificate('shop')], context)).toEqual([]);
  });

  const service = (name: string, ports: readonly object[]): Manifest => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { ...metadata, name },
    spec: { ports },
  });

  test('nothing of a port that is there by TCP and by UDP', () => {
    const ports = [
      { name: 'a', port: 53, nodePort: 30_053 },
      { name: 'b', port: 53, nodePort: 30_053, protocol: 'UDP' },
    ];
    expect(policyFindings([service('dns', ports)], context)).toEqual([]);
  });

  const spoiled: [string, Manifest[], string][] = [
    ['a Secret with data', [{ apiVersion: 'v1', kind: 'Secret', metadata, data: { a: 'YQ==' } }], 'a Secret with data'],
    ['a password in a variable', [withVariable('DB_PASSWORD', 'hunter2'), account], 'the variable DB_PASSWORD of web'],
    ...['PGPASSWORD', 'SMTP_PASS', 'MYSQL_PWD'].map((name): [string, Manifest[], string] => [
      `a password in ${name}`,
      [withVariable(name, 'hunter2'), account],
      `the variable ${name} of web`,
    ]),
    ['a password in an address', [withVariable('URL', 'redis://:hunter2@redis'), account], 'the variable URL of web'],
    ['a password in a command', [withContainer({ args: ['--from=ftp://a:b@c'] }), account], 'the command of web'],
    [
      'a private key in a file',
      [{ apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { 'a.pem': `-----BEGIN PRIVATE KEY-----` } }],
      'the file a.pem holds a secret',
    ],
    ['Endpoints', [{ apiVersion: 'v1', kind: 'Endpoints', metadata }], 'Endpoints are written by controllers'],
    ['an image from elsewhere', [withContainer({ image: 'nginx' }), account], 'runs nginx'],
    ['a right to objects without names', [role({})], 'it allows patch pods without names'],
    [
      'a right whose reason is that of another one',
      [role({}, 'create pods: nobody knows their names yet\n')],
      'it allows patch pods without names',
    ],
    ['a right to everything', [role({ resourceNames: ['a'], resources: ['*'] })], 'it allows patch * with *'],
    [
      'a right that gives others',
      [role({ resourceNames: ['a'], resources: ['roles'], verbs: ['escalate'] })],
      'it allows escalate roles with escalate',
    ],
    ...['nodes/proxy', 'pods/exec', 'pods/ephemeralcontainers', 'services/proxy', 'serviceaccounts/token'].map(
      (resource): [string, Manifest[], string] => [
        `a right to ${resource}, only to get it`,
        [role({ resourceNames: ['a'], resources: [resource], verbs: ['get'] })],
        `it allows get ${resource} with ${resource}`,
      ],
    ),
    ...['nodes/proxy', 'nodes/*'].map((resource): [string, Manifest[], string] => [
      `a right to ${resource} of the whole cluster`,
      [clusterRole({ apiGroups: [''], resourceNames: ['node1'], resources: [resource], verbs: ['get'] })],
      `it allows get ${resource} with ${resource}`,
    ]),
    [
      'a right to all pages of the API server',
      [clusterRole({ nonResourceURLs: ['/debug/*'], verbs: ['get'] })],
      'it allows get /debug/* with /debug/*',
    ],
    [
      'a right to write roles',
      [role({ resourceNames: ['a'], resources: ['rolebindings'], verbs: ['get', 'patch'] })],
      'it allows get, patch rolebindings with rolebindings',
    ],
    [
      'a right to sign',
      [role({ resourceNames: ['example.com/a'], resources: ['signers'], verbs: ['sign'] })],
      'it allows sign signers with sign',
    ],
    ['the rights of a role that is not there', [binding('admin')], 'the Role admin, which is none of ours'],
    [
      'a Service that claims an address',
      [{ ...service('web', []), spec: { externalIPs: ['203.0.113.7'] } }],
      'it claims 203.0.113.7 on every node',
    ],
    [
      'a token in every container',
      [deployment({ automountServiceAccountToken: undefined }), account],
      'Kubernetes gives its token to every container',
    ],
    [
      'an account whose token is in every container',
      [deployment(), { ...account, automountServiceAccountToken: true }],
      'Kubernetes gives its token to every container',
    ],
    ['a container without requests', [withContainer({ resources: {} }), account], 'no CPU request'],
    ['a container without probes', [withContainer({ livenessProbe: undefined }), account], 'no liveness probe'],
    ['a writable root file system', [withContainer({ securityContext: {} }), account], 'read-only root'],
    ['a pod on the host network', [deployment({ hostNetwork: true }), account], 'hostNetwork: true'],
    [
      'a root user',
      [deployment({ securityContext: { ...pod.securityContext, runAsUser: 0 } }), account],
      'runAsUser: 0',
    ],
    ['a host path', [deployment({ volumes: [{ name: 'x', hostPath: { path: '/' } }] }), account], 'hostPath'],
    [
      'a selector that misses its pods',
      [deployment({}, { selector: { matchLabels: { app: 'x' } } }), account],
      'asks for app',
    ],
    [
      'a selector with the version',
      [deployment({}, { selector: { matchLabels: { 'app.kubernetes.io/version': '1' } } }), account],
      'contains the version',
    ],
    ['no replicas beside an autoscaler', [deployment(), account, autoscaler('web')], 'states no replicas'],
    ['a secret that nobody declared', [mounting('x', 'k'), account], 'reads x.k'],
    ['a key that no Certificate has', [mounting('web-tls', 'k'), account, certificate('shop')], 'reads web-tls.k'],
    [
      'the Secret of a Certificate of another namespace',
      [mounting('web-tls', 'tls.key'), account, certificate('data')],
      'reads web-tls.tls.key',
    ],
    ['a workload without an account', [deployment()], 'there is no service account web'],
    [
      'two workloads with one account',
      [deployment(), { ...deployment(), kind: 'DaemonSet' }, account],
      'shares the service account',
    ],
    ['a node port twice in a Service', [service('web', [{ nodePort: 30_001 }, { nodePort: 30_001 }])], 'the node port'],
    [
      'a node port of two Services',
      [service('web', [{ nodePort: 30_001 }]), service('api', [{ nodePort: 30_001 }])],
      'the node port TCP 30001 is also one of Service shop/web',
    ],
  ];
  test.each(spoiled)('%s', (_, manifests, what) => {
    expect(policyFindings(manifests, context).map((finding) => finding.what)).toContainEqual(
      expect.stringContaining(what),
    );
  });

  test('a node port of another protocol is another one, and so is one that the API server chooses', () => {
    const ports = [{ nodePort: 30_001 }, { nodePort: 30_001, protocol: 'UDP' }, {}, {}];
    const services = ports.map((port, index) => service(`web-${index}`, [port]));
    expect(policyFindings(services, context).filter(({ what }) => what.includes('node port'))).toEqual([]);
  });
});

test('no image reference stands outside the image table', () => {
  const sources = ['apps', 'constructs', 'config', 'synth']
    .flatMap((folder) =>
      fs
        .readdirSync(`${root}/${folder}`, { recursive: true, encoding: 'utf8' })
        .map((file) => `${root}/${folder}/${file}`),
    )
    .filter((file) => file.endsWith('.ts'));
  const literal = /image: ['"`](?!required')|['"`](ghcr|quay|docker|registry)\.[a-z0-9.-]+\/[^'"`\s]+:[^'"`\s]+['"`]/;
  expect(sources.filter((file) => literal.test(fs.readFileSync(file, 'utf8')))).toEqual([]);
});
