import { setTimeout as delay } from 'node:timers/promises';
import { backupName } from '../../../constructs/redis-sentinel/index.ts';
import { runJob } from '../../components/cron-jobs.ts';
import type { RedisStore } from '../../components/redis/store.ts';
import { seconds } from '../../instruments/figures.ts';
import { ProvingError } from '../../machine/error.ts';
import type { DrillCheck } from '../../results/index.ts';
import { objects } from '../../stand-ins/object-storage/index.ts';
import type { PlatformGround } from '../ground.ts';
import type { Writers } from '../redis/fault.ts';
import { contentsOf, fill } from './contents.ts';
import type { Contents } from './contents.ts';

/** A bucket that there isn't. */
export const wrongBucket = 'drill-no-such-bucket';
/** What a backup and a recovery say of it, and nothing else. */
export const wrongBucketSaid = `there is no bucket ${wrongBucket}`;

/** A backup in its bucket. */
export interface Stored {
  readonly key: string;
  /** In bytes. */
  readonly size: number;
}

export function backupsOf({ cluster, archive }: RedisStore): readonly Stored[] {
  return objects(cluster, archive.store, archive.folder);
}

/** Makes a backup by the job that does it each hour. @returns what came of it */
export async function backUp(store: RedisStore, id: string, signal: AbortSignal): Promise<Stored> {
  const before = new Set(backupsOf(store).map(({ key }) => key));
  await store.backUp(id, signal);
  const made = backupsOf(store).findLast(({ key }) => !before.has(key));
  if (made === undefined) throw new ProvingError(`${store.archive.folder} has no other backup than before`);
  return made;
}

/** The moment in the name of a backup, as a person types it. */
export function momentOf({ key }: Stored): string {
  const [, date, hour, minute, second] = /\/(\d{8})T(\d\d)(\d\d)(\d\d)Z-[0-9a-f]{64}\.rdb$/.exec(key) ?? [];
  if (date === undefined) throw new ProvingError(`${key} is not named as a backup`);
  return `${date.replace(/(....)(..)(..)/, '$1-$2-$3')}T${hour}:${minute}:${second}Z`;
}

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

/** Backups that were there before and are gone, or have another size. */
export function changed(before: readonly Stored[], after: readonly Stored[]): string {
  const same = ({ key, size }: Stored): boolean => after.some((each) => each.key === key && each.size === size);
  return before.flatMap((each) => (same(each) ? [] : [each.key])).join(', ') || 'none';
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
