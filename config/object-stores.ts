import type { Finding } from '../constructs/core/error.ts';
import { values } from './untyped.ts';
import type { Values } from './untyped.ts';

/** What is told where a name is no object store's; nothing where it is, or is no name at all. */
export function missingStore(where: string, store: unknown, objectStores: Values, remedy: string): Finding[] {
  if (typeof store !== 'string' || Object.hasOwn(objectStores, store)) return [];
  const allowed = Object.keys(objectStores).sort().join(', ') || 'none yet';
  return [{ where, what: `there is no object store "${store}"`, allowed, remedy }];
}

/** Where backups go, by the field that says so. */
export function bucketsOfBackups(input: Values): readonly (readonly [string, unknown])[] {
  return [
    ...Object.entries(values(input.backups)).flatMap(([name, backup]) => [
      [`backups.${name}`, values(backup).store] as const,
      [`backups.${name}.offsite`, values(values(backup).offsite).store] as const,
    ]),
    ['k3s.snapshots', values(values(input.k3s).snapshots).store],
    ['k3s.snapshots.offsite', values(values(values(input.k3s).snapshots).offsite).store],
  ];
}
