import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildSync } from 'esbuild';
import { InputError } from '../../constructs/core/error.ts';
import { buildPrograms } from '../../prove/tools/build.ts';
import { binary, missingPrograms, readBuilds, toolsHere } from '../../prove/tools/cache.ts';
import type { Tools } from '../../prove/tools/cache.ts';
import { buildArguments, goOf, keyOf, toolsFolder, versionOf } from '../../prove/tools/modules.ts';
import { installPackages, packageNames } from '../../prove/tools/packages.ts';
import { families, programNames, programOf } from '../../prove/tools/programs.ts';
import { proveCommand } from '../../prove/verbs/command.ts';
import { doctorCommand } from '../../prove/verbs/doctor/index.ts';
import { machineChecks } from '../../prove/verbs/doctor/machine.ts';
import type { Command } from '../../prove/verbs/index.ts';
import { programsCommand } from '../../prove/verbs/programs.ts';

const gibibyte = 2 ** 30;
let folder: string;
let tools: Tools;
let printed: string;

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'diptych-tools-'));
  printed = '';
  tools = {
    cache: path.join(folder, 'cache'),
    folder: toolsFolder,
    env: { ...process.env, PATH: `${path.join(folder, 'path')}:${process.env.PATH ?? ''}` },
    freeBytes: () => 100 * gibibyte,
  };
  fakeGo();
});

afterEach(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});

/** A `go` that notes its builds in the file `calls` and then does what `build` says; $3 is the file to build. */
function fakeGo({ version = 'go1.99.0', build = 'echo binary > "$3"' } = {}): void {
  const answer = `if [ "$1" = version ]; then echo go version ${version} linux/amd64; exit; fi`;
  fake('go', `${answer}\necho "$3" >> ${path.join(folder, 'calls')}\n${build}`);
}

