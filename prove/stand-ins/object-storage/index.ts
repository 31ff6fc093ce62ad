import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { pkiFolder } from '../../cluster/handle.ts';
import type { Cluster } from '../../cluster/handle.ts';
import { fabricProcesses, inFabric, startInFabric } from '../../cluster/nodes.ts';
import type { StorePlan } from '../../cluster/plan.ts';
import { ProvingError } from '../../machine/error.ts';
import type { Progress } from '../../machine/interruption.ts';
import { waitFor } from '../../machine/wait-for.ts';

/** What stands in for what. */
export const standIn = 'S3 servers of the proving ground for the providers of object storage';

/** For so many days nobody deletes or overwrites what was written to a bucket for copies. */
const lockedDays = 1;

/** A pair of keys at a provider. */
export interface Credentials {
  readonly accessKey: string;
  readonly secretKey: string;
}

/** The newest version of an object. */
export interface StoredObject {
  readonly key: string;
  /** In bytes. */
  readonly size: number;
  readonly modified: Date;
}

/** What a provider has, of all its buckets. */
export const storeFolder = ({ folder }: Pick<Cluster, 'folder'>, store: StorePlan): string =>
  path.join(folder, 'world', 'object-storage', store.host);

/** May do everything there, or, by a policy of the bucket, only read. */
export type Holder = 'owner' | 'reader';

const credentialFiles = { owner: 'credentials.json', reader: 'reader.json' } as const;

/** The credentials that a provider gave out, made at random the first time. */
export function credentials(cluster: Pick<Cluster, 'folder'>, store: StorePlan, holder: Holder = 'owner'): Credentials {
  const file = path.join(storeFolder(cluster, store), credentialFiles[holder]);
  if (!fs.existsSync(file)) {
    const made: Credentials = {
      accessKey: crypto.randomBytes(10).toString('hex').toUpperCase(),
      secretKey: crypto.randomBytes(20).toString('hex'),
    };
    fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
    fs.writeFileSync(file, JSON.stringify(made), { mode: 0o600 });
  }
  return JSON.parse(fs.readFileSync(file, 'utf8')) as Credentials;
}

/**
 * Starts a store with what it held, and waits until it takes connections.
 * @throws ProvingError where it runs already, or doesn't within 30 s
 */
export async function startObjectStorage(
  cluster: Cluster,
  store: StorePlan,
  { signal }: Pick<Progress, 'signal'> = {},
): Promise<void> {
  if (processOf(cluster, store) !== undefined) throw new ProvingError(`the object storage ${store.host} runs already`);
  const { address, region } = store;
  const folder = storeFolder(cluster, store);
  for (const name of ['objects', 'versions', 'about']) {
    fs.mkdirSync(path.join(folder, name), { recursive: true, mode: 0o700 });
  }
  const { accessKey, secretKey } = credentials(cluster, store);
  writeAccounts(folder, credentials(cluster, store, 'reader'));
  const log = path.join(cluster.folder, 'logs', `object-storage-${store.host}.log`);
  await inFabric(cluster, ['ip', 'address', 'replace', `${address}/32`, 'dev', 'lo']);
  const certificate = path.join(pkiFolder(cluster), 'world');
  startInFabric(
    cluster,
    [
      ...[cluster.program('versitygw'), listening(address), `--region=${region}`],
      ...[`--cert=${certificate}.crt`, `--key=${certificate}.key`, `--iam-dir=${path.join(folder, 'accounts')}`],
      // What it knows about objects, in files too: not every disk takes it as attributes, and Node can't read those.
      ...['posix', `--sidecar=${path.join(folder, 'about')}`, `--versioning-dir=${path.join(folder, 'versions')}`],
      path.join(folder, 'objects'),
    ],
    log,
    { ROOT_ACCESS_KEY: accessKey, ROOT_SECRET_KEY: secretKey },
  );
  await waitFor(`the object storage ${store.host}`, { atMost: 30, see: log, signal }, async () => {
    const probe = [cluster.program('probe'), 'tcp', `${address}:443`, '1s'];
    return (await inFabric(cluster, probe).catch(() => '')).trim() === 'open';
  });
}

