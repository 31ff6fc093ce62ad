import { isDeepStrictEqual } from 'node:util';
import type { Finding } from '../constructs/core/error.ts';
import { missingStore } from './object-stores.ts';
import { isHost, remoteFindings, repositoryRemote, serviceRemote } from './remote.ts';
import { values } from './untyped.ts';
import type { Values } from './untyped.ts';

/** @param snapshots of the cluster's own state, which is copied with the backups in its bucket */
export function backupFindings(file: string, backups: Values, snapshots: unknown, objectStores: Values): Finding[] {
  const saved = [
    ...Object.entries(backups).map(([name, backup]) => [`backups.${name}`, backup] as const),
    ['k3s.snapshots', snapshots] as const,
  ];
  return saved.flatMap(([name, backup], index, all) => {
    const { store, offsite } = values(backup);
    // What copies a bucket is one job.
    const twin = all.slice(0, index).find(([, other]) => {
      const their = values(other);
      return their.store === store && their.offsite && offsite && !isDeepStrictEqual(their.offsite, offsite);
    });
    const named = [
      [`${name}.store`, store],
      [`${name}.offsite.store`, values(offsite).store],
    ] as const;
    const unlike = {
      where: `${file}: ${name}.offsite`,
      what: `it is another one than that of ${twin?.[0] ?? ''}, whose backups are in the same bucket`,
      allowed: 'one copy of a bucket, for all stores that it holds',
      remedy: 'make them the same, or name another store',
    };
    const missing = named.flatMap(([path, key]) =>
      missingStore(`${file}: ${path}`, key, objectStores, 'add it to objectStores, or name one of these'),
    );
    return twin === undefined ? missing : [...missing, unlike];
  });
}

/** Two stores in one bucket: a copy of it into itself, or two archives that mix. */
export function bucketFindings(file: string, objectStores: Values): Finding[] {
  const seen = new Map<string, string>();
  return Object.entries(objectStores).flatMap(([name, store]) => {
    const place = bucketOf(store);
    const other = place === undefined ? undefined : seen.get(place);
    if (place === undefined || other === undefined) {
      if (place !== undefined) seen.set(place, name);
      return [];
    }
    return {
      where: `${file}: objectStores.${name}`,
      what: `it is the bucket of ${other}`,
      allowed: 'each bucket under one name: a copy into the bucket itself saves nothing',
      remedy: 'name another bucket, or use the other name',
    };
  });
}

/** What is locked is kept, whatever is said of old versions. */
export function lockFindings(file: string, objectStores: Values): Finding[] {
  return Object.entries(objectStores).flatMap(([name, store]) => {
    const { oldVersionsDays: kept, lockDays: locked } = values(store);
    if (typeof kept !== 'number' || typeof locked !== 'number' || kept >= locked) return [];
    return {
      where: `${file}: objectStores.${name}.oldVersionsDays`,
      what: `old versions go after ${kept} days, and nothing may be deleted for ${locked}`,
      allowed: `${locked} or more, or false`,
      remedy: 'raise it, or lower lockDays',
    };
  });
}

/** A bucket, however its endpoint is written; undefined for what is none. */
export function bucketOf(store: unknown): string | undefined {
  const { endpoint, bucket } = values(store);
  const remote = typeof endpoint === 'string' ? serviceRemote(endpoint) : '';
  return typeof remote === 'string' || typeof bucket !== 'string'
    ? undefined
    : `${remote.host}:${remote.port}/${bucket}`;
}

export function serverFindings(
  file: string,
  repository: Values,
  objectStores: Values,
  servers: Values,
  { pods, services }: Values,
): Finding[] {
  const cluster = [pods, services].filter((text) => typeof text === 'string');
  const all = [
    [`repository.url`, repository.url, repositoryRemote, repository.addresses] as const,
    ...Object.entries(objectStores).map(([name, store]) => {
      const { endpoint, addresses } = values(store);
      return [`objectStores.${name}.endpoint`, endpoint, serviceRemote, addresses] as const;
    }),
    ...Object.entries(servers).map(([name, server]) => {
      const { host, addresses } = values(server);
      const parse = (text: string) => (isHost(text) ? { host: text, port: 0 } : '');
      return [`servers.${name}.host`, host, parse, addresses] as const;
    }),
  ];
  return all.flatMap(([path, text, parse, addresses]) => {
    const remote = typeof text === 'string' ? parse(text) : '';
    if (typeof remote === 'string') return [];
    const given = Array.isArray(addresses) ? addresses.filter((each) => typeof each === 'string') : undefined;
    return remoteFindings(`${file}: ${path}`, remote, given, cluster);
  });
}
