import fs from 'node:fs';
import process from 'node:process';
import { listed, until, World } from './support.ts';

let world: World;

/** A storage with two fulls, and a PostgreSQL that restores everything. */
async function prepare(): Promise<void> {
  world = new World();
  await world.start();
  world.list([listed(2, 1), listed(1, 2)]);
  world.program(
    'walg.sh',
    `case "$*" in
  *--json*) cat "$here/list.json" ;;
  backup-fetch*) mkdir "$2"; echo 17 >"$2/PG_VERSION"; touch "$2/standby.signal"; chmod 755 "$2" ;;
esac`,
  );
  fs.mkdirSync(world.path('bin'));
  const controldata = ['connections', 'worker_processes', 'wal_senders', 'prepared_xacts', 'locks_per_xact'];
  const lines = controldata.map((name, index) => `max_${name} setting:      ${(index + 1) * 100}`);
  world.write('controldata', `pg_control version number:            1300\n${lines.join('\n')}\n`);
  world.program('bin/pg_controldata', 'cat "$here/controldata"');
  world.program('bin/postgres', 'echo $$ >"$here/postgres.pid"; exec sleep 60');
  world.program('bin/pg_dump', '[ ! -e "$here/unreadable" ]');
  world.program(
    'bin/psql',
    `case $(cat) in
  *pg_is_in_recovery*) [ -e "$here/recovered" ] && echo f || { touch "$here/recovered"; exit 2; } ;;
  *pg_database_size*) cat "$here/sizes.json" ;;
  *"select count"*) printf "3\\n0\\n4\\n" ;;
esac`,
  );
  world.write('sizes.json', '{"postgres": 1000, "shop": 500}');
}

const args = (...more: string[]) => [
  ...['--config', world.path('agent.json'), '--directory', world.path('scratch')],
  ...['--bin-directory', world.path('bin'), ...more],
];
const restore = (...more: string[]) => {
  fs.mkdirSync(world.path('scratch'), { recursive: true });
  const { status, stdout, stderr } = world.run('restore_test.py', args(...more));
  return { status, stderr, result: JSON.parse(stdout) as Record<string, unknown> };
};

/** Whether the PostgreSQL that was started last still runs. */
function running(): boolean {
  const pid = world.read('postgres.pid').trim();
  try {
    return pid !== '' && process.kill(Number(pid), 0);
  } catch {
    return false;
  }
}

describe('a backup that is sound', () => {
  let found: ReturnType<typeof restore>;
  beforeAll(async () => {
    await prepare();
    found = restore();
  });
  afterAll(() => world.stop());

  test('restores the newest full, counts what is in it, and stops PostgreSQL', () => {
    const { status, result } = found;
    expect(status).toBe(0);
    const seconds = result.seconds as number;
    expect(seconds).toBeLessThan(30);
    expect(result).toEqual({
      backup: 'base_000000010000000000000002',
      finished: expect.stringMatching(/^\d{4}-.*\+00:00$/) as string,
      seconds,
      bytes: 1500,
      databases: { postgres: { tables: 3, rows: 7 }, shop: { tables: 3, rows: 7 } },
    });
    expect(running()).toBe(false);
    expect(fs.readdirSync(world.folder).filter((name) => name.startsWith('restore-'))).toEqual([]);
  });

  test('starts it where nobody can reach it, without archiving, to the end of the backup', () => {
    const [call] = world.calls('bin/postgres');
    for (const option of [
      'listen_addresses= ',
      'archive_mode=off',
      'recovery_target=immediate',
      'recovery_target_action=promote',
      'shared_buffers=64MB',
      'port=5432',
    ]) {
      expect(call).toContain(`-c ${option}`);
    }
    expect(call).toMatch(/-c restore_command=\/.*restoreTest\/restore-wal\.sh "%f" "%p" /);
    expect(call).toMatch(/-c unix_socket_directories=\/.*\/restore-\w+ /);
  });

  test('starts it with as much as the primary had, or it would refuse', () => {
    expect(world.calls('bin/postgres')[0]).toMatch(
      /max_connections=100 .*max_worker_processes=200 .*max_wal_senders=300 .*max_prepared_transactions=400 .*max_locks_per_transaction=500/,
    );
  });

  test('starts a recovery, and no standby, from a backup of a standby', () => {
    expect(fs.existsSync(world.path('scratch/data/recovery.signal'))).toBe(true);
    expect(fs.existsSync(world.path('scratch/data/standby.signal'))).toBe(false);
    expect(fs.statSync(world.path('scratch/data')).mode & 0o777).toBe(0o700);
  });

  test('reads every row of every database', () => {
    expect(world.calls('bin/pg_dump')).toEqual([
      expect.stringMatching(/^--file=\/dev\/null .*-d postgres$/),
      expect.stringMatching(/^--file=\/dev\/null .*-d shop$/),
    ]);
  });
});

