import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import process from 'node:process';
import { ownNamespaces } from '../../machine/namespaces.ts';

/** One line of the doctor's table. */
export interface Check {
  readonly name: string;
  /** `note`: worth knowing, but nothing to mend. */
  readonly state: 'ok' | 'note' | 'missing';
  readonly text: string;
  /** What to do where it is missing. */
  readonly remedy?: string;
}

/** The cluster with Argo CD and two databases took 4 GiB; a link of kube-apiserver takes 2. */
const memoryGibibytes = 6;

/** Checks the machine: system, user, control groups, kernel, memory. What can be tried is tried, in namespaces of its own. */
export function machineChecks(): readonly Check[] {
  if (process.platform !== 'linux') {
    return [missing('system', `${process.platform}: nodes are made of Linux namespaces`, 'use a Linux machine')];
  }
  const system = [ok('system', `Linux ${os.release()}, ${os.cpus().length} processors`)];
  if (process.getuid?.() !== 0) {
    return [...system, missing('user', 'not root: the kernel can be checked by root only', 'run it as root')];
  }
  return [...system, ok('user', 'root'), controlGroups(), ...kernelChecks(), memory()];
}

/** What containerd and the kubelet find below /sys/fs/cgroup. */
function controlGroups(): Check {
  const name = 'control groups';
  const remedy = 'mount them, or let the container that this runs in see them';
  if (fs.existsSync('/sys/fs/cgroup/cgroup.controllers')) {
    const versionOne = 'boot with systemd.unified_cgroup_hierarchy=0, or take a machine that has version 1';
    return missing(name, 'version 2: the proving ground was only ever run on version 1', versionOne);
  }
  const mounts = fs.readFileSync('/proc/mounts', 'utf8').split('\n');
  const found = mounts.map((line) => line.split(' ')).filter(([, , type]) => type === 'cgroup');
  const controllers = found.flatMap(([, , , options = '']) => options.split(','));
  const needed = ['cpu', 'cpuacct', 'cpuset', 'devices', 'freezer', 'memory', 'pids'];
  const absent = needed.filter((controller) => !controllers.includes(controller));
  return absent.length === 0 ? ok(name, 'version 1') : missing(name, `version 1 without ${absent.join(', ')}`, remedy);
}

function kernelChecks(): readonly Check[] {
  const checks: readonly (readonly [name: string, script: string, what: string])[] = [
    ['namespaces', 'true', 'network, mount, process, host name and IPC namespaces'],
    ['overlayfs', mountOverlay, 'layers of images'],
    ['veth, bridge', addLinks, "the pods' and nodes' network"],
    [
      'nftables',
      'nft add table inet t && nft add chain inet t c { type filter hook prerouting priority -310\\; }',
      'cuts',
    ],
    ['iptables', addRules, 'nat, conntrack, comment, mark and statistic matches'],
    ['ipset', addSet, 'sets, and the match that uses them'],
  ];
  return checks.map(([name, script, what]) => {
    const problem = inNamespaces(script);
    return problem === undefined
      ? ok(name, what)
      : missing(name, `${what}: ${problem}`, 'install the Debian packages named below, or use a kernel that has it');
  });
}

const mountOverlay = `mount -t tmpfs none /mnt && cd /mnt && mkdir lower upper work merged &&
mount -t overlay overlay -o lowerdir=lower,upperdir=upper,workdir=work merged`;

const addLinks = `ip link add bridge0 type bridge && ip link add end0 type veth peer name end1 &&
ip link set end0 master bridge0`;

const addRules = `iptables -w -t nat -A POSTROUTING -m comment --comment x -m mark --mark 0x4000/0x4000 -j MASQUERADE &&
iptables -w -t nat -A PREROUTING -p tcp -m statistic --mode random --probability 0.5 -j DNAT --to 10.0.0.1:80 &&
iptables -w -A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT &&
iptables -w -A FORWARD -j REJECT`;

const addSet = 'ipset create t hash:ip && iptables -w -A FORWARD -m set --match-set t src -j ACCEPT';

/** Runs a script where nothing of it outlasts it. @returns why it failed */
function inNamespaces(script: string): string | undefined {
  const { error, status, stderr } = spawnSync('unshare', [...ownNamespaces, 'sh', '-ec', script], { encoding: 'utf8' });
  if (error !== undefined) return error.message;
  return status === 0 ? undefined : stderr.trim().split('\n').join(' ');
}

function memory(): Check {
  const gibibytes = os.freemem() / 2 ** 30;
  const text = `${gibibytes.toFixed(1)} GiB free, ${memoryGibibytes} needed`;
  return gibibytes >= memoryGibibytes ? ok('memory', text) : missing('memory', text, 'end other programs');
}

export function ok(name: string, text: string): Check {
  return { name, state: 'ok', text };
}

export function note(name: string, text: string): Check {
  return { name, state: 'note', text };
}

export function missing(name: string, text: string, remedy: string): Check {
  return { name, state: 'missing', text, remedy };
}
