import { firstServer } from '../../cluster/plan.ts';
import { redisOf } from '../../components/redis/store.ts';
import type { RedisStore } from '../../components/redis/store.ts';
import { ioredisImage } from '../../images/recipes/ioredis.ts';
import { RedisWriter, wayNames } from '../../instruments/redis-writer.ts';
import type { Way } from '../../instruments/redis-writer.ts';
import { withCleanUp } from '../../machine/clean-up.ts';
import type { DrillCheck } from '../../results/index.ts';
import type { Area, Outcome } from '../area.ts';
import type { PlatformGround } from '../ground.ts';
import { quickFaults, rollingRestart, slowFaults, startWriters, struck } from './fault.ts';
import type { Struck, Writers } from './fault.ts';

/** How many primaries are lost in each of the two quick ways. */
const times = 20;

export const area: Area<'platform'> = {
  purpose:
    'loses the Redis primary in many ways, and moves it, under clients that write by Sentinels and by the plain address',
  promises: {
    'redis-failover':
      `${times} kills of the server and ${times} deletions of the primary's pod, whose successor answers after a time from ` +
      'nothing to twice what makes Sentinels act, under clients that write twenty times a second: two that wait for nothing, by Sentinels and by the plain ' +
      'address, and ioredis with the settings that the documentation shows',
    'redis-view':
      'after each of those, a frozen primary, a frozen Sentinel, a lost node, a cut between the nodes and the deletion of all ' +
      'pods: one primary, its replica in step, and every Sentinel of the same view',
    'redis-switch':
      'a rolling restart of both members under the same clients, every acknowledged write looked up afterwards',
  },
  needs: 'platform',
  minutes: 19,
  programs: [],
  about: [
    'constructs/redis-sentinel',
    'prove/components/redis',
    'prove/images/recipes/ioredis.ts',
    'prove/instruments/ioredis',
    'prove/instruments/redis-writer.ts',
    'prove/cluster/faults.ts',
  ],
  run: failovers,
};

async function failovers(platform: PlatformGround): Promise<Outcome> {
  const { signal, cluster } = platform;
  const store = redisOf(platform);
  await store.whole(signal, 300);
  await store.clear();
  // Where no drill takes the power away.
  const node = firstServer(cluster.plan).name;
  const own = await startWriters(store, node);
  const undo = [() => own.sentinel.remove(), () => own.plain.remove(), () => store.clear()];
  return withCleanUp(undo, async () => {
    const ioredis = await RedisWriter.start(store, 'ioredis', node);
    platform.used.add({ standIns: [], versions: (await ioredisImage()).versions });
    return withCleanUp([() => ioredis.remove()], () => strikes(platform, store, { ...own, ioredis }));
  });
}

async function strikes(platform: PlatformGround, store: RedisStore, writers: Writers<Way>): Promise<Outcome> {
  const quick: Struck<Way>[] = [];
  for (const fault of quickFaults(platform, store, times)) quick.push(await struck(platform, store, writers, fault));
  const slow: Struck<Way>[] = [];
  for (const fault of slowFaults(platform, store)) slow.push(await struck(platform, store, writers, fault));
  const switched = await struck(platform, store, writers, rollingRestart(platform, store));
  const all = [...quick, ...slow, switched];
  const figures = outageFigures(quick, slow);
  return {
    'redis-failover': {
      figures: { ...figures, 'writes lost': sum(quick) },
      units: { ...units(figures, 's'), 'writes lost': 'writes' },
      checks: [],
    },
    'redis-view': {
      figures: { whole: Math.max(...quick.map(({ whole }) => whole)), agreed: quick.length, 'lost beside': sum(slow) },
      units: { whole: 's', agreed: 'faults', 'lost beside': 'writes' },
      checks: all.map(({ name, whole }): DrillCheck => {
        const got = whole < 120 ? 'one primary' : `one primary after ${whole} s`;
        return { what: `${name}: what there is afterwards`, expected: 'one primary', got };
      }),
    },
    'redis-switch': {
      figures: { lost: switched.lost, outage: worst(Object.values(switched.outage)) },
      units: { lost: 'writes', outage: 's' },
      checks: [],
    },
  };
}

/** What each client saw, the worst of all first: the promise is for all of them. */
export function outageFigures(
  quick: readonly Pick<Struck<Way>, 'outage'>[],
  slow: readonly Pick<Struck<Way>, 'name' | 'outage'>[],
): Readonly<Record<string, number>> {
  const ways = Object.entries(wayNames) as [Way, string][];
  const each = ways.map(([way, name]) => ({ name, outages: quick.map(({ outage }) => outage[way]) }));
  return {
    outage: worst(each.flatMap(({ outages }) => outages)),
    ...Object.fromEntries(each.map(({ name, outages }) => [`median ${name}`, median(outages)])),
    ...Object.fromEntries(each.map(({ name, outages }) => [`worst ${name}`, worst(outages)])),
    ...Object.fromEntries(
      slow.flatMap(({ name: fault, outage }) => ways.map(([way, name]) => [`${fault}, ${name}`, outage[way]])),
    ),
  };
}

function worst(values: readonly number[]): number {
  return Math.max(...values);
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

function sum(list: readonly Struck<Way>[]): number {
  return list.reduce((total, { lost }) => total + lost, 0);
}

function units(figures: Readonly<Record<string, number>>, unit: string): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.keys(figures).map((name) => [name, unit]));
}
