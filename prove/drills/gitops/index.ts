import fs from 'node:fs';
import path from 'node:path';
import { clusterOf } from '../../cluster/cluster.ts';
import type { Cluster } from '../../cluster/cluster.ts';
import { untilInterrupted } from '../../cluster/commands.ts';
import { down, exists, up } from '../../cluster/lifecycle.ts';
import { ClusterError } from '../../cluster/run.ts';
import { deliver } from '../../delivery/deliver.ts';
import { DrillError } from '../../processes.ts';
import type { Measured } from '../../results.ts';
import { gitDelayFile } from '../../world/names.ts';
import { worldFolder } from '../../world/start.ts';
import { mergeRounds } from '../area.ts';
import type { Drill, DrillRun } from '../area.ts';
import { environment } from '../platform.ts';
import { checkInstallation } from './auto.ts';
import { addDatabase } from './database.ts';
import { allObjects } from './objects.ts';
import { checkWaves } from './waves.ts';

/** Longer than Argo CD's own pause of 2 s between waves: a child that is refreshed later than that. */
const gitDelayMilliseconds = 3000;

/** Two first installations a round: the tree as it is, and one with a slow database while GitHub is slow too. */
export const gitopsDrill: Drill = async (run) => {
  const cluster = clusterOf(environment);
  if (exists(cluster)) throw new DrillError('it needs an empty cluster: run npm run prove -- down before');
  const measured: Measured[] = [];
  for (let round = 1; round <= run.rounds; round += 1) {
    if (run.rounds > 1) run.report(`round ${round} of ${run.rounds}`);
    measured.push(await inCluster(cluster, run, (signal) => installTree(cluster, run, signal)));
    measured.push(await inCluster(cluster, run, (signal) => installSlowly(cluster, run, signal)));
  }
  return mergeRounds(measured);
};

async function installTree(cluster: Cluster, { root, report }: DrillRun, signal: AbortSignal): Promise<Measured> {
  const before = await allObjects(cluster);
  const delivery = await deliver(cluster, root, { report, signal });
  return checkInstallation(cluster, delivery, before, report);
}

async function installSlowly(cluster: Cluster, { root, report }: DrillRun, signal: AbortSignal): Promise<Measured> {
  fs.writeFileSync(path.join(worldFolder(cluster), gitDelayFile), String(gitDelayMilliseconds));
  await deliver(cluster, root, { report, signal, prepare: addDatabase });
  return checkWaves(cluster, gitDelayMilliseconds);
}

/** Brings an empty cluster up for an action, and down after it. */
async function inCluster(
  cluster: Cluster,
  { report }: DrillRun,
  action: (signal: AbortSignal) => Promise<Measured>,
): Promise<Measured> {
  try {
    return await untilInterrupted(
      (name) => report(`${name}: taking the cluster down, which takes some seconds`),
      async (signal) => {
        await up(cluster, { report, signal });
        return action(signal);
      },
    );
  } catch (error) {
    if (error instanceof ClusterError) throw new DrillError(error.message);
    throw error;
  } finally {
    await down(cluster, { report });
  }
}
