import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { postgresPrograms, postgresUser as user, RealPostgres } from './real-postgres.ts';
import { World } from './support.ts';

const bin = postgresPrograms();

/** The statements as a real PostgreSQL takes them, the only thing that can say whether they are right. */
(bin === undefined ? describe.skip : describe)('in a real PostgreSQL', () => {
  let world: World;
  let server: RealPostgres;

  beforeAll(async () => {
    world = new World();
    await world.start();
    const data = world.path('data');
    if (user) fs.chownSync(world.folder, user.uid, user.gid);
    const quiet = ['-A', 'scram-sha-256', '-E', 'UTF8', '--locale=C', '--no-sync'];
    const superuser = world.write('superuser', 'unused\n');
    execFileSync(path.join(bin!, 'initdb'), ['-D', data, '-U', 'postgres', '--pwfile', superuser, ...quiet], user);
    fs.writeFileSync(path.join(data, 'pg_hba.conf'), 'local all postgres trust\nlocal all all scram-sha-256\n');
    // Nothing but the statements may write.
    const settings = ['wal_level=minimal', 'max_wal_senders=0', 'log_statement=all'];
    server = new RealPostgres(bin!, world.folder, data, settings);
    await server.ready();
    world.configure({
      psql: path.join(bin!, 'psql'),
      socketDirectory: world.folder,
      databases: [
        { name: 'shop', owner: 'shop_owner', user: 'shop_app', extensions: [] },
        { name: odd.database, owner: odd.owner, user: odd.user, extensions: [] },
      ],
    });
  });
  afterAll(async () => {
    await server.stop();
    await world.stop();
  });

  const odd = { database: `o'dd "data\\base" $x$`, owner: `Owner"; --`, user: `:user 'x'` };

  const query = (role: string, database: string, sql: string): string =>
    server.query(role, database, sql, world.read(`password-${role}`).trim());
  const ask = (sql: string, database = 'postgres') => query('postgres', database, sql);

  function reconcile(): void {
    const { status, stdout, stderr } = world.run('members', 'agent.py', [
      '--config',
      world.path('agent.json'),
      'reconcile',
    ]);
    if (status !== 0) throw new Error(stdout + stderr);
  }

  test('roles and databases are as declared, whatever their names', () => {
    reconcile();
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

  test('a second time writes nothing, and leaves no trace in the log', () => {
    reconcile();
    query('shop_owner', 'shop', 'create table if not exists kept (id serial, name text)');
    reconcile();
    const position = ask('select pg_current_wal_insert_lsn()');
    const lines = world.read('log').split('\n').length;
    reconcile();
    expect(ask('select pg_current_wal_insert_lsn()')).toBe(position);
    expect(
      world
        .read('log')
        .split('\n')
        .slice(lines - 1)
        .join('\n'),
    ).not.toMatch(/alter|grant|create|SCRAM/i);
  });

  test('logs in with the password of the file, and with another one after that was changed', () => {
    reconcile();
    expect(query('shop_app', 'shop', 'select current_user')).toBe('shop_app');
    const stored = ask(`select rolpassword from pg_authid where rolname = 'shop_app'`);
    reconcile();
    expect(ask(`select rolpassword from pg_authid where rolname = 'shop_app'`)).toBe(stored);
    world.write('password-shop_app', `another ' one`);
    expect(query('shop_app', 'shop', 'select 1')).toMatch(/password authentication failed/);
    reconcile();
    expect(query('shop_app', 'shop', 'select 1')).toBe('1');
  });

  test('the user works with the tables of the owner, those of before and those of later, and owns nothing', () => {
    reconcile();
    query('shop_owner', 'shop', 'create table later (id serial, name text)');
    expect(query('shop_app', 'shop', `insert into later (name) values ('x') returning id`)).toBe('1');
    expect(query('shop_app', 'shop', `update later set name = 'y' returning name`)).toBe('y');
    expect(query('shop_app', 'shop', 'delete from later returning id')).toBe('1');
    expect(query('shop_app', 'shop', 'truncate later')).toMatch(/permission denied/);
    expect(query('shop_app', 'shop', 'create table own ()')).toMatch(/permission denied for schema public/);
    query('shop_owner', 'shop', 'revoke all on later from shop_app; revoke all on later_id_seq from shop_app');
    reconcile();
    expect(query('shop_app', 'shop', `insert into later (name) values ('x') returning id`)).toBe('2');
  });

  test('nobody else may connect', () => {
    reconcile();
    expect(query('rewind', 'shop', 'select 1')).toMatch(/permission denied for database "shop"/);
    expect(query('shop_app', odd.database, 'select 1')).toMatch(/permission denied for database/);
  });

  test('an owner cannot make the superuser run what it defines', () => {
    reconcile();
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
    reconcile();
    expect(query('shop_app', 'shop', 'select * from bait')).toBe('');
  });
});
