import { ClusterDns, clusterDnsDefaults } from '../../constructs/cluster-dns/index.ts';
import type { ClusterDnsProps, StubZone } from '../../constructs/cluster-dns/index.ts';
import { application } from '../../constructs/core/application.ts';
import { Cpu } from '../../constructs/core/cpu.ts';
import { publicEndpoint } from '../../constructs/core/endpoint.ts';
import { ForeignWorkload } from '../../constructs/core/foreign-workload.ts';
import { manifestOf, objectsOf } from '../../constructs/core/kube-object.ts';
import type { Manifest } from '../../constructs/core/manifest.ts';
import { defineNamespace } from '../../constructs/core/namespace.ts';
import { Platform } from '../../constructs/core/platform.ts';
import { workersOf } from '../../constructs/core/environment.ts';
import { Workload } from '../../constructs/core/workload.ts';
import { podTemplateOf } from '../../synth/pods.ts';
import { at, image, only, refusal, testApplication, testEnvironment } from '../support/harness.ts';

const labelled = { 'diptych/names': 'outside' };
const address = (name: string, cidr: string, port: number) => {
  const peer = { name, cidrs: [{ cidr }] };
  return { name, targets: [{ peer, host: cidr.replace('/32', ''), port }] };
};
const api = address('Kubernetes API', '10.0.0.1/32', 6443);
const names = address('names of AD.EXAMPLE.COM', '10.42.7.7/32', 53);
const realm: StubZone = { zone: 'ad.example.com', address: '10.43.0.53', endpoint: names };

interface Others {
  readonly podLabels?: Readonly<Record<string, string>>;
  readonly outside?: boolean;
}

/** The platform of a DNS, beside a fetcher and pods of somebody's chart. */
function platform(changes: Partial<ClusterDnsProps> = {}, { podLabels = {}, outside = false }: Others = {}): Platform {
  const others = testApplication('others', (scope) => {
    const pods = (name: string, labels: Readonly<Record<string, string>>) =>
      new ForeignWorkload(scope, name, { name, madeBy: 'the tests', podLabels: { app: name, ...labels } });
    // Let out by its name; where that is another's, by its label.
    const fetcher = pods('fetcher', changes.fetcher ? labelled : {});
    fetcher.needs(publicEndpoint('git', 'git.example'), 'fetches');
    const chart = pods('chart', podLabels);
    if (outside) chart.needs(publicEndpoint('mail', 'mail.example'), 'sends');
    return { fetcher };
  });
  const own = application(
    'dns',
    { namespace: defineNamespace('kube-system'), layer: 'foundations', uses: () => ({ others }) },
    (scope, _, used) => {
      const { fetcher } = used.others;
      new ClusterDns(scope, 'dns', { image, kubernetesApi: api, address: '10.43.0.10', fetcher, ...changes });
    },
  );
  return new Platform(testEnvironment(), [own, others]);
}

function dns(changes: Partial<ClusterDnsProps> = {}, others: Others = {}): Manifest[] {
  const { charts } = platform(changes, others);
  return charts.slice(0, 1).flatMap((chart) => objectsOf(chart).map(manifestOf));
}

const files = (manifests: readonly Manifest[], name = 'coredns-settings') =>
  only(manifests, 'ConfigMap', name).data as Readonly<Record<string, string>>;
const kinds = (manifests: readonly Manifest[]) => manifests.map(({ kind }) => kind).sort();
const pod = (manifests: readonly Manifest[] = dns()) => podTemplateOf(only(manifests, 'DaemonSet', 'coredns'))!;

/** Another value of each option. */
const changed: Readonly<Record<keyof ClusterDnsProps, Partial<ClusterDnsProps>>> = {
  image: { image: { ...image, reference: 'registry.example/web:9' } },
  kubernetesApi: { kubernetesApi: address('Kubernetes API', '10.0.0.9/32', 6443) },
  address: { address: '10.43.0.11' },
  fetcher: { fetcher: { name: 'other', namespace: 'others', selector: {} } },
  whose: { whose: 'k3s' },
  outsideNames: { outsideNames: 'all' },
  zones: { zones: [realm] },
  size: { size: { cpuRequest: Cpu.millicores(70) } },
};

