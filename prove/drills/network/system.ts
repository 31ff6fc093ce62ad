import type { Manifest } from '../../../constructs/core/manifest.ts';
import type { Cluster } from '../../cluster/handle.ts';
import { apply, getJson, kubectl } from '../../cluster/kubectl.ts';
import { ProvingError } from '../../machine/error.ts';
import type { Progress } from '../../machine/interruption.ts';
import { waitFor } from '../../machine/wait-for.ts';
import type { DrillCheck } from '../../results/index.ts';

const namespace = '--namespace=kube-system';

/** Starts what K3s brings and CoreDNS anew, under the committed policies and with the committed configuration. */
export async function restartSystem(cluster: Cluster, committed: readonly Manifest[]): Promise<void> {
  const dns = (kind: string, name: string) =>
    committed.filter((each) => each.kind === kind && each.metadata.name === name);
  const ours = dns('DaemonSet', 'coredns').length > 0;
  // What is ours is there as it is committed since the cluster came up.
  const custom = dns('ConfigMap', 'coredns-custom');
  if (!ours && custom.length !== 1) throw new ProvingError(`${custom.length} ConfigMaps are coredns-custom`);
  if (!ours) await apply(cluster, custom);
  const controllers = [
    ours ? 'daemonset/coredns' : 'deployment/coredns',
    ...['deployment/metrics-server', 'deployment/local-path-provisioner'],
  ];
  await kubectl(cluster, ['rollout', 'restart', ...controllers, namespace]);
  for (const controller of controllers) {
    await kubectl(cluster, ['rollout', 'status', controller, namespace, '--timeout=120s'], { timeout: 140 });
  }
}

interface NodeMetrics {
  readonly items: readonly { readonly metadata: { readonly name: string } }[];
}

/** The API server reaches metrics-server, and that every kubelet. */
export async function metricsWork(cluster: Cluster, { signal }: Pick<Progress, 'signal'>): Promise<DrillCheck> {
  const expected = cluster.plan.nodes.map(({ name }) => name).sort();
  let got: readonly string[] = [];
  await waitFor('metrics of every node', { atMost: 60, every: 2000, signal }, async () => {
    const { items } = await getJson<NodeMetrics>(cluster, ['nodes.metrics.k8s.io']);
    got = items.map(({ metadata }) => metadata.name).sort();
    return got.length === expected.length;
  }).catch((error: unknown) => {
    if (!(error instanceof ProvingError)) throw error;
  });
  return {
    what: 'nodes whose metrics the API has, under the policies of kube-system',
    expected: expected.join(', '),
    got: got.join(', ') || 'none',
  };
}
