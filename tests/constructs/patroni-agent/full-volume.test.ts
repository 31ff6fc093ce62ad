import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { until } from '../../support/until.ts';
import { postgresPrograms } from './real-postgres.ts';
import { World } from './support.ts';
import { TestServer } from './test-server.ts';

/** Whether this user may mount a file system in memory. */
function mounts(): boolean {
  const folder = fs.mkdtempSync('/tmp/diptych-mount-');
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'diptych', folder]).status === 0;
  if (mounted) execFileSync('umount', [folder]);
  fs.rmdirSync(folder);
  return mounted;
}

/** PostgreSQL on a volume of 192 MiB that WAL fills, because no archive takes it. */
(postgresPrograms() === undefined || !mounts() ? describe.skip : describe)('on a volume that WAL fills', () => {
  let world: World;
  let server: TestServer;

  beforeEach(async () => {
    world = new World();
    await world.start();
    fs.chmodSync(world.folder, 0o755);
    fs.mkdirSync(world.path('volume'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=192m', 'diptych', world.path('volume')]);
    server = new TestServer(world.path('volume/pgroot'));
    server.initialise();
    world.configure({ reserveFile: world.path('volume/room'), reserveMebibytes: 24 });
  });
  afterEach(async () => {
    await server.stop();
    execFileSync('umount', [world.path('volume')]);
    await world.stop();
  });

  async function start(archiveCommand: string): Promise<boolean> {
    await server.start(
      'archive_mode=on',
      `archive_command=${archiveCommand}`,
      'max_wal_size=32MB',
      'min_wal_size=32MB',
    );
    await until(
      () => !server.running || server.tryQuery('select 1') === '1',
      () => server.log,
    );
    return server.running;
  }

  const asked = '(select archived_count + failed_count from pg_stat_archiver)';
  const untilAsked = `loop perform pg_sleep(0.02), pg_stat_clear_snapshot(); exit when ${asked} > before; end loop;`;

  /** Writes segments of WAL, of which each is another file, while PostgreSQL runs. */
  async function write(segments: number, then = '', afterwards = 'select'): Promise<void> {
    server.tryQuery('create table if not exists written ()');
    for (let count = 0; count < segments && server.running; count++) {
      const written = server.tryQuery(
        `do $$ declare before bigint := ${asked}; begin
         insert into written default values; perform pg_switch_wal(); ${then} end $$`,
      );
      await until(
        () => !server.running || written !== undefined,
        () => server.log,
      );
      server.tryQuery(afterwards);
    }
  }

  /** A turn of the agent as far as it concerns the volume. */
  function keepReserve(): string {
    const code =
      'import sys; from volume import keep_reserve; from metrics import Figures; from settings import load; ' +
      'keep_reserve(load(sys.argv[1]), Figures())';
    const env = { PATH: '/usr/bin:/bin', PYTHONPATH: world.path('members') };
    const { stdout, stderr } = spawnSync('python3', ['-B', '-c', code, world.path('agent.json')], {
      encoding: 'utf8',
      env,
    });
    return stdout + stderr;
  }

  test('PostgreSQL ends and cannot start; it does when the agent gives it the reserve', async () => {
    expect(keepReserve()).toContain('the volume has a reserve');
    expect(await start('/bin/false')).toBe(true);
    await write(14);
    expect(server.log).toContain('No space left on device');
    expect(server.running).toBe(false);
    expect(await start('/bin/false')).toBe(false);
    expect(keepReserve()).toContain('the reserve was given to PostgreSQL');
    expect(await start('/bin/true')).toBe(true);
    server.query('checkpoint');
    expect(fs.existsSync(path.join(server.data, 'pg_wal'))).toBe(true);
    expect(keepReserve()).toContain('the volume has a reserve');
  });

  test('the primary goes on, and what the archive does not take is given up and written down', async () => {
    const walg = world.program('wal-g', 'exit 1');
    const archive = `env WALG=${walg} TMPDIR=${world.path('volume/pgroot')} ${world.path('members/archive-wal.sh')} "%p" 48`;
    fs.chmodSync(world.folder, 0o777);
    expect(await start(archive)).toBe(true);
    // What was given up is removed by a checkpoint. PostgreSQL begins one by itself, but a busy machine may take longer for it
    // than for the three segments that there is room for.
    await write(14, untilAsked, 'checkpoint');
    expect(server.running).toBe(true);
    expect(server.log).not.toContain('No space left on device');
    expect(world.read('volume/pgroot/given-up-wal').split('\n').length).toBeGreaterThan(5);
  });
});
