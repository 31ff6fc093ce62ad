import { application } from '../../constructs/core/application.ts';
import { publicEndpoint } from '../../constructs/core/endpoint.ts';
import { ForeignWorkload } from '../../constructs/core/foreign-workload.ts';
import { manifestOf, objectsOf } from '../../constructs/core/kube-object.ts';
import type { Manifest } from '../../constructs/core/manifest.ts';
import { defineNamespace } from '../../constructs/core/namespace.ts';
import { Platform } from '../../constructs/core/platform.ts';
import { ClusterSystem } from '../../constructs/cluster-system/index.ts';
import type { ClusterSystemProps } from '../../constructs/cluster-system/index.ts';
import { at, only, refusal, testApplication, testEnvironment } from '../support/harness.ts';

const address = (name: string, cidr: string, port: number) => {
  const peer = { name, cidrs: [{ cidr }] };
  return { name, targets: [{ peer, host: cidr.replace('/32', ''), port }] };
};
const api = address('Kubernetes API', '10.0.0.1/32', 6443);
const apiServer = { name: 'API server', cidrs: [{ cidr: '10.42.0.0/32' }] };

interface Others {
  readonly podLabels?: Readonly<Record<string, string>>;
  readonly outside?: boolean;
}

/** The objects of K3s' own namespace, beside a fetcher and pods of somebody's chart. */
function system(
  changes: Partial<ClusterSystemProps> = {},
  { podLabels = {}, outside = false }: Others = {},
): Manifest[] {
  const others = testApplication('others', (scope) => {
    const pods = (name: string, labels: Readonly<Record<string, string>>) =>
      new ForeignWorkload(scope, name, { name, madeBy: 'the tests', podLabels: { app: name, ...labels } });
    const fetcher = pods('fetcher', {});
    fetcher.needs(publicEndpoint('git', 'git.example'), 'fetches');
    const chart = pods('chart', podLabels);
    if (outside) chart.needs(publicEndpoint('mail', 'mail.example'), 'sends');
    return { fetcher };
  });
  const own = application(
    'system',
    { namespace: defineNamespace('kube-system'), layer: 'foundations', uses: () => ({ others }) },
    (scope, _, used) => {
      const kubelets = address('kubelets', '10.0.0.2/32', 10250);
      const { fetcher } = used.others;
      new ClusterSystem(scope, 'system', { kubernetesApi: api, apiServer, kubelets, fetcher, ...changes });
    },
  );
  const { charts } = new Platform(testEnvironment(), [own, others]);
  return charts.slice(0, 1).flatMap((chart) => objectsOf(chart).map(manifestOf));
}

const policy = (name: string): Manifest => only(system(), 'NetworkPolicy', name);
const denied = (manifests: readonly Manifest[]) =>
  manifests.filter(({ metadata }) => metadata.name === 'default-deny').map(({ metadata }) => metadata.namespace);
const custom = (manifests: readonly Manifest[]) => only(manifests, 'ConfigMap', 'coredns-custom').data as object;
const labelled = { 'diptych/names': 'outside' };

describe('what K3s brings', () => {
  test('is refused all traffic, as is every namespace that nothing runs in', () => {
    expect(denied(system())).toEqual(['kube-system', 'default', 'kube-node-lease', 'kube-public']);
    expect(denied(system({ emptyNamespaces: ['default'] }))).toEqual(['kube-system', 'default']);
  });

  test('opens no port of the nodes from namespaces that nothing runs in', () => {
    const quotas = system().filter(({ kind }) => kind === 'ResourceQuota');
    expect(quotas.map((quota) => [quota.metadata.namespace, at(quota, 'spec.hard')])).toEqual(
      ['default', 'kube-node-lease', 'kube-public'].map((namespace) => [
        namespace,
        { 'services.loadbalancers': 0, 'services.nodeports': 0 },
      ]),
    );
  });

  test('lets no Service claim an address, unless it is said to', () => {
    const kinds = (manifests: readonly Manifest[]) =>
      manifests
        .filter(({ kind }) => kind.startsWith('Validating'))
        .map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    expect(kinds(system())).toEqual([
      'ValidatingAdmissionPolicy services-claim-no-addresses',
      'ValidatingAdmissionPolicyBinding services-claim-no-addresses',
    ]);
    expect(kinds(system({ claimedAddresses: 'allowed' }))).toEqual([]);
  });

  test('answers names to whoever is let out to ask, also while the nodes do not know a new pod yet', () => {
    expect(at(policy('coredns'), 'spec.ingress')).toContainEqual({
      ports: ['TCP', 'UDP'].map((protocol) => ({ port: 53, protocol })),
    });
  });

  test('lets CoreDNS ask the API, itself and name servers of the world, and nobody else', () => {
    const egress = at(policy('coredns'), 'spec.egress') as readonly { readonly ports: readonly { port: number }[] }[];
    expect(egress.map(({ ports }) => [...new Set(ports.map(({ port }) => port))])).toEqual([[6443], [53], [53]]);
  });

  test('lets metrics-server ask kubelets, and the API server ask it', () => {
    const { ingress, egress } = policy('metrics-server').spec as Readonly<Record<'ingress' | 'egress', unknown>>;
    const block = (cidr: string) => [{ ipBlock: { cidr } }];
    const ports = [{ port: 10250, protocol: 'TCP' }];
    expect(ingress).toEqual([{ from: block('10.42.0.0/32'), ports }]);
    expect(egress).toContainEqual({ to: block('10.0.0.2/32'), ports });
  });

  test('lets local-path-provisioner use the API alone', () => {
    expect(policy('local-path-provisioner').spec).toMatchObject({ egress: [{ ports: [{ port: 6443 }] }] });
    expect(policy('local-path-provisioner').spec).not.toHaveProperty('ingress');
  });
});

describe('names of the world', () => {
  test('are for pods without the label only where nobody knows them yet, and for the fetcher by its name', () => {
    const { 'outside-names.server': server } = custom(system()) as Record<string, string>;
    expect(server).toContain('labels diptych/names notin (outside)\n');
    expect(server).toContain("'kubernetes/client-namespace') == 'others'");
    expect(server).toContain("matches '^fetcher-'");
    expect(server).not.toContain('{{');
  });

  test('are in files that K3s imports', () => {
    expect(Object.keys(custom(system()))).toEqual(['cluster-names.override', 'outside-names.server']);
  });

  test('may be for all pods', () => {
    expect(system({ outsideNames: 'all' }).filter(({ kind }) => kind === 'ConfigMap')).toEqual([]);
  });

  test('are for pods of a chart with a wire and the label', () => {
    expect(system({}, { podLabels: labelled, outside: true })).toHaveLength(system().length);
  });

  test.each([
    ['a wire that leads there, without the label', { outside: true }, 'it has a wire to a name outside'],
    ['the label, without a wire', { podLabels: labelled }, 'its pods have the label'],
  ])('refuse pods of a chart with %s', (_, others, what) => {
    expect(refusal(() => system({}, others))).toMatchObject([
      { where: 'workload others/chart', what: expect.stringContaining(what) as string },
    ]);
    expect(() => system({ outsideNames: 'all' }, others)).not.toThrow();
  });
});