function fake(program: string, script: string): void {
  fs.mkdirSync(path.join(folder, 'path'), { recursive: true });
  fs.writeFileSync(path.join(folder, 'path', program), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
}

const report = (text: string) => (printed += text);

const output = { stdout: { write: report }, stderr: { write: report } };

function inCache(): readonly string[] {
  return fs.readdirSync(tools.cache).sort();
}

function calls(): number {
  const file = path.join(folder, 'calls');
  return fs.existsSync(file) ? fs.readFileSync(file, 'utf8').trim().split('\n').length : 0;
}

/** A copy of the pins, to change. */
function copyOfPins(): string {
  const copy = path.join(folder, 'pins');
  fs.cpSync(toolsFolder, copy, { recursive: true });
  return copy;
}

describe('the table of programs', () => {
  test.each(programNames)('pins a version and a Go for %s', (name) => {
    expect(versionOf(name)).toMatch(/^v\d+\.\d+\.\d+|^own$/);
    expect(goOf(programOf(name).family)).toMatch(/^1\.\d+\.\d+$/);
  });

  test('has a folder for each family, and no other', () => {
    const folders = fs.readdirSync(toolsFolder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    expect(folders.map(({ name }) => name).sort()).toEqual(Object.keys(families).sort());
  });

  test('stands in the README as it is', () => {
    expect(programsCommand(['--check'], output)).toBe(0);
  });

  test('is refused by --check when the README is old', () => {
    const root = path.join(folder, 'root');
    const page = path.join(root, 'prove/tools/README.md');
    fs.mkdirSync(path.dirname(page), { recursive: true });
    const text = fs.readFileSync(path.join(toolsFolder, 'README.md'), 'utf8');
    fs.writeFileSync(page, text.replace('v1.36.4', 'v1.36.3'));
    expect(() => programsCommand(['--check'], output, root)).toThrow('the table of programs is not current');
  });

  test('gives Kubernetes its version', () => {
    expect(buildArguments('kubelet').join(' ')).toContain('-X k8s.io/component-base/version.gitVersion=v1.36.4');
  });
});

describe('the cache', () => {
  test.each([
    [{ DIPTYCH_CACHE: '/c', XDG_CACHE_HOME: '/x', HOME: '/h' }, '/c'],
    [{ DIPTYCH_CACHE: '', XDG_CACHE_HOME: '/x', HOME: '/h' }, '/x/diptych'],
    [{ HOME: '/h' }, '/h/.cache/diptych'],
  ])('of %j is %s', (env, expected) => {
    expect(toolsHere(env).cache).toBe(expected);
  });

  test('has another key for a changed pin, checksum or own source, and for another Go', () => {
    const copy = copyOfPins();
    const keys = [keyOf('netpold', 'go1', copy), keyOf('netpold', 'go2', copy)];
    for (const file of ['go.mod', 'go.sum', 'main.go']) {
      fs.appendFileSync(path.join(copy, 'netpold', file), '\n');
      keys.push(keyOf('netpold', 'go1', copy));
    }
    expect(new Set(keys).size).toBe(5);
    expect(keys.every((key) => /^[0-9a-f]{12}$/.test(key))).toBe(true);
  });

  test('gives the path of a binary that is built', () => {
    buildPrograms(['etcd'], report, tools);
    const key = keyOf('etcd', 'go version go1.99.0 linux/amd64');
    expect(binary('etcd', tools)).toBe(path.join(tools.cache, 'bin', `etcd-${key}`, 'etcd'));
    expect(fs.readFileSync(binary('etcd', tools), 'utf8')).toBe('binary\n');
  });

  test('names the remedy for a binary that is not built', () => {
    expect(() => binary('etcd', tools)).toThrow("etcd v3.7.3 isn't built");
    expect(() => binary('etcd', tools)).toThrow('run npm run prove -- doctor --fix');
  });
});

describe('a program that can be replaced', () => {
  const withWalG = (file: string) => ({ ...tools, env: { ...tools.env, WALG: file } });

  test('is the one that the environment names, which is not built', () => {
    fake('newer', 'exit 0');
    const file = path.join(folder, 'path', 'newer');
    expect([binary('wal-g', withWalG(file)), missingPrograms(['wal-g'], withWalG(file))]).toEqual([file, []]);
  });

  test('is the built one where the variable is empty', () => {
    expect(missingPrograms(['wal-g'], withWalG(''))).toEqual(['wal-g']);
  });

  test('is refused where nobody can run it', () => {
    expect(() => binary('wal-g', withWalG('/nonexistent/wal-g'))).toThrow(
      'WALG: /nonexistent/wal-g is no file that can be run',
    );
  });
});

describe('building', () => {
  test('builds what is missing, in the order of the table, and says how long it takes', () => {
    buildPrograms(['etcd'], report, tools);
    printed = '';
    buildPrograms(['probe', 'etcd', 'ctr'], report, tools);
    expect(printed).toMatch(
      /^ctr v2\.4\.2: building \(about \d+ s\) \.\.\. \d+ s\nprobe own: building \(about \d+ s\) \.\.\. \d+ s\n$/,
    );
    expect(missingPrograms(['probe', 'etcd', 'ctr', 'kwok'], tools)).toEqual(['kwok']);
  });

  test('does nothing where nothing is missing', () => {
    buildPrograms(['etcd'], report, tools);
    buildPrograms(['etcd'], report, tools);
    expect(calls()).toBe(1);
  });

  test('records version, key, seconds and size, and expects those seconds the next time', () => {
    buildPrograms(['etcd'], report, tools);
    const first = readBuilds(tools).etcd;
    expect(first).toMatchObject({ version: 'v3.7.3', megabytes: 0 });
    fs.rmSync(path.join(tools.cache, 'bin'), { recursive: true });
    printed = '';
    buildPrograms(['etcd'], report, tools);
    expect(printed).toContain(`building (about ${Math.max(1, first?.seconds ?? 0)} s)`);
  });

  test('leaves only binaries and records behind', () => {
    buildPrograms(['etcd'], report, tools);
    expect(inCache()).toEqual(['bin', 'build.lock', 'builds.json']);
  });

  test.each([
    ['with the next one too where the disk has room for two', 6, ['', 'etcd\n', 'containerd\netcd\n']],
    ['with no other one where it has not', 5, ['', '', 'containerd\n']],
  ])('shares the caches within a family, and %s', (_, gibibytes, expected) => {
    fakeGo({ build: 'ls "$GOCACHE" > "$3"; touch "$GOCACHE/$(basename "$3")"' });
    tools = { ...tools, freeBytes: () => gibibytes * gibibyte };
    buildPrograms(['etcd', 'containerd', 'ctr'], report, tools);
    const found = (['etcd', 'containerd', 'ctr'] as const).map((name) => fs.readFileSync(binary(name, tools), 'utf8'));
    expect(found).toEqual(expected);
  });

  test('does not pass on settings that would change what is built', () => {
    fakeGo({ build: 'echo "$GOARCH$GOEXPERIMENT $CGO_ENABLED $GOFLAGS $GOPROXY" > "$3"' });
    const env = { ...tools.env, GOARCH: 'arm64', GOEXPERIMENT: 'x', GOFLAGS: '-mod=mod', GOPROXY: 'off' };
    buildPrograms(['etcd'], report, { ...tools, env });
    expect(fs.readFileSync(binary('etcd', tools), 'utf8')).toBe(' 0 -modcacherw off\n');
  });
});

describe('a build that cannot be done', () => {
  const build = () => buildPrograms(['etcd', 'containerd'], report, tools);

  test('is refused elsewhere than on Linux', () => {
    const platform = Object.getOwnPropertyDescriptor(process, 'platform')!;
    Object.defineProperty(process, 'platform', { ...platform, value: 'darwin' });
    try {
      expect(build).toThrow('system: darwin: what is built here starts on Linux only');
    } finally {
      Object.defineProperty(process, 'platform', platform);
    }
  });

  test('is refused without Go', () => {
    const nowhere = { ...tools, env: { PATH: path.join(folder, 'empty') } };
    expect(() => buildPrograms(['etcd'], report, nowhere)).toThrow('go: it is not on the PATH');
  });

  test('is refused with a Go that is too old for it, which names the one that is needed', () => {
    fakeGo({ version: 'go1.26.5' });
    expect(build).toThrow(/go: it is 1\.26\.5\n {2}allowed: Go 1\.26\.6 or newer/);
    expect(() => buildPrograms(['etcd'], report, tools)).not.toThrow();
  });

  test('is refused with too little disk, before anything is built', () => {
    tools = { ...tools, freeBytes: () => gibibyte };
    expect(build).toThrow(/1\.0 GiB of disk are free\n {2}allowed: \d+ GiB, for the time in which containerd is built/);
    expect(calls()).toBe(0);
  });

  test.each([
    ['no space left on device', 'the disk filled up while it was built; what was begun is removed'],
    ['dial tcp: lookup proxy: no such host', 'its modules could not be fetched'],
    ['main.go:3: undefined: x', 'go build failed:\n    main.go:3: undefined: x'],
  ])('says why after "%s", keeps the log, and removes the rest', (message, what) => {
    fakeGo({ build: `echo half > "$3"; echo "${message}" >&2; exit 1` });
    const log = path.join(tools.cache, 'logs', 'etcd.log');
    expect(build).toThrow(`etcd (${log}): ${what}`);
    expect(fs.readFileSync(log, 'utf8')).toBe(`${message}\n`);
    expect(inCache()).toEqual(['build.lock', 'logs']);
  });

  test('leaves what was built before it, and its log goes with the first success', () => {
    fakeGo({ build: 'case "$3" in *containerd) exit 1;; esac; echo binary > "$3"' });
    expect(build).toThrow('containerd');
    expect(missingPrograms(['etcd', 'containerd'], tools)).toEqual(['containerd']);
    fakeGo();
    build();
    expect(fs.readdirSync(path.join(tools.cache, 'logs'))).toEqual([]);
  });
});

describe('beside another builder', () => {
  /** A builder in a process of its own, which has begun to build. */
  async function builder(build: string): Promise<ChildProcess> {
    const bundle = path.join(folder, 'builder.cjs');
    const define = { 'import.meta.dirname': JSON.stringify(toolsFolder) };
    const entryPoints = [path.join(toolsFolder, 'build.ts')];
    buildSync({ entryPoints, outfile: bundle, bundle: true, platform: 'node', format: 'cjs', define });
    fakeGo({ build: `echo $$ > ${path.join(folder, 'begun')}; ${build}` });
    const script = `require(${JSON.stringify(bundle)}).buildPrograms(['etcd'], () => {})`;
    const env = { ...tools.env, DIPTYCH_CACHE: tools.cache };
    const child = spawn(process.execPath, ['-e', script], { env, stdio: 'ignore' });
    while (!fs.existsSync(path.join(folder, 'begun'))) await sleep(10);
    return child;
  }

  test('waits for it and takes what it built', async () => {
    const seen = path.join(folder, 'seen');
    const other = await builder(`until [ -e ${seen} ]; do sleep 0.05; done; echo theirs > "$3"`);
    const reportSeen = (text: string) => {
      report(text);
      fs.writeFileSync(seen, '');
    };
    buildPrograms(['etcd'], reportSeen, tools);
    expect(printed).toBe(`process ${other.pid ?? 0} builds already: waiting for it\n`);
    expect(fs.readFileSync(binary('etcd', tools), 'utf8')).toBe('theirs\n');
    expect(calls()).toBe(1);
  });

  test('begins anew after one that was killed, whose half binary counts for nothing', async () => {
    const other = await builder('echo half > "$3"; echo half > "$GOCACHE/half"; exec sleep 60');
    const go = Number(fs.readFileSync(path.join(folder, 'begun'), 'utf8'));
    other.kill('SIGKILL');
    await once(other, 'exit');
    while (runs(go)) await sleep(10);
    expect(missingPrograms(['etcd'], tools)).toEqual(['etcd']);
    expect(inCache()).toEqual(['build.lock', 'building']);
    fakeGo({ build: 'ls "$GOCACHE" > "$3"' });
    buildPrograms(['etcd'], report, tools);
    expect(printed).not.toContain('waiting');
    expect(fs.readFileSync(binary('etcd', tools), 'utf8')).toBe('');
    expect(inCache()).toEqual(['bin', 'build.lock', 'builds.json']);
  });
});

/** Whether a process has not ended; one that nobody has waited for has. */
function runs(pid: number): boolean {
  const file = `/proc/${pid}/stat`;
  return fs.existsSync(file) && !fs.readFileSync(file, 'utf8').includes(') Z ');
}

describe('the doctor', () => {
  const machine = () => [];

  test('names what is missing, how long it takes, and the remedy', () => {
    fake('dpkg-query', 'echo installed git 1; echo not-installed runc');
    expect(doctorCommand([], output, tools, machine)).toBe(1);
    expect(printed).toMatch(/^missing {2}packages .*iptables.*runc/m);
    expect(printed).not.toMatch(/^missing {2}packages .*git/m);
    expect(printed).toMatch(/^missing {2}programs {2}kube-apiserver, .* \(about \d+ min to build\); 0 built/m);
    expect(printed).toContain('remedy: npm run prove -- doctor --fix\n');
  });

  test('builds with --fix, and is content afterwards', () => {
    fake('dpkg-query', `for name in ${packageNames.join(' ')}; do echo installed $name 1; done`);
    expect(doctorCommand(['--fix'], output, tools, machine)).toBe(0);
    expect(calls()).toBe(programNames.length);
    expect(printed).toMatch(/\nnothing is missing\n$/);
    expect(doctorCommand([], output, tools, machine)).toBe(0);
  });

  test('names Go where it is missing, and checks the rest', () => {
    tools = { ...tools, env: { PATH: path.join(folder, 'empty') } };
    expect(doctorCommand([], output, tools, machine)).toBe(1);
    expect(printed).toMatch(/^missing {2}Go .*not on the PATH; Go 1\.\d+\.\d+ or newer is needed/m);
    expect(printed).toMatch(/^note {5}packages .*not Debian or Ubuntu/m);
  });

  test('finds something to say about this machine', () => {
    const [system] = machineChecks();
    expect(system).toMatchObject({ name: 'system', state: process.platform === 'linux' ? 'ok' : 'missing' });
  });
});

describe('packages', () => {
  test('are refused elsewhere than on Debian and Ubuntu, in a sentence', () => {
    tools = { ...tools, env: { PATH: path.join(folder, 'empty') } };
    expect(() => installPackages(['git'], report, tools)).toThrow(
      'git: they are installed for you on Debian and Ubuntu only',
    );
  });
});

describe('npm run prove', () => {
  const failing: Command = {
    usage: 'fail [--hard]',
    purpose: 'fails',
    run: () => {
      throw new InputError({ where: 'here', what: 'it failed', allowed: 'success', remedy: 'none' });
    },
  };
  const prove = (...args: string[]) =>
    proveCommand({ fail: failing, echo: { ...failing, run: (rest) => rest.length } }, args, output);

  test('hands the arguments to the verb and returns its exit code', async () => {
    expect(await prove('echo', 'a', 'b', 'c')).toBe(3);
  });

  test('shows the verbs', async () => {
    expect(await prove('--help')).toBe(0);
    expect(printed).toContain('  fail [--hard]  fails\n');
    printed = '';
    expect(await prove('fail', '--help')).toBe(0);
    expect(printed).toContain('  fail [--hard]  fails\n');
  });

  test('shows them too when called with a verb that there is not, with exit code 2', async () => {
    expect(await prove('constructor')).toBe(2);
    expect(printed).toContain('there is no "constructor"\n\nnpm run prove -- VERB');
  });

  test('runs all areas without a verb', async () => {
    expect(await proveCommand({ all: { ...failing, run: () => 4 } }, [], output)).toBe(4);
  });

  test('prints a refusal without a stack, and without a word on what was written', async () => {
    expect(await prove('fail')).toBe(1);
    expect(printed).toBe('here: it failed\n  allowed: success\n  remedy:  none\n');
  });
});
