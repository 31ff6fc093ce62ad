import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { InputError } from '../../constructs/core/error.ts';
import type { Finding } from '../../constructs/core/error.ts';
import { cacheFolder } from '../../scripts/import/module-files.ts';
import { goOf, keyOf, toolsFolder, versionOf } from './modules.ts';
import { programNames, programOf } from './programs.ts';
import type { FamilyName, ProgramName } from './programs.ts';

/** What finding and building programs takes from the world. */
export interface Tools {
  /** Folder outside of the tree that holds the binaries. */
  readonly cache: string;
  /** Folder with a folder for each family. */
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  /** Free disk below a folder, in bytes. */
  readonly freeBytes: (folder: string) => number;
}

/** What was built, in `builds.json` of the cache. */
export interface Build {
  readonly version: string;
  readonly key: string;
  /** With the downloads, where they were needed. */
  readonly seconds: number;
  readonly megabytes: number;
  readonly date: string;
}

export const remedy = 'npm run prove -- doctor --fix';

/** The tools of this machine. The cache is `$DIPTYCH_CACHE`, else `diptych` in the user's folder for caches. */
export function toolsHere(env: NodeJS.ProcessEnv = process.env): Tools {
  return {
    cache: cacheFolder(env),
    folder: toolsFolder,
    env,
    freeBytes: (folder) => {
      const { bavail, bsize } = fs.statfsSync(folder);
      return bavail * bsize;
    },
  };
}

/**
 * Path of a built program, or of the one that the environment names in its place.
 * @throws InputError where this version of it isn't built, the named one isn't there, or Go is missing
 */
export function binary(name: ProgramName, tools: Tools = toolsHere()): string {
  const file = replacementOf(name, tools) ?? pathOf(name, tools);
  if (fs.existsSync(file)) return file;
  const what = `${name} ${versionOf(name, tools.folder)} isn't built`;
  throw new InputError({ where: name, what, allowed: 'the binary that prove/tools pins', remedy: `run ${remedy}` });
}

/** Those of the named programs, in the order in which they are built, whose pinned version isn't built. */
export function missingPrograms(
  names: readonly ProgramName[] = programNames,
  tools: Tools = toolsHere(),
): readonly ProgramName[] {
  return programNames.filter(
    (name) => names.includes(name) && replacementOf(name, tools) === undefined && !fs.existsSync(pathOf(name, tools)),
  );
}

/** Path of what the environment names in place of a program. @throws InputError where it isn't an executable file */
export function replacementOf(name: ProgramName, { env }: Pick<Tools, 'env'> = toolsHere()): string | undefined {
  const { replacedBy = '' } = programOf(name);
  const file = env[replacedBy] ?? '';
  if (file === '') return undefined;
  try {
    fs.accessSync(file, fs.constants.X_OK);
  } catch {
    const what = `${file} is no file that can be run`;
    const remedy = `mend the variable ${replacedBy}, or unset it to take the built one`;
    throw new InputError({ where: replacedBy, what, allowed: `the path of a build of ${name}`, remedy });
  }
  return path.resolve(file);
}

/** Where a program is once it is built. @throws InputError where Go is missing */
export function pathOf(name: ProgramName, tools: Tools): string {
  return path.join(tools.cache, 'bin', `${name}-${keyOf(name, goVersion(tools), tools.folder)}`, name);
}

const askedGo = new Map<string | undefined, string>();

/** What `go version` says. @throws InputError where there is no Go */
export function goVersion({ env }: Tools): string {
  const known = askedGo.get(env.PATH);
  if (known !== undefined) return known;
  const { error, status, stdout } = spawnSync('go', ['version'], {
    env: { ...env, GOTOOLCHAIN: 'local' },
    encoding: 'utf8',
  });
  if (error !== undefined || status !== 0) throw new InputError(goFinding('it is not on the PATH', programNames));
  const version = stdout.trim();
  askedGo.set(env.PATH, version);
  return version;
}

/** @throws InputError where Go is missing or too old for one of the programs */
export function checkGo(names: readonly ProgramName[], tools: Tools): void {
  const version = /go(\d+\.\d+(?:\.\d+)?)/.exec(goVersion(tools))?.[1] ?? '0';
  const tooOld = names.filter((name) => older(version, goOf(programOf(name).family, tools.folder)));
  if (tooOld.length > 0) throw new InputError(goFinding(`it is ${version}`, tooOld, tools.folder));
}

function goFinding(what: string, names: readonly ProgramName[], folder = toolsFolder): Finding {
  const needed = names.map((name) => goOf(programOf(name).family, folder)).sort((a, b) => (older(a, b) ? -1 : 1));
  const allowed = `Go ${needed.at(-1) ?? ''} or newer`;
  return { where: 'go', what, allowed, remedy: `install it, so that the shell that runs ${remedy} finds it` };
}

function older(a: string, b: string): boolean {
  return a.localeCompare(b, 'en', { numeric: true }) < 0;
}

/** Everything that was built here, by program: the newest build of each. */
export function readBuilds({ cache }: Tools): Readonly<Partial<Record<ProgramName, Build>>> {
  const file = path.join(cache, 'builds.json');
  if (!fs.existsSync(file)) return {};
  return JSON.parse(fs.readFileSync(file, 'utf8')) as Readonly<Partial<Record<ProgramName, Build>>>;
}

export function recordBuild(name: ProgramName, build: Build, tools: Tools): void {
  const file = path.join(tools.cache, 'builds.json');
  fs.writeFileSync(`${file}.new`, `${JSON.stringify({ ...readBuilds(tools), [name]: build }, undefined, 2)}\n`);
  fs.renameSync(`${file}.new`, file);
}

/** Seconds that building the program takes: as it was here the last time, else as it was on 2 processors. */
export function expectedSeconds(name: ProgramName, tools: Tools): number {
  return readBuilds(tools)[name]?.seconds ?? programOf(name).seconds;
}

/** The named programs by family, both in the order in which they are built. */
export function byFamily(names: readonly ProgramName[]): ReadonlyMap<FamilyName, readonly ProgramName[]> {
  const families = new Map<FamilyName, ProgramName[]>();
  for (const name of programNames.filter((candidate) => names.includes(candidate))) {
    const { family } = programOf(name);
    families.set(family, [...(families.get(family) ?? []), name]);
  }
  return families;
}
