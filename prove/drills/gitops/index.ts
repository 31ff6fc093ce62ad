import fs from 'node:fs';
import path from 'node:path';
import { clusterOf } from '../../cluster/handle.ts';
import type { Cluster } from '../../cluster/handle.ts';
import { deliver } from '../../delivery/deliver.ts';
import { exists } from '../../delivery/lifecycle.ts';
import { withCluster } from '../../delivery/with-cluster.ts';
import { ProvingError } from '../../machine/error.ts';
import type { Measured } from '../../results/index.ts';
import { gitDelayFile } from '../../stand-ins/internet/names.ts';
import { worldFolder } from '../../stand-ins/internet/start.ts';
import { allRounds } from '../area.ts';
import type { Drill, DrillRun } from '../area.ts';
import { environment } from '../on-platform.ts';
import { checkInstallation } from './auto.ts';
import { addDatabase } from './database.ts';
import { allObjects } from './objects.ts';
import { checkWaves } from './waves.ts';

/** Longer than Argo CD's own pause of 2 s between waves: a child that is refreshed later than that. */
const gitDelayMilliseconds = 3000;

/** Two first installations a round: the tree as it is, and one with a slow database while GitHub is slow too. */
export const gitopsDrill: Drill = async (run) => {
  const cluster = clusterOf(environment);
  if (exists(cluster)) throw new ProvingError('it needs an empty cluster: run npm run prove -- down before');
  return allRounds(run, async () => [
    await withCluster(cluster, run, (signal) => installTree(cluster, run, signal)),
    await withCluster(cluster, run, (signal) => installSlowly(cluster, run, signal)),
  ]);
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
