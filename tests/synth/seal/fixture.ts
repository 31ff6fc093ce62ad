import { execFileSync } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { PassThrough, Readable, Writable } from 'node:stream';
import type { SecretInventoryEntry } from '../../../constructs/core/secret.ts';
import { sealCommand } from '../../../synth/seal/command.ts';
import { encryptionLabel, open } from '../../../synth/seal/crypto.ts';
import { sealedManifests } from '../../../synth/seal/files.ts';
import { fromManifest } from '../../../synth/seal/manifest.ts';

export interface Pair {
  readonly cert: string;
  readonly key: string;
}

/** A folder that is removed after the last test. */
export function temporaryFolder(): string {
  return fs.mkdtempSync(path.join(os.tmpdir(), 'seal-'));
}

/** How many pairs a file of tests has by now. */
const pairs = new Map<string, number>();

/** A certificate as the controller makes it, and its private key, as files. */
export function makePair(folder: string, name: string, algorithm = 'rsa:2048'): Pair {
  const pair = { cert: path.join(folder, `${name}.crt`), key: path.join(folder, `${name}.key`) };
  if (algorithm !== 'rsa:2048') {
    generate(pair, algorithm);
    return pair;
  }
  // The primes take most of the time of these tests: no two keys of a file are the same, those of two files are.
  const { testPath = '' } = expect.getState();
  const number = (pairs.get(testPath) ?? 0) + 1;
  pairs.set(testPath, number);
  const shared = path.join(process.env.DIPTYCH_RUN!, `sealing-key-${number}`);
  if (!fs.existsSync(shared)) {
    const made = fs.mkdtempSync(`${shared}-`);
    generate({ cert: path.join(made, 'crt'), key: path.join(made, 'key') }, algorithm);
    try {
      fs.renameSync(made, shared);
    } catch (error) {
      // Another worker was first; its pair stays.
      if ((error as NodeJS.ErrnoException).code !== 'ENOTEMPTY') throw error;
    }
  }
  fs.copyFileSync(path.join(shared, 'crt'), pair.cert);
  fs.copyFileSync(path.join(shared, 'key'), pair.key);
  return pair;
}

function generate({ cert, key }: Pair, algorithm: string): void {
  const curve = algorithm === 'ec' ? ['-pkeyopt', 'ec_paramgen_curve:prime256v1'] : [];
  // Four small primes are found in a fifth of the time of two large ones; LibreSSL finds no more than two.
  const primes = algorithm === 'rsa:4096' && isOpenssl() ? ['-pkeyopt', 'rsa_keygen_primes:4'] : [];
  const args = [
    'req',
    '-x509',
    '-newkey',
    algorithm,
    ...curve,
    ...primes,
    '-nodes',
    '-days',
    '3650',
    '-subj',
    '/CN=sealed-secret',
  ];
  execFileSync('openssl', [...args, '-keyout', key, '-out', cert], { stdio: 'ignore' });
}

function isOpenssl(): boolean {
  return execFileSync('openssl', ['version'], { encoding: 'utf8' }).startsWith('OpenSSL');
}

export function entry(name: string, rest: Partial<SecretInventoryEntry> = {}): SecretInventoryEntry {
  return {
    name,
    purpose: 'Opens something.',
    type: 'Opaque',
    keys: { password: { kind: 'random', bytes: 24, encoding: 'base64url' } },
    copies: [{ namespace: 'shop', application: 'backend' }],
    rotationDays: 90,
    ...rest,
  };
}

export const copiesIn = (...namespaces: string[]): SecretInventoryEntry['copies'] =>
  namespaces.map((namespace) => ({ namespace, application: namespace }));

export interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface Surroundings {
  readonly now?: string;
  /** Lines typed at prompts, one a prompt; makes standard input a terminal. */
  readonly typed?: readonly string[];
  /** What is piped in. */
  readonly piped?: string;
}

/** A repository with its own inventory, in a temporary folder. */
export class Repository {
  readonly root = temporaryFolder();
  inventory: SecretInventoryEntry[];

  constructor(...inventory: SecretInventoryEntry[]) {
    this.inventory = inventory;
  }

  async run(args: readonly string[], { now = '2026-11-23', typed, piped = '' }: Surroundings = {}): Promise<Outcome> {
    const [out, err]: [string[], string[]] = [[], []];
    const answers = [...(typed ?? [])];
    const terminal = Object.assign(new PassThrough(), { isTTY: true });
    const sink = (lines: string[]): Writable =>
      new Writable({
        write(chunk: Buffer, _encoding, done) {
          lines.push(chunk.toString());
          if (typed !== undefined && lines === err && lines.at(-1)!.endsWith(': ')) {
            terminal.write(`${answers.shift() ?? '\x03'}\r`);
          }
          done();
        },
      });
    const code = await sealCommand({
      arguments: args,
      root: this.root,
      inventory: () => this.inventory,
      now: new Date(`${now}T12:00:00Z`),
      stdin: typed === undefined ? Readable.from([piped]) : terminal,
      stdout: sink(out),
      stderr: sink(err),
    });
    return { code, out: out.join(''), err: err.join('') };
  }

  file(name: string, content?: string): string {
    const file = path.join(this.root, name);
    if (content !== undefined) {
      fs.mkdirSync(path.dirname(file), { recursive: true });
      fs.writeFileSync(file, content);
    }
    return file;
  }

  /** Content by path of everything below `secrets/`. */
  secrets(): Record<string, string> {
    const folder = path.join(this.root, 'secrets');
    if (!fs.existsSync(folder)) return {};
    const files = fs.readdirSync(folder, { recursive: true, withFileTypes: true }).filter((each) => each.isFile());
    const paths = files.map((each) => path.join(each.parentPath, each.name)).sort();
    return Object.fromEntries(paths.map((file) => [path.relative(folder, file), fs.readFileSync(file, 'utf8')]));
  }

  /** The values of a SealedSecret; null for those the key doesn't open. */
  values(pair: Pair, namespace: string, name: string): Record<string, string | null> {
    const found = sealedManifests(this.root, 'production').find(
      (each) => each.namespace === namespace && each.name === name,
    );
    if (found === undefined) return {};
    const privateKey = createPrivateKey(fs.readFileSync(pair.key));
    const pairs = [...fromManifest(found.manifest).keys].map(([key, { ciphertext }]) => {
      return [key, open([privateKey], encryptionLabel(namespace, name), ciphertext)?.toString() ?? null] as const;
    });
    return Object.fromEntries(pairs);
  }
}