/** Who has an account beside the owner, as versitygw keeps it: one that may do nothing but what a bucket lets it. */
function writeAccounts(folder: string, { accessKey: access, secretKey: secret }: Credentials): void {
  const accounts = path.join(folder, 'accounts');
  fs.mkdirSync(accounts, { recursive: true, mode: 0o700 });
  const accessAccounts = { [access]: { access, secret, role: 'user' } };
  fs.writeFileSync(path.join(accounts, 'users.json'), JSON.stringify({ accessAccounts }), { mode: 0o600 });
}

/** Ends a store at once, as when its provider is gone: connections are refused. What it held stays. */
export async function stopObjectStorage(cluster: Cluster, store: StorePlan): Promise<void> {
  const pid = processOf(cluster, store);
  if (pid === undefined) throw new ProvingError(`the object storage ${store.host} doesn't run`);
  process.kill(pid, 'SIGKILL');
  await waitFor(`the end of the object storage ${store.host}`, { atMost: 10 }, () => processOf(cluster, store) !== pid);
}

/**
 * Makes a store's bucket, which keeps every version of its objects. One that is there outlived another cluster.
 * @throws ProvingError where it is refused
 */
export async function makeBucket(cluster: Cluster, store: StorePlan): Promise<void> {
  const { bucket, holdsCopies } = store;
  if (fs.existsSync(path.join(storeFolder(cluster, store), 'objects', bucket))) return;
  if (!holdsCopies) {
    await request(cluster, store, bucket);
    const status = '<Status>Enabled</Status>';
    await request(cluster, store, `${bucket}?versioning=`, { body: element('VersioningConfiguration', status) });
    const { accessKey } = credentials(cluster, store, 'reader');
    await request(cluster, store, `${bucket}?policy=`, { body: JSON.stringify(readersPolicy(bucket, accessKey)) });
    return;
  }
  await request(cluster, store, bucket, { headers: ['x-amz-bucket-object-lock-enabled: true'] });
  const retention = `<DefaultRetention><Mode>COMPLIANCE</Mode><Days>${lockedDays}</Days></DefaultRetention>`;
  const lock = `<ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule>${retention}</Rule>`;
  await request(cluster, store, `${bucket}?object-lock=`, { body: element('ObjectLockConfiguration', lock) });
}

/**
 * The objects of a store's bucket whose keys begin with a prefix, sorted by key. They are read from its disk, also while
 * it doesn't run.
 */
export function objects(cluster: Pick<Cluster, 'folder'>, store: StorePlan, prefix = ''): readonly StoredObject[] {
  const { bucket } = store;
  const folder = storeFolder(cluster, store);
  const root = path.join(folder, 'objects', bucket);
  const found = fs.readdirSync(root, { recursive: true, withFileTypes: true }).flatMap((entry) => {
    const file = path.join(entry.parentPath, entry.name);
    const key = path.relative(root, file);
    // Parts of what is being uploaded.
    if (!entry.isFile() || key.startsWith('.sgwtmp/') || !key.startsWith(prefix)) return [];
    // The file of a deleted object stays, with a mark.
    if (fs.existsSync(path.join(folder, 'about', bucket, key, 'meta', 'delete-marker'))) return [];
    const { size, mtime } = fs.statSync(file);
    return [{ key, size, modified: mtime }];
  });
  return found.sort((a, b) => (a.key < b.key ? -1 : 1));
}

/**
 * Tries to delete the newest version of an object for good.
 * @returns whether the store refused it. @throws ProvingError where there is no such object
 */
export async function isLocked(cluster: Cluster, store: StorePlan, key: string): Promise<boolean> {
  const { bucket } = store;
  const query = `prefix=${encodeURIComponent(key)}&versions=`;
  const versions = await request(cluster, store, `${bucket}?${query}`, { method: 'GET' });
  const version = /<VersionId>([^<]+)<\/VersionId>/.exec(versions)?.[1];
  if (version === undefined) throw new ProvingError(`${bucket} has no version of ${key}`);
  try {
    await request(cluster, store, `${bucket}/${key}?versionId=${version}`, { method: 'DELETE' });
    return false;
  } catch (error) {
    if (error instanceof ProvingError && /\b403\b|AccessDenied|Locked/.test(error.message)) return true;
    throw error;
  }
}

