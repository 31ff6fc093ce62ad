import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { until } from '../../support/until.ts';
import { postgresPrograms } from './real-postgres.ts';
import { TestServer } from './test-server.ts';

const folder = path.join(import.meta.dirname, '../../../constructs/patroni-cluster/files/agent');
const statement = fs.readFileSync(path.join(folder, 'restart-point.sql'), 'utf8');

/** Where a standby's full backup would begin, as real servers have it: a primary, and two that follow it. */
(postgresPrograms() === undefined ? describe.skip : describe)('the last restart point of a real standby', () => {
  let root: string;
  let first: TestServer;
  let second: TestServer;
  let third: TestServer;

  const ask = (server: TestServer) => {
    const connection = ['-X', '-q', '-h', server.folder, '-p', `${server.port}`, '-U', 'postgres'];
    const file = path.join(server.folder, 'restart-point.sql');
    fs.writeFileSync(file, statement);
    return server.run('psql', [...connection, '-v', 'ON_ERROR_STOP=1', '-At', '-f', file]).trim();
  };
  const follows = ({ port }: TestServer) => `primary_conninfo=host=127.0.0.1 port=${port} user=postgres`;
  const streams = (server: TestServer, timeline: number) => {
    const received = `select received_tli from pg_stat_wal_receiver where status = 'streaming'`;
    return until(
      () => server.tryQuery(received) === `${timeline}`,
      () => server.log,
    );
  };

  beforeAll(async () => {
    root = fs.mkdtempSync(path.join(os.tmpdir(), 'restart-point-'));
    fs.chmodSync(root, 0o755);
    [first, second, third] = ['first', 'second', 'third'].map((name) => new TestServer(path.join(root, name))) as [
      TestServer,
      TestServer,
      TestServer,
    ];
    first.initialise(['local replication all trust', 'host replication,all all 127.0.0.1/32 trust']);
    await first.start();
    await until(
      () => first.tryQuery('select 1') === '1',
      () => first.log,
    );
    for (const standby of [second, third]) {
      first.run('pg_basebackup', [
        '-h',
        first.folder,
        '-p',
        `${first.port}`,
        '-U',
        'postgres',
        '-D',
        standby.data,
        '-X',
        'stream',
        '-c',
        'fast',
      ]);
      fs.writeFileSync(path.join(standby.data, 'standby.signal'), '');
    }
    await second.start(follows(first));
    await third.start(follows(first));
    await Promise.all([streams(second, 1), streams(third, 1)]);
  });
  afterAll(async () => {
    await Promise.all([first, second, third].map((server) => server.stop()));
    fs.rmSync(root, { recursive: true, force: true });
  });

  test('is on the timeline before until who was promoted has made a checkpoint', async () => {
    expect([ask(first), ask(second), ask(third)]).toEqual(['', '', '']);
    const checkpointer = Number(second.query("select pid from pg_stat_activity where backend_type = 'checkpointer'"));
    process.kill(checkpointer, 'SIGSTOP');
    second.query('select pg_promote(wait => false)');
    await until(
      () => second.tryQuery('select pg_is_in_recovery()') === 'f',
      () => second.log,
    );
    third.query(`alter system set primary_conninfo = '${follows(second).slice('primary_conninfo='.length)}'`);
    await third.stop();
    await third.start();
    await streams(third, 2);
    expect(ask(third)).toBe('1 of 2');
    process.kill(checkpointer, 'SIGCONT');
    await until(
      () => ask(third) === '',
      () => third.log,
    );
  });
});
