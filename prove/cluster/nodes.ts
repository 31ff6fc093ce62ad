import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { destroyCgroup, joinCgroup, makeCgroup, processesIn } from '../machine/cgroup.ts';
import { ProvingError } from '../machine/error.ts';
import { ownNamespaces } from '../machine/namespaces.ts';
import { must, run } from '../machine/run.ts';
import type { RunOptions } from '../machine/run.ts';
import { waitFor } from '../machine/wait-for.ts';
import { diskOf, logsOf, podCgroup, systemCgroup } from './handle.ts';
import type { Cluster } from './handle.ts';
import { prefixOf } from './plan.ts';
import type { NodePlan } from './plan.ts';

/** The bridge that all nodes' cables lead to. */
const bridge = 'fabric';

const fabricCgroup = ({ cgroup }: Cluster): string => `${cgroup}/fabric`;

/**
 * Starts the fabric: a network namespace with the bridge between the nodes. It leads nowhere else: what no node answers
 * to is unreachable at once.
 */
export async function startFabric(cluster: Cluster): Promise<void> {
  const { networks, outside } = cluster.plan;
  makeCgroup(fabricCgroup(cluster));
  startIn(
    fabricCgroup(cluster),
    ['unshare', '--net', 'sleep', 'infinity'],
    path.join(cluster.folder, 'logs', 'fabric.log'),
  );
  const pid = await waitFor('the namespace of the fabric', { atMost: 10, every: 10 }, () => fabricPid(cluster));
  const commands = [
    'ip link set lo up',
    `ip link add ${bridge} type bridge`,
    // The kernel's answer for connections between bridged ports would be iptables; the fabric is a plain switch.
    'sysctl -qw net.ipv4.ip_forward=1 net.bridge.bridge-nf-call-iptables=0',
    `ip address add ${outside}/${prefixOf(networks.nodes)} dev ${bridge}`,
    `ip link set ${bridge} up`,
  ];
  await must('nsenter', [`--net=/proc/${pid}/ns/net`, 'sh', '-euc', commands.join('\n')]);
}

