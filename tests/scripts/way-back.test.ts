import { generateKeyPairSync } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { buildPlatform } from '../../apps/platform.ts';
import { environmentInput } from '../../config/index.ts';
import type { GenerationsInput } from '../../config/schema.ts';
import { wantedFiles } from '../../scripts/bundle/contents.ts';
import { wayBackCommand } from '../../scripts/way-back/command.ts';
import { selfSigned } from '../../synth/seal/authority.ts';
import { etcdSnapshot, zipped } from '../support/etcd-snapshot.ts';
import { TestStorage } from './object-storage.ts';

const token = 'a token of the tests';
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const certificate = selfSigned('sealed-secrets', Buffer.from(pem));
/** Of every store, as `npm run recover` writes it. */
const recovered = { number: 2, recovery: { from: 1 } };
const { bucket } = environmentInput('production').objectStores.backups!;

let storage: TestStorage;
let folder: string;

beforeEach(async () => {
  storage = await TestStorage.start();
  storage.make(bucket);
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'diptych-way-back-'));
  for (const { path: name } of wantedFiles('production')) write(name, `secret ${name}`);
  for (const [name, text] of Object.entries({ AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test-secret' }))
    write(`tokens/backups/${name}`, `${text}\n`);
  write('k3s/token', `${token}\n`);
  write('sealing.key', pem);
  write('sealing.crt', certificate);
  for (const key of wholeBackups) put(key);
});
afterEach(async () => {
  await storage.stop();
  fs.rmSync(folder, { recursive: true });
});

/** Generation 1 of each store, each with one whole backup. */
const moment = `20261129T010203Z-${'0'.repeat(64)}`;
const wholeBackups = [
  'postgres/17-1/basebackups_005/base_000000010000000000000002_backup_stop_sentinel.json',
  `redis/redis-1/${moment}.rdb.age`,
  `samba/ad-1/${moment}.tar.age`,
];

function write(name: string, text: string): void {
  fs.mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
  fs.writeFileSync(path.join(folder, name), text);
}

function put(key: string, body: Buffer = Buffer.from('x'), modified = new Date()): void {
  storage.buckets.get(bucket)!.versions.push({ key, body, modified });
}

type Generations = GenerationsInput[string]['generations'];

async function wayBack(generations: Generations, ...args: readonly string[]) {
  const output = new PassThrough();
  const code = await wayBackCommand(
    {
      root: folder,
      env: { AWS_ENDPOINT_URL_S3: storage.endpoint },
      platformOf: (name) => buildPlatform(name, { generations: { [name]: { generations } } }),
    },
    ['production', '--secrets', folder, ...args],
    { stdout: output, stderr: output },
  );
  return { code, text: String(output.read() ?? '').replace(/\s+/g, ' ') };
}

const all = { postgres: recovered, redis: recovered, samba: recovered };

describe('a cluster that is begun anew', () => {
  test('has a way back where every store begins with a whole backup of the generation before', async () => {
    const { code, text } = await wayBack(all);
    expect(text).toContain(
      `redis: begins with what s3://${bucket}/redis/redis-1 has, whole backups up to 2026-11-29T01:02:03.000Z`,
    );
    expect(text).toContain(`postgres: begins with what s3://${bucket}/postgres/17-1 has`);
    expect(code).toBe(0);
  });

  test('has none while stores are to begin where they have begun before', async () => {
    const { code, text } = await wayBack({});
    expect(code).toBe(1);
    expect(text).toContain('postgres/17-1 has a life already: the store would wait there, and not begin');
    expect(text).toContain('npm run recover -- pg --to latest --environment production, commit, npm run release');
    expect(text).toContain('npm run recover -- redis --at latest --environment production');
    expect(text).toContain('3 to mend; nothing was changed');
  });

  test('has none in a generation that others have written to', async () => {
    put('redis/redis-2/something');
    expect((await wayBack(all)).text).toContain('redis/redis-2 has a life already');
  });

  test.each([
    ['nothing', undefined],
    ['a backup of no bytes', `redis/redis-1/${moment}.rdb.age`],
    ['what is no backup', 'redis/redis-1/something'],
  ])('has none where there is %s', async (_, key) => {
    const { versions } = storage.buckets.get(bucket)!;
    versions.splice(0, versions.length, ...versions.filter((each) => !each.key.startsWith('redis/')));
    if (key !== undefined) put(key, Buffer.alloc(key.endsWith('age') ? 0 : 5));
    const { code, text } = await wayBack(all);
    expect([code, text]).toEqual([1, expect.stringContaining(`no whole backup is in s3://${bucket}/redis/redis-1`)]);
  });

  test('has none where the only backup is younger than the moment', async () => {
    const to = '2026-11-29 01:00:00+00';
    const { text } = await wayBack({ ...all, redis: { number: 2, recovery: { from: 1, to } } });
    expect(text).toContain(`no whole backup is in s3://${bucket}/redis/redis-1`);
  });

  test('has one for a store that is meant to begin empty', async () => {
    const { code, text } = await wayBack({ ...all, redis: { number: 2, empty: true } });
    expect([code, text]).toEqual([0, expect.stringContaining('redis: begins empty, as it is configured')]);
  });

  test('names the files of the folder where keys of a bucket are nowhere', async () => {
    fs.rmSync(path.join(folder, 'tokens/backups'), { recursive: true });
    const { code, text } = await wayBack(all);
    expect([code, text]).toEqual([1, expect.stringContaining('tokens/backups/AWS_ACCESS_KEY_ID')]);
    expect(text).toContain(`write a pair for ${bucket} into the folder of secrets`);
  });

  test('has none without the keys that snapshots are kept with, before a stage asks for them', async () => {
    fs.rmSync(path.join(folder, 'snapshots/secret-key'));
    const { code, text } = await wayBack(all);
    expect([code, text]).toEqual([1, expect.stringContaining('snapshots/secret-key: it is not there, or empty')]);
  });

  test('has none without a secret, nor with halves of two keys', async () => {
    fs.rmSync(path.join(folder, 'k3s/token'));
    expect((await wayBack(all)).text).toContain('k3s/token: it is not there, or empty');
    write('k3s/token', token);
    write('sealing.crt', 'another');
    expect((await wayBack(all)).text).toContain('it is not the certificate of sealing.key');
  });

  test('is told where secrets are brought back from: new ones would open nothing', async () => {
    fs.rmSync(path.join(folder, 'k3s/token'));
    const { text } = await wayBack(all);
    expect(text).toContain('npm run bundle -- open production --identity FILE');
    expect(text).not.toContain('install/secrets production');
    fs.rmSync(folder, { recursive: true });
    const { text: whole } = await wayBack(all);
    fs.mkdirSync(folder);
    expect(whole).toContain(`${folder}: there is no such folder`);
    expect(whole).toContain('npm run bundle -- open production --identity FILE');
    expect(whole).toContain(' 1 to mend;');
  });
});

describe('a snapshot of etcd', () => {
  const out = () => path.join(folder, 'out');
  const ask = (...args: readonly string[]) => wayBack({}, '--out', out(), '--snapshot', ...args);
  const at = (minute: number) => new Date(Date.UTC(2026, 10, 30, 12, minute));

  test('is fetched and unpacked where it is whole and of this cluster: the latest one, or the named one', async () => {
    const [older, newer] = [etcdSnapshot(token), etcdSnapshot(token)];
    put('etcd/etcd-snapshot-node1-2.zip', zipped(newer), at(2));
    put('etcd/etcd-snapshot-node1-1', older, at(1));
    put('etcd/.metadata/etcd-snapshot-node1-3', Buffer.from('{}'), at(3));
    expect((await ask('latest')).text).toContain('etcd-snapshot-node1-2.zip of 2026');
    expect(fs.readFileSync(out()).equals(newer)).toBe(true);
    expect(fs.readFileSync(`${out()}.name`, 'utf8')).toBe('etcd-snapshot-node1-2.zip');
    expect((await ask('etcd-snapshot-node1-1')).code).toBe(0);
    expect(fs.readFileSync(out()).equals(older)).toBe(true);
    expect((await ask('etcd-snapshot-node1-9')).text).toContain('allowed: latest, etcd-snapshot-node1-2.zip, ');
  });

  const whole = etcdSnapshot(token);
  test.each([
    ['empty', Buffer.alloc(0), 'it is empty: 0 bytes'],
    ['no file of etcd', Buffer.alloc(9000, 'x'), "it is no file of etcd's"],
    ['cut off', whole.subarray(0, 8192), 'it is cut off'],
    [
      'damaged',
      Buffer.concat([whole.subarray(0, -1), Buffer.from([whole.at(-1)! ^ 1])]),
      'it is damaged: it has another sum',
    ],
    ['of another etcd', etcdSnapshot(undefined), 'it is no snapshot of K3s, but of another etcd'],
    ['made with another token', etcdSnapshot('another'), 'it was made with another token'],
  ])('is refused that is %s, and nothing is written', async (_, body, what) => {
    put('etcd/etcd-snapshot-node1-1', body);
    put('etcd/etcd-snapshot-node1-0', whole, at(0));
    const { code, text } = await ask('latest');
    expect([code, text]).toEqual([1, expect.stringContaining(what)]);
    expect(text).toContain('take another one by --snapshot: etcd-snapshot-node1-0');
    expect(fs.existsSync(out())).toBe(false);
  });

  test('is refused as no whole zip, and where there is none', async () => {
    expect((await ask('latest')).text).toContain(`${bucket} has none in etcd/`);
    put('etcd/etcd-snapshot-node1-1.zip', zipped(whole).subarray(0, 300));
    expect((await ask('latest')).text).toContain('it is damaged: no whole zip with one file');
  });
});

test.each([
  [[], 'it is about one environment'],
  [['production', '--out', 'x'], '--out is of --snapshot'],
])('npm run way-back -- %j is refused', async (args, what) => {
  const output = new PassThrough();
  const context = { root: folder, env: {}, platformOf: buildPlatform };
  expect(await wayBackCommand(context, args, { stdout: output, stderr: output })).toBe(2);
  expect(String(output.read())).toContain(what);
});
