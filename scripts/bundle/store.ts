import { InputError } from '../../constructs/core/error.ts';
import { wantedBuckets } from '../buckets/wanted.ts';
import type { WantedBucket } from '../buckets/wanted.ts';
import { refusalOf } from '../object-storage/bucket-client.ts';
import type { BucketClient } from '../object-storage/bucket-client.ts';
import { damaged, sumOf } from './sealed-file.ts';

const folder = (environment: string): string => `disaster-bundle/${environment}`;

/** The one that the envelope names. */
export const newestKey = (environment: string): string => `${folder(environment)}/newest.tar.age`;

/** Where a bundle stays once there are newer ones. */
export const datedKey = (environment: string, made: Date): string =>
  `${folder(environment)}/${made.toISOString().replace(/\.\d+/, '').replaceAll(':', '-')}.tar.age`;

/** The bucket of an environment's bundles: the one at another provider, where nothing is deleted. @throws InputError */
export function bundleBucket(root: string, environment: string, name: string | undefined): WantedBucket {
  const all = wantedBuckets(root, environment).filter((each) => each.name !== 'state');
  const found = all.find((each) => (name === undefined ? each.lockDays !== false : each.name === name));
  if (found !== undefined) return found;
  throw new InputError({
    where: name === undefined ? `config/environments/${environment}.ts: objectStores` : '--store',
    what:
      name === undefined ? 'no bucket has a lock, so none is where a bundle is safe' : `there is none called "${name}"`,
    allowed: all.map((each) => each.name).join(', ') || 'a bucket in objectStores',
    remedy: 'name one by --store',
  });
}

/** Writes a bundle under its time and as the newest, each read back before the next step. @throws InputError */
export async function put(
  client: BucketClient,
  environment: string,
  made: Date,
  bundle: Uint8Array<ArrayBuffer>,
): Promise<void> {
  for (const key of [datedKey(environment, made), newestKey(environment)]) {
    const answer = await client.ask('PUT', { key, body: bundle });
    if (answer.code !== undefined) throw refusalOf(client.place, answer);
    // HEAD would tell no sum that one could believe.
    const back = await get(client, key);
    if (sumOf(back) !== sumOf(bundle)) throw damaged(`${key} is read back otherwise than it was written`);
  }
}

/** @throws InputError, also where there is none */
export async function get(client: BucketClient, key: string): Promise<Uint8Array<ArrayBuffer>> {
  const answer = await client.ask('GET', { key });
  if (answer.code === undefined) return answer.body;
  if (answer.code !== 'NoSuchKey') throw refusalOf(client.place, answer);
  throw new InputError({
    where: `${client.place.bucket} at ${client.place.endpoint}`,
    what: `there is no ${key}`,
    allowed: 'a bucket with a bundle of the environment',
    remedy: 'make one by npm run bundle -- make, or take the store where it lies by --store',
  });
}
