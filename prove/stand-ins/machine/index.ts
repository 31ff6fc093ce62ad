import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { installPlan } from '../../../synth/install/plan.ts';
import type { InstallPlan, NodePlan } from '../../../synth/install/plan.ts';
import { ProvingError } from '../../machine/error.ts';
import { must, run } from '../../machine/run.ts';
import type { Result } from '../../machine/run.ts';

/** The sentence of the ledger. */
export const standIn =
  'folders for the roots of machines, and programs that note what they are asked for systemd, K3s, kubectl and SSH';

/** Programs of a machine that are stood in for, whatever the network. */
const always = [
  ...['ssh', 'systemctl', 'curl', 'k3s', 'k3s-install.sh', 'journalctl', 'swapon', 'mountpoint', 'mount', 'umount'],
  ...['sysctl', 'modprobe', 'apt-get', 'df', 'resize2fs', 'sleep', 'npm'],
  // Only looked for.
  ...['update-ca-certificates', 'unattended-upgrade'],
];
/** Those of the network itself. */
const network = ['ip', 'nft', 'wg', 'wg-quick', 'ping'];

export interface MachinesOptions {
  /** Of this repository. */
  readonly root: string;
  readonly environment: string;
  readonly folder: string;
  /** What runs a command on each machine; with it the network's programs are the real ones. @default they are stood in for */
  readonly enter?: Readonly<Record<string, readonly string[]>>;
}

/** The machines of an environment, for the real scripts of install/: roots that are folders, and programs that only note. */
export class Machines {
  readonly plan: InstallPlan;
  /** A copy of the tree, as far as install/run reads it. */
  readonly tree: string;
  readonly secrets: string;
  private readonly options: MachinesOptions;

  private constructor(options: MachinesOptions, plan: InstallPlan) {
    this.options = options;
    this.plan = plan;
    this.tree = path.join(options.folder, 'tree');
    this.secrets = path.join(options.folder, 'secrets');
  }

  /** Machines on which nothing was ever installed. @throws ProvingError for an environment that has none */
  static async make(options: MachinesOptions): Promise<Machines> {
    const plan = installPlan(options.environment);
    if (plan === undefined) throw new ProvingError(`${options.environment} has no machines`);
    const machines = new Machines(options, plan);
    fs.rmSync(options.folder, { recursive: true, force: true });
    machines.copyTree();
    machines.writePrograms();
    for (const node of plan.nodes) machines.makeRoot(node);
    await machines.makeSecrets();
    return machines;
  }

  /** The root of a machine. */
  rootOf(node: string): string {
    return path.join(this.options.folder, node);
  }

  /** A file of a machine. */
  file(node: string, name: string): string {
    return path.join(this.rootOf(node), name);
  }

  /** Asks a stand-in of a machine for something, by what its stub folder has. */
  ask(node: string, name: string, text = ''): void {
    fs.writeFileSync(this.file(node, `stub/${name}`), text);
  }

  /** What the buckets have: a snapshot of etcd; or, as a refusal, why there is no way back. */
  buckets(name: 'snapshot' | 'no-way-back', text: string): void {
    fs.writeFileSync(path.join(this.options.folder, name), text);
  }

  /** Nobody asks anything of the buckets any more. */
  unasked(): void {
    for (const name of ['snapshot', 'no-way-back']) fs.rmSync(path.join(this.options.folder, name), { force: true });
  }

  /** The disk of a machine is lost, and another one is in its place. */
  replace(node: string): void {
    fs.rmSync(this.rootOf(node), { recursive: true });
    const plan = this.plan.nodes.find(({ name }) => name === node);
    if (plan === undefined) throw new ProvingError(`there is no ${node}`);
    this.makeRoot(plan);
  }

  unask(node: string, name: string): void {
    fs.rmSync(this.file(node, `stub/${name}`), { force: true });
  }

