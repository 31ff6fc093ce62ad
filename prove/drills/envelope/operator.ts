import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { bucketsCommand } from '../../../scripts/buckets/command.ts';
import { stateFile } from '../../../scripts/buckets/wanted.ts';
import { bundleCommand } from '../../../scripts/bundle/command.ts';
import type { Kubectl } from '../../../scripts/bundle/cluster.ts';
import { archiveKeys, wantedFiles } from '../../../scripts/bundle/contents.ts';
import { bundleBucket } from '../../../scripts/bundle/store.ts';
import { filesBelow } from './empty-system.ts';
import type { LocalStorage } from '../../stand-ins/object-storage/local.ts';

export interface OperatorOptions {
  readonly root: string;
  readonly folder: string;
  readonly storage: LocalStorage;
  /** Secrets of production that something else has already, by their files, the sealing key among them. @default all at random */
  readonly known?: Readonly<Record<string, string>>;
  /** Asks a cluster. @default one with one key of the controller and one of each archive */
  readonly kubectl?: Kubectl;
}

const environments = ['production', 'three-node'] as const;

type Environment = (typeof environments)[number];

/** Somebody with the repository, the folder of secrets and a cluster, who may lose all of it. */
export class Operator {
  /** Of the bundles of production. */
  readonly bucket: string;
  /** Files that a bundle has of the cluster. */
  readonly inCluster = 2 + archiveKeys('production').length;
  private readonly options: OperatorOptions;
  private readonly sealingKey: string;
  private printed = '';
  private bundles = 0;

  private constructor(options: OperatorOptions, sealingKey: string) {
    this.options = options;
    this.sealingKey = sealingKey;
    this.bucket = bundleBucket(options.root, 'production', undefined).bucket;
  }

  /** Begins anew, with secrets at random. */
  static begin(options: OperatorOptions): Operator {
    const { root, folder, known = {} } = options;
    fs.rmSync(folder, { recursive: true, force: true });
    const { privateKey } = crypto.generateKeyPairSync('rsa', { modulusLength: 2048 });
    const sealingKey = known['sealing.key'] ?? privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    for (const environment of environments) {
      for (const { path: name } of wantedFiles(environment)) {
        const file = path.join(folder, 'secrets', environment, name);
        fs.mkdirSync(path.dirname(file), { recursive: true });
        fs.writeFileSync(file, name === 'sealing.key' ? sealingKey : crypto.randomBytes(32).toString('base64'));
      }
    }
    for (const [name, text] of Object.entries(known)) {
      fs.writeFileSync(path.join(folder, 'secrets/production', name), text);
    }
    for (const name of ['config', 'terraform'])
      fs.mkdirSync(path.join(folder, 'repository', name), { recursive: true });
    fs.writeFileSync(path.join(folder, 'repository/config/bundles.json'), '{}\n');
    fs.copyFileSync(path.join(root, stateFile), path.join(folder, 'repository', stateFile));
    return new Operator(options, sealingKey);
  }

  buckets(name: string): Promise<string> {
    return this.command((output) =>
      bucketsCommand({ root: this.options.root, env: this.env(), patienceMilliseconds: 10_000 }, [name], output),
    );
  }

  envelope(environment: Environment): Promise<string> {
    return this.bundle(['envelope', environment, '--out', this.pageFile(environment)]);
  }

  /** @returns `done`, or what was said */
  bundle(args: readonly string[]): Promise<string> {
    // Two in a second would have one name.
    const now = new Date(Date.UTC(2026, 10, 30, 12, 0, this.bundles++));
    const root = path.join(this.options.folder, 'repository');
    return this.command((output) =>
      bundleCommand(
        { root, now, env: this.env(), kubectl: this.options.kubectl ?? ((asked) => this.kubectl(asked)) },
        args,
        output,
      ),
    );
  }

  /** Where `open` brings secrets. */
  get opened(): string {
    return this.at('opened');
  }

  open(environment: Environment): Promise<string> {
    const to = this.opened;
    return this.bundle(['open', environment, '--identity', this.identityFile(environment), '--to', to]);
  }

  page(environment: Environment): string {
    return fs.readFileSync(this.pageFile(environment), 'utf8');
  }

  /** The identity of an envelope in a file, as somebody would type it. */
  identityFile(environment: Environment): string {
    const file = path.join(this.options.folder, `${environment}-identity.txt`);
    fs.writeFileSync(file, `${/AGE-SECRET-KEY-1\S+/.exec(this.page(environment))?.[0] ?? ''}\n`);
    return file;
  }

  /** Names of those secrets that the commands printed. */
  leaked(): string {
    const all = [...this.secrets('production')].map(
      ([name, hex]) => [name, Buffer.from(hex, 'hex').toString()] as const,
    );
    const identity = /AGE-SECRET-KEY-1\S+/.exec(this.page('production'))?.[0] ?? '';
    const found = [...all, ['identity', identity] as const].filter(([, text]) => this.printed.includes(text));
    return found.map(([name]) => name).join(', ') || 'none';
  }

  secrets(environment: Environment): ReadonlyMap<string, string> {
    return filesBelow(path.join(this.options.folder, 'secrets', environment));
  }

  /** Repository and secrets are gone; what was printed is not. */
  lose(): void {
    for (const name of ['secrets', 'repository']) fs.renameSync(this.at(name), this.at(`lost-${name}`));
  }

  /** @default all of it */
  returns(...names: readonly ('secrets' | 'repository')[]): void {
    for (const name of names.length > 0 ? names : ['secrets', 'repository'])
      fs.renameSync(this.at(`lost-${name}`), this.at(name));
  }

  private at(name: string): string {
    return path.join(this.options.folder, name);
  }

  private pageFile(environment: Environment): string {
    return this.at(`${environment}-envelope.txt`);
  }

  private env(): Readonly<Record<string, string>> {
    const { storage } = this.options;
    return { ...storage.environment(), AWS_ENDPOINT_URL_S3: storage.endpoint, DIPTYCH_SECRETS: this.at('secrets') };
  }

  /** Of a cluster with one key of the controller and one that backups are encrypted with: what kubectl would say. */
  private kubectl(args: readonly string[]) {
    const encoded = (text: string) => Buffer.from(text).toString('base64');
    const key = {
      metadata: { name: 'sealing-key' },
      data: { 'tls.key': encoded(this.sealingKey), 'tls.crt': encoded('x') },
    };
    const archive = { metadata: { name: args[4] ?? '' }, data: { key: encoded('archive') } };
    const answer = args.includes('secrets') ? { items: [key] } : archive;
    return Promise.resolve({ code: 0, stdout: JSON.stringify(answer), stderr: '' });
  }

  private async command(
    action: (output: { stdout: PassThrough; stderr: PassThrough }) => Promise<number>,
  ): Promise<string> {
    const output = new PassThrough();
    const code = await action({ stdout: output, stderr: output });
    const text = String(output.read() ?? '');
    this.printed += text;
    return code === 0 ? 'done' : `exit code ${code}: ${text}`;
  }
}
