import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { ProvingError } from './error.ts';

/** Mount points of all hierarchies, version 1 and the empty version 2 that some machines have beside them. */
function hierarchies(): readonly { readonly folder: string; readonly version: 1 | 2 }[] {
  return fs
    .readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' '))
    .flatMap(([, folder, type]) =>
      folder === undefined || (type !== 'cgroup' && type !== 'cgroup2')
        ? []
        : [{ folder, version: type === 'cgroup' ? (1 as const) : (2 as const) }],
    );
}

/** Controllers of version 1 hierarchies, each with its own mount point: what nodes need to be had. */
export function controllerFolders(): readonly string[] {
  return hierarchies()
    .filter(({ version }) => version === 1)
    .map(({ folder }) => folder);
}

/** Makes a cgroup, such as `diptych/production/node1/system`, in every version 1 hierarchy. */
export function makeCgroup(name: string): void {
  for (const folder of controllerFolders()) {
    let current = folder;
    for (const part of name.split('/')) {
      const parent = current;
      current = path.join(current, part);
      fs.mkdirSync(current, { recursive: true });
      for (const file of ['cpuset.cpus', 'cpuset.mems'].filter((each) => fs.existsSync(path.join(current, each)))) {
        // A new one has none, and takes no process before it has.
        fs.writeFileSync(path.join(current, file), fs.readFileSync(path.join(parent, file)));
      }
    }
  }
}

/** A shell command that moves the shell into the cgroup. */
export function joinCgroup(name: string): string {
  return controllerFolders()
    .map((folder) => `echo $$ > ${path.join(folder, name, 'cgroup.procs')}`)
    .join(' && ');
}

/** Process ids in a cgroup and everything below it. */
export function processesIn(name: string): readonly number[] {
  const found = new Set<number>();
  for (const { folder } of hierarchies()) {
    for (const cgroup of treeOf(path.join(folder, name))) {
      for (const line of readLines(path.join(cgroup, 'cgroup.procs'))) found.add(Number(line));
    }
  }
  found.delete(process.pid);
  return [...found];
}

/** True while any hierarchy has the cgroup. */
export function cgroupExists(name: string): boolean {
  return hierarchies().some(({ folder }) => fs.existsSync(path.join(folder, name)));
}

/** Stops all processes of a cgroup where they are, or lets them go on. */
export function setFrozen(name: string, frozen: boolean): void {
  for (const folder of controllerFolders()) {
    const file = path.join(folder, name, 'freezer.state');
    if (fs.existsSync(file)) fs.writeFileSync(file, frozen ? 'FROZEN' : 'THAWED');
  }
}

/**
 * Kills every process of a cgroup and removes it, depth first, from all hierarchies. Nothing else is ever killed: a
 * process can't leave its cgroup by itself, and no stranger gets into it.
 * @throws ProvingError where processes remain for 20 s
 */
export async function destroyCgroup(name: string): Promise<void> {
  const deadline = performance.now() + 20_000;
  for (;;) {
    // The kernel kills no frozen process.
    for (const { folder } of hierarchies()) {
      for (const cgroup of treeOf(path.join(folder, name)).reverse()) thaw(cgroup);
    }
    const left = processesIn(name);
    for (const pid of left) kill(pid);
    if (left.length === 0 && removeTree(name)) return;
    if (performance.now() > deadline) {
      throw new ProvingError(`processes ${left.join(', ') || '(none seen)'} keep the cgroup ${name} busy for 20 s`);
    }
    await delay(20);
  }
}

function thaw(cgroup: string): void {
  const file = path.join(cgroup, 'freezer.state');
  if (readLines(file)[0] === 'FROZEN') fs.writeFileSync(file, 'THAWED');
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** @returns false where something is still busy */
function removeTree(name: string): boolean {
  for (const { folder } of hierarchies()) {
    for (const cgroup of treeOf(path.join(folder, name))) {
      try {
        fs.rmdirSync(cgroup);
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === 'EBUSY' || code === 'ENOTEMPTY') return false;
        if (code !== 'ENOENT') throw error;
      }
    }
  }
  return true;
}

/** Removes the empty parent of all clusters' cgroups; stays where another cluster is. */
export function removeEmptyParent(name: string): void {
  for (const { folder } of hierarchies()) {
    const parent = path.join(folder, path.dirname(name));
    if (fs.existsSync(parent) && treeOf(parent).length === 1) fs.rmdirSync(parent);
  }
}

/** The folder and all below it, deepest first. */
function treeOf(folder: string): string[] {
  let entries: fs.Dirent[];
  try {
    entries = fs.readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  const below = entries.filter((entry) => entry.isDirectory()).flatMap(({ name }) => treeOf(path.join(folder, name)));
  return [...below, folder];
}

function readLines(file: string): readonly string[] {
  try {
    return fs.readFileSync(file, 'utf8').split('\n').filter(Boolean);
  } catch (error) {
    // Cgroups and the processes in them may go at any time.
    if (['ENOENT', 'ENODEV', 'EOPNOTSUPP'].includes((error as NodeJS.ErrnoException).code ?? '')) return [];
    throw error;
  }
}

/**
 * CPU that everything in a cgroup used, in seconds, by its name somewhere below another one.
 * @throws ProvingError where there is none
 */
export function cpuSecondsOf(above: string, name: string): number {
  const folder = controllerFolders().find((each) => fs.existsSync(path.join(each, above, 'cpuacct.usage'))) ?? '';
  const found = fs.readdirSync(path.join(folder, above), { recursive: true, encoding: 'utf8' });
  const cgroup = found.find((each) => path.basename(each) === name);
  if (cgroup === undefined) throw new ProvingError(`there is no cgroup ${name} below ${above}`);
  return Number(fs.readFileSync(path.join(folder, above, cgroup, 'cpuacct.usage'), 'utf8')) / 1e9;
}
