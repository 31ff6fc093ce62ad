import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { files, listed, World } from './support.ts';

let world: World;
beforeEach(async () => {
  world = new World();
  await world.start();
});
afterEach(() => world.stop());

const sources = fs.readdirSync(files, { recursive: true, encoding: 'utf8' });
const scripts = sources.filter((name) => name.endsWith('.sh'));
const modules = sources.filter((name) => name.endsWith('.py'));

/** A WAL-G in the PATH that goes on with these lines; `$here` is the world's folder. */
function walg(lines: string): NodeJS.ProcessEnv {
  return { WALG: world.program('wal-g', lines), WALG_S3_PREFIX: 's3://bucket/postgres/17-2' };
}

describe('the files', () => {
  test('are scripts and modules that can be parsed, without a warning', () => {
    const compile =
      'import pathlib, sys\nfor file in sys.argv[1:]: compile(pathlib.Path(file).read_text(), file, "exec")';
    const paths = (names: string[]) => names.map((name) => path.join(files, name));
    expect(execFileSync('python3', ['-W', 'error', '-c', compile, ...paths(modules)], { encoding: 'utf8' })).toBe('');
    for (const script of paths(scripts)) {
      expect(execFileSync('bash', ['-n', script], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })).toBe('');
    }
  });

  test('import nothing but the standard library and each other', () => {
    const own = modules.map((name) => path.basename(name, '.py'));
    const imported = modules.flatMap((name) => {
      const text = fs.readFileSync(path.join(files, name), 'utf8');
      return [...text.matchAll(/^(?:from|import) (\w+)/gm)].map(([, module]) => module!);
    });
    const others = [...new Set(imported)].filter((module) => !own.includes(module));
    const standard = execFileSync('python3', ['-c', 'import sys; print(*sys.stdlib_module_names)'], {
      encoding: 'utf8',
    });
    expect(others.filter((module) => !standard.trim().split(' ').includes(module))).toEqual([]);
    expect(others.length).toBeGreaterThan(5);
  });

  test('stay small enough to be read', () => {
    for (const name of [...modules, ...scripts]) {
      expect(fs.readFileSync(path.join(files, name), 'utf8').split('\n').length).toBeLessThan(250);
    }
  });
});

describe('walg.sh', () => {
  const show = 'echo "$* $AWS_ACCESS_KEY_ID $AWS_SECRET_ACCESS_KEY ${WALG_LIBSODIUM_KEY-none} $WALG_S3_PREFIX"';
  const secrets = () => ({
    AWS_ACCESS_KEY_ID_FILE: world.write('id', 'key-id\n'),
    AWS_SECRET_ACCESS_KEY_FILE: world.write('key', 'key'),
  });

  test('gives WAL-G the secrets from files, and the archive of whoever calls', () => {
    const { status, stdout } = world.run('walg.sh', ['backup-list', '--json'], { ...walg(show), ...secrets() });
    expect(status).toBe(0);
    expect(stdout).toBe('backup-list --json key-id key none s3://bucket/postgres/17-2\n');
  });

  test('encrypts where a key is given', () => {
    const key = world.write('sodium', '0123456789abcdef0123456789abcdef\n');
    const { stdout } = world.run('walg.sh', ['x'], { ...walg(show), ...secrets(), WALG_LIBSODIUM_KEY_FILE: key });
    expect(stdout).toContain(' 0123456789abcdef0123456789abcdef ');
  });

  test.each(['', undefined])('names a file with %j for a secret', (text) => {
    const variables = { ...walg(show), ...secrets(), AWS_SECRET_ACCESS_KEY_FILE: world.path('secret') };
    if (text !== undefined) world.write('secret', text);
    const { status, stderr } = world.run('walg.sh', ['backup-list'], variables);
    expect(status).toBe(1);
    expect(stderr).toMatch(/walg\.sh: AWS_SECRET_ACCESS_KEY_FILE is .*secret, which is empty or cannot be read/);
  });

  test('ends as WAL-G does', () => {
    expect(world.run('walg.sh', ['wal-fetch'], walg('exit 74')).status).toBe(74);
  });
});

test('archive-wal.sh pushes the segment, and fails when that does', () => {
  expect(world.run('archive-wal.sh', ['pg_wal/0001'], walg('exit 0')).status).toBe(0);
  expect(world.run('archive-wal.sh', ['pg_wal/0001'], walg('exit 1')).status).toBe(1);
  expect(world.calls('wal-g')).toEqual(['wal-push pg_wal/0001', 'wal-push pg_wal/0001']);
});

