import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { InputError } from '../../constructs/core/error.ts';
import type { Finding } from '../../constructs/core/error.ts';
import { controllerFolders } from '../machine/cgroup.ts';
import { missingPrograms, remedy } from '../tools/cache.ts';
import type { ProgramName } from '../tools/programs.ts';
import type { Cluster } from './handle.ts';
import type { ClusterPlan } from './plan.ts';

/** Programs that every cluster runs. */
export const clusterPrograms: readonly ProgramName[] = [
  ...(['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubectl', 'kubelet', 'kube-proxy'] as const),
  ...(['etcd', 'containerd', 'containerd-shim-runc-v2', 'ctr', 'netpold', 'probe', 'coredns'] as const),
  ...(['local-path-provisioner', 'metrics-server', 'versitygw'] as const),
];

/** Debian's names of the packages with what isn't built. */
const packages: Readonly<Record<string, readonly string[]>> = {
  conntrack: ['/usr/sbin/conntrack'],
  curl: ['/usr/bin/curl'],
  'containernetworking-plugins': ['bridge', 'host-local', 'loopback', 'portmap'].map((name) => `/usr/lib/cni/${name}`),
  ipset: ['/usr/sbin/ipset'],
  iptables: ['/usr/sbin/iptables'],
  nftables: ['/usr/sbin/nft'],
  openssl: ['/usr/bin/openssl'],
  runc: ['/usr/sbin/runc'],
  'util-linux': ['flock', 'nsenter', 'setpriv', 'unshare'].map((name) => `/usr/bin/${name}`),
};

/** What statfs(2) says of overlayfs. */
const overlayMagic = 0x794c7630;

/** What nodes share of the machine for each, and the machine itself, in bytes: a control plane alone takes 0.6 GB. */
const memoryOfNode = 2 ** 31;

/** @throws InputError with everything that keeps a cluster from running on this machine */
export function checkMachine({ plan, folder }: Pick<Cluster, 'plan' | 'folder'>): void {
  const findings = [
    ...[...rightsFindings(), ...kernelFindings(), ...diskFindings(folder)],
    ...[...programFindings(), ...memoryFindings(plan)],
  ];
  if (findings.length > 0) throw new InputError(findings);
}

function rightsFindings(): Finding[] {
  if (process.platform === 'linux' && process.getuid?.() === 0) return [];
  return [
    {
      where: 'this machine',
      what: `${process.platform}, user id ${process.getuid?.() ?? 'unknown'}`,
      allowed: 'Linux, as root: nodes are namespaces with mounts and networks of their own',
      remedy: 'run it as root on a Linux machine or in a virtual one',
    },
  ];
}

function kernelFindings(): Finding[] {
  if (process.platform !== 'linux') return [];
  const findings: Finding[] = [];
  const controllers = controllerFolders().map((folder) => path.basename(folder));
  const missing = ['cpu', 'memory', 'pids', 'freezer'].filter(
    (name) => !controllers.join(',').split(',').includes(name),
  );
  if (missing.length > 0) {
    findings.push({
      where: '/sys/fs/cgroup',
      what: `no version 1 hierarchy of ${missing.join(', ')}`,
      allowed: 'cgroup version 1: the proving ground was only ever run on it',
      remedy: 'boot with systemd.unified_cgroup_hierarchy=0, or take a machine that has it',
    });
  }
  const bridge = '/proc/sys/net/bridge';
  if (!fs.existsSync(bridge)) {
    findings.push({
      where: bridge,
      what: 'there is no such folder',
      allowed: 'the kernel module br_netfilter: without it, policies between pods of one node are not enforced',
      remedy: 'modprobe br_netfilter',
    });
  }
  if (!/\boverlay\b/.test(fs.readFileSync('/proc/filesystems', 'utf8'))) {
    findings.push({
      where: '/proc/filesystems',
      what: 'no overlay',
      allowed: "the file system of containers' images",
      remedy: 'modprobe overlay',
    });
  }
  return findings;
}

function diskFindings(folder: string): Finding[] {
  let existing = folder;
  while (!fs.existsSync(existing)) existing = path.dirname(existing);
  if (fs.statfsSync(existing).type !== overlayMagic) return [];
  return [
    {
      where: folder,
      what: 'it lies on overlayfs, as the root of a container does',
      allowed: "a disk's own file system: the layers of the nodes' containers can't be stacked on another overlay",
      remedy: 'set DIPTYCH_CACHE to a folder on a disk or a mounted volume',
    },
  ];
}

function programFindings(): Finding[] {
  const absent = Object.entries(packages).filter(([, files]) => files.some((file) => !fs.existsSync(file)));
  const unbuilt = missingPrograms(clusterPrograms);
  return [
    ...absent.map(([name, files]) => ({
      where: name,
      what: `${files.find((file) => !fs.existsSync(file)) ?? ''} is missing`,
      allowed: "Debian's package, or the same files of another",
      remedy: `apt-get install ${name}`,
    })),
    ...(unbuilt.length === 0
      ? []
      : [
          {
            where: 'programs',
            what: `not built: ${unbuilt.join(', ')}`,
            allowed: 'all of them',
            remedy: `run ${remedy}`,
          },
        ]),
  ];
}

function memoryFindings({ nodes }: ClusterPlan): Finding[] {
  const needed = memoryOfNode * (nodes.length + 1);
  if (os.totalmem() >= needed) return [];
  const gibibytes = (bytes: number) => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
  return [
    {
      where: 'memory',
      what: gibibytes(os.totalmem()),
      allowed: `${gibibytes(needed)} or more for ${nodes.length} nodes`,
      remedy: 'take a larger machine',
    },
  ];
}
