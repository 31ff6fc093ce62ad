import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { until } from '../../support/until.ts';
import { newCluster, postgresPrograms, postgresUser } from './real-postgres.ts';
import { World } from './support.ts';
import { TestServer } from './test-server.ts';

const bin = postgresPrograms();

/** A primary and its standby in a real PostgreSQL: whether a login works is something that only they can say. */
(bin === undefined ? describe.skip : describe)('a standby that could be copied anew', () => {
  let world: World;
  let primary: TestServer;
  let standby: TestServer;
  let passfile: string;

  const hostBased = ['host replication replication all scram-sha-256'];
  const connection = (server: TestServer) => `user=replication passfile=${passfile} host=127.0.0.1 port=${server.port}`;
  const role = `create role replication replication login password 'first'`;

  beforeAll(async () => {
    world = new World();
    await world.start();
    fs.chmodSync(world.folder, 0o755);
    primary = new TestServer(world.path('primary'));
    primary.initialise(hostBased);
    await primary.start();
    await until(
      () => primary.tryQuery(role) !== undefined,
      () => primary.log,
    );
    passfile = world.write('pgpass', '*:*:*:replication:first\n', 0o600);
    if (postgresUser) fs.chownSync(passfile, postgresUser.uid, postgresUser.gid);
    standby = new TestServer(world.path('standby'));
    standby.run('pg_basebackup', ['-D', standby.data, '-d', connection(primary), '--checkpoint=fast', '--no-sync']);
    fs.writeFileSync(path.join(standby.data, 'standby.signal'), '');
    await standby.start(`primary_conninfo=${connection(primary)} application_name=postgres-1`);
    await until(
      () => standby.tryQuery('select 1 from pg_stat_wal_receiver') === '1',
      () => standby.log,
    );
    world.configure({
      psql: path.join(bin!, 'psql'),
      socketDirectory: standby.folder,
      replicationLogin: world.path('members/replication-login.sh'),
    });
  });
  afterAll(async () => {
    await standby.stop();
    await primary.stop();
    await world.stop();
  });

  /** What it throws, which is nothing where the login works. */
  function thrown(): string {
    const code =
      'import sys; from databases import Server; from settings import load; ' +
      'Server(load(sys.argv[1])).log_in_for_replication()';
    const env = { PATH: '/usr/bin:/bin', PYTHONPATH: world.path('members'), PGPORT: `${standby.port}` };
    const args = ['-B', '-c', code, world.path('agent.json')];
    return spawnSync('python3', args, { encoding: 'utf8', env }).stderr;
  }

  test('logs in at its primary as Patroni would, and under no name that a primary waits for', () => {
    primary.query(`alter system set log_line_prefix = '%a '`);
    primary.query(`alter system set log_replication_commands = on`);
    primary.query('select pg_reload_conf()');
    expect(thrown()).toBe('');
    expect(primary.log).toMatch(/^replication-login LOG: {2}received replication command: IDENTIFY_SYSTEM/m);
  });

  test('does not where the password is another one by now, though replication goes on', () => {
    primary.query(`alter role replication password 'second'`);
    expect(thrown()).toContain('child.ChildFailed');
    expect(standby.log).toContain('no login for replication with user=replication');
    expect(standby.query('select status from pg_stat_wal_receiver')).toBe('streaming');
    primary.query(`alter role replication password 'first'`);
    expect(thrown()).toBe('');
  });

  test('does not where nobody may log in by pg_hba.conf', () => {
    const file = path.join(primary.data, 'pg_hba.conf');
    const before = fs.readFileSync(file, 'utf8');
    fs.writeFileSync(file, before.replace(hostBased[0]!, 'host replication replication all reject'));
    primary.query('select pg_reload_conf()');
    expect(thrown()).toContain('child.ChildFailed');
    fs.writeFileSync(file, before);
    primary.query('select pg_reload_conf()');
    expect(thrown()).toBe('');
  });

  test('does not at a primary of another cluster', async () => {
    const other = new TestServer(world.path('other'));
    other.initialise(hostBased, newCluster);
    await other.start();
    try {
      await until(
        () => other.tryQuery(role) !== undefined,
        () => other.log,
      );
      await standby.stop();
      await standby.start(`primary_conninfo=${connection(other)}`);
      await until(
        () => standby.tryQuery('select 1') === '1',
        () => standby.log,
      );
      expect(thrown()).toContain('child.ChildFailed');
      expect(standby.log).toContain('the primary is of another cluster');
    } finally {
      await other.stop();
    }
  });
});