describe('restore-wal.sh', () => {
  const absent = `echo "ERROR: 2026/11/23 15:33:53.040554 Archive '00000002.history' does not exist." >&2`;
  const fetch = (behaviour: string, list = 'exit 0', folder = 'recovering') => {
    fs.mkdirSync(world.path(folder), { recursive: true });
    if (folder !== 'ended') world.write(`${folder}/${folder === 'standby' ? 'standby' : 'recovery'}.signal`, '');
    const variables = walg(`case $1 in wal-fetch) ${behaviour} ;; backup-list) ${list} ;; esac`);
    const begin = Date.now();
    const result = world.run(
      'restore-wal.sh',
      ['00000002.history', 'pg_wal/RECOVERYHISTORY'],
      variables,
      world.path(folder),
    );
    return { ...result, milliseconds: Date.now() - begin };
  };

  describe('in a recovery', () => {
    test.each([
      ['0 when it is fetched', 'exit 0', 'exit 1', 0],
      ['1 when WAL-G 3.0 says it is absent, and the list can be made', 'exit 74', 'exit 0', 1],
      ['1 when WAL-G 1.1 says it is absent, and the list can be made', `${absent}; exit 1`, 'exit 0', 1],
      ['1 when the archive has no backups yet', 'exit 74', 'echo "No backups found" >&2', 1],
      ['126 when the bucket does not exist, of which 3.0 says the same', 'exit 74', 'exit 1', 126],
      ['126 when the storage goes away before the list', `${absent}; exit 1`, 'exit 1', 126],
      ['126 when the storage refuses', 'echo "connection refused" >&2; exit 1', 'exit 0', 126],
      [
        '126 when another segment is said to be absent',
        `echo "Archive '00000003.history' does not exist."; exit 1`,
        'exit 0',
        126,
      ],
      ['126 when WAL-G cannot be run', 'exit 127', 'exit 0', 126],
      ['126 when WAL-G is killed', 'kill -9 $$', 'exit 0', 126],
    ])('is %s', (_what, behaviour, list, code) => {
      expect(fetch(behaviour, list).status).toBe(code);
    });

    test('says what WAL-G said before it stops the recovery', () => {
      expect(fetch('echo "connection refused" >&2; exit 1').stderr).toMatch(
        /00000002\.history could not be fetched, wal-g ended with 1, this with 126: connection refused/,
      );
    });

    test('is asked in full each time', () => {
      fetch('exit 1');
      fetch('exit 1');
      expect(world.calls('wal-g')).toHaveLength(2);
      expect(world.calls('wal-g')[0]).toBe('wal-fetch 00000002.history pg_wal/RECOVERYHISTORY');
    });
  });

  describe.each(['standby', 'ended'])('of a %s, which never promotes by itself', (folder) => {
    test.each([
      ['0 when it is fetched', 'exit 0', 0],
      ['1 when it is absent', 'exit 74', 1],
      ['1 when the storage is away, or no failover would work then', 'exit 1', 1],
    ])('is %s', (_what, behaviour, code) => {
      expect(fetch(behaviour, 'exit 0', folder).status).toBe(code);
    });

    test('does not ask again within half a minute of a failure', () => {
      fetch('exit 1', 'exit 0', folder);
      expect(fetch('exit 0', 'exit 0', folder).status).toBe(1);
      expect(world.calls('wal-g')).toHaveLength(1);
      const earlier = Date.now() / 1000 - 31;
      fs.utimesSync(world.path('restore-wal.failed'), earlier, earlier);
      expect(fetch('exit 0', 'exit 0', folder).status).toBe(0);
    });

    test('asks again at once for what was only absent', () => {
      fetch('exit 74', 'exit 0', folder);
      expect(fetch('exit 0', 'exit 0', folder).status).toBe(0);
    });
  });
});

