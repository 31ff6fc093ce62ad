import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { InputError } from '../../constructs/core/error.ts';
import type { Tools } from './cache.ts';

/** Packages of Debian and Ubuntu that the proving ground uses, and for what. */
export const packages = {
  'ca-certificates': 'so that Go reaches its module proxy',
  chromium: 'opens pages as people do',
  conntrack: 'connection tracking, as kube-proxy reads it',
  'containernetworking-plugins': "the pods' network",
  curl: "makes the object storages' buckets",
  'debian-archive-keyring': 'the keys of Debian, for images of another release than the machine',
  debootstrap: 'images from packages, in place of a registry',
  gcc: 'builds the programs that load libraries of the system',
  'g++': "builds the sample backend's one package that is no JavaScript",
  git: 'the repository that Argo CD reads',
  iproute2: "the nodes' network namespaces",
  'iputils-ping': 'packets of any size',
  ipset: 'sets of addresses, which the NetworkPolicy enforcer fills',
  iptables: 'the rules of kube-proxy and of the NetworkPolicy enforcer',
  kmod: 'loads kernel modules',
  'libc6-dev': 'the same',
  'libkrb5-dev': 'Kerberos, for that package',
  'libsodium-dev': "encrypts WAL-G's backups",
  make: 'the same as g++',
  nftables: 'cuts nodes off in drills',
  openssl: 'certificates of the drills',
  procps: 'reads processes and kernel settings',
  'python3-pip': 'fetches wheels from PyPI for images',
  'redis-server': 'Redis and Sentinel',
  runc: 'starts containers',
  tini: 'the first process of images',
  'util-linux': 'namespaces, locks',
  'wireguard-go': 'the tunnel between nodes, where the kernel has none',
  'wireguard-tools': 'makes that tunnel, as on a node',
} as const;

export type PackageName = keyof typeof packages;

export const packageNames = Object.keys(packages) as readonly PackageName[];

/** Versions of those of the packages that are installed; undefined where packages aren't Debian's. */
export function installedPackages(
  env: NodeJS.ProcessEnv = process.env,
): Readonly<Partial<Record<PackageName, string>>> | undefined {
  const format = '${db:Status-Status} ${Package} ${Version}\n';
  const { error, stdout } = spawnSync('dpkg-query', ['--show', `--showformat=${format}`, ...packageNames], {
    env,
    encoding: 'utf8',
  });
  if (error !== undefined) return undefined;
  const lines = stdout.split('\n').map((line) => line.split(' '));
  const installed = lines.flatMap(([state, name = '', version = '']) =>
    state === 'installed' ? [[name, version] as const] : [],
  );
  return Object.fromEntries(installed);
}

export function missingPackages(env: NodeJS.ProcessEnv = process.env): readonly PackageName[] {
  const installed = installedPackages(env) ?? {};
  return packageNames.filter((name) => installed[name] === undefined);
}

/**
 * Installs packages with apt-get and records the versions of all in `packages.json` of the cache.
 * @throws InputError elsewhere than on Debian or Ubuntu, for another user than root, and where apt-get fails
 */
export function installPackages(names: readonly PackageName[], report: (text: string) => void, tools: Tools): void {
  if (names.length === 0) return;
  const where = names.join(', ');
  if (installedPackages(tools.env) === undefined) {
    const what = 'they are installed for you on Debian and Ubuntu only';
    throw new InputError({ where, what, allowed: 'Debian or Ubuntu', remedy: 'install what they contain yourself' });
  }
  if (process.getuid?.() !== 0) {
    const remedy = `sudo apt-get install --no-install-recommends ${names.join(' ')}`;
    throw new InputError({ where, what: 'only root can install them', allowed: 'root', remedy });
  }
  report(`${where}: installing ...`);
  // A list of packages that is old names files that are gone, a new machine has none.
  let output = aptGet(['install', ...names], tools.env);
  if (output !== undefined) output = aptGet(['update'], tools.env) ?? aptGet(['install', ...names], tools.env);
  if (output !== undefined) {
    report(' failed\n');
    const what = `apt-get failed:\n    ${output.trim().split('\n').slice(-5).join('\n    ')}`;
    throw new InputError({ where, what, allowed: 'packages that can be installed', remedy: 'mend what it names' });
  }
  report(' done\n');
  fs.mkdirSync(tools.cache, { recursive: true });
  const versions = JSON.stringify(installedPackages(tools.env), undefined, 2);
  fs.writeFileSync(path.join(tools.cache, 'packages.json'), `${versions}\n`);
}

/** @returns what it printed if it failed */
function aptGet([action = '', ...names]: readonly string[], env: NodeJS.ProcessEnv): string | undefined {
  const { status, stdout, stderr } = spawnSync('apt-get', [action, '-y', '--no-install-recommends', ...names], {
    // In this run level installing redis-server doesn't start a Redis on the machine.
    env: { ...env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' },
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  return status === 0 ? undefined : `${stdout}${stderr}`;
}
