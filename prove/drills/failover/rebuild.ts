import { tryKubectl } from '../../cluster/kubectl.ts';
import { backUp } from '../../components/postgres/backups.ts';
import type { Members } from '../../components/postgres/members.ts';
import { seconds } from '../../instruments/figures.ts';
import { waitFor } from '../../machine/wait-for.ts';
import type { DrillCheck } from '../../results/index.ts';
import type { PlatformGround } from '../ground.ts';

/** Throws a standby's data away and lets Patroni make it anew from the archive. */
export async function rebuildReplica(
  { cluster, report, signal }: PlatformGround,
  members: Members,
): Promise<{ readonly seconds: number; readonly checks: readonly DrillCheck[] }> {
  const { standby } = await members.whole(signal);
  // Each timeline since the backup costs PostgreSQL some seconds: measured, 172 s over 26 of them.
  await backUp(members, standby);
  const since = new Date();
  await members.post(standby, '/reinitialize', { force: true });
  const log = async (): Promise<string> => {
    const args = [
      'logs',
      standby,
      '--container=postgres',
      `--namespace=${members.namespace}`,
      `--since-time=${since.toISOString()}`,
    ];
    return (await tryKubectl(cluster, args)).stdout;
  };
  const method = await waitFor(`${standby} to be made anew`, { atMost: 180, every: 500, signal }, async () => {
    return /replica has been created using (\S+)/.exec(await log())?.[1];
  });
  await members.whole(signal, 180);
  const took = seconds(Date.now() - since.getTime());
  report(`${standby} made anew by ${method} in ${took} s`);
  return { seconds: took, checks: [{ what: 'what a new standby is made from', expected: 'walg', got: method }] };
}
