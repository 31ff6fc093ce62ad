import { setTimeout as delay } from 'node:timers/promises';
import { backupName } from '../../../constructs/redis-sentinel/index.ts';
import { backUp, backupsOf, changed, wrongBucket, wrongBucketSaid } from '../../components/backups.ts';
import type { Stored } from '../../components/backups.ts';
import { runJob } from '../../components/cron-jobs.ts';
import type { RedisStore } from '../../components/redis/store.ts';
import { seconds } from '../../instruments/figures.ts';
import type { DrillCheck } from '../../results/index.ts';
import type { PlatformGround } from '../ground.ts';
import type { Writers } from '../redis/fault.ts';
import { contentsOf, fill } from './contents.ts';
import type { Contents } from './contents.ts';

export interface BackedUp {
  /** The one to recover. */
  readonly good: Stored;
  readonly contents: Contents;
  /** Numbers of writes that were acknowledged before it began. */
  readonly acknowledged: readonly number[];
  /** Seconds that it took. */
  readonly seconds: number;
  readonly checks: readonly DrillCheck[];
}

/** A backup under clients that write, then everything deleted and another backup of that; and one to a wrong bucket. */
export async function backedUp(ground: PlatformGround, store: RedisStore, writers: Writers): Promise<BackedUp> {
  const { report, signal } = ground;
  const { primary, replica } = await store.whole(signal, 300);
  const since = new Date();
  await fill(store, primary);
  // A second, for the replica to have it: the backup is of that one.
  await delay(1000, undefined, { signal });
  const contents = await contentsOf(store, replica, signal);
  const acknowledged = [...(await writers.sentinel.writes(since)), ...(await writers.plain.writes(since))]
    .filter(({ ok }) => ok)
    .map(({ text }) => Number(text));
  const start = performance.now();
  const good = await backUp(store, 'redis-good', signal);
  const took = seconds(performance.now() - start);
  report(`${good.key}: ${good.size} bytes in ${took} s, ${contents.size} keys of the drill`);

  await writers.sentinel.remove();
  await writers.plain.remove();
  await store.ask((await store.whole(signal)).primary, 'flushall');
  report('everything is deleted by mistake, and that is backed up too');
  await backUp(store, 'redis-mistaken', signal);
  const before = backupsOf(store);
  const wrong = await runJob(
    store,
    backupName(store.scope),
    'redis-wrong-bucket',
    { env: { STORE_BUCKET: wrongBucket } },
    signal,
  );
  report(wrong.log.trim());
  return {
    ...{ good, contents, acknowledged, seconds: took },
    checks: [
      { what: 'a backup to a wrong bucket', expected: 'Failed', got: wrong.outcome },
      {
        what: 'what it says, in one line',
        expected: wrongBucketSaid,
        got: /^.*: (there is no bucket \S+)$/.exec(wrong.log.trim())?.[1] ?? wrong.log.trim(),
      },
      { what: 'backups that it changed', expected: 'none', got: changed(before, backupsOf(store)) },
    ],
  };
}

/** Four backups with days of no length, of which the newest three stay, and none of the life before. */
export async function retained(store: RedisStore, former: RedisStore, signal: AbortSignal): Promise<DrillCheck[]> {
  const made: (string | undefined)[] = [];
  for (let number = 1; number <= 4; number += 1) {
    await store.backUp(`redis-kept-${number}`, signal, { KEEP_DAYS: '0' });
    made.push(backupsOf(store).at(-1)?.key);
  }
  const left = backupsOf(store).map(({ key }) => key);
  const state = (key: string | undefined): string => (key !== undefined && left.includes(key) ? 'there' : 'gone');
  return [
    {
      what: 'the first and the last of four backups that are too old, and how many stay',
      expected: 'gone, there, three or more',
      got: [state(made[0]), state(made[3]), left.length < 3 ? String(left.length) : 'three or more'].join(', '),
    },
    {
      what: 'backups of the life before, which are too old then',
      expected: 'none',
      got:
        backupsOf(former)
          .map(({ key }) => key)
          .join(', ') || 'none',
    },
  ];
}
