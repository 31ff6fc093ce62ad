import type { Platform } from '../../../constructs/core/platform.ts';
import { OffsiteCopy } from '../../../constructs/stateful/index.ts';
import { storeOf } from '../../cluster/plan.ts';
import { runCronJob } from '../../components/cron-jobs.ts';
import { archiveAll, fullBackups, restoreTest } from '../../components/postgres/backups.ts';
import type { Members } from '../../components/postgres/members.ts';
import { directoryOf } from '../../components/directory/server.ts';
import { redisOf } from '../../components/redis/store.ts';
import { seconds } from '../../instruments/figures.ts';
import { ProvingError } from '../../machine/error.ts';
import type { Part } from '../../results/index.ts';
import { isLocked, loseObjects, objects, triedBy } from '../../stand-ins/object-storage/index.ts';
import type { PlatformGround } from '../ground.ts';

/** Slow enough for several segments to come while it copies. */
const slowly = { RCLONE_BWLIMIT: '4M' };
const fewestSegments = 3;

/** Copies while the archive grows, empties the first provider, copies again, and restores from the copy alone. */
export async function offsiteRound(ground: PlatformGround, members: Members): Promise<Part> {
  const { cluster, platform, report, signal } = ground;
  const copy = copyOf(platform, members);
  const cronJob = copy.job.workload.name;
  const { life, version } = members.patroni;
  const folder = `${life.name}/`;
  const stores = { primary: members.archive.store, offsite: storeOf(cluster.plan, copy.target.store.name) };
  const newest = (await fullBackups(members)).at(-1)?.name ?? 'none';
  const keys = (store: 'primary' | 'offsite'): string[] =>
    objects(cluster, stores[store], folder).map(({ key }) => key);
  // It copies the backups of every store in the bucket, and a folder without any is a fault.
  await redisOf(ground).backUp('redis-backup', signal);
  await directoryOf(ground).backUp('directory-backup', signal);
  // What comes while it copies is for the next copy.
  const source = keys('primary');
  const start = performance.now();
  const { failure, segments } = await whileArchiving(members, signal, async () => {
    await runCronJob(members, cronJob, 'offsite', { env: slowly, signal });
  });
  const took = seconds(performance.now() - start);
  const copied = keys('offsite');
  report(`${copied.length} of ${source.length} objects copied in ${took} s, ${segments} segments archived meanwhile`);
  const missing = source.filter((key) => !copied.includes(key));

  const smallest = objects(cluster, stores.primary, folder).reduce((a, b) => (b.size < a.size ? b : a));
  const readers = await triedBy(cluster, stores.primary, 'reader', smallest.key);

  loseObjects(cluster, stores.primary, folder);
  report('the first provider lost everything');
  await runCronJob(members, cronJob, 'offsite-again', { signal }).catch((error: unknown) => {
    // Nothing to copy from is a failure that somebody should hear of; what counts is what is left.
    report(String(error).split('\n')[0] ?? '');
  });
  const left = keys('offsite');
  const refused = await isLocked(cluster, stores.offsite, copied[0] ?? '');
  const { endpoint, region } = copy.target.store;
  const { accessKeyId, secretAccessKey } = copy.target;
  const secret = accessKeyId.secret.name;
  const restored = await restoreTest(
    members,
    'offsite',
    {
      args: ['--backup', newest],
      secret,
      env: {
        AWS_ENDPOINT: endpoint,
        AWS_REGION: region,
        AWS_ACCESS_KEY_ID_FILE: `/run/secrets/${secret}/${accessKeyId.key}`,
        AWS_SECRET_ACCESS_KEY_FILE: `/run/secrets/${secret}/${secretAccessKey.key}`,
        WALG_S3_PREFIX: copy.target.url(life.folderOf(version)),
      },
    },
    signal,
  );
  report(`restored from the copy: ${JSON.stringify(restored)}`);
  return {
    figures: {
      copied: copied.length,
      copy: took,
      'archived meanwhile': segments,
      restored: restored.seconds ?? 0,
    },
    checks: [
      { what: 'a copy while the archive grows', expected: 'succeeds', got: failure ?? 'succeeds' },
      {
        what: 'segments archived while it copied',
        expected: `${fewestSegments} or more`,
        got: segments < fewestSegments ? String(segments) : `${fewestSegments} or more`,
      },
      { what: 'objects that were not copied', expected: 'none', got: missing.slice(0, 5).join(', ') || 'none' },
      {
        what: 'copies left after the first provider lost all',
        expected: String(copied.length),
        got: String(left.length),
      },
      {
        what: 'reading, writing and deleting at the first provider, by the keys of the copy and of the restore test',
        expected: 'done, refused, refused',
        got: readers.join(', '),
      },
      { what: 'deleting a version of a copy', expected: 'refused', got: refused ? 'refused' : 'done' },
      { what: 'restoring from the copy', expected: newest, got: restored.error ?? restored.backup },
    ],
  };
}

interface Archiving {
  /** Why what ran meanwhile failed. */
  readonly failure: string | undefined;
  /** Archived while it ran. */
  readonly segments: number;
}

/** Ends and archives one segment after the other for as long as something runs. */
async function whileArchiving(members: Members, signal: AbortSignal, action: () => Promise<void>): Promise<Archiving> {
  const ended = new AbortController();
  let segments = 0;
  const runs = (): boolean => !ended.signal.aborted;
  const archiving = async (): Promise<void> => {
    while (runs()) {
      await archiveAll(members, signal);
      if (runs()) segments += 1;
    }
  };
  const acting = async (): Promise<string | undefined> => {
    try {
      await action();
      return undefined;
    } catch (error) {
      signal.throwIfAborted();
      return String(error);
    } finally {
      ended.abort();
    }
  };
  const [failure] = await Promise.all([acting(), archiving()]);
  return { failure, segments };
}

/** What copies the bucket that a cluster's backups are in. */
function copyOf(platform: Platform, { patroni }: Members): OffsiteCopy {
  const bucket = patroni.archive === false ? undefined : patroni.archive.bucket.store.name;
  const found = platform.all(OffsiteCopy).find(({ source }) => source.store.name === bucket);
  if (found === undefined) throw new ProvingError(`nothing copies the backups of ${patroni.life.name}`);
  return found;
}
