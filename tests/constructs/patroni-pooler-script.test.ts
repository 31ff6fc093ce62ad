import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { root } from '../support/committed.ts';
import { until as untilAsked } from '../support/until.ts';

let folder: string;
let running: ChildProcess | undefined;
const at = (name: string): string => path.join(folder, name);
const read = (name: string): string => (fs.existsSync(at(name)) ? fs.readFileSync(at(name), 'utf8') : '');

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'pooler-'));
  for (const name of ['run', 'secrets/app', 'tls', 'bin']) fs.mkdirSync(at(name), { recursive: true });
  fs.writeFileSync(at('secrets/app/password'), 'first');
  fs.writeFileSync(at('secrets/app/owner'), 'with "quotes"');
  // Notes the signals it gets, and ends with 7 on SIGINT, as a program would that has something to finish. Not a shell
  // script: what a shell starts in the background ignores SIGINT, and a shell that does can't be told otherwise.
  fs.writeFileSync(
    at('bin/pgbouncer'),
    `#!/usr/bin/env python3
import signal, sys, time
def note(number, _):
    with open('${folder}/signals', 'a') as file:
        print(signal.Signals(number).name, file=file)
signal.signal(signal.SIGTERM, note)
signal.signal(signal.SIGHUP, note)
signal.signal(signal.SIGINT, lambda *_: sys.exit(7))
with open('${folder}/started', 'w') as file:
    print(*sys.argv[1:], file=file)
while True:
    time.sleep(0.05)
`,
    { mode: 0o755 },
  );
  // The console takes a command for the better; a database prints what the test wrote, for as long as there is one.
  program(
    'psql',
    `case "$*" in
*service=pgbouncer*) [ ! -e '${folder}/deaf' ] && echo "$*" >>'${folder}/console' ;;
*) echo $$ >'${folder}/psql'; while [ -e '${folder}/cached' ]; do cat '${folder}/cached'; sleep 0.05; done ;;
esac`,
  );
});

function program(name: string, text: string): void {
  fs.writeFileSync(at(`bin/${name}`), `#!/bin/bash\n${text}\n`, { mode: 0o755 });
}

afterEach(() => {
  if (running?.pid !== undefined) {
    try {
      process.kill(-running.pid, 'SIGKILL');
    } catch {
      // It has ended with all that it started.
    }
  }
  running = undefined;
  fs.rmSync(folder, { recursive: true });
});