  /** Everything on a machine that isn't the stand-ins' own, by its path: its mode and its content, or the sum of it. */
  contentsOf(node: string): Readonly<Record<string, string>> {
    const root = this.rootOf(node);
    const entries = fs.readdirSync(root, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
    return Object.fromEntries(
      files
        .map((file) => [path.relative(root, file), file] as const)
        .filter(([name]) => !/^(stub|run)\//.test(name))
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, file]) => [
          name,
          `${(fs.statSync(file).mode & 0o777).toString(8)} ${sumOf(fs.readFileSync(file))}`,
        ]),
    );
  }

  /** What nobody may read, by its file: keys, tokens. */
  secretValues(): Readonly<Record<string, string>> {
    const entries = fs.readdirSync(this.secrets, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile() && !/\.pub$|^(lock|known_hosts|sealing)/.test(entry.name));
    return Object.fromEntries(
      files.map((entry) => [entry.name, fs.readFileSync(path.join(entry.parentPath, entry.name), 'utf8').trim()]),
    );
  }

  /** Runs install/run of this environment. */
  install(...args: readonly string[]): Promise<Result> {
    return this.command('run', this.plan.environment, '--outputs', this.outputs, '--secrets', this.secrets, ...args);
  }

  /** Runs a command of install/, as the operator would. */
  command(name: string, ...args: readonly string[]): Promise<Result> {
    return run('bash', [path.join(this.tree, 'install', name), ...args], { timeout: 300, env: this.environment() });
  }

  /**
   * Types lines as somebody would in the root of the repository, whose home has the secrets, and who reaches the machines.
   * What they are to read on a machine is below its own root.
   */
  type(...lines: readonly string[]): Promise<Result> {
    const home = path.join(this.options.folder, '.diptych');
    fs.mkdirSync(home, { recursive: true });
    const secrets = path.join(home, this.plan.environment);
    if (!fs.existsSync(secrets)) fs.symlinkSync(this.secrets, secrets);
    const tofu = path.join(this.bin, 'tofu');
    fs.writeFileSync(tofu, `#!/bin/sh\nexec cat ${this.outputs}\n`, { mode: 0o755 });
    const text = ['set -e', ...lines].join('\n');
    return run('bash', ['-c', text], { cwd: this.tree, timeout: 300, env: this.environment() });
  }

  /** Pins another release of K3s, which can be downloaded. @returns what pins the one before again */
  release(version: string): () => void {
    const pins = path.join(this.tree, 'install/pins.env');
    const before = fs.readFileSync(pins, 'utf8');
    const of = (key: string): string => new RegExp(`^${key}='(.*)'$`, 'm').exec(before)?.[1] ?? '';
    const releases = of('K3S_URL').replace('file://', '');
    const program = `${fs.readFileSync(path.join(releases, 'k3s'), 'utf8')}# ${version}\n`;
    fs.mkdirSync(path.join(releases, version));
    fs.writeFileSync(path.join(releases, version, 'k3s'), program);
    const now = before
      .replace(of('K3S_VERSION'), version)
      .replace(/^(K3S_URL=')(.*)'$/m, `$1$2/${version}'`)
      .replace(of('K3S_SHA256'), sumOf(program));
    fs.writeFileSync(pins, now);
    return () => fs.writeFileSync(pins, before);
  }

  private get outputs(): string {
    return path.join(this.options.folder, 'outputs.json');
  }

  private get bin(): string {
    return path.join(this.options.folder, 'bin');
  }

  private environment(): NodeJS.ProcessEnv {
    const { enter, folder } = this.options;
    return {
      ...process.env,
      PATH: `${this.bin}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:${process.env.PATH ?? ''}`,
      HOME: folder,
      STUB_BIN: this.bin,
      STUB_MACHINES: path.join(folder, 'machines'),
      ...(enter === undefined ? { SYS_NET: path.join(folder, 'net') } : { STUB_NETWORK: 'yes' }),
      // Bounds of waits that would be in vain.
      ...{ ADDRESS_SECONDS: '3', K3S_SECONDS: '3', SYNC_SECONDS: '3', SSH_SECONDS: '3', LOCK_SECONDS: '1' },
      APT_SECONDS: '3',
      NEEDED_MEBIBYTES: '100',
    };
  }

  private copyTree(): void {
    const { root, environment } = this.options;
    for (const part of ['install', `dist/${environment}`, `argocd/${environment}`]) {
      fs.cpSync(path.join(root, part), path.join(this.tree, part), { recursive: true });
    }
  }

  /** Programs under their names, and releases that can be downloaded: what K3s' have is a call of the stand-in. */
  private writePrograms(): void {
    const { folder, enter } = this.options;
    const programs = path.join(import.meta.dirname, 'programs.sh');
    // Else the machine's own would be found in their place.
    fs.accessSync(programs, fs.constants.X_OK);
    fs.mkdirSync(this.bin, { recursive: true });
    for (const name of [...always, ...(enter === undefined ? network : [])]) {
      fs.symlinkSync(programs, path.join(this.bin, name));
    }
    fs.mkdirSync(path.join(folder, 'net/enp7s0'), { recursive: true });
    fs.writeFileSync(path.join(folder, 'net/enp7s0/mtu'), '1450\n');
    const releases = path.join(folder, 'releases');
    const calls = (name: string) => `#!/bin/sh\nexec "$STUB_BIN/${name}" "$@"\n`;
    const files = { k3s: calls('k3s'), 'install.sh': calls('k3s-install.sh'), 'argocd.yaml': 'kind: List\n' };
    fs.mkdirSync(releases);
    for (const [name, text] of Object.entries(files)) fs.writeFileSync(path.join(releases, name), text);
    const pins = {
      K3S_VERSION: 'v0.0.0+k3s1',
      K3S_URL: `file://${releases}`,
      K3S_SHA256: sumOf(files.k3s),
      K3S_INSTALLER_URL: `file://${releases}/install.sh`,
      K3S_INSTALLER_SHA256: sumOf(files['install.sh']),
      ARGOCD_URL: `file://${releases}/argocd.yaml`,
      ARGOCD_SHA256: sumOf(files['argocd.yaml']),
    };
    const lines = Object.entries(pins).map(([key, value]) => `${key}='${value}'\n`);
    fs.writeFileSync(path.join(this.tree, 'install/pins.env'), lines.join(''));
    const machines = this.plan.nodes.map(({ name, address }, index) =>
      [publicAddress(index), address, this.rootOf(name), ...(enter?.[name] ?? [])].join(' '),
    );
    fs.writeFileSync(path.join(folder, 'machines'), `${machines.join('\n')}\n`);
    const nodes = Object.fromEntries(
      this.plan.nodes.map(({ name, role, privateAddress }, index) => {
        return [name, { role, address: privateAddress, public_address: publicAddress(index), volumes: {} }];
      }),
    );
    this.tellNodes(nodes);
  }

  /** Gives the floating IP to a node, as Terraform says it. */
  moveFloatingIp(to: string): void {
    const { nodes } = JSON.parse(fs.readFileSync(this.outputs, 'utf8')) as {
      readonly nodes: { readonly value: Readonly<Record<string, object>> };
    };
    const told = Object.entries(nodes.value).map(([name, node]) => {
      return [name, { ...node, floating_ip: name === to ? floatingIp : null }];
    });
    this.tellNodes(Object.fromEntries(told) as object);
  }

  /** Attaches volumes to nodes, by their names and numbers, and no others, as Terraform says it. */
  attach(volumes: Readonly<Record<string, Readonly<Record<string, number>>>>): void {
    const { nodes } = JSON.parse(fs.readFileSync(this.outputs, 'utf8')) as {
      readonly nodes: { readonly value: Readonly<Record<string, object>> };
    };
    const told = Object.entries(nodes.value).map(([name, node]) => {
      const devices = Object.entries(volumes[name] ?? {}).map(([volume, number]) => {
        const device = `/dev/disk/by-id/scsi-0HC_Volume_${number}`;
        fs.mkdirSync(path.dirname(this.file(name, device)), { recursive: true });
        fs.writeFileSync(this.file(name, device), '');
        return [volume, device];
      });
      return [name, { ...node, volumes: Object.fromEntries(devices) as object }];
    });
    this.tellNodes(Object.fromEntries(told) as object);
  }

  private tellNodes(value: object): void {
    fs.writeFileSync(this.outputs, JSON.stringify({ nodes: { value } }));
  }

  private makeRoot({ name, privateAddress }: NodePlan): void {
    for (const folder of ['etc', 'run', 'var/lib', 'usr/local/bin', 'etc/systemd/system', 'stub']) {
      fs.mkdirSync(this.file(name, folder), { recursive: true });
    }
    fs.writeFileSync(this.file(name, 'etc/hosts'), '127.0.0.1 localhost\n');
    this.ask(name, 'private', privateAddress);
  }

  private async makeSecrets(): Promise<void> {
    fs.mkdirSync(path.join(this.secrets, 'snapshots'), { recursive: true });
    for (const key of ['access-key', 'secret-key']) {
      fs.writeFileSync(path.join(this.secrets, 'snapshots', key), `the-${key}-of-the-drills\n`);
    }
    // Made once for all: an RSA key of 4096 bits takes seconds.
    for (const [file, text] of Object.entries(sealing)) fs.writeFileSync(path.join(this.secrets, file), text);
    const args = [path.join(this.tree, 'install/secrets'), this.plan.environment, '--folder', this.secrets];
    await must('bash', args, { env: this.environment() });
  }
}

/** What stands for the key that secrets are sealed with: nothing is sealed for it. */
const sealing = { 'sealing.key': 'not a key\n', 'sealing.crt': 'not a certificate\n' };

export const floatingIp = '198.51.100.99';

/** Of the range that is kept for documentation. */
export const publicAddress = (index: number): string => `198.51.100.${11 + index}`;

const sumOf = (data: string | Buffer): string => crypto.createHash('sha256').update(data).digest('hex');
