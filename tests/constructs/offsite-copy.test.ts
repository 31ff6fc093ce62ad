import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { root } from '../support/committed.ts';

const script = path.join(root, 'constructs/stateful/files/offsite-copy.sh');

/**
 * In place of rclone: buckets are folders of `STORES`, and after the command of that number it runs `after-NUMBER`, or ends
 * with 1 in place of doing anything where there is `fails-NUMBER`.
 */
const rclone = String.raw`#!/usr/bin/env python3
# Nothing else is imported: a test starts this five times, and modules take longer than what it does.
import os, sys, time

stores = os.environ['STORES'] + '/'
def read(path):
    with open(path, 'rb') as file:
        return file.read()
def write(path, content):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'wb') as file:
        file.write(content)
def names(root):
    return sorted(os.path.relpath(f'{at}/{name}', root) for at, _, files in os.walk(root) for name in files)

number = int(read(stores + 'count')) + 1 if os.path.exists(stores + 'count') else 1
write(stores + 'count', b'%d' % number)
if os.path.exists(f'{stores}fails-{number}'):
    sys.exit(1)
command, *rest = sys.argv[1:]
after = lambda option: rest[rest.index(option) + 1] if option in rest else None
folder = lambda address: stores + address.replace(':', '/')
code = 0
if command == 'lsf':
    for name in names(folder(rest[-1])):
        found = os.stat(f'{folder(rest[-1])}/{name}')
        if after('--max-age') and found.st_mtime < time.time() - 60 * int(after('--max-age')[:-1]):
            continue
        print(found.st_mtime_ns, found.st_size, name)
else:
    source, target = map(folder, rest[-2:])
if command == 'copy':
    listed = after('--files-from-raw')
    wanted = read(listed).decode().splitlines() if listed else names(source)
    without = (after('--exclude') or '-').lstrip('*')
    for name in wanted:
        if not name.endswith(without) and os.path.exists(f'{source}/{name}'):
            write(f'{target}/{name}', read(f'{source}/{name}'))
if command == 'check':
    lines = []
    for name in names(source):
        there = os.path.exists(f'{target}/{name}')
        same = there and read(f'{source}/{name}') == read(f'{target}/{name}')
        lines.append(('=' if same else '*' if there else '+') + ' ' + name)
    write(after('--combined'), ''.join(f'{line}\n' for line in lines).encode())
    code = 0 if all(line.startswith('=') for line in lines) else 1
if os.path.exists(f'{stores}after-{number}'):
    os.chdir(stores)
    code = os.waitstatus_to_exitcode(os.system(f'sh after-{number}')) or code
sys.exit(code)
`;

/** The commands, in the order of the script. */
const step = { listing: 1, data: 2, sentinels: 3, comparing: 4, listingAgain: 5 } as const;
const sentinel = 'basebackups_005/base_1_backup_stop_sentinel.json';
const first = { 'wal_005/01.lz4': 'one', 'basebackups_005/base_1/part': 'part', [sentinel]: '{}' };

let stores: string;

beforeEach(() => {
  stores = fs.mkdtempSync(path.join(os.tmpdir(), 'diptych-copies-'));
  fs.mkdirSync(path.join(stores, 'bin'));
  fs.writeFileSync(path.join(stores, 'bin/rclone'), rclone, { mode: 0o755 });
  for (const bucket of ['source/own', 'target/theirs']) fs.mkdirSync(path.join(stores, bucket), { recursive: true });
  put('postgres', first);
});

afterEach(() => {
  fs.rmSync(stores, { recursive: true, force: true });
});

function put(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(stores, 'source/own', folder, name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, text);
  }
}

/** What happens once a command has ended: lines of sh among the buckets. */
function after(number: number, ...lines: string[]): void {
  fs.writeFileSync(path.join(stores, `after-${number}`), `set -eu\n${lines.join('\n')}\n`);
}

function copies(folder = 'postgres'): string[] {
  const target = path.join(stores, 'target/theirs', folder);
  const entries = fs.existsSync(target) ? fs.readdirSync(target, { recursive: true, withFileTypes: true }) : [];
  const files = entries.filter((entry) => entry.isFile());
  return files.map(({ parentPath, name }) => path.relative(target, path.join(parentPath, name))).sort();
}

function run(folders = 'postgres', emptyAtFirst = '', newestWithin = '') {
  const key = path.join(stores, 'key');
  fs.writeFileSync(key, 'key');
  const side = (name: string, bucket: string) => ({
    [`${name}_BUCKET`]: bucket,
    [`${name}_ENDPOINT`]: 'https://s3.example',
    [`${name}_REGION`]: 'here',
    [`${name}_ACCESS_KEY_ID_FILE`]: key,
    [`${name}_SECRET_ACCESS_KEY_FILE`]: key,
  });
  const env = {
    PATH: `${path.join(stores, 'bin')}:/usr/bin:/bin:${process.env.PATH ?? ''}`,
    STORES: stores,
    TMPDIR: stores,
    FOLDERS: folders,
    EMPTY_AT_FIRST: emptyAtFirst,
    NEWEST_WITHIN: newestWithin,
    ...side('SOURCE', 'own'),
    ...side('TARGET', 'theirs'),
  };
  return spawnSync('sh', [script], { encoding: 'utf8', env });
}

