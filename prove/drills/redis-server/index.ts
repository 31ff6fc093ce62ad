import { setTimeout as delay } from 'node:timers/promises';
import { powerOff, returnNode } from '../../cluster/faults.ts';
import { initPid } from '../../cluster/nodes.ts';
import { serversOf, workersOf } from '../../cluster/plan.ts';
import { waitForSync } from '../../components/argocd/applications.ts';
import { redisOf } from '../../components/redis/store.ts';
import type { RedisStore } from '../../components/redis/store.ts';
import { longestGap, seconds } from '../../instruments/figures.ts';
import type { RecordedRequest } from '../../instruments/recorder.ts';
import { lostOf } from '../../instruments/redis-writer.ts';
import { withCleanUp } from '../../machine/clean-up.ts';
import { ProvingError } from '../../machine/error.ts';
import type { DrillCheck } from '../../results/index.ts';
import type { Area, Outcome } from '../area.ts';
import type { PlatformGround } from '../ground.ts';
import { ready, serverNodes } from '../recovered.ts';
import { startWriters } from '../redis/fault.ts';
import type { OwnWay, Writers } from '../redis/fault.ts';
import { bothLost } from './both-lost.ts';

/** Seconds without the node: longer than anything that is promised takes. */
const away = 60;
/** Seconds after which a person promotes the replica, where no other node has a server. */
const patience = 20;

export const area: Area<'platform'> = {
  purpose:
    'loses the node with the Kubernetes API under clients of Redis, with the primary on the other node and on it, and then both',
  promises: {
    'redis-server':
      `the power of the first node with the Kubernetes API taken away for ${away} s, twice: with the primary on the other ` +
      'node, and with the replica there, which then is promoted from its node as the runbook says, or by the Sentinels where ' +
      'the other node has a server too; under clients on the other node that write by Sentinels and by the plain address; then ' +
      'the power of both taken away, and given back to the one with the replica a minute before the other one',
  },
  needs: 'platform',
  minutes: 10,
  programs: [],
  about: [
    'constructs/redis-sentinel',
    'prove/components/redis',
    'prove/instruments/redis-writer.ts',
    'prove/cluster/faults.ts',
  ],
  run: serverLost,
};

async function serverLost(platform: PlatformGround): Promise<Outcome> {
  const { cluster, signal } = platform;
  const store = redisOf(platform);
  const { lost, other } = serverNodes(platform);
  await store.whole(signal, 300);
  await store.clear();
  const writers = await startWriters(store, other);
  const steps = [
    async () => {
      if (initPid(cluster, lost) === undefined) await comesBack(platform, lost);
    },
    () => writers.sentinel.remove(),
    () => writers.plain.remove(),
    () => store.clear(),
  ];
  const one = await withCleanUp(steps, async () => {
    const stays = await withoutServer(platform, store, writers, { lost, primaryOn: other });
    const moves = await withoutServer(platform, store, writers, { lost, primaryOn: lost });
    const figures = {
      outage: Math.max(stays.outage.sentinel, stays.outage.plain),
      'promoted, by Sentinels': moves.again.sentinel,
      'promoted, by the plain address': moves.again.plain,
      'without a primary, by Sentinels': moves.outage.sentinel,
      'without a primary, by the plain address': moves.outage.plain,
      whole: Math.max(stays.whole, moves.whole),
      lost: stays.lost + moves.lost,
    };
    return { figures, checks: [...stays.checks, ...moves.checks] };
  });
  const both = await bothLost(platform, store, { replicaOn: lost, primaryOn: other });
  const figures = {
    ...one.figures,
    'both lost, the replica alone takes writes': both.writes,
    lost: one.figures.lost + both.lost,
  };
  const units = Object.fromEntries(Object.keys(figures).map((name) => [name, name === 'lost' ? 'writes' : 's']));
  return { 'redis-server': { figures, units, checks: [...one.checks, ...both.checks] } };
}

interface Loss {
  readonly lost: string;
  readonly primaryOn: string;
}

async function withoutServer(platform: PlatformGround, store: RedisStore, writers: Writers, { lost, primaryOn }: Loss) {
  const { cluster, report, signal, applications } = platform;
  const before = await store.leadOn(primaryOn, signal);
  const stays = primaryOn !== lost;
  const alone = serversOf(cluster.plan).length === 1;
  const expected = stays ? before.primary : before.replica;
  const sentinel = await remainingSentinel(store, lost);
  // From here on, in an environment with one server, nothing can be asked of the API.
  const since = new Date();
  await powerOff(cluster, lost);
  let decided = since;
  if (!stays && alone) {
    await delay(patience * 1000, undefined, { signal });
    decided = new Date();
    const answer = await store.askOnNode(sentinel, 'sentinel', 'failover', store.redis.endpoint.primaryName);
    report(`a person promotes ${expected}: ${answer.trim()}`);
  }
  await delay(away * 1000 - (Date.now() - since.getTime()), undefined, { signal });
  const until = new Date();
  const start = performance.now();
  await comesBack(platform, lost);
  const after = await store.whole(signal, 300);
  const whole = seconds(performance.now() - start);
  await waitForSync(cluster, applications, { atMost: 300, signal });
  const writes = { sentinel: await writers.sentinel.writes(since), plain: await writers.plain.writes(since) };
  const acknowledged = [...writes.sentinel, ...writes.plain].filter(({ at }) => at >= decided);
  const lostWrites = lostOf(acknowledged, await store.numbers(signal));
  const outage = mapWays((way) =>
    longestGap(
      writes[way].filter(({ at }) => at <= until),
      since,
      until,
    ),
  );
  const again = mapWays((way) => seconds(firstAfter(writes[way], decided, until).getTime() - decided.getTime()));
  report(
    `${lost} lost, primary on ${primaryOn}: ${outage.sentinel} s without a write by Sentinels, ${outage.plain} s by the plain ` +
      `address; writes again ${again.sentinel} s and ${again.plain} s after the decision; ${lostWrites.length} lost; whole after ${whole} s`,
  );
  const checks: DrillCheck[] = [
    { what: `primary after the return of ${lost}, that was on ${primaryOn}`, expected, got: after.primary },
  ];
  return { outage, again, whole, lost: lostWrites.length, checks };
}

/** A Sentinel that stays. */
async function remainingSentinel(store: RedisStore, lost: string) {
  for (const name of store.sentinels) {
    const place = await store.containerOf(name);
    if (place.node !== lost) return place;
  }
  throw new ProvingError(`all Sentinels are on ${lost}`);
}

async function comesBack(platform: PlatformGround, lost: string): Promise<void> {
  await returnNode(platform.cluster, lost);
  for (const { name } of workersOf(platform.cluster.plan)) await ready(platform, name);
}

function mapWays<Value>(value: (way: OwnWay) => Value): Readonly<Record<OwnWay, Value>> {
  return { sentinel: value('sentinel'), plain: value('plain') };
}

/** When the first write was acknowledged that began after a moment; `until` where none was. */
function firstAfter(writes: readonly RecordedRequest[], moment: Date, until: Date): Date {
  const first = writes.find(({ ok, at }) => ok && at >= moment && at <= until);
  return first === undefined ? until : new Date(first.at.getTime() + first.milliseconds);
}
