import { createHash } from 'node:crypto';
import { AwsClient } from 'aws4fetch';
import { InputError } from '../../constructs/core/error.ts';

/** Where a bucket is. */
export interface BucketPlace {
  /** Such as `https://fsn1.your-objectstorage.com`. */
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
}

/** A pair of keys at a provider. */
export interface BucketKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export interface AskOptions {
  /** Of an object; without it the bucket itself is asked. */
  readonly key?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array<ArrayBuffer> | string;
}

export interface BucketAnswer {
  readonly status: number;
  /** What S3 calls the error, such as `NoSuchBucket`; undefined where there is none. */
  readonly code: string | undefined;
  readonly body: Uint8Array<ArrayBuffer>;
  readonly headers: Headers;
}

/** How often a request is made again that the service could not answer, waiting longer each time. */
const retries = 4;

/** A bucket of an S3 service, by requests that are signed. The keys go nowhere else. */
export class BucketClient {
  readonly place: BucketPlace;
  private readonly client: AwsClient;
  private readonly timeoutMilliseconds: number;

  constructor(place: BucketPlace, keys: BucketKeys, timeoutMilliseconds = 30_000) {
    this.place = place;
    this.timeoutMilliseconds = timeoutMilliseconds;
    this.client = new AwsClient({ ...keys, service: 's3', region: place.region, retries });
  }

  /** @throws InputError where nobody answers */
  async ask(
    method: 'DELETE' | 'GET' | 'HEAD' | 'PUT',
    { key = '', query = {}, headers = {}, body = '' }: AskOptions = {},
  ): Promise<BucketAnswer> {
    const search = new URLSearchParams(query).toString();
    const url = `${this.url(key)}${search === '' ? '' : `?${search}`}`;
    const digest = (algorithm: string) => createHash(algorithm).update(body);
    // Some settings are taken with a sum only, and object lock takes no object without.
    const sums: Readonly<Record<string, string>> =
      method === 'PUT' ? { 'content-md5': digest('md5').digest('base64') } : {};
    try {
      const response = await this.client.fetch(url, {
        method,
        headers: { ...headers, ...sums, 'x-amz-content-sha256': digest('sha256').digest('hex') },
        ...(method === 'PUT' ? { body } : {}),
        signal: AbortSignal.timeout(this.timeoutMilliseconds),
      });
      const answer = new Uint8Array(await response.arrayBuffer());
      return {
        status: response.status,
        code: codeOf(response.status, answer),
        body: answer,
        headers: response.headers,
      };
    } catch (error) {
      const { name, message, cause } = error as { name: string; message: string; cause?: { code?: string } };
      const slow = `it did not answer within ${this.timeoutMilliseconds / 1000} s`;
      throw new InputError({
        where: this.place.endpoint,
        what: name === 'TimeoutError' ? slow : `it could not be reached (${cause?.code ?? message})`,
        allowed: 'an answer of the object storage',
        remedy: 'mend the network or the endpoint, and run again',
      });
    }
  }

  /** Address of an object, or of the bucket. */
  url(key = ''): string {
    const path = [this.place.bucket, ...(key === '' ? [] : key.split('/'))].map(encodeURIComponent).join('/');
    return `${this.place.endpoint.replace(/\/$/, '')}/${path}`;
  }
}

/** The pair that the environment has, by the names that every program for S3 knows. @throws InputError, with the remedy */
export function keysOf(
  env: Readonly<Record<string, string | undefined>>,
  remedy = "make one in the provider's console, and export both variables",
): BucketKeys {
  const { AWS_ACCESS_KEY_ID: accessKeyId = '', AWS_SECRET_ACCESS_KEY: secretAccessKey = '' } = env;
  const missing = Object.entries({ AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey })
    .filter(([, value]) => value === '')
    .map(([name]) => name);
  if (missing.length === 0) return { accessKeyId, secretAccessKey };
  throw new InputError({
    where: missing.join(', '),
    what: missing.length === 1 ? 'it is not set' : 'they are not set',
    allowed: 'a pair of keys of the object storage',
    remedy,
  });
}

/** Why a bucket answered with an error, for whoever gave the keys and the name. */
export function refusalOf({ endpoint, bucket }: BucketPlace, { code = '', body }: BucketAnswer): InputError {
  const where = `${bucket} at ${endpoint}`;
  const message = /<Message>([^<]*)<\/Message>/.exec(textOf(body))?.[1] ?? 'no reason given';
  switch (code) {
    case 'InvalidAccessKeyId':
    case 'SignatureDoesNotMatch':
      return new InputError({
        where,
        what: `it takes no such keys (${code})`,
        allowed: 'a pair of keys of this provider',
        remedy: 'set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY to one that is valid there',
      });
    case 'AccessDenied':
    case '403':
      return new InputError({
        where,
        what: "these keys may not do that, or the bucket is somebody else's (AccessDenied)",
        allowed: 'keys that may, of the account that has the bucket',
        remedy: 'use other keys, or name another bucket',
      });
    case 'NoSuchBucket':
      return new InputError({
        where,
        what: 'there is no such bucket',
        allowed: 'a bucket that is there',
        remedy: 'make it by npm run buckets, or mend its name',
      });
    default:
      return new InputError({
        where,
        what: `it refused (${code}: ${message})`,
        allowed: 'an answer without an error',
        remedy: "look at the provider's status, and run again",
      });
  }
}

export function textOf(body: Uint8Array): string {
  return new TextDecoder().decode(body);
}

function codeOf(status: number, body: Uint8Array): string | undefined {
  return status < 400 ? undefined : (/<Code>([^<]+)<\/Code>/.exec(textOf(body))?.[1] ?? String(status));
}