/** The script with the folders of a container in this test's, and looking ten times a second. */
function start(PATH = `${at('bin')}:${process.env.PATH ?? ''}`): {
  readonly ended: Promise<unknown[]>;
  readonly stderr: () => string;
} {
  const script = fs
    .readFileSync(path.join(root, 'constructs/patroni-cluster/files/pooler/start.sh'), 'utf8')
    .replaceAll('/run/pgbouncer', at('run'))
    .replaceAll('/run/secrets', at('secrets'))
    .replaceAll('/run/tls', at('tls'))
    .replace('every=10\n', 'every=0.1\n')
    .replace('patience=10\n', 'patience=1\n')
    .replace('sleep 1\n', 'sleep 0.05\n');
  fs.writeFileSync(at('start.sh'), script);
  const env = {
    PATH,
    SHOP_APP_PASSWORD_FILE: at('secrets/app/password'),
    SHOP_OWNER_PASSWORD_FILE: at('secrets/app/owner'),
  };
  const child = spawn('/bin/bash', [at('start.sh'), 'shop'], {
    env,
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  running = child;
  let said = '';
  child.stderr.on('data', (part: Buffer) => (said += part.toString()));
  return { ended: once(child, 'exit'), stderr: () => said };
}

const until = (condition: () => boolean): Promise<void> => untilAsked(condition, () => String(condition));

test('PgBouncer starts with the passwords of the roles in a file that nobody else reads', async () => {
  start();
  await until(() => read('started') !== '');
  expect(read('started')).toBe('/etc/pgbouncer/pgbouncer.ini\n');
  expect(read('run/users.txt')).toBe('"shop_app" "first"\n"shop_owner" "with ""quotes"""\n"nobody" ""\n');
  expect(fs.statSync(at('run/users.txt')).mode & 0o777).toBe(0o600);
});

test('it does not start without a password, and says which one is missing', async () => {
  fs.writeFileSync(at('secrets/app/password'), '');
  const { ended, stderr } = start();
  expect((await ended)[0]).toBe(1);
  // Its end may be known before what it said.
  await until(() => stderr() !== '');
  expect(stderr()).toMatch(/^start\.sh: SHOP_APP_PASSWORD_FILE is '.*password', which is empty or cannot be read/);
  expect(read('started')).toBe('');
});

test('psql gets the passwords in a file of its own, with what separates them there escaped', async () => {
  fs.writeFileSync(at('secrets/app/owner'), 'a:b\\c');
  start();
  await until(() => read('started') !== '');
  expect(read('run/passwords')).toBe('*:*:*:shop_app:first\n*:*:*:shop_owner:a\\:b\\\\c\n');
  expect(fs.statSync(at('run/passwords')).mode & 0o777).toBe(0o600);
});

test.each([
  ['password', 'secrets/app/password', '"shop_app" "second"'],
  ['certificate', 'tls/tls.crt', '"shop_app" "first"'],
])('PgBouncer reads a new %s', async (_, file, line) => {
  start();
  await until(() => read('started') !== '');
  await sleep(200);
  fs.writeFileSync(at(file), 'second');
  await until(() => read('signals').includes('HUP'));
  expect(read('run/users.txt')).toContain(line);
});

test('a password that vanishes leaves the ones there are', async () => {
  const { stderr } = start();
  await until(() => read('started') !== '');
  fs.rmSync(at('secrets/app/password'));
  await until(() => stderr().includes('cannot be read'));
  expect(read('run/users.txt')).toContain('"shop_app" "first"');
  expect(read('signals')).toBe('');
});

test('SIGTERM lets PgBouncer finish what runs in place of waiting for its clients, and its exit code is the end', async () => {
  const { ended } = start();
  await until(() => read('started') !== '');
  await sleep(200);
  running?.kill('SIGTERM');
  expect(await ended).toEqual([7, null]);
  expect(read('signals')).toBe('');
});

describe('PgBouncer is told to forget what it keeps of a database', () => {
  const forgotten = (): number => read('console').split('RECONNECT shop').length - 1;

  /** Longer than psql takes to print what there is. */
  const laterStill = async (): Promise<number> => {
    await sleep(500);
    return forgotten();
  };

  test('at the first look, because it may have known another server before, and whenever something changed', async () => {
    fs.writeFileSync(at('cached'), '1\n');
    start();
    await until(() => forgotten() === 1);
    expect(await laterStill()).toBe(1);
    fs.writeFileSync(at('cached'), '2\n');
    await until(() => forgotten() === 2);
    expect(await laterStill()).toBe(2);
  });

  test('not for a connection that was lost, but for what changed meanwhile', async () => {
    fs.writeFileSync(at('cached'), '1\n');
    start();
    await until(() => forgotten() === 1);
    const first = read('psql');
    fs.rmSync(at('cached'));
    await until(() => read('psql') !== first);
    fs.writeFileSync(at('cached'), '1\n');
    expect(await laterStill()).toBe(1);
    fs.rmSync(at('cached'));
    await sleep(200);
    fs.writeFileSync(at('cached'), '2\n');
    await until(() => forgotten() === 2);
  });

  test('again while it has not understood', async () => {
    fs.writeFileSync(at('deaf'), '');
    fs.writeFileSync(at('cached'), '1\n');
    start();
    await until(() => read('psql') !== '');
    expect(await laterStill()).toBe(0);
    fs.rmSync(at('deaf'));
    await until(() => forgotten() === 1);
  });

  test('over another connection where the server is frozen: it says nothing, and its port stays open', async () => {
    program('psql', `echo $$ >>'${folder}/psql'; [[ "$*" == *service=pgbouncer* ]] || exec sleep 60`);
    start();
    await until(() => read('psql').trim().split('\n').length === 2);
    const [first] = read('psql').split('\n');
    expect(() => process.kill(Number(first), 0)).toThrow('ESRCH');
  });
});

test('it does not start without psql', async () => {
  for (const name of ['bash', 'sh', 'cat', 'sort', 'grep', 'sha256sum', 'mv', 'sleep', 'env', 'python3']) {
    fs.mkdirSync(at('few'), { recursive: true });
    fs.symlinkSync(`/usr/bin/${name}`, at(`few/${name}`));
  }
  const { ended, stderr } = start(at('few'));
  expect((await ended)[0]).toBe(1);
  await until(() => stderr() !== '');
  expect(stderr()).toContain('there is no psql');
});
