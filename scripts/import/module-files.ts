import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { InputError } from '../../constructs/core/error.ts';

/** A Go module, and the folder whose go.mod and go.sum pin it. */
export interface PinnedModule {
  readonly module: string;
  readonly version: string;
  readonly folder: string;
}

/** What fetching takes from the world. */
export interface Fetching {
  /** Folder outside of the tree that keeps what was fetched. */
  readonly cache: string;
  readonly env: NodeJS.ProcessEnv;
}

export function fetchingHere(env: NodeJS.ProcessEnv = process.env): Fetching {
  return { cache: cacheFolder(env), env };
}

/** The folder for what is built and fetched: `$DIPTYCH_CACHE`, else `diptych` in the user's folder for caches. */
export function cacheFolder(env: NodeJS.ProcessEnv): string {
  const own = valueOf(env, 'DIPTYCH_CACHE');
  if (own !== undefined) return path.resolve(own);
  const caches = valueOf(env, 'XDG_CACHE_HOME') ?? path.join(valueOf(env, 'HOME') ?? os.homedir(), '.cache');
  return path.join(caches, 'diptych');
}

/** Set but empty is not set. */
function valueOf(env: NodeJS.ProcessEnv, name: string): string | undefined {
  return env[name] === '' ? undefined : env[name];
}

/** Paths of files or folders of a module that were fetched before; undefined where one wasn't. */
export function keptFiles(
  pinned: PinnedModule,
  files: readonly string[],
  { cache }: Fetching,
): readonly string[] | undefined {
  const kept = files.map((file) => keptPath(pinned, file, cache));
  return kept.every((file) => fs.existsSync(file)) ? kept : undefined;
}

/**
 * Paths of files or folders of a module, fetched where they weren't before. Nothing of them is copied into git.
 * @throws InputError where the module can't be had, or is not the one that go.sum has the hash of
 */
export function moduleFiles(pinned: PinnedModule, files: readonly string[], fetching: Fetching): readonly string[] {
  const missing = files.filter((file) => keptFiles(pinned, [file], fetching) === undefined);
  if (missing.length > 0) fetchFiles(pinned, missing, fetching);
  return files.map((file) => keptPath(pinned, file, fetching.cache));
}

/** Where a file or folder of a module is kept once it was fetched. */
export function keptPath({ module, version }: PinnedModule, file: string, cache: string): string {
  return path.join(cache, 'assets', `${module.replaceAll('/', '-')}@${version}`, file.replaceAll('/', '-'));
}

function fetchFiles(pinned: PinnedModule, files: readonly string[], fetching: Fetching): void {
  downloaded(pinned, fetching, ({ Dir: source }) => {
    for (const file of files) keep(path.join(source, file), keptPath(pinned, file, fetching.cache));
  });
}

/** What `go mod download -json` says of a module. */
interface Downloaded {
  readonly Dir: string;
  readonly Sum: string;
  readonly GoModSum: string;
}

/**
 * What Go downloads of a module, for as long as `use` takes. Go checks it by the go.sum of the pinned folder; in a folder
 * without a go.mod by its checksum database.
 * @throws InputError where the module can't be had, or is another one
 */
export function downloaded<Result>(
  { module, version, folder }: PinnedModule,
  { cache, env }: Fetching,
  use: (answer: Downloaded) => Result,
): Result {
  fs.mkdirSync(cache, { recursive: true });
  const modules = fs.mkdtempSync(path.join(cache, 'modules-'));
  const go = (args: readonly string[]) =>
    spawnSync('go', args, {
      cwd: folder,
      env: { ...env, GOMODCACHE: modules, GOFLAGS: '-mod=readonly', GOTOOLCHAIN: 'local', GOWORK: 'off' },
      encoding: 'utf8',
    });
  try {
    const { error, status, stdout, stderr } = go(['mod', 'download', '-json', `${module}@${version}`]);
    if (error !== undefined || status !== 0) {
      throw new InputError({
        where: `${module}@${version}`,
        what: error === undefined ? stderr.trim() || stdout.trim() : `go: ${error.message}`,
        allowed: 'a module that the module proxy serves, with the hash that go.sum has, by Go 1.21 or newer',
        remedy: 'look whether Go is on the PATH and its module proxy can be reached, and run it again',
      });
    }
    return use(JSON.parse(stdout) as Downloaded);
  } finally {
    // Go writes its cache read-only.
    go(['clean', '-modcache']);
    fs.rmSync(modules, { recursive: true, force: true });
  }
}

/** Copies a file or folder, so that nobody sees half of it. */
function keep(source: string, kept: string): void {
  const copy = `${kept}.${process.pid}`;
  fs.cpSync(source, copy, { recursive: true });
  // Go's copies are read-only, folders too.
  spawnSync('chmod', ['-R', 'u+w', copy]);
  fs.renameSync(copy, kept);
}
