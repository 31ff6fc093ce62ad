import fs from 'node:fs';
import { until } from '../../support/until.ts';
import { programsHere, RealArchive } from './real-archive.ts';
import type { Server } from './real-archive.ts';
import { copiedCluster } from './real-postgres.ts';

// With PostgreSQL, WAL-G and an S3 server, where this machine has them.

(programsHere() === undefined ? describe.skip : describe)('an archive over a failover', () => {
  const archive = new RealArchive();
  let lost: string[] = [];
  let acknowledged = '';
  let second: Server;

  beforeAll(async () => {
    await archive.start();
    const first = await archive.server('first');
    copiedCluster(first.data);
    await first.start();
    first.sql('create table r (n int)');
    archive.backUp(first);
    second = await archive.server('second');
    archive.postgres('pg_basebackup', ['-D', second.data, '-R', '-c', 'fast', '-p', String(first.port)]);
    await second.start();
    const before = first.segment();
    await until(
      () => archive.archived().includes(before),
      () => `${before} in ${archive.archived().join(', ')}`,
    );
    await archive.stopStore();
    first.sql('checkpoint');
    lost = Array.from({ length: 4 }, () => first.segment());
    first.sql('insert into r select 0 from generate_series(1, 100)');
    acknowledged = first.sql('select count(*) from r');
    await until(
      () => second.sql('select count(*) from r') === acknowledged,
      () => 'the standby has all',
    );
    // A standby keeps no WAL from before its last restart point, but for what it is told to.
    first.sql('checkpoint');
    await until(
      () => second.sql('select pg_last_wal_replay_lsn()') >= first.sql('select pg_current_wal_lsn()'),
      () => 'the standby has the checkpoint',
    );
    second.sql('checkpoint');
    await first.kill();
    second.sql('select pg_promote()');
    await archive.startStore();
    second.sql('insert into r values (0)');
    acknowledged = second.sql('select count(*) from r');
    const after = second.sql('select pg_walfile_name(pg_switch_wal())');
    await until(
      () => archive.archived().includes(after),
      () => `${after} in ${archive.archived().join(', ')}: ${second.said()}`,
    );
  });

  afterAll(() => archive.stop());

  async function recovered(name: string, settings: Readonly<Record<string, string>> = {}): Promise<Server> {
    const server = await archive.server(name);
    const fetched = archive.run(
      'bootstrap.sh',
      [`--datadir=${server.data}`, '--target=', `--prefix=${archive.prefix}`],
      {
        WALG_S3_PREFIX: archive.prefix.replace('17-1', '17-2'),
      },
    );
    expect(fetched.stderr).not.toContain('unused-archive.sh');
    expect(fetched.status).toBe(0);
    fs.chmodSync(server.data, 0o700);
    fs.writeFileSync(`${server.data}/recovery.signal`, '');
    // Nobody is let in before the end.
    await server.start({ archive_mode: 'off', hot_standby: 'off', recovery_target_timeline: 'latest', ...settings });
    return server;
  }

  test('has what the old primary could not push', async () => {
    await until(
      () => lost.every((segment) => archive.archived().includes(segment)),
      () => `${lost.join(', ')} in ${archive.archived().join(', ')}`,
    );
    const server = await recovered('whole');
    expect(server.sql('select count(*) from r')).toBe(acknowledged);
    await server.kill();
  });

  test('that lacks a segment all the same ends no recovery before its end', async () => {
    archive.lose(lost[1]!);
    const server = await recovered('lacking');
    expect(server.ended()).toBe(true);
    expect(server.said()).toContain(`${lost[1]} is missing`);
  });

  test('that lacks what follows a full, as retention leaves it, restores the full where nothing is read ahead', async () => {
    const full = /base_([0-9A-F]{24})/.exec(archive.run('walg.sh', ['backup-list']).stdout)?.[1] ?? '';
    const next = archive.archived().filter((segment) => segment > full);
    expect(next).not.toEqual([]);
    for (const segment of next) if (segment.startsWith('00000001') && segment <= lost[0]!) archive.lose(segment);
    const target = { recovery_target: 'immediate', recovery_target_action: 'promote' };
    const ahead = await recovered('ahead', target);
    const one = await recovered('one', { ...target, recovery_prefetch: 'off' });
    expect([ahead.ended(), one.ended(), one.ended() ? one.said() : '']).toEqual([true, false, '']);
    await one.kill();
  });
});
