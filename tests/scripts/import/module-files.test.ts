import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { goMod, pin, unpinned } from '../../../scripts/import/pins.ts';
import { keptFiles, moduleFiles } from '../../../scripts/import/module-files.ts';
import type { Fetching, PinnedModule } from '../../../scripts/import/module-files.ts';
import { refusal } from '../../support/harness.ts';

let folder: string;
let fetching: Fetching;
let pinned: PinnedModule;

/** A `go` that has one module, counts how often it is asked for it, and refuses every other. */
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'diptych-modules-'));
  const [module, bin] = ['module', 'bin'].map((name) => path.join(folder, name)) as [string, string];
  fs.mkdirSync(path.join(module, 'crds'), { recursive: true });
  fs.writeFileSync(path.join(module, 'crds', 'a.yaml'), 'a');
  fs.writeFileSync(path.join(module, 'b.yaml'), 'b');
  fs.mkdirSync(bin);
  const answer = JSON.stringify({ Dir: module, Sum: 'h1:own=', GoModSum: 'h1:mod=' });
  const script = [
    '#!/bin/sh',
    `echo "$PWD $*" >> ${folder}/calls`,
    `case "$*" in "mod download -json example.com/maker@v1.0.0") echo '${answer}' ;;`,
    '*clean*) ;; *) echo "checksum mismatch" >&2; exit 1 ;; esac',
  ];
  fs.writeFileSync(path.join(bin, 'go'), script.join('\n'), { mode: 0o755 });
  fetching = { cache: path.join(folder, 'cache'), env: { PATH: `${bin}:${process.env.PATH ?? ''}` } };
  pinned = { module: 'example.com/maker', version: 'v1.0.0', folder };
});
afterEach(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});

const downloads = (): string[] =>
  fs
    .readFileSync(path.join(folder, 'calls'), 'utf8')
    .split('\n')
    .filter((call) => call.includes('download'));

test('files and folders of a module are fetched once, in the folder that pins it', () => {
  expect(keptFiles(pinned, ['crds', 'b.yaml'], fetching)).toBeUndefined();
  const [crds = '', file = ''] = moduleFiles(pinned, ['crds', 'b.yaml'], fetching);
  expect(fs.readFileSync(path.join(crds, 'a.yaml'), 'utf8')).toBe('a');
  expect(fs.readFileSync(file, 'utf8')).toBe('b');
  moduleFiles(pinned, ['b.yaml'], fetching);
  expect(downloads()).toEqual([`${folder} mod download -json example.com/maker@v1.0.0`]);
  expect(keptFiles(pinned, ['crds', 'b.yaml'], fetching)).toEqual([crds, file]);
});

test('nothing but what was asked for is left in the cache', () => {
  moduleFiles(pinned, ['b.yaml'], fetching);
  expect(fs.readdirSync(fetching.cache, { recursive: true }).sort()).toEqual([
    'assets',
    'assets/example.com-maker@v1.0.0',
    'assets/example.com-maker@v1.0.0/b.yaml',
  ]);
});

test('what is not the module that go.sum knows is refused in words', () => {
  expect(refusal(() => moduleFiles({ ...pinned, version: 'v2.0.0' }, ['b.yaml'], fetching))).toMatchObject([
    { where: 'example.com/maker@v2.0.0', what: 'checksum mismatch' },
  ]);
});

describe('pins', () => {
  const maker = { module: 'example.com/maker', version: 'v1.0.0', files: [], kinds: [], hasInterfaces: false };
  const sums = 'example.com/maker v1.0.0 h1:own=\nexample.com/maker v1.0.0/go.mod h1:mod=\n';

  test('are written for the versions of the makers, with the hashes that Go vouches for', () => {
    pin([maker], folder, fetching);
    expect(fs.readFileSync(path.join(folder, 'go.mod'), 'utf8')).toBe(goMod([maker]));
    expect(fs.readFileSync(path.join(folder, 'go.sum'), 'utf8')).toBe(sums);
  });

  test('keep a hash that is there without asking for it again, and drop that of another version', () => {
    const known = sums.replaceAll('own', 'known');
    fs.writeFileSync(path.join(folder, 'go.sum'), `example.com/maker v0.9.0 h1:old=\n${known}`);
    pin([maker], folder, fetching);
    expect(fs.readFileSync(path.join(folder, 'go.sum'), 'utf8')).toBe(known);
    expect(fs.existsSync(path.join(folder, 'calls'))).toBe(false);
  });

  test('are missed where go.sum lacks the hash of a module or of its go.mod', () => {
    expect(unpinned([maker], sums)).toEqual([]);
    expect(unpinned([maker], sums.split('\n')[0]!)).toEqual([maker]);
  });
});
