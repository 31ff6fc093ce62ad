import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { committed, root } from './support/committed.ts';

/** A copy of the tree's sources in another folder, so that nothing here touches the committed output. */
let copy: string;
beforeAll(() => {
  copy = fs.mkdtempSync(path.join(os.tmpdir(), 'diptych-'));
  for (const entry of [
    'main.ts',
    'promises.ts',
    'config',
    'constructs',
    'apps',
    'synth',
    'imports',
    'scripts',
    'bench',
    'secrets',
    'package.json',
    'package-lock.json',
    'tsconfig.json',
    'cdk8s.yaml',
  ]) {
    if (fs.existsSync(path.join(root, entry)))
      fs.cpSync(path.join(root, entry), path.join(copy, entry), { recursive: true });
  }
  fs.mkdirSync(path.join(copy, 'node_modules'));
  for (const module of fs.readdirSync(path.join(root, 'node_modules')).filter((name) => name !== '.cache')) {
    fs.symlinkSync(path.join(root, 'node_modules', module), path.join(copy, 'node_modules', module));
  }
});
afterAll(() => fs.rmSync(copy, { recursive: true, force: true }));
function clear(): void {
  for (const folder of ['dist', 'argocd']) fs.rmSync(path.join(copy, folder), { recursive: true, force: true });
}

/** Path and text of every file that a run in the copy wrote. */
function written(): Record<string, string> {
  const files = ['dist', 'argocd'].flatMap((folder) =>
    fs
      .readdirSync(path.join(copy, folder), { recursive: true, encoding: 'utf8' })
      .map((file) => path.join(folder, file))
      .filter((file) => fs.statSync(path.join(copy, file)).isFile()),
  );
  return Object.fromEntries(files.sort().map((file) => [file, fs.readFileSync(path.join(copy, file), 'utf8')]));
}

function committedTexts(): Record<string, string> {
  return Object.fromEntries([...committed('argocd'), ...committed('dist')].map(({ file, text }) => [file, text]));
}

const run = (args: readonly string[], env: NodeJS.ProcessEnv = {}) =>
  execFileSync(process.execPath, args, { cwd: copy, env: { ...process.env, ...env }, encoding: 'utf8', stdio: 'pipe' });

describe('where nothing was written', () => {
  beforeAll(() => {
    // The clock of the child stands in 2001; random numbers would differ anyway.
    const clock = `data:text/javascript,${encodeURIComponent(
      'Date.now = () => 1e12; globalThis.Date = class extends Date { constructor(...a) { super(...(a.length ? a : [1e12])); } };',
    )}`;
    const elsewhere = { LANG: 'tr_TR.UTF-8', LC_ALL: 'tr_TR.UTF-8', TZ: 'Asia/Kathmandu' };
    clear();
    run(['--import', clock, 'scripts/run.cjs', 'main.ts'], elsewhere);
  });

  test('the same input gives the same bytes under another locale, time zone, clock and directory', () => {
    expect(written()).toEqual(committedTexts());
  });

  test('a second run changes nothing, not even a time stamp', () => {
    const stamps = () => Object.keys(written()).map((file) => fs.statSync(path.join(copy, file)).mtimeMs);
    const before = stamps();
    // As a person has it.
    expect(run(['scripts/run.cjs', 'main.ts'])).toMatch(/0 added, 0 changed, 0 removed/);
    expect(stamps()).toEqual(before);
  });

  test('the committed output is what synth writes', () => {
    expect(written()).toEqual(committedTexts());
  });
});

test('npx cdk8s synth writes the same bytes and calls nobody', () => {
  // Every connection of the command line and of what it starts is noted in a file.
  const calls = path.join(copy, 'calls');
  const spy = path.join(copy, 'spy.cjs');
  fs.writeFileSync(
    spy,
    `const net = require('node:net'), dns = require('node:dns'), fs = require('node:fs');
     const note = (what) => fs.appendFileSync(${JSON.stringify(calls)}, what + '\\n');
     net.Socket.prototype.connect = function (...a) { note(JSON.stringify(a[0]?.[0]?.host ?? a[0])); this.destroy(new Error('no network')); return this; };
     dns.lookup = (name, ...rest) => { note(name); rest.at(-1)(new Error('no network')); };`,
  );
  fs.copyFileSync(path.join(root, '.npmrc'), path.join(copy, '.npmrc'));
  const options = /^node-options=(.*)$/m.exec(fs.readFileSync(path.join(root, '.npmrc'), 'utf8'))?.[1] ?? '';
  clear();
  const result = spawnSync(process.execPath, ['node_modules/cdk8s-cli/bin/cdk8s', 'synth'], {
    cwd: copy,
    // What npx passes on from .npmrc.
    env: { ...process.env, HOME: copy, NODE_OPTIONS: `${options} --require=${spy}` },
    encoding: 'utf8',
  });
  expect(result.status).toBe(0);
  expect(written()).toEqual(committedTexts());
  expect(fs.existsSync(calls) ? fs.readFileSync(calls, 'utf8') : '').toBe('');
});

test('renaming a construct in code changes no byte', () => {
  const file = path.join(copy, 'apps', 'backend.ts');
  const source = fs.readFileSync(file, 'utf8');
  fs.writeFileSync(
    file,
    source.replace(
      "new NestBackend(scope, 'backend', {",
      "new NestBackend(scope, 'renamed', {\n        name: 'backend',",
    ),
  );
  clear();
  run(['scripts/run.cjs', 'main.ts']);
  fs.writeFileSync(file, source);
  expect(written()).toEqual(committedTexts());
});

test('a wrong configuration is told on standard error, with exit code 1, and nothing is written', () => {
  const file = path.join(copy, 'config', 'environments', 'production.ts');
  const source = fs.readFileSync(file, 'utf8');
  fs.writeFileSync(file, source.replace("pods: '10.42.0.0/16'", "pods: '10.10.0.0/16'"));
  clear();
  const result = spawnSync(process.execPath, ['scripts/run.cjs', 'main.ts'], { cwd: copy, encoding: 'utf8' });
  fs.writeFileSync(file, source);
  expect(result.status).toBe(1);
  expect(result.stdout).toBe('');
  // The other environment takes its networks from there.
  expect(result.stderr).toContain(
    'config/environments/production.ts and three-node.ts: networks.pods: 10.10.0.0/16 overlaps private',
  );
  expect(result.stderr).toContain('1 to mend; nothing was written.');
  expect(fs.existsSync(path.join(copy, 'dist'))).toBe(false);
});
