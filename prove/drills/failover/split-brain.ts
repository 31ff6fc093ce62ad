import { setTimeout as delay } from 'node:timers/promises';
import { cut, restore } from '../../cluster/faults.ts';
import { expendableOf, workersOf } from '../../cluster/plan.ts';
import type { Members } from '../../components/postgres/members.ts';
import { seconds } from '../../instruments/figures.ts';
import { Writer } from '../../instruments/writer.ts';
import { withCleanUp } from '../../machine/clean-up.ts';
import { ProvingError } from '../../machine/error.ts';
import { waitFor } from '../../machine/wait-for.ts';
import type { DrillCheck } from '../../results/index.ts';
import type { PlatformGround } from '../ground.ts';

export interface SplitBrain {
  /** Seconds from the last commit of the old primary to the first of the new one. */
  readonly between: number;
  /** Seconds from the cut to the first commit of the new primary. */
  readonly outage: number;
  readonly lost: number;
  readonly checks: readonly DrillCheck[];
}

/** Pulls the cable of the primary's node, with a writer on each side: never may both be served. */
export async function splitBrain({ cluster, report, signal }: PlatformGround, members: Members): Promise<SplitBrain> {
  const { name: isolated } = expendableOf(cluster.plan);
  const other = workersOf(cluster.plan).find(({ name }) => name !== isolated);
  if (other === undefined) throw new ProvingError('there is only one node for pods');
  const { leader } = await members.leadOn(isolated, signal);
  const { status } = await members.pod(leader);
  await Writer.prepare(members);
  const inside = await Writer.start(members, { number: 2, host: status.podIP ?? '', node: isolated });
  const outside = await Writer.start(members, { number: 3, node: other.name });
  const undo = [() => restore(cluster, isolated).catch(() => undefined), () => inside.remove(), () => outside.remove()];
  return withCleanUp(undo, async () => {
    await delay(2000);
    const since = new Date();
    await cut(cluster, isolated, 'all');
    const first = await waitFor('commits of a new primary', { atMost: 90, every: 500, signal }, async () => {
      const writes = await outside.writes(new Date(since.getTime() + 3000));
      return writes.find(({ ok }) => ok);
    });
    // Long enough for the old one to do something it shouldn't.
    await delay(15_000, undefined, { signal });
    await restore(cluster, isolated);
    await members.whole(signal, 300);
    const commits = (await inside.writes()).filter(({ ok, at }) => ok && at < new Date(first.at.getTime() + 15_000));
    const last = commits.at(-1);
    const end = last === undefined ? since.getTime() : last.at.getTime() + last.milliseconds;
    const lost = [...(await inside.lost()), ...(await outside.lost())];
    const figures = {
      between: seconds(first.at.getTime() - end),
      outage: seconds(first.at.getTime() + first.milliseconds - since.getTime()),
      lost: lost.length,
    };
    report(
      `cable pulled: ${figures.outage} s until the new primary's first commit, ${figures.between} s after the old one's last; ${lost.length} rows lost`,
    );
    return {
      ...figures,
      checks: [
        {
          what: 'cable pulled: the old primary has stopped before the new one begins',
          expected: 'yes',
          got: figures.between >= 0 ? 'yes' : `no: ${-figures.between} s later`,
        },
        { what: 'cable pulled: rows lost', expected: 'none', got: lost.slice(0, 5).join(', ') || 'none' },
      ],
    };
  });
}
