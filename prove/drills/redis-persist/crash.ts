import { setTimeout as delay } from 'node:timers/promises';
import type { RedisStore } from '../../components/redis/store.ts';
import { longestGap } from '../../instruments/figures.ts';
import type { RecordedRequest } from '../../instruments/recorder.ts';
import { lostOf } from '../../instruments/redis-writer.ts';
import type { PlatformGround } from '../ground.ts';
import { writtenAgain } from '../redis/fault.ts';
import type { Writers } from '../redis/fault.ts';

const times = 3;

export interface Crashes {
  /** The longest time whose acknowledged writes were lost, in seconds. */
  readonly lost: number;
  /** Acknowledged writes that were lost. */
  readonly writes: number;
  /** Longest time without an acknowledged write, in seconds. */
  readonly outage: number;
}

/** Ends both servers at the same moment, without a word, under clients that write. */
export async function crashes(
  { report, signal }: PlatformGround,
  store: RedisStore,
  writers: Writers,
): Promise<Crashes> {
  const rounds: Crashes[] = [];
  for (let number = 1; number <= times; number += 1) {
    await store.whole(signal, 300);
    const from = new Date();
    await delay(3000, undefined, { signal });
    const since = new Date();
    await Promise.all(store.members.map((name) => store.killServer(name)));
    await writtenAgain(writers, signal);
    await store.whole(signal, 300);
    const until = new Date();
    const ways = [await writers.sentinel.writes(from), await writers.plain.writes(from)];
    const lost = lostOf(ways.flat(), await store.numbers(signal));
    const outage = Math.max(
      ...ways.map((writes) =>
        longestGap(
          writes.filter(({ at }) => at >= since),
          since,
          until,
        ),
      ),
    );
    rounds.push({ lost: span(lost), writes: lost.length, outage });
    report(
      `both servers killed, ${number} of ${times}: ${lost.length} writes of ${span(lost)} s lost, ${outage} s without`,
    );
  }
  return {
    lost: Math.max(...rounds.map(({ lost }) => lost)),
    writes: rounds.reduce((sum, { writes }) => sum + writes, 0),
    outage: Math.max(...rounds.map(({ outage }) => outage)),
  };
}

/** From the first to the end of the last, in seconds; 0 for none. */
export function span(writes: readonly RecordedRequest[]): number {
  if (writes.length === 0) return 0;
  const begin = Math.min(...writes.map(({ at }) => at.getTime()));
  const end = Math.max(...writes.map(({ at, milliseconds }) => at.getTime() + milliseconds));
  return Math.ceil((end - begin) / 10) / 100;
}
