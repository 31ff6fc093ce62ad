import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { copiedCluster, postgresPrograms, postgresUser, RealPostgres } from './real-postgres.ts';
import { listed, World } from './support.ts';

const bin = postgresPrograms();

interface Case {
  readonly what: string;
  /** One for itself, whose settings or size the others are spared. */
  readonly database?: string;
  readonly sql: string;
  /** What is in it as a backup has it. */
  readonly counted: { readonly tables: number; readonly rows: number };
}

const backup = listed(1, 2);
const shared = 'shop';
const rows = (count: number): string => `select generate_series(1, ${count}) as id`;
const elsewhere = `server files options (filename '/nowhere')`;

/** What nobody can count or dump, or not as the superuser comes in, and no backup is bad for. */
const cases: readonly Case[] = [
  {
    what: 'materialized views without data',
    sql: `create materialized view without as ${rows(2)} with no data; create materialized view has as ${rows(3)};`,
    counted: { tables: 1, rows: 3 },
  },
  {
    what: 'foreign tables that cannot be reached',
    sql:
      'create extension file_fdw; create server files foreign data wrapper file_fdw; ' +
      `create foreign table away (id int) ${elsewhere};`,
    counted: { tables: 0, rows: 0 },
  },
  {
    what: 'partitions, one of them on another server',
    sql:
      'create table whole (id int) partition by range (id); ' +
      'create table here partition of whole for values from (1) to (10); ' +
      `create foreign table there partition of whole for values from (10) to (20) ${elsewhere}; ` +
      `insert into whole ${rows(4)};`,
    counted: { tables: 1, rows: 4 },
  },
  {
    what: 'unlogged tables, which no backup has the rows of',
    sql: `create unlogged table fast as ${rows(5)};`,
    counted: { tables: 1, rows: 0 },
  },
  {
    what: 'rows that nobody may see',
    sql:
      `create table hidden as ${rows(6)}; create policy nobody on hidden using (false); ` +
      'alter table hidden enable row level security, force row level security;',
    counted: { tables: 1, rows: 6 },
  },
  {
    what: 'views that always fail',
    sql:
      'create view broken as select 1 / 0; create function raises() returns int language plpgsql as ' +
      `'begin raise exception $$never$$; end'; create view worse as select raises();`,
    counted: { tables: 0, rows: 0 },
  },
  {
    what: 'limits of time for applications',
    database: 'limited',
    sql:
      `create table long as ${rows(200_000)}; ` +
      `alter database limited set statement_timeout = '1ms'; alter database limited set lock_timeout = '1ms';`,
    counted: { tables: 1, rows: 200_000 },
  },
  {
    what: 'a role that everybody becomes',
    database: 'closed',
    sql: `create table own as ${rows(8)}; create role becomes; alter database closed set role = 'becomes';`,
    counted: { tables: 1, rows: 8 },
  },
  {
    what: 'more tables than locks',
    database: 'many',
    sql: `select format('create table many_%s ()', each) from generate_series(1, 500) as each\n\\gexec`,
    counted: { tables: 500, rows: 0 },
  },
];

(bin === undefined ? describe.skip : describe)('the restore test of a real PostgreSQL', () => {
  let world: World;
  let primary: RealPostgres;

  beforeAll(async () => {
    world = new World();
    await world.start();
    const own = (name: string): void => {
      if (postgresUser) fs.chownSync(world.path(name), postgresUser.uid, postgresUser.gid);
    };
    fs.mkdirSync(world.path('scratch'));
    own('.');
    own('scratch');
    copiedCluster(world.path('primary'));
    primary = new RealPostgres(bin!, world.folder, world.path('primary'), [
      'max_connections=10',
      'max_locks_per_transaction=10',
      'max_worker_processes=2',
    ]);
    await primary.ready();
    const databases = [shared, ...cases.flatMap(({ database = [] }) => database)];
    primary.run('postgres', databases.map((name) => `create database ${name};`).join('\n'));
    const statements = cases.map(({ database = shared, sql }) => `\\connect ${database}\n${sql}`);
    primary.run('postgres', statements.join('\n'));
    // Of a session that is gone where it is restored.
    await primary.session(shared, `create temporary table mine as ${rows(1)}`);
    // What is left where somebody ended a DROP DATABASE.
    primary.run('postgres', `create database half; update pg_database set datconnlimit = -2 where datname = 'half';`);
    // It would need a certificate where it is restored.
    primary.run('postgres', 'alter system set ssl = on;');
    const copy = ['-h', world.folder, '-U', 'postgres', '-X', 'fetch', '-c', 'fast', '-D', world.path('base')];
    execFileSync(path.join(bin!, 'pg_basebackup'), copy, postgresUser);
    world.list([backup]);
    world.program('walg.sh', 'case "$*" in *--json*) cat "$here/list.json" ;; *) cp -a "$here/base" "$2" ;; esac');
    world.configure({ databases: [{ name: shared, owner: 'shop_owner', user: 'shop_app', extensions: [] }] });
  });
  afterAll(async () => {
    await primary.stop();
    await world.stop();
  });

  test('takes none of what cannot be read there, and is in no backup, for a bad backup', () => {
    const where = ['--config', world.path('agent.json'), '--directory', world.path('scratch')];
    // By its name: what the archive has since then is another matter.
    const args = [...where, '--restore-command', 'false', '--backup', String(backup.backup_name)];
    const { stdout, stderr } = world.run('restoreTest', 'restore_test.py', args, postgresUser);
    const { error, databases } = JSON.parse(stdout || stderr) as Record<string, unknown>;
    expect(error).toBeUndefined();
    const expected = new Map([['postgres', { tables: 0, rows: 0 }]]);
    for (const { database = shared, counted } of cases) {
      const { tables, rows: count } = expected.get(database) ?? { tables: 0, rows: 0 };
      expected.set(database, { tables: tables + counted.tables, rows: count + counted.rows });
    }
    expect(databases).toEqual(Object.fromEntries(expected));
  });
});
