import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { pkiFolder } from '../../cluster/handle.ts';
import type { Cluster } from '../../cluster/handle.ts';
import { inFabric, startInFabric } from '../../cluster/nodes.ts';
import type { Progress } from '../../machine/interruption.ts';
import { waitFor } from '../../machine/wait-for.ts';
import { makeBucket, startObjectStorage } from '../object-storage/index.ts';
import { startNameServer } from './name-server.ts';
import { worldAddress } from './names.ts';

/** Root of this repository. */
const root = path.join(import.meta.dirname, '..', '..', '..');

export const worldFolder = ({ folder }: Pick<Cluster, 'folder'>): string => path.join(folder, 'world');
/** A bare repository of the stand-in for GitHub, such as `example/platform.git`. */
export const repositoryFolder = (cluster: Pick<Cluster, 'folder'>, name: string): string =>
  path.join(worldFolder(cluster), 'git', name);

/** Starts the stand-in for the internet in the fabric. Its log tells every request. */
export async function startWorld(cluster: Cluster, { signal }: Pick<Progress, 'signal'>): Promise<void> {
  const log = path.join(cluster.folder, 'logs', 'world.log');
  fs.mkdirSync(worldFolder(cluster), { recursive: true });
  await inFabric(cluster, ['ip', 'address', 'replace', `${worldAddress}/32`, 'dev', 'lo']);
  const pki = pkiFolder(cluster);
  startInFabric(
    cluster,
    [
      ...[process.execPath, path.join(root, 'scripts', 'run.cjs'), 'prove/stand-ins/internet/server.ts', worldAddress],
      ...[worldFolder(cluster), cluster.images, path.join(pki, 'world.crt'), path.join(pki, 'world.key')],
      ...cluster.plan.toldHosts,
    ],
    log,
  );
  await waitFor('the stand-in for the internet', { atMost: 60, see: log, signal }, async () => {
    const probe = [cluster.program('probe'), 'tcp', `${worldAddress}:443`, '1s'];
    return (await inFabric(cluster, probe).catch(() => '')).trim() === 'open';
  });
  await startNameServer(cluster, { signal });
  const { stores } = cluster.plan;
  const providers = new Map(stores.map((store) => [store.address, store]));
  for (const store of providers.values()) await startObjectStorage(cluster, store, { signal });
  for (const store of stores) await makeBucket(cluster, store);
}
