import { InputError } from '../../constructs/core/error.ts';
import { refusalOf, textOf } from '../object-storage/bucket-client.ts';
import type { BucketAnswer, BucketClient } from '../object-storage/bucket-client.ts';
import { trialPrefix } from './lock.ts';
import type { MakeOptions, Step } from './make.ts';
import { until } from './until.ts';

/** What services answer that have no policies of buckets, or not for everybody: B2 has an access list of the bucket in their place. */
const withoutPolicies = ['AccessDenied', 'MethodNotAllowed', 'NotImplemented'];

/**
 * Lets everybody read what is in a bucket, by the two ways that services have, and reads a file without keys: nothing else shows that
 * everybody may.
 * @throws InputError where somebody else set a policy, and where nobody can read what was written
 */
export async function makePublic(client: BucketClient, options: MakeOptions): Promise<readonly Step[]> {
  const step = { name: 'public', wanted: 'everybody may read what is in it' };
  const state = await byPolicy(client, options.check);
  if (state === 'missing' || options.check) return [{ ...step, state }];
  await tryReading(client, options);
  return [
    { ...step, state },
    { name: 'public', wanted: 'a file is read without keys', state: 'tried' },
  ];
}

async function byPolicy(client: BucketClient, check: boolean): Promise<Step['state']> {
  const found = await client.ask('GET', { query: { policy: '' } });
  if (withoutPolicies.includes(found.code ?? '')) return byAccessList(client, check);
  const isSet = found.code === undefined && textOf(found.body).trim() !== '';
  if (!isSet && found.code !== undefined && found.status !== 404) throw refusalOf(client.place, found);
  if (isSet) {
    if (isOurs(client, textOf(found.body))) return 'as it was';
    throw notOurs(client);
  }
  if (check) return 'missing';
  const made = await client.ask('PUT', { query: { policy: '' }, body: JSON.stringify(policyOf(client)) });
  if (withoutPolicies.includes(made.code ?? '')) return byAccessList(client, check);
  return done(client, made);
}

async function byAccessList(client: BucketClient, check: boolean): Promise<Step['state']> {
  const found = await client.ask('GET', { query: { acl: '' } });
  if (found.code !== undefined) throw refusalOf(client.place, found);
  if (/\/AllUsers<[\s\S]*?<Permission>READ</.test(textOf(found.body))) return 'as it was';
  if (check) return 'missing';
  return done(client, await client.ask('PUT', { query: { acl: '' }, headers: { 'x-amz-acl': 'public-read' } }));
}

function done(client: BucketClient, answer: BucketAnswer): 'done' {
  if (answer.code !== undefined) throw refusalOf(client.place, answer);
  return 'done';
}

function policyOf({ place: { bucket } }: BucketClient): object {
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'everybody-reads',
        Effect: 'Allow',
        Principal: '*',
        Action: ['s3:GetObject'],
        Resource: [`arn:aws:s3:::${bucket}/*`],
      },
    ],
  };
}

/** Services write lists of one as they like: what it lets whom do is compared, without the rest. */
function isOurs(client: BucketClient, text: string): boolean {
  const plain = (policy: string): string => policy.replaceAll(/[[\]\s]|"AWS":/g, '').replaceAll('{"*"}', '"*"');
  const [wanted] = (policyOf(client) as { readonly Statement: readonly object[] }).Statement;
  const parts = Object.values(wanted ?? {}).map((value) => plain(JSON.stringify(value)));
  return parts.every((part) => plain(text).includes(part)) && text.split('"Effect"').length === 2;
}

/** With a file of its own, which it deletes again. */
async function tryReading(client: BucketClient, options: MakeOptions): Promise<void> {
  const key = `${trialPrefix}${crypto.randomUUID()}.txt`;
  const written = await client.ask('PUT', { key, body: 'trial' });
  if (written.code !== undefined) throw refusalOf(client.place, written);
  const read = async (): Promise<number> => {
    const answer = await fetch(client.url(key), { signal: AbortSignal.timeout(30_000) }).catch(() => undefined);
    await answer?.arrayBuffer();
    return answer?.status ?? 0;
  };
  const status = await until(read, (answer) => answer === 200, options);
  const removed = await client.ask('DELETE', { key });
  if (removed.code !== undefined) throw refusalOf(client.place, removed);
  if (status === 200) return;
  throw new InputError({
    where: whereOf(client),
    what: `a file in it is answered ${status} without keys, though everybody may read it`,
    allowed: 'a bucket whose files everybody reads',
    remedy: "look whether the provider's console keeps buckets from being public, and run again",
  });
}

function notOurs(client: BucketClient): InputError {
  return new InputError({
    where: `${whereOf(client)}: policy`,
    what: 'it has a policy of somebody else',
    allowed: 'none, or the one that lets everybody read: setting it would end others',
    remedy: 'take it away, if it may go, and run again',
  });
}

function whereOf({ place: { bucket, endpoint } }: BucketClient): string {
  return `${bucket} at ${endpoint}`;
}
