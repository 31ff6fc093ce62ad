import { setTimeout as delay } from 'node:timers/promises';
import { redisSentinelDefaults } from '../../../constructs/redis-sentinel/index.ts';
import { cut, powerOff, restore, returnNode } from '../../cluster/faults.ts';
import { kubectl } from '../../cluster/kubectl.ts';
import { initPid } from '../../cluster/nodes.ts';
import { expendableOf } from '../../cluster/plan.ts';
import type { RedisStore } from '../../components/redis/store.ts';
import { longestGap, reasonsOf, seconds } from '../../instruments/figures.ts';
import type { RecordedRequest } from '../../instruments/recorder.ts';
import { lostOf, RedisWriter, wayNames } from '../../instruments/redis-writer.ts';
import type { Way } from '../../instruments/redis-writer.ts';
import { withCleanUp } from '../../machine/clean-up.ts';
import { waitFor } from '../../machine/wait-for.ts';
import type { PlatformGround } from '../ground.ts';

/** The ways of clients that wait for nothing: what they see is what the store itself does. */
export type OwnWay = 'sentinel' | 'plain';

/** Who writes all the time, each by its own way. */
export type Writers<Of extends Way = OwnWay> = Readonly<Record<Of, RedisWriter>>;

/** Starts both of ours on a node; whoever started them removes them. */
export async function startWriters(store: RedisStore, node: string): Promise<Writers> {
  return {
    sentinel: await RedisWriter.start(store, 'sentinel', node),
    plain: await RedisWriter.start(store, 'plain', node),
  };
}

/** What one fault did to clients that write all the time. */
export interface Struck<Of extends Way = OwnWay> {
  readonly name: string;
  /** Longest time without an acknowledged write, in seconds, for each way. */
  readonly outage: Readonly<Record<Of, number>>;
  /** Acknowledged writes that the primary doesn't have afterwards. */
  readonly lost: number;
  /** Seconds from the fault until one primary, its replica and all Sentinels agreed again. */
  readonly whole: number;
}

export interface Fault {
  readonly name: string;
  /** Node that the primary is brought to before. @default wherever it is */
  readonly on?: string;
  readonly strike: (members: { readonly primary: string; readonly replica: string }) => Promise<unknown>;
  /** What ends it, once clients write again. @default nothing: it is over */
  readonly end?: (members: { readonly primary: string; readonly replica: string }) => Promise<unknown>;
}

/** Strikes under the writers, and waits until everything is as before. */
export async function struck<Of extends Way>(
  { cluster, report, signal }: PlatformGround,
  store: RedisStore,
  writers: Writers<Of>,
  fault: Fault,
): Promise<Struck<Of>> {
  const { name: node } = expendableOf(cluster.plan);
  const before = fault.on === undefined ? await store.whole(signal) : await store.leadOn(fault.on, signal);
  const undo = [
    async () => {
      if (initPid(cluster, node) === undefined) await returnNode(cluster, node);
    },
    () => restore(cluster, node),
    () => kubectl(cluster, ['uncordon', node]),
  ];
  return withCleanUp(undo, async () => {
    await delay(1000);
    const since = new Date();
    const start = performance.now();
    await fault.strike(before);
    await writtenAgain(writers, signal);
    await fault.end?.(before);
    const after = await store.whole(signal, 300);
    const whole = seconds(performance.now() - start);
    await delay(1000);
    const seen: { readonly way: Of; readonly writes: readonly RecordedRequest[] }[] = [];
    for (const [way, writer] of entriesOf(writers)) seen.push({ way, writes: await writer.writes(since) });
    const to = new Date(since.getTime() + performance.now() - start);
    const gaps = seen.map(({ way, writes }) => [way, longestGap(writes, since, to)] as const);
    const outage = Object.fromEntries(gaps) as Struck<Of>['outage'];
    const stored = await store.numbers(signal);
    const all = seen.flatMap(({ writes }) => writes);
    const lost = lostOf(all, stored).length;
    const reasons = seen.map(({ way, writes }) => `${wayNames[way]} ${reasonsOf(writes)}`);
    report(
      `${fault.name}: without a write ${gaps.map(([way, gap]) => `${gap} s ${wayNames[way]}`).join(', ')}; ` +
        `${lost} of ${all.filter(({ ok }) => ok).length} writes lost, whole after ${whole} s, ` +
        `primary ${after.primary} (before: ${before.primary}); refused ${reasons.join(', ')}`,
    );
    return { name: fault.name, outage, lost, whole };
  });
}

