import fs from 'node:fs';
import process from 'node:process';
import { until } from '../../support/until.ts';
import { listed, World } from './support.ts';

// What only real processes show: the folders that the pods have, signals, and all parts together. Everything else about
// the agent, the jobs and the scripts is tested in Python, beside this file.

let world: World;
beforeEach(async () => {
  world = new World();
  await world.start();
});
afterEach(() => world.stop());

/** Whether a process still runs whose number a program wrote into that file. */
function running(file: string): boolean {
  const pid = world.read(file).trim();
  try {
    return pid !== '' && process.kill(Number(pid), 0);
  } catch {
    return false;
  }
}

test.each([
  ['members', 'before_stop.py'],
  ['members', 'choose_backup.py'],
  ['members', 'agent.py'],
  ['restoreTest', 'restore_test.py'],
] as const)('the pods of %s have everything that %s imports', (consumer, program) => {
  const { status, stdout, stderr } = world.run(consumer, program, ['--help']);
  expect(stderr).toBe('');
  expect(stdout).toContain(`usage: ${program}`);
  expect(status).toBe(0);
});

describe('the agent', () => {
  const agent = () => world.begin('members', 'agent.py', ['--config', world.path('agent.json')]);

  test('of a standby asks the primary whether it is chosen, makes a backup, and shows it', async () => {
    world.patroni.own = { role: 'replica', state: 'running', replication_state: 'streaming' };
    world.patroni.primary = {
      role: 'primary',
      state: 'running',
      replication: [{ application_name: 'postgres-0', client_addr: '10.0.0.1', state: 'streaming' }],
    };
    world.program('psql', 'case $(cat) in *primary_conninfo*) echo "host=localhost port=5432" ;; esac');
    world.list([]);
    world.write('made.json', JSON.stringify([listed(0, 1)]));
    world.program(
      'walg.sh',
      'case "$*" in backup-push*) cp "$here/made.json" "$here/list.json" ;; *--json*) cat "$here/list.json" ;; esac',
    );
    const running = agent();
    await running.said(/^full backup finished$/);
    await until(
      async () => (await running.metrics()).walg_backups === 1,
      () => 'the backup is shown',
    );
    expect(await running.metrics()).toMatchObject({ walg_backup_last_result: 1, walg_retention_last_result: 1 });
  });

  test('lets a backup end by SIGTERM when it gets one itself, and ends well', async () => {
    world.list([]);
    world.program(
      'walg.sh',
      'case $* in *--json*) cat "$here/list.json" ;; backup-push*) trap "echo TERM >$here/ended; exit 1" TERM; while :; do sleep 0.05; done ;; esac',
    );
    const running = agent();
    await until(
      () => world.calls('walg.sh').some((call) => call.startsWith('backup-push')),
      () => 'a backup runs',
    );
    expect(await running.metrics()).toMatchObject({ walg_backup_running: 1 });
    expect(await running.end()).toBe(0);
    expect(world.read('ended')).toBe('TERM\n');
  });
});

describe('the restore test', () => {
  const args = () => [
    ...['--config', world.path('agent.json'), '--directory', world.path('scratch')],
    ...['--bin-directory', world.path('bin')],
  ];

  beforeEach(() => {
    world.list([listed(2, 1), listed(1, 2)]);
    world.program(
      'walg.sh',
      `case "$*" in
  *--json*) cat "$here/list.json" ;;
  wal-show*) cat "$here/wal.json" ;;
  backup-fetch*) mkdir "$2"; echo 17 >"$2/PG_VERSION" ;;
esac`,
    );
    const ends = { start_segment: '000000010000000000000001', end_segment: '000000010000000000000009' };
    world.write('wal.json', JSON.stringify([{ id: 1, ...ends, missing_segments: [] }]));
    fs.mkdirSync(world.path('scratch'));
    fs.mkdirSync(world.path('bin'));
    const names = ['connections', 'worker_processes', 'wal_senders', 'prepared_xacts', 'locks_per_xact'];
    world.program('bin/pg_controldata', names.map((name) => `echo "max_${name} setting:      100"`).join('\n'));
    world.program('bin/postgres', 'echo $$ >"$here/postgres.pid"; exec sleep 60');
    world.program('bin/pg_dump', '');
    world.program(
      'bin/psql',
      `case $(cat) in
  *pg_is_in_recovery*) echo f ;;
  *pg_database_size*) echo '{"postgres": 1000, "shop": 500}' ;;
  *"select count"*) printf "3\\n0\\n4\\n" ;;
esac`,
    );
  });

  test('restores the newest full, fetches WAL by the script beside it, counts what is in it, and stops PostgreSQL', () => {
    const { status, stdout } = world.run('restoreTest', 'restore_test.py', args());
    expect(JSON.parse(stdout)).toMatchObject({
      backup: 'base_000000010000000000000002',
      bytes: 1500,
      databases: { postgres: { tables: 3, rows: 7 }, shop: { tables: 3, rows: 7 } },
    });
    expect(status).toBe(0);
    expect(world.calls('bin/postgres')[0]).toContain(
      `-c restore_command=${world.path('restoreTest/restore-wal.sh')} "%f" "%p" `,
    );
    expect(world.read('postgres.pid')).not.toBe('');
    expect(running('postgres.pid')).toBe(false);
    expect(fs.readdirSync(world.folder).filter((name) => name.startsWith('restore-'))).toEqual([]);
  });

  test('that is ended from outside stops PostgreSQL and fails', async () => {
    world.program('bin/psql', 'exit 2');
    const test = world.begin('restoreTest', 'restore_test.py', args());
    await until(
      () => running('postgres.pid'),
      () => 'PostgreSQL runs',
    );
    expect(await test.end()).toBe(1);
    expect(test.stderr).toContain('restore_test.py: ended by SIGTERM');
    expect(running('postgres.pid')).toBe(false);
  });
});
