import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { secretInventory } from '../../apps/inventory.ts';
import { bundleCommand } from '../../scripts/bundle/command.ts';
import { wantedFiles } from '../../scripts/bundle/contents.ts';
import { bundleBucket } from '../../scripts/bundle/store.ts';
import { seal } from '../../synth/seal/crypto.ts';
import { toManifest } from '../../synth/seal/manifest.ts';
import { fingerprintOf } from '../../synth/seal/sealing-keys.ts';
import { toYaml } from '../../synth/yaml.ts';
import { root as repository } from '../support/committed.ts';
import { TestStorage } from './object-storage.ts';

const pair = () => generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
const [sealingKey, otherKey] = [pair(), pair()];
const pem = sealingKey.export({ type: 'pkcs8', format: 'pem' }).toString();

let storage: TestStorage;
let folder: string;
let number: number;

beforeEach(async () => {
  storage = await TestStorage.start();
  storage.make(bundleBucket(repository, 'production', undefined).bucket, true);
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'diptych-bundle-'));
  number = 0;
  for (const name of ['root/config', 'root/terraform']) fs.mkdirSync(path.join(folder, name), { recursive: true });
  fs.writeFileSync(path.join(folder, 'root/config/bundles.json'), '{}\n');
  fs.copyFileSync(
    path.join(repository, 'terraform/state.s3.tfbackend'),
    path.join(folder, 'root/terraform/state.s3.tfbackend'),
  );
  for (const { path: name } of wantedFiles('production')) write(name, name === 'sealing.key' ? pem : `secret ${name}`);
});
afterEach(async () => {
  await storage.stop();
  fs.rmSync(folder, { recursive: true });
});

function write(name: string, text: string): void {
  const file = path.join(folder, 'secrets/production', name);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, text);
}

const at = (name: string): string => path.join(folder, name);
const encoded = (text: string): string => Buffer.from(text).toString('base64');

/** A cluster with the key of the controller, and those of backups. */
function kubectl(args: readonly string[]) {
  const key = {
    metadata: { name: 'sealing-key' },
    data: { 'tls.key': encoded(pem), 'tls.crt': encoded('certificate') },
  };
  const archive = { metadata: { name: args[4] }, data: { key: encoded(`key of ${args[4] ?? ''}`) } };
  const stdout = JSON.stringify(args.includes('secrets') ? { items: [key] } : archive);
  return Promise.resolve({ code: 0, stdout, stderr: '' });
}

async function bundle(args: readonly string[], env: object = storage.env, ask = kubectl) {
  const output = new PassThrough();
  const now = new Date(Date.UTC(2026, 10, 30, 12, 0, number++));
  const all = { ...env, AWS_ENDPOINT_URL_S3: storage.endpoint, DIPTYCH_SECRETS: at('secrets') };
  const context = { root: at('root'), now, env: all, kubectl: ask };
  const code = await bundleCommand(context, args, { stdout: output, stderr: output });
  return { code, text: String(output.read() ?? '').replace(/\s+/g, ' ') };
}

/** An envelope and a bundle, with the identity in a file. */
async function made(): Promise<void> {
  await bundle(['envelope', 'production', '--out', at('page.txt')]);
  await bundle(['make', 'production']);
  fs.writeFileSync(at('identity.txt'), /AGE-SECRET-KEY-1\S+/.exec(fs.readFileSync(at('page.txt'), 'utf8'))![0]);
}

/** Seals a value of production in the tree of the test. */
function sealWith(key: typeof sealingKey): void {
  const publicKey = createPublicKey(key);
  const [namespace, name] = ['shop', 'backend'];
  const ciphertext = seal(publicKey, `${namespace}/${name}`, Buffer.from('value'));
  const sealed = { ciphertext, sealedOn: '2026-11-30', sealedWith: fingerprintOf(publicKey), fixedDigest: undefined };
  const file = at(`root/secrets/production/${namespace}/${name}.yaml`);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, toYaml(toManifest({ namespace, name, type: 'Opaque', keys: new Map([['key', sealed]]) })));
}

