import { spawnSync } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { loadEnvironment } from '../../config/index.ts';
import { ProvingError } from '../machine/error.ts';
import { binary, toolsHere } from '../tools/cache.ts';
import type { ProgramName } from '../tools/programs.ts';
import { planCluster } from './plan.ts';
import type { ClusterPlan } from './plan.ts';

/** A cluster of this machine, running or not. */
export interface Cluster {
  readonly plan: ClusterPlan;
  /** Everything it keeps: disks of its nodes, keys, logs. Outside of the tree. */
  readonly folder: string;
  /** The store of images, which outlive clusters like the programs they are made of. */
  readonly images: string;
  /** Its cgroup below the root of each hierarchy. All its processes are in there, so whose they are is never a guess. */
  readonly cgroup: string;
  /** Path of a built program. @throws InputError where it isn't built */
  program(name: ProgramName): string;
}

/** How far a cluster came; the file is missing where there is none. */
export interface State {
  readonly phase: 'starting' | 'up';
  /** ISO 8601. */
  readonly since: string;
}

/** The cluster of an environment of `config/`. @throws InputError for an unknown environment */
export function clusterOf(environment: string): Cluster {
  const { cache } = toolsHere();
  const folder = path.join(cache, 'cluster', environment);
  // Another cache is another cluster, although the environment has the same name.
  const digest = crypto.createHash('sha256').update(folder).digest('hex').slice(0, 8);
  return {
    plan: planCluster(loadEnvironment(environment)),
    folder,
    images: path.join(cache, 'images'),
    cgroup: `diptych/${environment}-${digest}`,
    program: binary,
  };
}

export const pkiFolder = ({ folder }: Pick<Cluster, 'folder'>): string => path.join(folder, 'pki');
export const diskOf = ({ folder }: Cluster, node: string): string => path.join(folder, 'nodes', node);
export const logsOf = ({ folder }: Cluster, node: string): string => path.join(folder, 'logs', node);
export const adminKubeconfig = (cluster: Cluster): string => path.join(pkiFolder(cluster), 'admin.kubeconfig');

export function readState({ folder }: Cluster): State | undefined {
  const file = path.join(folder, 'state.json');
  if (!fs.existsSync(file)) return undefined;
  return JSON.parse(fs.readFileSync(file, 'utf8')) as State;
}

export function writeState({ folder }: Cluster, phase: State['phase']): void {
  fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = path.join(folder, 'state.json');
  const state: State = { phase, since: new Date().toISOString() };
  fs.writeFileSync(`${file}.new`, JSON.stringify(state));
  fs.renameSync(`${file}.new`, file);
}

/**
 * Runs an action while no other process brings this cluster up or down. The kernel frees the lock of a process that
 * ends in whatever way.
 * @throws ProvingError where another process holds it
 */
export async function withClusterLock<Value>({ folder }: Cluster, action: () => Promise<Value>): Promise<Value> {
  const file = `${folder}.lock`;
  fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  const descriptor = fs.openSync(file, 'a+');
  try {
    // flock(1) locks the open file, which stays ours after that process has ended.
    const { error, status } = spawnSync('flock', ['--nonblock', '3'], {
      stdio: ['ignore', 'ignore', 'ignore', descriptor],
    });
    if (error !== undefined) throw error;
    // Whoever took it down last removed the file, maybe after we opened it.
    const removed = fs.fstatSync(descriptor).nlink === 0;
    if (status !== 0 || removed) {
      const holder = fs.readFileSync(file, 'utf8').trim();
      throw new ProvingError(`process ${holder} brings this cluster up or down at this moment: wait for it`);
    }
    fs.ftruncateSync(descriptor);
    fs.writeSync(descriptor, `${process.pid}\n`);
    return await action();
  } finally {
    fs.closeSync(descriptor);
  }
}

/** Removes the file of the lock that the caller holds, and the folder of all clusters if none is left. */
export function unlock({ folder }: Cluster): void {
  fs.rmSync(`${folder}.lock`, { force: true });
  if (fs.readdirSync(path.dirname(folder)).length === 0) fs.rmdirSync(path.dirname(folder));
}

/** The cgroup of a node's own services. */
export const systemCgroup = (cgroup: string, node: string): string => `${cgroup}/${node}/system`;
/** Where the kubelet makes the cgroups of the node's pods, from the root of the hierarchies. */
export const podCgroup = (cgroup: string, node: string): string => `/${cgroup}/${node}`;