test.each(Object.keys(changed) as (keyof ClusterDnsProps)[])('%s changes the output', (option) => {
  expect(dns(changed[option])).not.toEqual(dns());
});

describe('ours', () => {
  test('is on every node, on a witness and on one that is kept for servers too', () => {
    const { tolerations } = pod().spec!;
    expect(tolerations).toEqual([
      { key: 'node-role.kubernetes.io/etcd', operator: 'Exists', effect: 'NoExecute' },
      { key: 'node-role.kubernetes.io/control-plane', operator: 'Exists', effect: 'NoSchedule' },
    ]);
    expect(pod().spec).toMatchObject({ priorityClassName: 'system-node-critical', dnsPolicy: 'Default' });
  });

  test('counts in the budget of each node that carries pods', () => {
    const { owners, environment } = platform();
    const workload = owners.find((owner) => owner instanceof Workload);
    const { each, least, most } = workload!.demand(workersOf(environment.nodes).length);
    const { cpuRequest, memory } = clusterDnsDefaults.size;
    expect([each, least, most]).toEqual([{ millicores: cpuRequest.millicores, mebibytes: memory.toMebibytes() }, 2, 2]);
  });

  test('has the address that kubelets tell, and is asked by the pods of its own node', () => {
    expect(only(dns(), 'Service', 'kube-dns').spec).toEqual({
      clusterIP: '10.43.0.10',
      trafficDistribution: 'PreferSameNode',
      selector: { 'k8s-app': 'kube-dns' },
      ports: [
        { name: 'dns', port: 53, protocol: 'UDP', targetPort: 'dns' },
        { name: 'dns-tcp', port: 53, protocol: 'TCP', targetPort: 'dns-tcp' },
      ],
    });
  });

  test('is found by the labels of the one that K3s brings, whose pods it never takes for its own', () => {
    const own = at(only(dns(), 'DaemonSet'), 'spec.selector.matchLabels') as object;
    expect(own).toMatchObject({ 'app.kubernetes.io/instance': 'coredns' });
    expect(pod().metadata!.labels).toMatchObject({ ...own, 'k8s-app': 'kube-dns' });
    expect(at(only(dns(), 'NetworkPolicy', 'coredns'), 'spec.podSelector')).toEqual({
      matchLabels: { 'k8s-app': 'kube-dns' },
    });
  });

  test('has no root, writes nowhere, and may be started', () => {
    const [container] = pod().spec!.containers;
    expect(container!.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'], add: ['NET_BIND_SERVICE'] },
      readOnlyRootFilesystem: true,
    });
    expect(pod().spec!.securityContext).toMatchObject({
      runAsNonRoot: true,
      sysctls: [{ name: 'net.ipv4.ip_unprivileged_port_start', value: '53' }],
    });
  });

  test.each([
    ['wired', ['namespaces', 'services', 'pods']],
    ['all', ['namespaces', 'services']],
  ] as const)('may watch what it gives names to, and pods only where they are told apart: %s', (outsideNames, core) => {
    const { rules } = only(dns({ outsideNames }), 'ClusterRole') as Manifest & { readonly rules: unknown };
    const verbs = ['list', 'watch'];
    expect(rules).toEqual([
      { apiGroups: [''], resources: core, verbs },
      { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs },
    ]);
  });

  test('gets new pods, one node after the other, when what it reads changes', () => {
    const hash = (changes: Partial<ClusterDnsProps>) => pod(dns(changes)).metadata!.annotations!['diptych/files'];
    expect(hash({ zones: [realm] })).not.toBe(hash({}));
  });

  test('offers its numbers', () => {
    const [scrape] = platform().scrapes;
    expect(scrape?.endpoint).toMatchObject({ path: '/metrics', targets: [{ port: 9153 }] });
  });
});

test("K3s' own gets our rules and zones, and nothing else is made", () => {
  const manifests = dns({ whose: 'k3s', zones: [realm] });
  expect(kinds(manifests)).toEqual(['ConfigMap', 'NetworkPolicy']);
  expect(Object.keys(files(manifests, 'coredns-custom'))).toEqual([
    'ad.example.com.server',
    'cluster-names.override',
    'outside-names.server',
  ]);
  expect(platform({ whose: 'k3s' }).alerts).toEqual([]);
  expect(kinds(dns({ whose: 'k3s', outsideNames: 'all' }))).toEqual(['NetworkPolicy']);
});