describe('bootstrap.sh', () => {
  const answers = 'case $1 in backup-list) cat "$here/list.json" ;; *) echo "$* from $WALG_S3_PREFIX" ;; esac';
  const bootstrap = (target: string, lines = answers) => {
    const args = ['--scope=postgres-2', '--datadir=/data', `--target=${target}`, '--prefix=s3://bucket/postgres/17-1'];
    return world.run('bootstrap.sh', args, walg(lines));
  };
  const days = (ago: number) => new Date(Date.now() - ago * 86_400_000).toISOString();

  beforeEach(() => world.list([listed(3, 1), listed(2, 2), listed(1, 3)]));

  test.each([
    ['the newest that was finished before the target', () => days(1.5), '02'],
    ['the newest without a target', () => '', '03'],
  ])('fetches %s from the old archive', (_what, target, segment) => {
    const { status, stdout } = bootstrap(target());
    expect(status).toBe(0);
    const last = stdout.trim().split('\n').at(-1);
    expect(last).toBe(`backup-fetch /data base_0000000100000000000000${segment} from s3://bucket/postgres/17-1`);
  });

  test('lists what there is when no backup is old enough', () => {
    const { status, stderr } = bootstrap(days(4));
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /s3:\/\/bucket\/postgres\/17-1 holds no full backup that was finished before .*; it holds 3:/,
    );
    expect(stderr).toMatch(/ {2}base_000000010000000000000001 finished \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\+00/);
    expect(world.calls('wal-g').filter((call) => call.startsWith('backup-fetch'))).toEqual([]);
  });

  test('says when there is none at all', () => {
    expect(bootstrap('', 'exit 0').stderr).toMatch(/holds no full backup; it holds 0:/);
  });

  test('says when the storage cannot be read', () => {
    const { status, stderr } = bootstrap('', 'echo NoSuchBucket >&2; exit 1');
    expect(status).toBe(1);
    expect(stderr).toMatch(/NoSuchBucket \(WALG_S3_PREFIX is "s3:\/\/bucket\/postgres\/17-1"\)/);
  });

  test('refuses a target without a zone', () => {
    expect(bootstrap('2026-11-22 10:00:00').stderr).toMatch(/is no time with a zone/);
  });

  test('needs the data directory and the old archive', () => {
    const { status, stderr } = world.run('bootstrap.sh', ['--datadir=/data'], walg(answers));
    expect(status).toBe(2);
    expect(stderr).toMatch(/--datadir=DIRECTORY and --prefix=/);
  });

  test('fails when the backup cannot be fetched', () => {
    expect(bootstrap('', 'case $1 in backup-list) cat "$here/list.json" ;; *) exit 1 ;; esac').status).toBe(1);
  });
});

describe('create-replica.sh', () => {
  const create = (lines: string, args = ['--scope=postgres', '--role=replica', '--datadir=/data', '--connstring=']) =>
    world.run('create-replica.sh', args, walg(lines));

  test('fetches the newest backup', () => {
    expect(create('exit 0').status).toBe(0);
    expect(world.calls('wal-g')).toEqual(['backup-fetch /data LATEST']);
  });

  test('fails where there is none, so that Patroni copies the primary', () => {
    const { status, stderr } = create('echo "No backups found" >&2; exit 2');
    expect(status).toBe(1);
    expect(stderr).toMatch(/the next method of create_replica_methods is tried/);
  });

  test('needs the data directory', () => {
    expect(create('exit 0', []).status).toBe(2);
  });
});

describe('start.sh', () => {
  const start = (changes: NodeJS.ProcessEnv = {}) => {
    world.program('patroni', 'env >"$here/environment"; umask >"$here/umask"');
    return world.run('start.sh', [], {
      PATH: `${world.folder}:/usr/bin:/bin`,
      PGDATA: world.path('pgroot/data'),
      PATRONI_KUBERNETES_POD_IP: '10.42.0.5',
      REPLICATION_PASSWORD_FILE: world.path('password-replication'),
      REWIND_PASSWORD_FILE: world.path('password-rewind'),
      RESTAPI_PASSWORD_FILE: world.path('password-restapi'),
      ...changes,
    });
  };
  const mode = (name: string) => (fs.statSync(world.path(name)).mode & 0o777).toString(8);

  test('runs Patroni with the passwords from files', () => {
    expect(start().status).toBe(0);
    expect(world.calls('patroni')).toEqual(['/etc/patroni/patroni.yml']);
    for (const role of ['replication', 'rewind', 'restapi']) {
      expect(world.read('environment')).toContain(`PATRONI_${role.toUpperCase()}_PASSWORD=secret of ${role}\n`);
    }
    expect(world.read('umask')).toBe('0077\n');
  });

  test('makes the folder of the data directory, and leaves that to PostgreSQL', () => {
    start();
    expect(fs.readdirSync(world.path('pgroot'))).toEqual([]);
  });

  test('closes a data directory that others may read', () => {
    fs.mkdirSync(world.path('pgroot/data'), { recursive: true, mode: 0o770 });
    start();
    expect(mode('pgroot/data')).toBe('700');
  });

  test.each(['REPLICATION', 'REWIND', 'RESTAPI'])('names the password of %s when it is missing', (role) => {
    const { status, stderr } = start({ [`${role}_PASSWORD_FILE`]: '/nowhere' });
    expect(status).toBe(1);
    expect(stderr).toMatch(`${role}_PASSWORD_FILE is '/nowhere', which is empty or cannot be read`);
    expect(world.calls('patroni')).toEqual([]);
  });
});
