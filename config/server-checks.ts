import type { Finding } from '../constructs/core/error.ts';
import { remoteFindings, repositoryRemote, serviceRemote } from './remote.ts';
import { values } from './untyped.ts';
import type { Values } from './untyped.ts';

export function backupFindings(file: string, backups: Values, objectStores: Values): Finding[] {
  return Object.entries(backups).flatMap(([name, backup]) => {
    const { store, offsite } = values(backup);
    const named = [
      [`backups.${name}.store`, store],
      [`backups.${name}.offsite.store`, values(offsite).store],
    ] as const;
    return named
      .filter(([, key]) => typeof key === 'string' && !Object.hasOwn(objectStores, key))
      .map(([path, key]) => ({
        where: `${file}: ${path}`,
        what: `there is no object store "${String(key)}"`,
        allowed: Object.keys(objectStores).sort().join(', '),
        remedy: 'add it to objectStores, or name one of these',
      }));
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
  { pods, services }: Values,
): Finding[] {
  const cluster = [pods, services].filter((text) => typeof text === 'string');
  const servers = [
    [`repository.url`, repository.url, repositoryRemote, repository.addresses] as const,
    ...Object.entries(objectStores).map(([name, store]) => {
      const { endpoint, addresses } = values(store);
      return [`objectStores.${name}.endpoint`, endpoint, serviceRemote, addresses] as const;
    }),
  ];
  return servers.flatMap(([path, text, parse, addresses]) => {
    const remote = typeof text === 'string' ? parse(text) : '';
    if (typeof remote === 'string') return [];
    const given = Array.isArray(addresses) ? addresses.map(String) : undefined;
    return remoteFindings(`${file}: ${path}`, remote, given, cluster);
  });
}
