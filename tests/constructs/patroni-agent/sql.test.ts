import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { parameterFindings } from '../../../constructs/patroni-cluster/promised-parameters.ts';
import { minimal } from '../../support/patroni-cluster.ts';
import { copiedCluster, postgresPrograms, postgresUser as user, RealPostgres } from './real-postgres.ts';
import type { ResidentAgent } from './resident-agent.ts';
import { World } from './support.ts';

const bin = postgresPrograms();

interface Said {
  readonly level: string;
  readonly message: string;
  /** For a person. */
  readonly statement?: string;
}

/** The statements as a real PostgreSQL takes them, the only thing that can say whether they are right. */
(bin === undefined ? describe.skip : describe)('in a real PostgreSQL', () => {
  let world: World;
  let server: RealPostgres;
  let agent: ResidentAgent<Said>;

  beforeAll(async () => {
    world = new World();
    await world.start();
    agent = world.agent();
    const data = world.path('data');
    if (user) fs.chownSync(world.folder, user.uid, user.gid);
    copiedCluster(data);
    fs.writeFileSync(path.join(data, 'pg_hba.conf'), 'local all postgres trust\nlocal all all scram-sha-256\n');
    // Nothing but the statements may write.
    const settings = ['wal_level=minimal', 'max_wal_senders=0', 'log_statement=all'];
    server = new RealPostgres(bin!, world.folder, data, settings);
    await server.ready();
    world.configure({
      psql: path.join(bin!, 'psql'),
      socketDirectory: world.folder,
    });
  });
  // Another database is a third of the work.
  beforeEach(() => declare(shop));
  afterAll(async () => {
    await server.stop();
    await world.stop();
  });

  const odd = { database: `o'dd "data\\base" $x$`, owner: `Owner"; --`, user: `:user 'x'` };

  const query = (role: string, database: string, sql: string): string =>
    server.query(role, database, sql, world.read(`password-${role}`).trim());
  const ask = (sql: string, database = 'postgres') => query('postgres', database, sql);

  /** What the agent says when it brings everything to what is declared. */
  const attempt = () => agent.run('--config', world.path('agent.json'), 'reconcile');

  async function reconcile(): Promise<readonly Said[]> {
    const { status, said } = await attempt();
    if (status !== 0) throw new Error(JSON.stringify(said));
    return said.filter(({ statement }) => statement !== undefined);
  }

  const shop = { name: 'shop', owner: 'shop_owner', user: 'shop_app', extensions: [] as string[] };
  const weird = { name: odd.database, owner: odd.owner, user: odd.user, extensions: [] as string[] };
  const declare = (...databases: readonly (typeof shop)[]): void => world.configure({ databases });

  test('roles and databases are as declared, whatever their names', async () => {
    declare(shop, weird);
    await reconcile();
    const databases = ask(
      `select json_object_agg(datname, pg_get_userbyid(datdba)) from pg_database where datdba > 10`,
    );
    expect(JSON.parse(databases)).toEqual({ shop: 'shop_owner', [odd.database]: odd.owner });
    expect(ask(`select rolname from pg_roles where rolcanlogin and rolreplication order by 1`)).toBe(
      'postgres\nreplication',
    );
    expect(ask(`select pg_has_role('monitoring', 'pg_monitor', 'member')`)).toBe('t');
    expect(ask(`select count(*) from pg_roles where rolsuper`)).toBe('1');
    for (const signature of ['pg_ls_dir(text, boolean, boolean)', 'pg_stat_file(text, boolean)']) {
      expect(ask(`select has_function_privilege('rewind', '${signature}', 'execute')`)).toBe('t');
    }
  });

  test('every parameter that it has is known', () => {
    const major = Number(ask('SHOW server_version_num').slice(0, 2)) as 15 | 16 | 17 | 18;
    const names = ask('SELECT name FROM pg_settings').trim().split('\n');
    const unknown = names.filter((name) =>
      parameterFindings({ ...minimal, version: major, parameters: { [name]: '' } }).some(({ what }) =>
        what.includes('none of that name'),
      ),
    );
    expect({ unknown, many: names.length > 300 }).toEqual({ unknown: [], many: true });
  });

  test('a second time writes nothing, and leaves no trace in the log', async () => {
    await reconcile();
    query('shop_owner', 'shop', 'create table if not exists kept (id serial, name text)');
    await reconcile();
    const position = ask('select pg_current_wal_insert_lsn()');
    const lines = world.read('log').split('\n').length;
    await reconcile();
    expect(ask('select pg_current_wal_insert_lsn()')).toBe(position);
    expect(
      world
        .read('log')
        .split('\n')
        .slice(lines - 1)
        .join('\n'),
    ).not.toMatch(/alter|grant|create|SCRAM/i);
  });

  test('logs in with the password of the file, and with another one after that was changed', async () => {
    await reconcile();
    expect(query('shop_app', 'shop', 'select current_user')).toBe('shop_app');
    const stored = ask(`select rolpassword from pg_authid where rolname = 'shop_app'`);
    await reconcile();
    expect(ask(`select rolpassword from pg_authid where rolname = 'shop_app'`)).toBe(stored);
    world.write('password-shop_app', `another ' one`);
    expect(query('shop_app', 'shop', 'select 1')).toMatch(/password authentication failed/);
    await reconcile();
    expect(query('shop_app', 'shop', 'select 1')).toBe('1');
  });

  test('the user works with the tables of the owner, those of before and those of later, and owns nothing', async () => {
    await reconcile();
    query('shop_owner', 'shop', 'create table later (id serial, name text)');
    expect(query('shop_app', 'shop', `insert into later (name) values ('x') returning id`)).toBe('1');
    expect(query('shop_app', 'shop', `update later set name = 'y' returning name`)).toBe('y');
    expect(query('shop_app', 'shop', 'delete from later returning id')).toBe('1');
    expect(query('shop_app', 'shop', 'truncate later')).toMatch(/permission denied/);
    expect(query('shop_app', 'shop', 'create table own ()')).toMatch(/permission denied for schema public/);
    query('shop_owner', 'shop', 'revoke all on later from shop_app; revoke all on later_id_seq from shop_app');
    await reconcile();
    expect(query('shop_app', 'shop', `insert into later (name) values ('x') returning id`)).toBe('2');
  });

  test('the user works in schemas that a migration makes, those of before and those of later', async () => {
    query('shop_owner', 'shop', 'create schema before; create table before.kept (id serial, name text)');
    await reconcile();
    query('shop_owner', 'shop', 'create schema after; create table after.kept (id serial, name text)');
    for (const schema of ['before', 'after']) {
      const insert = `insert into ${schema}.kept (name) values ('x') returning id`;
      expect([schema, query('shop_app', 'shop', insert)]).toEqual([schema, '1']);
      expect(query('shop_app', 'shop', `create table ${schema}.own ()`)).toMatch(/permission denied for schema/);
    }
  });

  test('an extension that can not be made keeps no other one, no rights and no database from being made', async () => {
    const extensions = ['no_such_extension', 'pg_trgm'];
    declare({ ...shop, extensions }, { name: 'wiki', owner: 'wiki_owner', user: 'wiki_app', extensions: ['citext'] });
    const { status, said } = await attempt();
    const errors = said.filter(({ level }) => level === 'error').map(({ message }) => message);
    expect(errors).toEqual([expect.stringContaining('the extension no_such_extension of the database shop: psql')]);
    expect(errors[0]).toMatch(/extension "no_such_extension" is not available/);
    expect(status).toBe(1);
    expect(ask(`select extname from pg_extension where extname = 'pg_trgm'`, 'shop')).toBe('pg_trgm');
    expect(ask(`select extname from pg_extension where extname = 'citext'`, 'wiki')).toBe('citext');
    expect(ask(`select has_database_privilege('wiki_app', 'wiki', 'connect')`)).toBe('t');
    expect(ask(`select count(*) from pg_default_acl`, 'wiki')).toBe('3');
  });

  test('an extension that PostgreSQL loads at its start is made once that was done', async () => {
    const parameters = { shared_preload_libraries: 'pg_stat_statements' };
    world.configure({ dynamicConfiguration: { postgresql: { parameters } } });
    declare({ ...shop, extensions: ['pg_stat_statements'] });
    const { status, said } = await attempt();
    expect(status).toBe(1);
    expect(said.map(({ message }) => message)).toContainEqual(
      expect.stringMatching(/pg_stat_statements of the database shop: PostgreSQL loads it at its start only/),
    );
    expect(ask(`select count(*) from pg_extension where extname = 'pg_stat_statements'`, 'shop')).toBe('0');
    world.configure({ dynamicConfiguration: {} });
  });

  test('libraries that the image lacks are known', () => {
    const code = `import sys, databases, settings
print(databases.Server(settings.load(sys.argv[1])).missing_libraries(['pg_trgm', 'no_such_library']))`;
    const env = { ...process.env, PYTHONPATH: world.path('members') };
    const found = execFileSync('python3', ['-c', code, world.path('agent.json')], { encoding: 'utf8', env });
    expect(found).toBe("['no_such_library']\n");
  });

  describe('tells with a statement for a person, and leaves alone,', () => {
    /** Runs a statement as the runbook says. */
    const run = (statement: string): string => {
      const [, database = 'postgres', rest = statement] = /^in (\w+): (.*)$/.exec(statement) ?? [];
      return ask(rest, database);
    };
    /** The statement that was told with this. */
    const told = async (what: string): Promise<string> => {
      const found = (await reconcile()).filter(({ message }) => message === what);
      expect([what, found.length]).toEqual([what, 1]);
      return found[0]!.statement!;
    };

    test('a database and its roles that are declared no more', async () => {
      declare(shop, { name: 'old', owner: 'old_owner', user: 'old_app', extensions: [] });
      await reconcile();
      ask('create table kept as select 1 as one', 'old');
      declare(shop);
      const statement = await told('the database old is not declared');
      expect(ask('select one from kept', 'old')).toBe('1');
      for (const each of [
        statement,
        await told('the role old_app is not declared'),
        await told('the role old_owner is not declared'),
      ]) {
        expect(run(each)).toBe('');
      }
      expect((await reconcile()).filter(({ message }) => message.includes('old'))).toEqual([]);
    });

    test('a role that worked on a database or owned it, whose way in is closed', async () => {
      declare({ ...shop, owner: 'first_owner', user: 'first_app' });
      await reconcile();
      ask('set role first_owner; create table of_first (id serial)', 'shop');
      declare(shop);
      const tables = await told('1 of shop, such as public.of_first, belong to first_owner');
      expect(ask(`select has_database_privilege('first_app', 'shop', 'connect')`)).toBe('f');
      expect(ask(`select has_database_privilege('first_owner', 'shop', 'connect')`)).toBe('f');
      expect(tables).toBe('in shop: alter table public.of_first owner to shop_owner');
      expect(run(tables)).toBe('');
      const app = await told('the role first_app is not declared');
      expect(app).toBe(
        'in shop: reassign owned by first_app to shop_owner; drop owned by first_app; drop role first_app',
      );
      for (const statement of [app, await told('the role first_owner is not declared')])
        expect(run(statement)).toBe('');
      await reconcile();
      expect(query('shop_app', 'shop', 'insert into of_first default values returning id')).toBe('1');
      expect((await reconcile()).filter(({ message }) => message.includes('first'))).toEqual([]);
    });

    test('an extension that is declared no more, but none that another one needs or that a migration made', async () => {
      declare({ ...shop, extensions: ['earthdistance'] });
      await reconcile();
      query('shop_owner', 'shop', 'create extension if not exists hstore');
      declare(shop);
      const statement = await told('the extension earthdistance of shop is not declared');
      expect((await reconcile()).filter(({ message }) => /hstore|cube/.test(message))).toEqual([]);
      expect(run(statement)).toBe('');
    });

    test('an extension that is older than what the image brings', async () => {
      ask(`drop extension if exists pg_trgm; create extension pg_trgm version '1.3'`, 'shop');
      declare({ ...shop, extensions: ['pg_trgm'] });
      const newest = ask(`select default_version from pg_available_extensions where name = 'pg_trgm'`);
      const statement = await told(`the extension pg_trgm of shop is 1.3, and the image brings ${newest}`);
      expect(statement).toBe('in shop: alter extension pg_trgm update');
      expect(ask(`select extversion from pg_extension where extname = 'pg_trgm'`, 'shop')).toBe('1.3');
      expect(run(statement)).toBe('');
      expect((await reconcile()).filter(({ message }) => message.includes('pg_trgm'))).toEqual([]);
    });

    test('an index that an image with another library sorts otherwise', async () => {
      await reconcile();
      ask(`create table named (name text collate "de-x-icu", place text)`, 'shop');
      ask(
        'alter table named owner to shop_owner; create index sorted on named (name); create index on named (place)',
        'shop',
      );
      ask(`update pg_collation set collversion = '1' where collname in ('de-x-icu', 'fr-x-icu')`, 'shop');
      const library = ask(
        `select pg_collation_actual_version(oid) from pg_collation where collname = 'de-x-icu'`,
        'shop',
      );
      const what = `indexes of shop, such as public.sorted, are sorted by "de-x-icu" 1, and the image brings ${library}`;
      const statement = await told(what);
      expect(statement).toBe(
        'in shop: reindex index public.sorted; alter collation pg_catalog."de-x-icu" refresh version',
      );
      expect(run(statement)).toContain(`changing version from 1 to ${library}`);
      expect((await reconcile()).filter(({ message }) => message.includes('-x-icu'))).toEqual([]);
    });
  });

  test('a role loses what it was allowed by hand beyond logging in', async () => {
    await reconcile();
    ask('alter role shop_app superuser createdb createrole bypassrls; alter role shop_owner replication');
    await reconcile();
    const allowed = 'rolsuper or rolcreatedb or rolcreaterole or rolbypassrls or rolreplication';
    expect(ask(`select rolname from pg_roles where ${allowed} order by 1`)).toBe('postgres\nreplication');
  });

  test('a role that has all connections that it may have leaves the others theirs', async () => {
    await reconcile();
    ask('alter role shop_app connection limit -1');
    await reconcile();
    const password = world.read('password-shop_app').trim();
    for (let taken = 0; taken < 3; taken += 1) await server.session('shop', 'select 1', 'shop_app', password);
    expect(query('shop_app', 'shop', 'select 1')).toMatch(/too many connections for role "shop_app"/);
    expect(query('shop_owner', 'shop', 'select 1')).toBe('1');
    server.endSessions();
  });

  test('a role loses the roles that it was made a member of by hand', async () => {
    await reconcile();
    ask('create role helpers; grant shop_owner, pg_read_all_data to shop_app; grant helpers to monitoring, rewind');
    expect(query('shop_app', 'shop', 'set role shop_owner; create table taken ()')).toBe('');
    await reconcile();
    const members = `select concat_ws(' ', member::regrole, roleid::regrole) from pg_auth_members where member > 16383`;
    expect(ask(members)).toBe('monitoring pg_monitor');
    ask('drop table taken', 'shop');
    ask('drop role helpers');
  });

  test('a role whose password had an end may log in again', async () => {
    await reconcile();
    ask(`alter role shop_app valid until '2020-01-01'`);
    expect(query('shop_app', 'shop', 'select 1')).toMatch(/password authentication failed/);
    await reconcile();
    expect(query('shop_app', 'shop', 'select 1')).toBe('1');
  });

  test('a database is made while somebody is in template1, and has nothing of what was made there', async () => {
    ask('create table mistake ()', 'template1');
    await server.session('template1', 'select 1');
    declare(shop, { name: 'fresh', owner: 'fresh_owner', user: 'fresh_app', extensions: [] });
    await reconcile();
    expect(ask(`select to_regclass('mistake') is null`, 'fresh')).toBe('t');
  });

  test('passwords change while applications are kept from writing', async () => {
    await reconcile();
    ask('alter system set default_transaction_read_only = on');
    ask('select pg_reload_conf()');
    world.write('password-shop_app', 'while read-only');
    await reconcile();
    expect(query('shop_app', 'shop', 'select 1')).toBe('1');
    ask('alter system reset default_transaction_read_only');
    ask('select pg_reload_conf()');
  });

  test('the segment that a backup ends in is ended, and no other one', () => {
    const position = () => Number(ask("select pg_current_wal_insert_lsn() - '0/0'"));
    const segment = () => ask('select pg_walfile_name(pg_current_wal_insert_lsn())');
    const folder = path.join(import.meta.dirname, '../../../constructs/patroni-cluster/files/agent');
    const statement = fs.readFileSync(path.join(folder, 'end-segment.sql'), 'utf8');
    const endWith = (at: number) => server.run('postgres', `\\set position ${at}\n${statement}`);
    const [written, before] = [position(), segment()];
    endWith(written - 0x1000000);
    expect(segment()).toBe(before);
    endWith(written);
    endWith(written);
    expect(position()).toBeLessThan((Math.floor(written / 0x1000000) + 1) * 0x1000000 + 0x1000);
    expect(segment()).not.toBe(before);
  });

  test('nobody else may connect', async () => {
    declare(shop, weird);
    await reconcile();
    expect(query('rewind', 'shop', 'select 1')).toMatch(/permission denied for database "shop"/);
    expect(query('shop_app', odd.database, 'select 1')).toMatch(/permission denied for database/);
  });

  test('an owner cannot make the superuser run what it defines', async () => {
    await reconcile();
    // A function that fits better than that of PostgreSQL is taken, unless only those of PostgreSQL are looked at.
    for (const parameters of ['text, text', 'text, regclass, text', 'text, text, text, text']) {
      const created = query(
        'shop_owner',
        'shop',
        `create function format(${parameters}) returns text return (1/0)::text`,
      );
      expect(created).toBe('');
    }
    query('shop_owner', 'shop', 'create table bait (); revoke all on bait from shop_app');
    query('shop_owner', 'shop', 'alter default privileges revoke all on tables from shop_app');
    await reconcile();
    expect(query('shop_app', 'shop', 'select * from bait')).toBe('');
  });
});
