import { ClusterSystem } from '../../constructs/cluster-system/index.ts';
import type { ClusterSystemProps } from '../../constructs/cluster-system/index.ts';
import { application } from '../../constructs/core/application.ts';
import { manifestOf, objectsOf } from '../../constructs/core/kube-object.ts';
import type { Manifest } from '../../constructs/core/manifest.ts';
import { defineNamespace } from '../../constructs/core/namespace.ts';
import { Platform } from '../../constructs/core/platform.ts';
import { at, only, testEnvironment } from '../support/harness.ts';

const address = (name: string, cidr: string, port: number) => {
  const peer = { name, cidrs: [{ cidr }] };
  return { name, targets: [{ peer, host: cidr.replace('/32', ''), port }] };
};
const api = address('Kubernetes API', '10.0.0.1/32', 6443);
const apiServer = { name: 'API server', cidrs: [{ cidr: '10.42.0.0/32' }] };

/** The objects of K3s' own namespace. */
function system(changes: Partial<ClusterSystemProps> = {}): Manifest[] {
  const own = application('system', { namespace: defineNamespace('kube-system'), layer: 'foundations' }, (scope) => {
    const kubelets = address('kubelets', '10.0.0.2/32', 10250);
    new ClusterSystem(scope, 'system', { kubernetesApi: api, apiServer, kubelets, ...changes });
  });
  const { charts } = new Platform(testEnvironment(), [own]);
  return charts.flatMap((chart) => objectsOf(chart).map(manifestOf));
}

const policy = (name: string): Manifest => only(system(), 'NetworkPolicy', name);
const denied = (manifests: readonly Manifest[]) =>
  manifests.filter(({ metadata }) => metadata.name === 'default-deny').map(({ metadata }) => metadata.namespace);

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
