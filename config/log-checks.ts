import type { Finding } from '../constructs/core/error.ts';
import { bucketsOfBackups, missingStore } from './object-stores.ts';
import { values } from './untyped.ts';
import type { Values } from './untyped.ts';

/** Where logs are kept: a bucket that is there, that nothing else is in, and that lets them be removed. */
export function logFindings(file: string, input: Values): Finding[] {
  const { store } = values(values(input.observability).logs);
  // In a cluster that it shares, its logs are kept by whose that is.
  if (typeof store !== 'string' || input.shares !== undefined) return [];
  const objectStores = values(input.objectStores);
  const where = `${file}: observability.logs.store`;
  const missing = missingStore(where, store, objectStores, 'add one to objectStores, with a bucket of its own');
  if (missing.length > 0) return missing;
  const [other] = bucketsOfBackups(input).find(([, name]) => name === store) ?? [];
  return [
    ...(other === undefined
      ? []
      : [
          {
            where,
            what: `it is the bucket of ${other} too`,
            allowed: 'a bucket of its own: who keeps logs removes them, and its keys would remove backups',
            remedy: 'add another one to objectStores, and name that',
          },
        ]),
    ...(typeof values(objectStores[store]).lockDays === 'number'
      ? [
          {
            where: `${file}: objectStores.${store}.lockDays`,
            what: 'nobody may delete in the bucket of the logs',
            allowed: 'no lock: logs are removed after their days',
            remedy: 'remove lockDays; a bucket that was made with a lock has to be another one',
          },
        ]
      : []),
  ];
}