const open = ['open', 'production', '--identity'] as const;
const opening = () => bundle([...open, at('identity.txt'), '--to', at('opened')]);
const kept = () => storage.buckets.get(bundleBucket(repository, 'production', undefined).bucket)!.versions;

describe('npm run bundle', () => {
  test('brings back every file as it was, and those of the cluster', async () => {
    await made();
    expect((await opening()).code).toBe(0);
    const read = (name: string) => fs.readFileSync(at(`opened/${name}`), 'utf8');
    expect(wantedFiles('production').map(({ path: name }) => read(name))).toEqual(
      wantedFiles('production').map(({ path: name }) => fs.readFileSync(at(`secrets/production/${name}`), 'utf8')),
    );
    expect(read('cluster/sealing/sealing-key/tls.key')).toBe(pem);
    // Of every store, whatever its construct calls it: it is its purpose that tells it.
    const archives = secretInventory('production').filter(({ purpose }) => purpose.startsWith('decrypts the backups'));
    expect(archives.map(({ name }) => name)).toEqual([
      'postgres-archive-encryption',
      'redis-backups-encryption',
      'samba-backups-encryption',
    ]);
    for (const { name, copies } of archives) {
      expect(read(`cluster/archives/${copies[0]!.namespace}/${name}/key`)).toBe(`key of ${name}`);
    }
    expect(fs.statSync(at('opened/k3s/token')).mode & 0o777).toBe(0o600);
  });

  test('encrypts to the envelope alone: no secret is in the bucket, in the record or in what it prints', async () => {
    const printed = [
      await bundle(['envelope', 'production', '--out', at('page.txt')]),
      await bundle(['make', 'production']),
    ].map(({ text }) => text);
    const record = fs.readFileSync(at('root/config/bundles.json'), 'utf8');
    const all = [...printed, record, ...kept().map(({ body }) => body.toString('latin1'))].join('\n');
    expect(all).not.toContain('secret k3s/token');
    expect(all).not.toContain('AGE-SECRET-KEY');
    expect(fs.statSync(at('page.txt')).mode & 0o777).toBe(0o600);
  });

  test('keeps older ones, each under its time', async () => {
    await made();
    await bundle(['make', 'production']);
    expect(kept().map(({ key }) => path.basename(key))).toEqual([
      '2026-11-30T12-00-01Z.tar.age',
      'newest.tar.age',
      '2026-11-30T12-00-02Z.tar.age',
      'newest.tar.age',
    ]);
  });

  test('writes down what it is, and checks that the bucket has it', async () => {
    await made();
    const { production } = JSON.parse(fs.readFileSync(at('root/config/bundles.json'), 'utf8')) as {
      production: { bundle: object };
    };
    expect(production.bundle).toMatchObject({ made: '2026-11-30', sealing: [fingerprintOf(sealingKey)] });
    expect(await bundle(['check', 'production'])).toMatchObject({
      code: 0,
      text: expect.stringContaining('not opened') as string,
    });
    const { text } = await bundle(['check', 'production', '--identity', at('identity.txt')]);
    expect(text).toContain('opened, and whole');
  });

  test('takes what the folder has before there is a cluster', async () => {
    await bundle(['envelope', 'production', '--out', at('page.txt')]);
    const nobody = () => Promise.reject(new Error('asked'));
    const { code, text } = await bundle(['make', 'production', '--without-cluster'], storage.env, nobody);
    expect(code).toBe(0);
    expect(text).toContain('not in it: what only the cluster has');
  });

  test('tells what is not in it', async () => {
    await bundle(['envelope', 'production', '--out', at('page.txt')]);
    fs.rmSync(at('secrets/production/tokens'), { recursive: true });
    const { code, text } = await bundle(['make', 'production']);
    expect(code).toBe(0);
    expect(text).toContain('not in it: tokens/HCLOUD_TOKEN (makes the machines)');
  });

  test('leaves out what is of no use elsewhere', async () => {
    for (const name of ['lock', 'ssh/known_hosts', 'wireguard/old/20261130T000000Z/node1.key', 'k3s/token.new'])
      write(name, 'x');
    await made();
    await opening();
    const found = fs.readdirSync(at('opened'), { recursive: true, encoding: 'utf8' });
    expect(found.filter((name) => /lock|known_hosts|old|new/.test(name))).toEqual([]);
  });

  test('reads back what it wrote', async () => {
    await bundle(['envelope', 'production', '--out', at('page.txt')]);
    storage.altered = (body) => body.subarray(0, body.length - 1);
    const { code, text } = await bundle(['make', 'production']);
    expect(code).toBe(1);
    expect(text).toContain('is read back otherwise than it was written');
    expect(kept().map(({ key }) => path.basename(key))).toEqual(['2026-11-30T12-00-01Z.tar.age']);
  });

  const setUps: readonly [string, () => unknown, () => readonly string[], string][] = [
    ['nothing to do', () => undefined, () => [], 'what to do? envelope, make, check, open, record'],
    ['no environment', () => undefined, () => ['make'], 'make is of one environment'],
    ['an environment that there is not', () => undefined, () => ['make', 'nowhere'], 'none called "nowhere"'],
    [
      'an option of another verb',
      () => undefined,
      () => ['make', 'production', '--anyway'],
      '--anyway is nothing for make',
    ],
    ['a bundle that nobody could open', () => undefined, () => ['make', 'production'], 'there is no envelope of it'],
    [
      'a second envelope',
      made,
      () => ['envelope', 'production', '--out', at('other.txt')],
      'there is an envelope of it',
    ],
    [
      'to write a page over a file',
      () => fs.writeFileSync(at('page.txt'), 'mine'),
      () => ['envelope', 'production', '--out', at('page.txt')],
      'is there already, and is not overwritten',
    ],
    [
      'a missing secret',
      async () => {
        await made();
        fs.rmSync(at('secrets/production/k3s/token'));
      },
      () => ['make', 'production'],
      'k3s/token: it is not there, or empty: lets servers join',
    ],
    [
      'a key that is none',
      async () => {
        await made();
        write('sealing.key', 'nonsense');
      },
      () => ['make', 'production'],
      'sealing.key: it is no private key',
    ],
    [
      'to open over a folder',
      made,
      () => [...open, at('identity.txt'), '--to', at('secrets')],
      'is there already, and is not overwritten',
    ],
    [
      'what is no identity',
      async () => {
        await made();
        fs.writeFileSync(at('identity.txt'), 'correct horse battery staple');
      },
      () => [...open, at('identity.txt'), '--to', at('opened')],
      'it is no identity of age',
    ],
    [
      'another identity',
      async () => {
        await made();
        await bundle(['envelope', 'production', '--replace', '--out', at('other.txt')]);
        fs.writeFileSync(at('identity.txt'), /AGE-SECRET-KEY-1\S+/.exec(fs.readFileSync(at('other.txt'), 'utf8'))![0]);
      },
      () => [...open, at('identity.txt'), '--to', at('opened')],
      'the bundle is not for this identity',
    ],
    [
      'a bundle that was cut off',
      async () => {
        await made();
        storage.altered = (body) => body.subarray(0, body.length / 2);
      },
      () => [...open, at('identity.txt'), '--to', at('opened')],
      'it is no whole file of age',
    ],
    [
      'a bundle that is empty',
      async () => {
        await made();
        fs.writeFileSync(at('empty'), '');
      },
      () => [...open, at('identity.txt'), '--to', at('opened'), '--file', at('empty')],
      'it is no whole file of age',
    ],
    [
      'the bundle of another environment',
      async () => {
        await made();
        fs.writeFileSync(at('theirs'), kept().at(-1)!.body);
      },
      () => ['open', 'three-node', '--identity', at('identity.txt'), '--to', at('opened'), '--file', at('theirs')],
      'it is of the environment production',
    ],
    [
      'a bundle that nobody wrote down',
      async () => {
        await made();
        fs.writeFileSync(at('older'), kept()[0]!.body);
        await bundle(['make', 'production']);
      },
      () => [...open, at('identity.txt'), '--to', at('opened'), '--file', at('older')],
      'it is not the one that is written down',
    ],
    [
      'a bundle that is older than the newest key',
      async () => {
        await made();
        sealWith(otherKey);
      },
      () => [...open, at('identity.txt'), '--to', at('opened')],
      `it is older than the key that secrets are sealed with: it lacks ${fingerprintOf(otherKey)}`,
    ],
    [
      'to make one without the newest key',
      async () => {
        await made();
        sealWith(otherKey);
      },
      () => ['make', 'production'],
      'bring that key back into the folder',
    ],
    [
      'to check a bundle that the bucket has not',
      async () => {
        await made();
        kept().length = 0;
      },
      () => ['check', 'production'],
      'there is no disaster-bundle/production/newest.tar.age',
    ],
    [
      'a store that there is not',
      made,
      () => ['check', 'production', '--store', 'nowhere'],
      'there is none called "nowhere"',
    ],
  ];
  test.each(setUps)('refuses %s', async (_, prepare, args, what) => {
    await prepare();
    const { code, text } = await bundle(args());
    expect(code).toBeGreaterThan(0);
    expect(text).toContain(what);
    expect(fs.existsSync(at('opened'))).toBe(false);
  });

  test('refuses missing keys, and a cluster that does not answer or has no key', async () => {
    await made();
    const ended = (code: number, stdout: string) => () => Promise.resolve({ code, stdout, stderr: 'no route to host' });
    const answers = [
      await bundle(['make', 'production'], {}),
      await bundle(['make', 'production'], storage.env, ended(1, '')),
      await bundle(['make', 'production'], storage.env, ended(0, 'secret nonsense')),
      await bundle(['make', 'production'], storage.env, ended(0, '{"items": []}')),
    ];
    const whats = ['they are not set', 'it ended with 1: no route to host', 'its answer is not what it', 'has no key'];
    expect(answers.filter(({ text }, index) => !text.includes(whats[index]!))).toEqual([]);
    expect(answers.filter(({ text }) => text.includes('secret nonsense'))).toEqual([]);
  });

  test('opens an older one where that is meant', async () => {
    await made();
    sealWith(otherKey);
    const { code } = await bundle([...open, at('identity.txt'), '--to', at('opened'), '--anyway']);
    expect(code).toBe(0);
    expect(fs.existsSync(at('opened/k3s/token'))).toBe(true);
  });
});

describe('what is written down of bundles', () => {
  test('raises nothing where everything is sealed with keys that the bundle has', async () => {
    expect((await bundle(['record'])).code).toBe(0);
    await made();
    sealWith(sealingKey);
    expect((await bundle(['record'])).code).toBe(0);
  });

  test('is an error as soon as something is sealed with a newer key', async () => {
    await made();
    sealWith(otherKey);
    const { code, text } = await bundle(['record']);
    expect(code).toBe(1);
    expect(text).toContain(`config/bundles.json: production: it is older than the key that secrets are sealed with`);
  });

  test('is an error where the envelope was replaced and no bundle made since', async () => {
    await made();
    sealWith(sealingKey);
    await bundle(['envelope', 'production', '--replace', '--out', at('other.txt')]);
    expect((await bundle(['record'])).code).toBe(1);
  });

  test('says nothing of an environment without an envelope, which npm run ready asks for', async () => {
    sealWith(sealingKey);
    expect((await bundle(['record'])).code).toBe(0);
  });
});