/** Starts a node whose disk is written: its process 1, and its cable to the fabric. */
export async function startNode(cluster: Cluster, node: NodePlan): Promise<void> {
  const { name } = node;
  if (initPid(cluster, name) !== undefined) throw new ProvingError(`${name} runs already`);
  // What an earlier start that failed left.
  await killNode(cluster, node);
  makeCgroup(systemCgroup(cluster.cgroup, name));
  // The kubelet would bind it to the processors it counts, which the machine doesn't have.
  makeCgroup(`${podCgroup(cluster.cgroup, name).slice(1)}/kubepods`);
  const log = path.join(logsOf(cluster, name), 'stage.log');
  const stage = path.join(import.meta.dirname, 'files', 'stage.sh');
  startIn(
    systemCgroup(cluster.cgroup, name),
    [...['unshare', ...ownNamespaces], ...['/bin/bash', stage, diskOf(cluster, name), logsOf(cluster, name), name]],
    log,
  );
  const pid = await waitFor(`process 1 of ${name}`, { atMost: 10, every: 10, see: log }, () => initPid(cluster, name));
  await inFabric(cluster, [
    ...['ip', 'link', 'add', node.port, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', String(pid)],
  ]);
  await inFabric(cluster, ['ip', 'link', 'set', node.port, 'master', bridge, 'up']);
  await waitFor(`the network of ${name}`, { atMost: 20, see: logsOf(cluster, name) }, () =>
    fs.existsSync(onNode(cluster, name, '/run/network-ready')),
  );
}

/**
 * Takes a node's power away: whatever runs on it, containers too, is gone in this moment. Its disk stays; its cgroups
 * don't, because the kubelet would need 3 s for each stale one after its return.
 */
export async function killNode(cluster: Cluster, { name, port }: NodePlan): Promise<void> {
  // The cable first, or the kernel would still end the node's connections, which a machine without power can't.
  const pid = fabricPid(cluster);
  if (pid !== undefined) await run('nsenter', [`--net=/proc/${pid}/ns/net`, 'ip', 'link', 'delete', port]);
  await destroyCgroup(podCgroup(cluster.cgroup, name).slice(1));
}

/** Process id of a node's process 1, seen from the machine; undefined while the node is off. */
export function initPid({ cgroup }: Cluster, name: string): number | undefined {
  return processesIn(systemCgroup(cgroup, name)).find((pid) => {
    const ids = /^NSpid:\s+(.*)$/m.exec(readStatus(pid))?.[1]?.split(/\s+/);
    return ids?.length === 2 && ids[1] === '1';
  });
}

/** Path of a node's file, also of one that only its mounts show. The node must run. */
export function onNode(cluster: Cluster, name: string, file: string): string {
  return path.join(`/proc/${pidOf(cluster, name)}/root`, file);
}

/** A command line that runs a command on a node. @throws ProvingError where the node is off */
export function commandOnNode(cluster: Cluster, name: string, command: readonly string[]): readonly string[] {
  const namespaces = ['--mount', '--uts', '--ipc', '--net', '--pid', '--root', '--wd=/'];
  const pathOfNode = 'PATH=/opt/diptych/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
  return ['nsenter', '--target', String(pidOf(cluster, name)), ...namespaces, 'env', pathOfNode, ...command];
}

/** Runs a command on a node. @returns what it printed. @throws ProvingError where it fails */
export async function inNode(cluster: Cluster, name: string, command: readonly string[]): Promise<string> {
  const [program = '', ...args] = commandOnNode(cluster, name, command);
  return must(program, args);
}

/** Command-line prefix that runs a program of this machine in a node's network. */
export function inNetworkOf(cluster: Cluster, name: string): readonly string[] {
  return ['nsenter', `--net=/proc/${pidOf(cluster, name)}/ns/net`];
}

/** Runs a command in the fabric: the nodes' cables, and the world outside as they see it. */
export async function inFabric(cluster: Cluster, command: readonly string[], options?: RunOptions): Promise<string> {
  return must('nsenter', [fabricNetwork(cluster), ...command], options);
}

/** Starts a program in the fabric that ends with the cluster. `environment` is added to this program's. */
export function startInFabric(
  cluster: Cluster,
  command: readonly string[],
  log: string,
  environment: NodeJS.ProcessEnv = {},
): void {
  startIn(fabricCgroup(cluster), ['nsenter', fabricNetwork(cluster), ...command], log, environment);
}

/** The programs that run in the fabric, with their command lines. */
export function fabricProcesses(cluster: Cluster): readonly { readonly pid: number; readonly command: string[] }[] {
  return processesIn(fabricCgroup(cluster)).flatMap((pid) => {
    try {
      return [{ pid, command: fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0') }];
    } catch {
      // It ended meanwhile.
      return [];
    }
  });
}

/** @throws ProvingError where there is no fabric */
function fabricNetwork(cluster: Cluster): string {
  const pid = fabricPid(cluster);
  if (pid === undefined) throw new ProvingError(`there is no cluster ${cluster.plan.name}: run npm run prove -- up`);
  return `--net=/proc/${pid}/ns/net`;
}

export function fabricPid(cluster: Cluster): number | undefined {
  const own = fs.readlinkSync('/proc/self/ns/net');
  return processesIn(fabricCgroup(cluster)).find((pid) => {
    try {
      return fs.readlinkSync(`/proc/${pid}/ns/net`) !== own;
    } catch {
      return false;
    }
  });
}

function pidOf(cluster: Cluster, name: string): number {
  const pid = initPid(cluster, name);
  if (pid === undefined) throw new ProvingError(`${name} is off`);
  return pid;
}

function readStatus(pid: number): string {
  try {
    return fs.readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    return '';
  }
}

/** Starts a program that outlives this one, in a session and a cgroup of its own. */
function startIn(cgroup: string, command: readonly string[], log: string, environment: NodeJS.ProcessEnv = {}): void {
  fs.mkdirSync(path.dirname(log), { recursive: true });
  const descriptor = fs.openSync(log, 'a');
  const script = `${joinCgroup(cgroup)} && exec "$@"`;
  const child = spawn('/bin/sh', ['-c', script, 'start', ...command], {
    detached: true,
    cwd: '/',
    env: { ...process.env, ...environment },
    stdio: ['ignore', descriptor, descriptor],
  });
  // Why it failed stands in its log; that it failed is seen by who waits for it.
  child.on('error', (error) => fs.appendFileSync(log, `${error.message}\n`));
  child.unref();
  fs.closeSync(descriptor);
}
