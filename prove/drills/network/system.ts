import type { Manifest } from '../../../constructs/core/manifest.ts';
import type { Cluster } from '../../cluster/handle.ts';
import { apply, getJson, kubectl } from '../../cluster/kubectl.ts';
import { ProvingError } from '../../machine/error.ts';
import type { Progress } from '../../machine/interruption.ts';
import { waitFor } from '../../machine/wait-for.ts';
import type { DrillCheck } from '../../results/index.ts';

const namespace = '--namespace=kube-system';

/** Starts what K3s brings anew, under the committed policies, and CoreDNS with the committed configuration. */
export async function restartSystem(cluster: Cluster, committed: readonly Manifest[]): Promise<void> {
  const custom = committed.filter(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === 'coredns-custom');
  if (custom.length !== 1) throw new ProvingError(`${custom.length} ConfigMaps are coredns-custom`);
  await apply(cluster, custom);
  const deployments = ['coredns', 'metrics-server', 'local-path-provisioner'].map((name) => `deployment/${name}`);
  await kubectl(cluster, ['rollout', 'restart', ...deployments, namespace]);
  for (const deployment of deployments) {
    await kubectl(cluster, ['rollout', 'status', deployment, namespace, '--timeout=120s'], { timeout: 140 });
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