describe('fails, and stops PostgreSQL, when', () => {
  beforeEach(prepare);
  afterEach(() => world.stop());

  test.each([
    ['there is no backup', () => world.list([]), /the storage has no full backup; there are: none at all/],
    ['a row cannot be read', () => world.write('unreadable', ''), /^pg_dump .*ended with 1/],
    [
      'a declared database is not in it',
      () => world.write('sizes.json', '{"postgres": 1}'),
      /not in the backup: shop$/,
    ],
    [
      'the server ends during recovery',
      () => world.program('bin/postgres', 'echo "FATAL: no such segment"; exit 1'),
      /PostgreSQL ended with 1 during recovery: FATAL: no such segment/,
    ],
    ['pg_control cannot be understood', () => world.write('controldata', ''), /says nothing of max_connections/],
  ])('%s', (_what, change, message) => {
    change();
    const { status, result } = restore();
    expect(status).toBe(1);
    expect(result.error).toMatch(message);
    expect(running()).toBe(false);
  });

  test('another backup is asked for than there are', () => {
    expect(restore('--backup', 'base_9').result.error).toMatch(
      /no full backup base_9; there are: base_000000010000000000000001, base_000000010000000000000002/,
    );
  });

  test('the volume is not empty', () => {
    fs.mkdirSync(world.path('scratch/data'), { recursive: true });
    expect(restore().result.error).toMatch(/exists already; --directory has to be an empty volume/);
    expect(world.calls('walg.sh').filter((call) => call.startsWith('backup-fetch'))).toEqual([]);
  });

  test('the recovery takes too long', () => {
    world.program('bin/psql', 'echo "the database system is starting up" >&2; exit 2');
    const { status, result } = restore('--timeout', '2');
    expect(status).toBe(1);
    expect(result.error).toMatch(/did not end in the time given with --timeout: .*starting up/);
    expect(running()).toBe(false);
  });

  test('it is ended from outside', async () => {
    world.program('bin/psql', 'exit 2');
    fs.mkdirSync(world.path('scratch'));
    const ended = world.runBeside('restore_test.py', args());
    await until(running, () => 'PostgreSQL runs');
    world.terminate();
    expect((await ended).status).toBe(1);
    expect(running()).toBe(false);
  });
});

describe('the command', () => {
  beforeEach(prepare);
  afterEach(() => world.stop());

  test('restores the backup that is asked for', () => {
    expect(restore('--backup', 'base_000000010000000000000001').result.backup).toBe('base_000000010000000000000001');
    expect(world.calls('walg.sh')).toContain(
      `backup-fetch ${world.path('scratch/data')} base_000000010000000000000001`,
    );
  });

  test('a configuration that cannot be used is told', () => {
    const { status, stderr } = world.run('restore_test.py', ['--config', '/nowhere', '--directory', '/tmp']);
    expect(status).toBe(2);
    expect(stderr).toMatch(/restore_test\.py: configuration \/nowhere/);
  });
});