test('everything is copied, and nothing is left of the lists', () => {
  expect(run()).toMatchObject({ status: 0, stdout: '3 files are the same at the target\n', stderr: '' });
  expect(copies()).toEqual(Object.keys(first).sort());
  expect(fs.readdirSync(stores).filter((name) => name.startsWith('tmp.'))).toEqual([]);
});

test('what may begin empty is no failure before its first file, and is copied from then on', () => {
  const { status, stdout } = run('postgres', 'etcd');
  expect([status, stdout]).toEqual([0, '3 files are the same at the target\nsource:own/etcd holds nothing so far\n']);
  put('etcd', { snapshot: 'one' });
  expect(run('postgres', 'etcd').status).toBe(0);
  expect(copies('etcd')).toEqual(['snapshot']);
});

describe('while the archive grows', () => {
  test('a segment that comes after the list is for the next copy', () => {
    after(step.data, 'echo two >source/own/postgres/wal_005/02.lz4');
    expect(run().status).toBe(0);
    fs.rmSync(path.join(stores, `after-${step.data}`));
    fs.rmSync(path.join(stores, 'count'));
    expect(run().status).toBe(0);
    expect(copies()).toContain('wal_005/02.lz4');
  });

  test('a backup that ends meanwhile has no sentinel there, because its parts were not copied', () => {
    after(
      step.data,
      'cd source/own/postgres/basebackups_005',
      'mkdir base_2 && echo part >base_2/part && echo {} >base_2_backup_stop_sentinel.json',
    );
    expect(run().status).toBe(0);
    expect(copies()).toEqual(Object.keys(first).sort());
  });

  test('what is written anew, as a mark is, is for the next copy', () => {
    after(step.sentinels, `echo '{"marked": true}' >source/own/postgres/${sentinel}`);
    expect(run().status).toBe(0);
  });

  test.each([
    ['before it was copied', step.listing],
    ['while it is compared', step.comparing],
  ])('what a retention takes %s is not missed', (_, number) => {
    after(number, 'rm source/own/postgres/wal_005/01.lz4');
    expect(run().status).toBe(0);
  });
});

describe('a copy fails', () => {
  test.each([
    ['lacks', 'rm'],
    ['has otherwise', 'echo other >'],
  ])('that %s what was there before, and names it', (_, command) => {
    after(step.sentinels, `${command} target/theirs/postgres/wal_005/01.lz4`);
    const { status, stderr } = run();
    expect(status).toBe(1);
    expect(stderr).toMatch(/1 of 3 files are not the same at the target:\nwal_005\/01.lz4\nnot copied: postgres\n$/);
  });

  test.each(Object.entries(step))('whose %s fails', (_, number) => {
    fs.writeFileSync(path.join(stores, `fails-${number}`), '');
    expect(run()).toMatchObject({ status: 1, stderr: expect.stringContaining('not copied: postgres') as string });
  });

  test('of nothing: whoever lost everything is to hear of it', () => {
    const { status, stderr } = run('redis');
    expect([status, stderr]).toEqual([1, 'source:own/redis holds nothing\nnot copied: redis\n']);
  });

  test('of what may begin empty, once there are copies of it: it was lost', () => {
    put('etcd', { snapshot: 'one' });
    expect(run('postgres', 'etcd').status).toBe(0);
    fs.rmSync(path.join(stores, 'source/own/etcd'), { recursive: true });
    expect(run('postgres', 'etcd')).toMatchObject({
      status: 1,
      stderr: 'source:own/etcd holds nothing\nnot copied: etcd\n',
    });
    expect(copies('etcd')).toEqual(['snapshot']);
  });

  test.each([
    ['too old', '479m', [1, 'source:own/etcd got nothing within 479m\nnot copied: etcd\n']],
    ['just new enough', '481m', [0, '']],
    ['of any age that may be', '', [0, '']],
  ])('only of what is too old, where the newest file of what may begin empty is %s', (_, within, said) => {
    put('etcd', { snapshot: 'one' });
    const before = new Date(Date.now() - 480 * 60_000);
    fs.utimesSync(path.join(stores, 'source/own/etcd/snapshot'), before, before);
    const { status, stderr } = run('postgres', 'etcd', within);
    expect([status, stderr]).toEqual(said);
    expect(copies('etcd')).toEqual(['snapshot']);
  });

  test('of what may begin empty, where nobody can tell whether there are copies of it', () => {
    fs.writeFileSync(path.join(stores, 'fails-2'), '');
    expect(run('', 'etcd')).toMatchObject({ status: 1, stderr: expect.stringContaining('not copied: etcd') as string });
  });

  test('and keeps no other folder from being copied', () => {
    put('search', { 'index/1': 'one' });
    expect(run('redis search')).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/not copied: redis\n$/) as string,
    });
    expect(copies('search')).toEqual(['index/1']);
  });
});