const entriesOf = <Of extends Way>(writers: Writers<Of>) => Object.entries(writers) as [Of, RedisWriter][];

/** Ten writes in a row, by each way. */
export async function writtenAgain<Of extends Way>(writers: Writers<Of>, signal: AbortSignal): Promise<void> {
  for (const [way, writer] of entriesOf(writers)) {
    const from = new Date();
    await waitFor(`writes ${wayNames[way]}`, { atMost: 120, every: 1000, signal }, async () => {
      const last = (await writer.writes(from)).slice(-10);
      return last.length === 10 && last.every(({ ok }) => ok);
    });
  }
}

/** A kill of the server whose successor answers after a time from nothing to twice what makes Sentinels act. */
function killed(store: RedisStore, downAfterSeconds: number, part: number): Fault {
  const late = 2 * downAfterSeconds * part;
  return {
    name: `server killed, back after ${seconds(late * 1000)} s`,
    strike: async ({ primary }) => {
      // What would start it anew stands still meanwhile.
      await store.signal(primary, 'SIGSTOP');
      await store.killServer(primary);
      await delay(late * 1000);
      await store.signal(primary, 'SIGCONT');
    },
  };
}

/** A pod that is deleted at once, and whose successor finds no node for a time. */
function deleted({ cluster }: PlatformGround, store: RedisStore, downAfterSeconds: number, part: number): Fault {
  const late = 2 * downAfterSeconds * part;
  return {
    name: `pod deleted, placed after ${seconds(late * 1000)} s`,
    strike: async ({ primary }) => {
      const node = await store.nodeOf(primary);
      await kubectl(cluster, ['cordon', node]);
      await withCleanUp([() => kubectl(cluster, ['uncordon', node])], async () => {
        await store.deleteOutright(primary);
        await delay(late * 1000);
      });
    },
  };
}

/** So many of each of the two ways to lose a primary, in turn, with a random time until its successor answers. */
export function quickFaults(platform: PlatformGround, store: RedisStore, times: number): readonly Fault[] {
  const { downAfterSeconds } = redisSentinelDefaults;
  return Array.from({ length: times }, () => [
    killed(store, downAfterSeconds, Math.random()),
    deleted(platform, store, downAfterSeconds, Math.random()),
  ]).flat();
}

/** Ways to lose a primary, or what watches it, that take longer. */
export function slowFaults({ cluster, signal }: PlatformGround, store: RedisStore): readonly Fault[] {
  const { name: node } = expendableOf(cluster.plan);
  const ready = async (): Promise<void> => {
    await kubectl(cluster, ['wait', '--for=condition=Ready', `node/${node}`, '--timeout=180s'], { timeout: 200 });
  };
  return [
    {
      name: 'primary frozen for 20 s',
      strike: async ({ primary }) => {
        await store.signal(primary, 'SIGSTOP', true);
        await delay(20_000, undefined, { signal });
        // The kubelet may have killed it by then.
        await store.signal(primary, 'SIGCONT', true).catch(() => undefined);
      },
    },
    {
      name: 'a Sentinel frozen for 40 s, then the server killed',
      strike: async ({ primary }) => {
        const [sentinel = ''] = store.sentinels;
        await store.signal(sentinel, 'SIGSTOP', true);
        await delay(40_000, undefined, { signal });
        await store.signal(sentinel, 'SIGCONT', true).catch(() => undefined);
        await store.deleteOutright(primary);
      },
    },
    {
      name: 'node lost',
      on: node,
      strike: () => powerOff(cluster, node),
      end: async () => {
        await returnNode(cluster, node);
        await ready();
      },
    },
    {
      name: 'nodes cut apart for 30 s',
      on: node,
      strike: async () => {
        await cut(cluster, node, 'all');
        await delay(30_000, undefined, { signal });
        await restore(cluster, node);
        await ready();
      },
    },
    {
      name: 'all pods deleted at once',
      strike: () => store.deleteOutright(...store.members, ...store.sentinels),
    },
  ];
}

/** As a release does it: the member with the higher number first. */
export function rollingRestart({ cluster }: PlatformGround, store: RedisStore): Fault {
  const what = [`statefulset/${store.redis.members.name}`, `--namespace=${store.namespace}`];
  return {
    name: 'rolling restart',
    strike: async () => {
      await kubectl(cluster, ['rollout', 'restart', ...what]);
      await kubectl(cluster, ['rollout', 'status', ...what, '--timeout=300s'], { timeout: 320 });
    },
  };
}
