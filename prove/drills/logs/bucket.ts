import crypto from 'node:crypto';
import fs from 'node:fs';
import net from 'node:net';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import tls from 'node:tls';
import zlib from 'node:zlib';
import { bucketsCommand } from '../../../scripts/buckets/command.ts';
import type { BucketClient } from '../../../scripts/object-storage/bucket-client.ts';
import { textOf } from '../../../scripts/object-storage/bucket-client.ts';
import { ProvingError } from '../../machine/error.ts';
import { must } from '../../machine/run.ts';
import { LocalStorage } from '../../stand-ins/object-storage/local.ts';

/** Where the bucket of the logs is for an environment. */
export interface BucketPlan {
  readonly root: string;
  readonly folder: string;
  readonly environment: string;
  /** Its name in `objectStores`. */
  readonly store: string;
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
}

/** An object, and what is wrong with its bytes. */
export interface ReadBack {
  readonly key: string;
  readonly bytes: number;
  readonly wrong: string | undefined;
}

/** The bucket of the logs at a provider that takes TLS alone, made by npm run buckets. */
export class LogBucket {
  /** The authority of its certificate. */
  readonly authority: string;
  private readonly storage: LocalStorage;
  private readonly front: tls.Server;
  private readonly plan: BucketPlan;

  private constructor(plan: BucketPlan, storage: LocalStorage, front: tls.Server, authority: string) {
    this.plan = plan;
    this.storage = storage;
    this.front = front;
    this.authority = authority;
  }

  /** @throws ProvingError where the provider doesn't start, or the bucket can't be made */
  static async start(plan: BucketPlan): Promise<LogBucket> {
    const { crt, key } = await certificate(path.join(plan.folder, 'tls'), new URL(plan.endpoint).hostname);
    const storage = await LocalStorage.start(path.join(plan.folder, 'store'), plan.region);
    const front = tls.createServer({ cert: crt, key }, (client) => {
      const server = net.connect(Number(new URL(storage.endpoint).port), '127.0.0.1');
      client.pipe(server).pipe(client);
      const end = (): void => {
        client.destroy();
        server.destroy();
      };
      for (const side of [client, server]) side.on('error', end);
    });
    await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
    const bucket = new LogBucket(plan, storage, front, crt);
    await bucket.make();
    return bucket;
  }

  /** The provider's own name, which leads to this machine, and another port. */
  get endpoint(): string {
    return `https://${this.host}:${(this.front.address() as AddressInfo).port}`;
  }

  get host(): string {
    return new URL(this.plan.endpoint).hostname;
  }

  /** Variables of whoever has the keys. */
  get keys(): Readonly<Record<string, string>> {
    return this.storage.environment();
  }

  /** Requests that wrote a checksum behind what they write, which others than Amazon refuse or keep. */
  get trailers(): readonly string[] {
    return this.storage.habits.asked
      .filter(({ trailer }) => trailer)
      .map(({ method, path: asked }) => `${method} ${asked}`);
  }

  /** Requests that were refused, but for what is asked of objects that aren't there. */
  get refused(): readonly string[] {
    return this.storage.habits.asked
      .filter(({ status }) => status >= 400 && status !== 404)
      .map(({ method, path: asked, status }) => `${method} ${asked}: ${status}`);
  }

  /** Keys of what is there; what was deleted isn't, although a version of it is. */
  async list(): Promise<readonly string[]> {
    const keys: string[] = [];
    for (let after = ''; ; after = keys.at(-1) ?? '') {
      const { body } = await this.client.ask('GET', { query: { 'list-type': '2', 'start-after': after } });
      const text = textOf(body);
      keys.push(...[...text.matchAll(/<Key>([^<]+)<\/Key>/g)].map(([, key = '']) => unescaped(key)));
      if (!text.includes('<IsTruncated>true<')) return keys;
    }
  }

  /** Every object, with the sum that its own key or format has of it. */
  async readAll(): Promise<readonly ReadBack[]> {
    const all: ReadBack[] = [];
    for (const key of await this.list()) {
      const { body, status, headers } = await this.client.ask('GET', { key });
      const etag = headers.get('etag')?.replaceAll('"', '');
      const wrong =
        status !== 200 || etag !== crypto.createHash('md5').update(body).digest('hex')
          ? `status ${status}, ETag ${etag}`
          : problemOf(key, body);
      all.push({ key, bytes: body.length, wrong });
    }
    return all;
  }

  async has(key: string): Promise<boolean> {
    return (await this.client.ask('HEAD', { key })).status === 200;
  }

  async stop(): Promise<void> {
    this.front.close();
    await this.storage.stop();
  }

  private get client(): BucketClient {
    return this.storage.client(this.plan.bucket);
  }

  private async make(): Promise<void> {
    const { root, environment, store } = this.plan;
    const output = new PassThrough();
    const env = { ...this.keys, AWS_ENDPOINT_URL_S3: this.storage.endpoint };
    const context = { root, env, patienceMilliseconds: 10_000 };
    const streams = { stdout: output, stderr: output };
    const code = await bucketsCommand(context, [store, '--environment', environment], streams);
    if (code !== 0) throw new ProvingError(`npm run buckets -- ${store}: ${String(output.read())}`);
  }
}

/** A chunk has a sum of its bytes in its key; what is compressed has one behind its bytes. */
function problemOf(key: string, body: Uint8Array): string | undefined {
  const sum = /^fake\/[0-9a-f]+\/[0-9a-f]+:[0-9a-f]+:([0-9a-f]+)$/.exec(key)?.[1];
  if (sum !== undefined) {
    const own = castagnoli(body).toString(16);
    return own === sum ? undefined : `its sum is ${own}`;
  }
  if (!key.endsWith('.gz')) return 'nobody knows what it is';
  try {
    zlib.gunzipSync(body);
    return undefined;
  } catch (error) {
    return String(error);
  }
}

const table = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
  return value;
});

/** CRC-32C, by which Loki names its chunks. */
export function castagnoli(bytes: Uint8Array): number {
  let sum = 0xffffffff;
  for (const byte of bytes) sum = (table[(sum ^ byte) & 0xff] ?? 0) ^ (sum >>> 8);
  return (sum ^ 0xffffffff) >>> 0;
}

const unescaped = (text: string): string => text.replaceAll('&#34;', '"').replaceAll('&amp;', '&');

async function certificate(folder: string, host: string): Promise<{ readonly crt: string; readonly key: string }> {
  fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = (ending: string): string => path.join(folder, `storage.${ending}`);
  await must('openssl', [
    ...['req', '-x509', '-nodes', '-days', '2', '-subj', '/CN=storage'],
    ...['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-keyout', file('key'), '-out', file('crt')],
    ...['-addext', `subjectAltName=DNS:${host}`],
  ]);
  return { crt: fs.readFileSync(file('crt'), 'utf8'), key: fs.readFileSync(file('key'), 'utf8') };
}