describe.each(['ours', 'k3s'] as const)('the policy of CoreDNS, %s', (whose) => {
  const policy = (changes: Partial<ClusterDnsProps> = {}) =>
    only(dns({ whose, ...changes }), 'NetworkPolicy', 'coredns');

  test('lets everybody ask who is let out to ask, also while the nodes do not know a new pod yet', () => {
    expect(at(policy(), 'spec.ingress')).toContainEqual({
      ports: ['TCP', 'UDP'].map((protocol) => ({ port: 53, protocol })),
    });
  });

  test('lets it ask the API, itself, name servers of the world and those of zones, and nobody else', () => {
    const asked = (changes: Partial<ClusterDnsProps>) => {
      const egress = at(policy(changes), 'spec.egress') as readonly { readonly ports: readonly { port: number }[] }[];
      return egress.map(({ ports }) => [...new Set(ports.map(({ port }) => port))]);
    };
    expect(asked({})).toEqual([[6443], [53], [53]]);
    expect(asked({ zones: [realm] })).toEqual([[6443], [53], [53], [53]]);
  });
});

describe('names of a zone', () => {
  test('are asked of its server, and of nobody else', () => {
    const { 'ad.example.com.server': server } = files(dns({ zones: [realm] }));
    expect(server).toContain('ad.example.com:53 {');
    expect(server).toContain('forward . 10.43.0.53 {');
    expect(server).not.toContain('{{');
  });

  test.each<[string, StubZone[], string]>([
    ['that would hide Services', [{ ...realm, zone: 'shop.svc.cluster.local' }], 'the zone shop.svc.cluster.local'],
    ['of one part', [{ ...realm, zone: 'ad' }], 'the zone ad'],
    ['twice', [realm, realm], 'the zone ad.example.com twice'],
    ['of the DNS itself, which would ask itself', [{ ...realm, address: '10.43.0.10' }], '10.43.0.10 for the zone'],
    ['of a server by its name', [{ ...realm, address: 'samba.identity' }], 'samba.identity for the zone'],
  ])('are refused %s', (_, zones, what) => {
    expect(refusal(() => dns({ zones }))).toMatchObject([
      { where: 'ClusterDns', what: expect.stringContaining(what) as string },
    ]);
  });
});

test.each<[string, Partial<ClusterDnsProps>, string]>([
  ['an address that is none', { address: 'kube-dns' }, 'address: kube-dns'],
  ["a size of K3s' own", { whose: 'k3s', size: { cpuRequest: Cpu.millicores(70) } }, 'it has a size, and K3s runs it'],
])('refuses %s', (_, changes, what) => {
  expect(refusal(() => dns(changes))).toMatchObject([{ where: 'ClusterDns', what }]);
});

describe('names of the world', () => {
  test('are for pods without the label only where nobody knows them yet, and for the fetcher by its name', () => {
    const { 'outside-names.server': server } = files(dns());
    expect(server).toContain('labels diptych/names notin (outside)\n');
    expect(server).toContain("'kubernetes/client-namespace') == 'others'");
    expect(server).toContain("matches '^fetcher-'");
    expect(server).not.toContain('{{');
  });

  test('may be for all pods', () => {
    expect(Object.keys(files(dns({ outsideNames: 'all' })))).toEqual(['Corefile', 'all-names.server']);
  });

  test('are for pods of a chart with a wire and the label', () => {
    expect(dns({}, { podLabels: labelled, outside: true })).toHaveLength(dns().length);
  });

  test.each([
    ['a wire that leads there, without the label', { outside: true }, 'it has a wire to a name outside'],
    ['the label, without a wire', { podLabels: labelled }, 'its pods have the label'],
  ])('refuse pods of a chart with %s', (_, others, what) => {
    expect(refusal(() => dns({}, others))).toMatchObject([
      { where: 'workload others/chart', what: expect.stringContaining(what) as string },
    ]);
    expect(() => dns({ outsideNames: 'all' }, others)).not.toThrow();
  });
});
