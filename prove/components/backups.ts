import type { Cluster } from '../cluster/handle.ts';
import type { StorePlan } from '../cluster/plan.ts';
import { ProvingError } from '../machine/error.ts';
import { objects } from '../stand-ins/object-storage/index.ts';

/** A backup in its bucket. */
export interface Stored {
  readonly key: string;
  /** In bytes. */
  readonly size: number;
}

/** A store whose backups are all whole ones, each of them one object. */
export interface BackedUpStore {
  readonly cluster: Cluster;
  /** Where they are. */
  readonly archive: { readonly store: StorePlan; readonly folder: string };
  /** Makes one now, by the job that does it by its schedule. */
  backUp(id: string, signal: AbortSignal): Promise<string>;
}

/** A bucket that there isn't. */
export const wrongBucket = 'drill-no-such-bucket';
/** What a backup and a recovery say of it, and nothing else. */
export const wrongBucketSaid = `there is no bucket ${wrongBucket}`;

export function backupsOf({ cluster, archive }: Pick<BackedUpStore, 'cluster' | 'archive'>): readonly Stored[] {
  return objects(cluster, archive.store, archive.folder);
}

/** Makes a backup by the job that does it by its schedule. @returns what came of it */
export async function backUp(store: BackedUpStore, id: string, signal: AbortSignal): Promise<Stored> {
  const before = new Set(backupsOf(store).map(({ key }) => key));
  await store.backUp(id, signal);
  const made = backupsOf(store).findLast(({ key }) => !before.has(key));
  if (made === undefined) throw new ProvingError(`${store.archive.folder} has no other backup than before`);
  return made;
}

/** The moment in the name of a backup, as a person types it. */
export function momentOf({ key }: Stored): string {
  const [, date, hour, minute, second] = /\/(\d{8})T(\d\d)(\d\d)(\d\d)Z-[0-9a-f]{64}\.[a-z0-9.]+$/.exec(key) ?? [];
  if (date === undefined) throw new ProvingError(`${key} is not named as a backup`);
  return `${date.replace(/(....)(..)(..)/, '$1-$2-$3')}T${hour}:${minute}:${second}Z`;
}

/** Backups that were there before and are gone, or have another size. */
export function changed(before: readonly Stored[], after: readonly Stored[]): string {
  const same = ({ key, size }: Stored): boolean => after.some((each) => each.key === key && each.size === size);
  return before.flatMap((each) => (same(each) ? [] : [each.key])).join(', ') || 'none';
}
