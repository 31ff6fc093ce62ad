import { InputError } from '../../constructs/core/error.ts';
import { refusalOf, textOf } from '../object-storage/bucket-client.ts';
import type { BucketAnswer, BucketClient } from '../object-storage/bucket-client.ts';
import { tryLock } from './lock.ts';
import { makePublic } from './public.ts';
import { settingsOf } from './settings.ts';
import type { Setting } from './settings.ts';
import { until } from './until.ts';
import type { WantedBucket } from './wanted.ts';

export interface MakeOptions {
  /** Only tells. */
  readonly check: boolean;
  /** Whether what is kept may be kept for less long. */
  readonly shorten: boolean;
  /** Whether the lock of a state is tried. */
  readonly lock: boolean;
  /** How long what was written may take until it is read. */
  readonly patienceMilliseconds: number;
}

/** What was found of a bucket, or done. */
export interface Step {
  readonly name: string;
  readonly wanted: string;
  /** `missing` only where nothing may be done; `tried` where only a trial tells. */
  readonly state: 'as it was' | 'done' | 'missing' | 'tried';
}

/** Brings a bucket to what it should be, and reads back what it is. Deletes nothing but a trial of its own. @throws InputError */
export async function makeBucket(client: BucketClient, wanted: WantedBucket, options: MakeOptions): Promise<Step[]> {
  const made = await makeIt(client, wanted, options);
  if (made.state === 'missing') return [made];
  const steps = [made];
  for (const setting of settingsOf(wanted)) {
    steps.push(await set(client, setting, options, made.state === 'done'));
  }
  if (wanted.isPublic) steps.push(...(await makePublic(client, options)));
  if (options.lock && !options.check) steps.push(await tryLock(client));
  return steps;
}

async function makeIt(client: BucketClient, { lockDays }: WantedBucket, options: MakeOptions): Promise<Step> {
  const step = { name: 'bucket', wanted: 'is there' };
  // Not HEAD: that says only that something is wrong, and wrong keys are no missing bucket.
  const found = await client.ask('GET', { query: { versioning: '' } });
  if (found.code === undefined) return { ...step, state: 'as it was' };
  if (found.code !== 'NoSuchBucket') throw refusalOf(client.place, found);
  if (options.check) return { ...step, state: 'missing' };
  const headers = lockDays === false ? undefined : { 'x-amz-bucket-object-lock-enabled': 'true' };
  const made = await client.ask('PUT', { headers });
  if (made.code === 'BucketAlreadyExists') {
    throw new InputError({
      where: `${client.place.bucket} at ${client.place.endpoint}`,
      what: 'somebody else has a bucket of that name: names are those of all customers',
      allowed: 'a name that nobody has',
      remedy: 'change bucket in config/environments/',
    });
  }
  if (made.code !== undefined && made.code !== 'BucketAlreadyOwnedByYou') throw refusalOf(client.place, made);
  return { ...step, state: 'done' };
}

async function set(client: BucketClient, setting: Setting, options: MakeOptions, isNew: boolean): Promise<Step> {
  const { name, wanted, query, document, holds, lost, foreign, unset } = setting;
  const step = { name, wanted };
  // What was made a moment ago isn't known everywhere yet.
  const patient = (ask: () => Promise<BucketAnswer>): Promise<BucketAnswer> =>
    isNew ? until(ask, ({ code }) => code !== 'NoSuchBucket', options) : ask();
  const read = async (): Promise<string> => {
    const answer = await patient(() => client.ask('GET', { query: { [query]: '' } }));
    if (answer.code !== undefined && unset.includes(answer.code)) return '';
    if (answer.code !== undefined) throw refusalOf(client.place, answer);
    return textOf(answer.body);
  };
  const now = await read();
  if (holds(now)) return { ...step, state: 'as it was' };
  const strange = foreign(now);
  if (strange !== undefined) throw notOurs(client, strange);
  if (options.check) return { ...step, state: 'missing' };
  const loss = isNew || options.shorten ? undefined : lost(now);
  if (loss !== undefined && !(await isEmpty(client))) throw shorter(client, loss);
  const answer = await patient(() => client.ask('PUT', { query: { [query]: '' }, body: document }));
  if (answer.code !== undefined)
    throw query === 'object-lock' ? unlockable(client, answer) : refusalOf(client.place, answer);
  const seen = await until(read, holds, options);
  if (!holds(seen)) throw notSeen(client, setting, options);
  return { ...step, state: 'done' };
}

/** Whether it holds no version of anything. */
async function isEmpty(client: BucketClient): Promise<boolean> {
  const answer = await client.ask('GET', { query: { versions: '', 'max-keys': '1' } });
  if (answer.code !== undefined) throw refusalOf(client.place, answer);
  return !/<(Version|DeleteMarker)>/.test(textOf(answer.body));
}

function whereOf({ place: { bucket, endpoint } }: BucketClient): string {
  return `${bucket} at ${endpoint}`;
}

function notOurs(client: BucketClient, what: string): InputError {
  return new InputError({
    where: `${whereOf(client)}: lifecycle`,
    what,
    allowed: 'no rule beside that of old versions: setting it would end others',
    remedy: "remove what is there by the provider's console, if it may go, and run again",
  });
}

function shorter(client: BucketClient, what: string): InputError {
  return new InputError({
    where: whereOf(client),
    what: `it holds something, and ${what}`,
    allowed: 'to keep for as long as now, or longer',
    remedy: 'change the days in config/environments/, or, where that is meant, add --shorten',
  });
}

function unlockable(client: BucketClient, answer: BucketAnswer): InputError {
  const made = ['InvalidBucketState', 'ObjectLockConfigurationNotFoundError', 'InvalidRequest'].includes(
    answer.code ?? '',
  );
  if (!made) return refusalOf(client.place, answer);
  return new InputError({
    where: whereOf(client),
    what: `it was made without object lock, which can't be added (${answer.code ?? ''})`,
    allowed: 'a bucket that was made with it',
    remedy: 'name another bucket in config/environments/, run again, and copy what is in the old one',
  });
}

function notSeen(client: BucketClient, { query, wanted }: Setting, { patienceMilliseconds }: MakeOptions): InputError {
  return new InputError({
    where: `${whereOf(client)}: ${query}`,
    what: `it was set, and ${patienceMilliseconds / 1000} s later the service still doesn't say so`,
    allowed: wanted,
    remedy: 'run again in a minute; if that is the same, the service does not keep this setting',
  });
}
