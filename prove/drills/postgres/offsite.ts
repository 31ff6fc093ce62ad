import { fullBackups, restoreTest, runCronJob } from '../../components/postgres/backups.ts';
import type { Members } from '../../components/postgres/members.ts';
import { seconds } from '../../instruments/figures.ts';
import type { Part } from '../../results/index.ts';
import { objectStores } from '../../stand-ins/internet/names.ts';
import { isLocked, loseObjects, objects } from '../../stand-ins/object-storage/index.ts';
import type { PlatformGround } from '../ground.ts';

const folder = 'postgres/';
/** Of the CronJob, and of the secret with the keys of the copies. */
const offsiteCopy = 'backups-offsite';

/** Copies, empties the first provider, copies again, and restores from the copy alone. */
export async function offsiteRound(
  { cluster, report, signal }: PlatformGround,
  members: Members,
  generation: number,
): Promise<Part> {
  const newest = (await fullBackups(members)).at(-1)?.name ?? 'none';
  const keys = (store: 'primary' | 'offsite'): string[] => objects(cluster, store, folder).map(({ key }) => key);
  // Archiving goes on: what comes while it copies is for the next copy.
  const source = keys('primary');
  const start = performance.now();
  await runCronJob(members, offsiteCopy, 'offsite', signal);
  const copy = seconds(performance.now() - start);
  const copied = keys('offsite');
  report(`${copied.length} of ${source.length} objects copied in ${copy} s`);
  const missing = source.filter((key) => !copied.includes(key));

  loseObjects(cluster, 'primary', folder);
  report('the first provider lost everything');
  await runCronJob(members, offsiteCopy, 'offsite-again', signal).catch((error: unknown) => {
    // Nothing to copy from is a failure that somebody should hear of; what counts is what is left.
    report(String(error).split('\n')[0] ?? '');
  });
  const left = keys('offsite');
  const refused = await isLocked(cluster, 'offsite', copied[0] ?? '');
  const { host, region, bucket } = objectStores.offsite;
  const restored = await restoreTest(
    members,
    'offsite',
    {
      args: ['--backup', newest],
      secret: offsiteCopy,
      env: {
        AWS_ENDPOINT: `https://${host}`,
        AWS_REGION: region,
        AWS_ACCESS_KEY_ID_FILE: `/run/secrets/${offsiteCopy}/access-key-id`,
        AWS_SECRET_ACCESS_KEY_FILE: `/run/secrets/${offsiteCopy}/secret-access-key`,
        WALG_S3_PREFIX: `s3://${bucket}/${folder}17-${generation}`,
      },
    },
    signal,
  );
  report(`restored from the copy: ${JSON.stringify(restored)}`);
  return {
    figures: { copied: copied.length, copy, restored: restored.seconds ?? 0 },
    checks: [
      { what: 'objects that were not copied', expected: 'none', got: missing.slice(0, 5).join(', ') || 'none' },
      {
        what: 'copies left after the first provider lost all',
        expected: String(copied.length),
        got: String(left.length),
      },
      { what: 'deleting a version of a copy', expected: 'refused', got: refused ? 'refused' : 'done' },
      { what: 'restoring from the copy', expected: newest, got: restored.error ?? restored.backup },
    ],
  };
}
