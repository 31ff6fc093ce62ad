import { archiveAll, backUp, fullBackups, restoreTest, waitForBackups } from '../../components/postgres/backups.ts';
import type { FullBackup } from '../../components/postgres/backups.ts';
import { bulk, bulkGigabytes } from '../../components/postgres/bulk.ts';
import { membersOf } from '../../components/postgres/members.ts';
import type { Members } from '../../components/postgres/members.ts';
import { seconds } from '../../instruments/figures.ts';
import { withCleanUp } from '../../machine/clean-up.ts';
import { ProvingError } from '../../machine/error.ts';
import { loseObjects, objects } from '../../stand-ins/object-storage/index.ts';
import type { Area, Outcome } from '../area.ts';
import type { PlatformGround } from '../ground.ts';

/** How long a backup and its way back take for each gigabyte, with a database that is more than its start. */
export const area: Area<'platform'> = {
  purpose: 'measures a backup of 5 GB of PostgreSQL and its restore',
  promises: {
    'pg-restore':
      'a database of 5 GB, backed up from the standby, restored by the weekly test from an archive that is compressed and ' +
      'encrypted, every row read',
  },
  needs: 'platform',
  minutes: 12,
  programs: [],
  about: ['constructs/patroni-cluster/archive.ts', 'constructs/patroni-cluster/files/common'],
  run: restore,
};

const gigabytes = 5;
const table = 'drill_large';

async function restore(ground: PlatformGround): Promise<Outcome> {
  const { signal, report } = ground;
  const members = membersOf(ground);
  const { leader } = await members.whole(signal, 300);
  const before = await waitForBackups(members, 1, { atMost: 180, signal });
  const sinceThen = async () =>
    (await fullBackups(members)).filter(({ name }) => before.every((each) => each.name !== name));
  const undo = [
    () => members.sqlOfClients(`drop table if exists ${table}`),
    async () => forget(members, await sinceThen()),
  ];
  return withCleanUp(undo, async () => {
    const rows = await fill(members, leader, ground);
    const size = Number(await members.sql(leader, 'select sum(pg_database_size(oid)) from pg_database')) / 1e9;
    const { standby } = await members.whole(signal, 300);
    await archiveAll(members, signal, 600);
    const start = performance.now();
    await backUp(members, standby, 1200);
    const backup = seconds(performance.now() - start);
    const made = (await sinceThen()).at(-1);
    if (made === undefined) throw new ProvingError('the backup is not in the archive');
    const stored = objects(members.cluster, members.archive.store, members.archive.folder)
      .filter(({ key }) => key.startsWith(`${folderOf(members, made)}/`))
      .reduce((sum, object) => sum + object.size, 0);
    report(`${tenths(size)} GB: backed up in ${backup} s, ${tenths(stored / 1e9)} GB in the archive`);
    const result = await restoreTest(members, 'large', { args: ['--backup', made.name], atMost: 1200 }, signal);
    report(JSON.stringify(result));
    const restored = result.seconds ?? 0;
    return {
      'pg-restore': {
        figures: {
          size: tenths(size),
          'in the archive': tenths(stored / 1e9),
          'backed up per GB': tenths(backup / size),
          'restored per GB': tenths(restored / size),
        },
        units: { size: 'GB', 'in the archive': 'GB', 'backed up per GB': 's', 'restored per GB': 's' },
        checks: [
          {
            what: 'rows of the restored database',
            expected: String(rows),
            got: result.error ?? String(result.databases?.[members.database.name]?.rows),
          },
        ],
      },
    };
  });
}

/** Loses fulls with the large table. Their WAL stays, until retention; who restores the newest next needs none of it. */
async function forget(members: Members, large: readonly FullBackup[]): Promise<void> {
  if (large.length === 0) return;
  const { standby } = await members.whole(undefined, 300);
  await backUp(members, standby);
  for (const full of large) {
    for (const part of ['', '_backup_stop_sentinel.json']) {
      loseObjects(members.cluster, members.archive.store, `${folderOf(members, full)}${part}`);
    }
  }
}

function folderOf({ archive }: Members, { name }: FullBackup): string {
  return `${archive.folder}basebackups_005/${name}`;
}

/** @returns how many rows the database has at the end */
async function fill(members: Members, leader: string, { signal, report }: PlatformGround): Promise<number> {
  const database = members.database.name;
  await members.sql(leader, `drop table if exists ${table}`, database);
  await bulk(members, leader, table, database);
  // As good as random again: what compresses sees far less at a time than one copy.
  for (let size = 2 * bulkGigabytes; size <= gigabytes; size += bulkGigabytes) {
    signal.throwIfAborted();
    await members.sql(leader, `insert into ${table} select * from ${table} limit 300000`, database);
    if (Number.isInteger(size)) report(`${size} GB of ${gigabytes}`);
  }
  const own = "schemaname not in ('pg_catalog', 'information_schema')";
  const names = await members.sql(
    leader,
    `select format('%I.%I', schemaname, tablename) from pg_tables where ${own}`,
    database,
  );
  const counts = names.split('\n').map((name) => `(select count(*) from ${name})`);
  return Number(await members.sql(leader, `select ${counts.join(' + ')}`, database));
}

function tenths(value: number): number {
  return Math.round(value * 10) / 10;
}
