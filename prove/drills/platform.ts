import { untilInterrupted } from '../cluster/commands.ts';
import { clusterOf } from '../cluster/cluster.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { down, isWhole, up } from '../cluster/lifecycle.ts';
import { ClusterError } from '../cluster/run.ts';
import { deliver } from '../delivery/deliver.ts';
import type { Delivery } from '../delivery/deliver.ts';
import { DrillError } from '../processes.ts';
import type { Measured } from '../results.ts';
import { versionOf } from '../tools/modules.ts';
import { mergeRounds } from './area.ts';
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
  return async ({ root, report, rounds }) => {
    const cluster = clusterOf(environment);
    const stays = isWhole(cluster);
    try {
      return await untilInterrupted(
        (name) => report(`${name}: stopping and cleaning up, which takes some seconds`),
        async (signal) => {
          await up(cluster, { report, signal });
          const delivery = await deliver(cluster, root, { report, signal });
          const measured: Measured[] = [];
          for (let round = 1; round <= rounds; round += 1) {
            if (rounds > 1) report(`round ${round} of ${rounds}`);
            measured.push(...(await once({ ...delivery, cluster, root, report, signal })));
          }
          return mergeRounds(measured);
        },
      );
    } catch (error) {
      if (error instanceof ClusterError) throw new DrillError(error.message);
      throw error;
    } finally {
      if (!stays) await down(cluster, { report });
    }
  };
}
