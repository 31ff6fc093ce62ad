import { setTimeout as delay } from 'node:timers/promises';
import { cut, powerOff, restore, returnNode } from '../../cluster/faults.ts';
import { kubectl } from '../../cluster/kubectl.ts';
import { initPid } from '../../cluster/nodes.ts';
import { expendableOf } from '../../cluster/plan.ts';
import type { Members } from '../../components/postgres/members.ts';
import { longestGap, reasonsOf, seconds } from '../../instruments/figures.ts';
import { Writer } from '../../instruments/writer.ts';
import { withCleanUp } from '../../machine/clean-up.ts';
import { waitFor } from '../../machine/wait-for.ts';
import type { DrillCheck } from '../../results/index.ts';
import type { PlatformGround } from '../ground.ts';

/** What one fault did to a client that writes all the time. */
export interface Failover {
  readonly name: string;
  /** Longest time without an acknowledged commit. */
  readonly outage: number;
  /** Acknowledged rows that the new primary doesn't have. */
  readonly lost: number;
  /** Seconds from the fault until there were a leader and a synchronous standby again. */
  readonly whole: number;
  readonly checks: readonly DrillCheck[];
}

interface Fault {
  readonly name: string;
  /** Whether another member has to lead afterwards. */
  readonly moves: boolean;
  /** Node that the primary is brought to before. @default wherever it is */
  readonly on?: string;
  readonly strike: (leader: string) => Promise<unknown>;
  /** What ends it, when there is a new leader. @default nothing: it is over */
  readonly end?: (leader: string) => Promise<unknown>;
}

/** Ways to lose a primary of which nobody else loses anything: done many times. */
export function quickFaults(members: Members): readonly Fault[] {
  return [
    {
      name: 'process killed',
      // The member that comes back at once still holds the lock.
      moves: false,
      strike: (leader) => members.signal(leader, 'SIGKILL'),
    },
    { name: 'pod deleted', moves: false, strike: (leader) => members.deleteOutright(leader) },
  ];
}

/** Ways to lose a primary that take longer. */
export function slowFaults({ cluster, signal }: PlatformGround, members: Members): readonly Fault[] {
  const { name: node } = expendableOf(cluster.plan);
  const ready = async (): Promise<void> => {
    const where = ['--for=condition=Ready', `node/${node}`, '--timeout=180s'];
    await kubectl(cluster, ['wait', ...where], { timeout: 200 });
  };
  return [
    { name: 'postmaster killed', moves: false, strike: (leader) => members.killPostmaster(leader) },
    {
      name: 'container frozen',
      moves: true,
      strike: (leader) => members.signal(leader, 'SIGSTOP', true),
      // The kubelet has killed it by then, or it goes on and sees that it leads no more.
      end: (leader) => members.signal(leader, 'SIGCONT', true).catch(() => undefined),
    },
    {
      name: 'node lost',
      moves: true,
      on: node,
      strike: () => powerOff(cluster, node),
      end: async () => {
        await returnNode(cluster, node);
        await ready();
      },
    },
    {
      name: 'cut from the API',
      // The members see each other: the failsafe mode keeps the leader.
      moves: false,
      on: node,
      strike: async () => {
        await cut(cluster, node, 'api');
        await delay(40_000, undefined, { signal });
        await restore(cluster, node);
      },
    },
    {
      name: 'node drained',
      moves: true,
      on: node,
      strike: () =>
        kubectl(
          cluster,
          [
            'drain',
            node,
            '--ignore-daemonsets',
            '--delete-emptydir-data',
            `--pod-selector=app.kubernetes.io/name=${members.patroni.workload.props.program}`,
          ],
          { timeout: 200 },
        ),
      end: () => kubectl(cluster, ['uncordon', node]),
    },
  ];
}

/**
 * Strikes the primary under a writer and waits until everything is as before.
 * @param pooled whether the writer goes through PgBouncer. @default false
 */
export async function failover(
  { cluster, report, signal }: PlatformGround,
  members: Members,
  fault: Fault,
  pooled = false,
): Promise<Failover> {
  const { name: node } = expendableOf(cluster.plan);
  const { leader } = fault.on === undefined ? await members.whole(signal) : await members.leadOn(fault.on, signal);
  await Writer.prepare(members);
  const writer = await Writer.start(members, { number: 1, pooled });
  const undo = [
    () => initPid(cluster, node) === undefined && returnNode(cluster, node),
    () => restore(cluster, node).catch(() => undefined),
    () => kubectl(cluster, ['uncordon', node]),
    () => writer.remove(),
  ];
  return withCleanUp(undo, async () => {
    await delay(2000);
    const since = new Date();
    const start = performance.now();
    await fault.strike(leader);
    if (fault.moves) {
      await members.ledByAnother(leader, signal);
    }
    await writesAgain(writer, since, signal);
    await fault.end?.(leader);
    const after = await members.whole(signal, 300);
    const whole = seconds(performance.now() - start);
    await delay(2000);
    const writes = await writer.writes(since);
    const outage = longestGap(writes, since, new Date(since.getTime() + performance.now() - start));
    const lost = await writer.lost();
    report(
      `${fault.name}: ${outage} s without a commit, ${lost.length} of ${writes.filter(({ ok }) => ok).length} rows lost,` +
        ` whole after ${whole} s, led by ${after.leader} (before: ${leader}); ${reasonsOf(writes)}`,
    );
    const checks: DrillCheck[] = [
      { what: `${fault.name}: rows lost`, expected: 'none', got: lost.slice(0, 5).join(', ') || 'none' },
    ];
    if (fault.moves) {
      const got = after.leader === leader ? leader : 'another one';
      checks.push({ what: `${fault.name}: who leads`, expected: 'another one', got });
    }
    return { name: fault.name, outage, lost: lost.length, whole, checks };
  });
}

/** Ten commits in a row. */
async function writesAgain(writer: Writer, since: Date, signal: AbortSignal): Promise<void> {
  await waitFor('commits after the fault', { atMost: 120, every: 500, signal }, async () => {
    const last = (await writer.writes(since)).slice(-10);
    return last.length === 10 && last.every(({ ok }) => ok);
  });
}

export function nodesOfMembers(members: Members): Promise<readonly string[]> {
  return Promise.all(members.names.map((name) => members.nodeOf(name)));
}
