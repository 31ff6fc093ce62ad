import { InputError } from '../constructs/core/error.ts';
import type {
  Backups,
  Environment,
  Image,
  ObjectStore,
  PrivateRegistry,
  Upstream,
} from '../constructs/core/environment.ts';
import { Schedule } from '../constructs/core/schedule.ts';
import { isWithin } from './registries.ts';
import { serviceRemote } from './remote.ts';
import type { Remote } from './remote.ts';
import type { EnvironmentInput, ImagesInput } from './schema.ts';
import type { UpstreamPin } from './upstream.ts';

// What constructs are handed, of what the schema has let pass.

export function toBackups(
  { store, schedule, restoreTestSchedule, offsite, ...rest }: EnvironmentInput['backups'][string],
  storeOf: (name: string) => ObjectStore,
): Backups {
  return {
    ...rest,
    store: storeOf(store),
    schedule: Schedule.utc(schedule),
    restoreTestSchedule: restoreTestSchedule !== false && Schedule.utc(restoreTestSchedule),
    offsite: toOffsite(offsite, storeOf),
  };
}

export function toSnapshots(
  { k3s, shares }: Pick<EnvironmentInput, 'k3s' | 'shares'>,
  storeOf: (name: string) => ObjectStore,
): Environment['snapshots'] {
  if (!k3s?.snapshots || shares !== undefined) return undefined;
  const { store, schedule, offsite } = k3s.snapshots;
  return { store: storeOf(store), schedule: Schedule.utc(schedule), offsite: toOffsite(offsite, storeOf) };
}

/** Names of the buckets that copies go to. */
export function bucketsOfCopies({ backups, k3s }: Pick<EnvironmentInput, 'backups' | 'k3s'>): Set<string> {
  const saved = [...Object.values(backups), ...(k3s?.snapshots ? [k3s.snapshots] : [])];
  return new Set(saved.flatMap(({ offsite }) => (offsite ? offsite.store : [])));
}

function toOffsite(
  offsite: EnvironmentInput['backups'][string]['offsite'],
  storeOf: (name: string) => ObjectStore,
): Backups['offsite'] {
  return offsite && { store: storeOf(offsite.store), schedule: Schedule.utc(offsite.schedule) };
}

export function storageOf(file: string, key: string, size: EnvironmentInput['sizes'][string] | undefined): number {
  if (size?.storageGibibytes !== undefined) return size.storageGibibytes;
  throw new InputError({
    where: `${file}: sizes.${key}.storageGibibytes`,
    what: 'the value is missing',
    allowed: 'how many gibibytes the volume of each of its pods has',
    remedy: 'add it',
  });
}

export function toObjectStore(
  name: string,
  store: EnvironmentInput['objectStores'][string],
  holdsCopies: boolean,
): ObjectStore {
  const endpoint = store.endpoint.replace(/\/$/, '');
  return { name, ...store, endpoint, ...remoteOf(serviceRemote(endpoint)), holdsCopies };
}

export function remoteOf(remote: Remote | string): Remote {
  if (typeof remote === 'string') throw new TypeError(`an address passed the schema, and is none: ${remote}`);
  return remote;
}

export function toImage(
  name: string,
  { repository, tag, digest }: ImagesInput[string],
  registries: readonly PrivateRegistry[],
): Image {
  const reference = `${repository}:${tag}${digest === undefined ? '' : `@${digest}`}`;
  const registry = registries.find(({ images }) => isWithin(repository, images));
  const image = { name, version: tag, reference, repository, tag, digest };
  return registry === undefined ? image : { ...image, pullSecret: registry.secret };
}

export function toUpstream(pin: UpstreamPin): Upstream {
  return {
    repository: pin.repository,
    ...('chart' in pin ? { chart: pin.chart } : {}),
    revision: pin.version,
    ...('commit' in pin ? { commit: pin.commit } : {}),
  };
}

export function lookUp<T>(where: string, table: Readonly<Record<string, T>>, key: string): T {
  const value = Object.hasOwn(table, key) ? table[key] : undefined;
  if (value === undefined) {
    throw new InputError({
      where,
      what: `there is no "${key}"`,
      allowed: Object.keys(table).sort().join(', ') || 'none yet',
      remedy: 'add it there, or name one of these',
    });
  }
  return value;
}
