import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { serverTypes } from '../../config/server-types.ts';
import type { ProgramName } from '../tools/programs.ts';
import { diskOf, logsOf, pkiFolder } from './handle.ts';
import type { Cluster } from './handle.ts';
import { configurationOf, keysOf } from './node-configuration.ts';
import { link, ownFile } from './own-files.ts';
import type { NodePlan } from './plan.ts';
import { pki, servicesOf } from './services.ts';
import type { Service } from './services.ts';
import { kernelSettings } from '../../synth/install/kubernetes.ts';

/** Mount points and folders that programs expect and don't make. */
const folders = [
  ...['usr', 'dev', 'proc', 'sys', 'run', 'tmp', 'root', 'opt/diptych/bin'],
  ...['var/log/diptych', 'var/log/pods', 'var/log/kubernetes', 'var/tmp', 'var/lib/etcd'],
];

/** Of the machine's /etc: what its programs read. */
const borrowed = [
  ...['alternatives', 'ethertypes', 'group', 'iproute2', 'ld.so.cache', 'ld.so.conf', 'ld.so.conf.d'],
  ...['nsswitch.conf', 'passwd', 'protocols', 'services', 'ssl/certs/ca-certificates.crt'],
];

/**
 * Writes the disk of a node: a root file system of its own, of which only /usr and /dev are the machine's. What is on
 * it survives the loss of power.
 */
export function writeDisk(cluster: Cluster, node: NodePlan): void {
  const disk = diskOf(cluster, node.name);
  const write = (file: string, content: string, mode = 0o644) => {
    fs.mkdirSync(path.dirname(path.join(disk, file)), { recursive: true });
    fs.writeFileSync(path.join(disk, file), content, { mode });
  };
  for (const folder of folders) fs.mkdirSync(path.join(disk, folder), { recursive: true });
  fs.chmodSync(path.join(disk, 'tmp'), 0o1777);
  fs.mkdirSync(logsOf(cluster, node.name), { recursive: true });
  for (const name of ['bin', 'sbin', 'lib', 'lib32', 'lib64', 'libx32']) {
    const link = fs.lstatSync(`/${name}`, { throwIfNoEntry: false });
    if (link?.isSymbolicLink()) fs.symlinkSync(fs.readlinkSync(`/${name}`), path.join(disk, name));
  }
  for (const name of borrowed.filter((entry) => fs.existsSync(`/etc/${entry}`))) {
    fs.cpSync(`/etc/${name}`, path.join(disk, 'etc', name), { recursive: true, verbatimSymlinks: true });
  }
  for (const [file, content] of Object.entries(configurationOf(cluster, node))) write(file, content);
  for (const [file, value] of Object.entries(kernelSettings)) write(`etc/diptych/kernel/${file}`, `${value}\n`);
  for (const [file, text] of Object.entries(processorsOf(node))) write(`etc/diptych/processors/${file}`, `${text}\n`);
  write('etc/diptych/init', ownFile('init.sh'));
  const services = servicesOf(cluster.plan, node);
  for (const service of services) write(`etc/diptych/services/${service.name}`, scriptOf(service), 0o755);
  const programs: readonly ProgramName[] = ['containerd-shim-runc-v2', 'ctr'];
  for (const name of [...programs, ...services.map((service) => service.program ?? (service.name as ProgramName))]) {
    link(cluster.program(name), path.join(disk, 'opt/diptych/bin', name));
  }
  for (const file of keysOf(node)) {
    fs.mkdirSync(path.join(disk, pki), { recursive: true, mode: 0o700 });
    fs.copyFileSync(path.join(pkiFolder(cluster), file), path.join(disk, pki, file));
  }
}

/**
 * What a kubelet counts a machine's processors by: as many as the node's server type has, so that what fits on it there
 * fits here too. How fast they are together is this machine's affair.
 */
export function processorsOf({ serverType }: NodePlan): Readonly<Record<string, string>> {
  const count = serverTypes[serverType]?.vcpu ?? os.cpus().length;
  const list = count === 1 ? '0' : `0-${count - 1}`;
  const numbers = Array.from({ length: count }, (_, number) => number);
  return {
    ...{ online: list, possible: list, present: list },
    ...Object.fromEntries(
      numbers.flatMap((number) => [
        [`cpu${number}/online`, '1'],
        [`cpu${number}/topology/core_id`, String(number)],
        [`cpu${number}/topology/physical_package_id`, '0'],
        [`cpu${number}/topology/thread_siblings_list`, String(number)],
        [`cpu${number}/cache/index0/level`, '1'],
        [`cpu${number}/cache/index0/type`, 'Unified'],
        [`cpu${number}/cache/index0/size`, '32K'],
        [`cpu${number}/cache/index0/shared_cpu_list`, String(number)],
        [`cpu${number}/cache/index0/shared_cpu_map`, (1n << BigInt(number)).toString(16)],
        [`cpu${number}/cache/index0/id`, String(number)],
      ]),
    ),
  };
}

function scriptOf({ name, program, args, after }: Service): string {
  const command = [`/opt/diptych/bin/${program ?? name}`, ...args].map((word) => `'${word}'`).join(' \\\n  ');
  const wait = after === undefined ? '' : `until [ -e ${after} ]; do sleep 0.1; done\n`;
  return `#!/bin/sh\n${wait}exec ${command}\n`;
}
