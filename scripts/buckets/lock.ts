import { InputError } from '../../constructs/core/error.ts';
import { refusalOf } from '../object-storage/bucket-client.ts';
import type { BucketAnswer, BucketClient } from '../object-storage/bucket-client.ts';
import type { Step } from './make.ts';

/** Begins the name of the file that is tried; nobody's state is called so. */
export const trialPrefix = 'npm-run-buckets-';

/**
 * Does to a bucket what Terraform's lock does, twice: a file is made that is only made where there is none, and deleted. Some
 * services (Ceph's gateway in some releases, versitygw) take the mark that a deletion leaves for a file where versions are
 * kept, so nobody could lock the state a second time; others heed no condition at all, and would let two in.
 * @throws InputError where it would not lock
 */
export async function tryLock(client: BucketClient): Promise<Step> {
  // A name of its own each time: what an earlier trial left says nothing of this one.
  const key = `${trialPrefix}${crypto.randomUUID()}.tflock`;
  const write = (): Promise<BucketAnswer> =>
    client.ask('PUT', { key, headers: { 'if-none-match': '*' }, body: 'trial' });
  const remove = async (): Promise<void> => {
    const answer = await client.ask('DELETE', { key });
    if (answer.code !== undefined) throw refusalOf(client.place, answer);
  };
  const first = await write();
  if (first.code !== undefined) {
    throw isOfCondition(first)
      ? noLock(client, `it makes no file that is only made where there is none (${first.code})`)
      : refusalOf(client.place, first);
  }
  const second = await write();
  await remove();
  if (second.code === undefined)
    throw noLock(client, 'it overwrites a file that is only to be made where there is none');
  if (!isOfCondition(second)) throw refusalOf(client.place, second);
  const again = await write();
  if (again.code !== undefined) {
    throw isOfCondition(again)
      ? noLock(client, `a file that was deleted is not made again where there is none (${again.code})`)
      : refusalOf(client.place, again);
  }
  await remove();
  return { name: 'lock file', wanted: 'is made by one alone, and again after it', state: 'tried' };
}

/** What services answer to a condition that is not met, or that they don't know. */
function isOfCondition({ status, code = '' }: BucketAnswer): boolean {
  return [409, 412, 501].includes(status) || ['InvalidArgument', 'NoSuchKey'].includes(code);
}

function noLock({ place: { bucket, endpoint } }: BucketClient, what: string): InputError {
  return new InputError({
    where: `${bucket} at ${endpoint}: the lock of Terraform's state`,
    what: `${what}, so use_lockfile does not lock there`,
    allowed: 'a service whose conditional writes know what was deleted, versions kept',
    remedy:
      'name a bucket of another provider in terraform/state.s3.tfbackend; or, where one person at a time applies, set use_lockfile = false in terraform/backend.tf and terraform/cloudflare/backend.tf, and run this again',
  });
}
