import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { InputError } from '../../constructs/core/error.ts';
import type { Finding } from '../../constructs/core/error.ts';
import {
  byFamily,
  checkGo,
  expectedSeconds,
  goVersion,
  missingPrograms,
  pathOf,
  recordBuild,
  remedy,
  toolsHere,
} from './cache.ts';
import type { Tools } from './cache.ts';
import { withLock } from './lock.ts';
import { buildArguments, keyOf, versionOf } from './modules.ts';
import { families, programOf } from './programs.ts';
import type { FamilyName, ProgramName } from './programs.ts';

/**
 * Builds those of the named programs that are missing, one after the other, and waits for whoever builds already.
 * @param report takes pieces of text, of which a line may have two
 * @throws InputError where Linux, Go, the network or disk is missing, or a build fails; what was built before that stays
 */
export function buildPrograms(
  names: readonly ProgramName[],
  report: (text: string) => void,
  tools: Tools = toolsHere(),
): void {
  if (process.platform !== 'linux') {
    const what = `${process.platform}: what is built here starts on Linux only`;
    throw new InputError({ where: 'system', what, allowed: 'Linux', remedy: 'use a Linux machine' });
  }
  checkGo(names, tools);
  if (missingPrograms(names, tools).length === 0) return;
  fs.mkdirSync(tools.cache, { recursive: true });
  const waiting = (holder: string) => report(`process ${holder} builds already: waiting for it\n`);
  withLock(path.join(tools.cache, 'build.lock'), waiting, () => {
    // What a killed build left behind: nobody else builds now.
    removeWorkFolder(tools);
    const missing = byFamily(missingPrograms(names, tools));
    const needed = checkDisk([...missing.keys()], tools);
    try {
      for (const group of missing.values()) {
        for (const name of group) buildProgram(name, report, tools);
        // What families have in common, Go's own packages above all, is built once where there is room for two of them.
        if (tools.freeBytes(tools.cache) < 2 * needed) removeWorkFolder(tools);
      }
    } finally {
      removeWorkFolder(tools);
    }
  });
}

function buildProgram(name: ProgramName, report: (text: string) => void, tools: Tools): void {
  const version = versionOf(name, tools.folder);
  // Before the build: the key of what is built, not of what someone made of it meanwhile.
  const key = keyOf(name, goVersion(tools), tools.folder);
  const file = pathOf(name, tools);
  report(`${name} ${version}: building (about ${Math.max(1, Math.round(expectedSeconds(name, tools)))} s) ...`);
  const work = workFolder(tools);
  for (const folder of ['build', 'modules', 'tmp']) fs.mkdirSync(path.join(work, folder), { recursive: true });
  const result = path.join(work, name);
  const start = performance.now();
  const output = runGo(name, result, tools);
  const seconds = Math.round((performance.now() - start) / 100) / 10;
  if (output !== undefined) {
    report(' failed\n');
    throw new InputError(explain(name, output, keepLog(name, output, tools)));
  }
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.renameSync(result, file);
  fs.rmSync(logFile(name, tools), { force: true });
  const megabytes = Math.round(fs.statSync(file).size / 1e5) / 10;
  recordBuild(name, { version, key, seconds, megabytes, date: new Date().toISOString().slice(0, 10) }, tools);
  report(` ${Math.round(seconds)} s\n`);
}

/** @returns what Go printed if the build failed */
function runGo(name: ProgramName, result: string, { cache, env, folder }: Tools): string | undefined {
  const { family, cgo = false } = programOf(name);
  const work = workFolder({ cache });
  // Go ends together with us: one that goes on would write into the folders of the next build.
  const command = ['--pdeathsig', 'KILL', 'nice', '-n', '10', 'go', 'build', '-o', result];
  const { error, status, signal, stdout, stderr } = spawnSync(
    'setpriv',
    [...command, ...buildArguments(name, folder)],
    {
      cwd: path.join(folder, family),
      env: {
        ...withoutGoSettings(env),
        CGO_ENABLED: cgo ? '1' : '0',
        GOCACHE: path.join(work, 'build'),
        GOMODCACHE: path.join(work, 'modules'),
        GOTMPDIR: path.join(work, 'tmp'),
        // A build is over in minutes: memory that the compiler's garbage would be looked for in is better left.
        GOGC: '400',
        // Else only root could remove the modules.
        GOFLAGS: '-modcacherw',
        GOTOOLCHAIN: 'local',
        GOWORK: 'off',
      },
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
    },
  );
  if (error !== undefined) throw error;
  if (status === 0) return undefined;
  return `${stdout}${stderr}${signal === null ? '' : `ended by ${signal}\n`}`;
}

/** Settings that would change what is built; those of the network, such as GOPROXY, stay. */
function withoutGoSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const changing = /^(GOOS|GOARCH|GOAMD64|GOARM64|GOEXPERIMENT|GOFIPS140|CGO_.*)$/;
  return Object.fromEntries(Object.entries(env).filter(([key]) => !changing.test(key)));
}

/** @returns what the largest takes, in bytes. @throws InputError where there is less */
function checkDisk(needed: readonly FamilyName[], { cache, freeBytes }: Tools): number {
  const largest = needed.reduce<FamilyName | undefined>(
    (most, family) => (most === undefined || families[family].gibibytes > families[most].gibibytes ? family : most),
    undefined,
  );
  if (largest === undefined) return 0;
  const free = freeBytes(cache) / 2 ** 30;
  if (free >= families[largest].gibibytes) return families[largest].gibibytes * 2 ** 30;
  throw new InputError({
    where: cache,
    what: `${free.toFixed(1)} GiB of disk are free`,
    allowed: `${families[largest].gibibytes} GiB, for the time in which ${largest} is built`,
    remedy: 'free some, or set DIPTYCH_CACHE to a folder on a larger disk',
  });
}

function explain(name: ProgramName, output: string, log: string): Finding {
  const where = `${name} (${log})`;
  if (/no space left on device|disk quota exceeded/i.test(output)) {
    const allowed = 'free disk until the end of the build';
    const further = `free some, or set DIPTYCH_CACHE to a folder on a larger disk, and run ${remedy}`;
    return {
      where,
      what: 'the disk filled up while it was built; what was begun is removed',
      allowed,
      remedy: further,
    };
  }
  if (/dial tcp|no such host|i\/o timeout|TLS handshake|proxyconnect|network is unreachable/i.test(output)) {
    const further = `mend the network, or name a proxy that can be reached in GOPROXY, and run ${remedy}`;
    return { where, what: 'its modules could not be fetched', allowed: 'a Go module proxy', remedy: further };
  }
  const last = output.trim().split('\n').slice(-5).join('\n    ');
  return { where, what: `go build failed:\n    ${last}`, allowed: 'a build without errors', remedy: 'read the log' };
}

function keepLog(name: ProgramName, output: string, tools: Tools): string {
  const file = logFile(name, tools);
  try {
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, output);
  } catch (error) {
    // On a full disk there is no room for it either, until the build's folder is gone.
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    removeWorkFolder(tools);
    fs.writeFileSync(file, output);
  }
  return file;
}

function logFile(name: ProgramName, { cache }: Pick<Tools, 'cache'>): string {
  return path.join(cache, 'logs', `${name}.log`);
}

/** Everything that a build makes before it is done; below the cache, so that the result is only renamed. */
function workFolder({ cache }: Pick<Tools, 'cache'>): string {
  return path.join(cache, 'building');
}

function removeWorkFolder(tools: Pick<Tools, 'cache'>): void {
  fs.rmSync(workFolder(tools), { recursive: true, force: true });
}
