import { clusterOf } from '../cluster/handle.ts';
import type { Cluster } from '../cluster/handle.ts';
import { deliver } from '../delivery/deliver.ts';
import type { Delivery } from '../delivery/deliver.ts';
import { isWhole } from '../delivery/lifecycle.ts';
import { withCluster } from '../delivery/with-cluster.ts';
import type { Measured } from '../results/index.ts';
import { versionOf } from '../tools/modules.ts';
import { allRounds } from './area.ts';
import type { Drill } from './area.ts';

/** The platform as it runs while a drill is at it. */
export interface RunningPlatform extends Delivery {
  readonly cluster: Cluster;
  readonly root: string;
  readonly report: (line: string) => void;
  /** Aborted when somebody interrupts the drill. */
  readonly signal: AbortSignal;
}

export const environment = 'production';

/** What every drill on the platform ran on. */
export const platformVersions = (): Readonly<Record<string, string>> => ({
  kubernetes: versionOf('kubelet'),
  containerd: versionOf('containerd'),
  'argo-cd': versionOf('argocd'),
});

export const platformStandIns = ['two network namespaces of one machine for two nodes'];

/**
 * A drill on the platform, as Argo CD applied it from this tree. A cluster that is up already is used, brought to where
 * the tree is, and stays; else one is brought up for all rounds, and taken down.
 */
export function onPlatform(once: (platform: RunningPlatform) => Promise<readonly Measured[]>): Drill {
  return (run) => {
    const { root, report } = run;
    const cluster = clusterOf(environment);
    return withCluster(cluster, { report, keep: isWhole(cluster) }, async (signal) => {
      const delivery = await deliver(cluster, root, { report, signal });
      return allRounds(run, () => once({ ...delivery, cluster, root, report, signal }));
    });
  };
}