/** Loses all objects below a prefix with all of their versions, as a provider would that goes out of business. */
export function loseObjects(cluster: Pick<Cluster, 'folder'>, store: StorePlan, prefix: string): void {
  for (const part of ['objects', 'versions', 'about']) {
    const folder = path.join(storeFolder(cluster, store), part, store.bucket, prefix);
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** Cuts an object to half of its bytes, and tells nobody. @returns what puts it back as it was */
export function truncateObject(cluster: Pick<Cluster, 'folder'>, store: StorePlan, key: string): () => void {
  const file = path.join(storeFolder(cluster, store), 'objects', store.bucket, key);
  const whole = fs.readFileSync(file);
  fs.truncateSync(file, Math.floor(whole.length / 2));
  return () => fs.writeFileSync(file, whole);
}

/** Lets an account list a bucket and read its objects. */
function readersPolicy(bucket: string, accessKey: string): object {
  const allow = (action: string, resource: string) => ({
    Effect: 'Allow',
    Principal: { AWS: [accessKey] },
    Action: [action],
    Resource: [`arn:aws:s3:::${resource}`],
  });
  return {
    Version: '2012-10-17',
    Statement: [allow('s3:ListBucket', bucket), allow('s3:GetObject', `${bucket}/*`)],
  };
}

/**
 * What a holder of keys is answered who reads an object, writes it and deletes it, in that order: `done` or `refused`.
 * Writing and deleting go to another object, which doesn't exist.
 */
export async function triedBy(
  cluster: Cluster,
  store: StorePlan,
  holder: Holder,
  key: string,
): Promise<readonly string[]> {
  const target = `${store.bucket}/${key}`;
  const attempts = [
    { target, method: 'GET' },
    { target: `${target}.tried`, method: 'PUT', body: 'tried' },
    { target: `${target}.tried`, method: 'DELETE' },
  ] as const;
  const answers: string[] = [];
  for (const { target, ...options } of attempts) {
    answers.push(await request(cluster, store, target, { ...options, holder }).then(() => 'done', refusedOr));
  }
  return answers;
}

/** @throws what isn't a refusal */
function refusedOr(error: unknown): string {
  if (error instanceof ProvingError && /\b403\b|AccessDenied/.test(error.message)) return 'refused';
  throw error;
}

const listening = (address: string): string => `--port=${address}:443`;

/** Process id of a store; undefined while it doesn't run. */
function processOf(cluster: Cluster, store: StorePlan): number | undefined {
  const { address } = store;
  return fabricProcesses(cluster).find(({ command }) => command.includes(listening(address)))?.pid;
}

const element = (name: string, content: string): string =>
  `<${name} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${content}</${name}>`;

interface RequestOptions {
  /** @default PUT */
  readonly method?: 'DELETE' | 'GET' | 'PUT';
  readonly body?: string;
  readonly headers?: readonly string[];
  /** @default owner */
  readonly holder?: Holder;
}

/** A signed request. @returns the answer's body. @throws ProvingError where it is refused */
async function request(
  cluster: Cluster,
  store: StorePlan,
  target: string,
  { method = 'PUT', body = '', headers = [], holder = 'owner' }: RequestOptions = {},
): Promise<string> {
  const { host, address, region } = store;
  const { accessKey, secretKey } = credentials(cluster, store, holder);
  const digest = (algorithm: string) => crypto.createHash(algorithm).update(body);
  const all = [
    `x-amz-content-sha256: ${digest('sha256').digest('hex')}`,
    `content-md5: ${digest('md5').digest('base64')}`,
    ...headers,
  ];
  return inFabric(
    cluster,
    [
      ...['curl', '--silent', '--show-error', '--fail-with-body', '--config', '-', '--request', method],
      ...['--cacert', path.join(pkiFolder(cluster), 'world-ca.crt'), '--resolve', `${host}:443:${address}`],
      ...['--aws-sigv4', `aws:amz:${region}:s3`, ...all.flatMap((header) => ['--header', header])],
      ...['--data-binary', body, `https://${host}/${target}`],
    ],
    // Not in the command line, which everybody on the machine can read.
    { input: `user = "${accessKey}:${secretKey}"\n` },
  );
}
