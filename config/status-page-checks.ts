import type { Finding } from '../constructs/core/error.ts';
import { bucketsOfBackups, missingStore } from './object-stores.ts';
import { values } from './untyped.ts';
import type { Values } from './untyped.ts';

/** What everybody may read: the status page, and nothing else. */
export function statusPageFindings(file: string, input: Values): Finding[] {
  const { logs, statusPage } = values(input.observability);
  const objectStores = values(input.objectStores);
  const isPublic = (store: unknown): boolean =>
    typeof store === 'string' && Object.hasOwn(objectStores, store) && values(objectStores[store]).public === true;
  const held = [...bucketsOfBackups(input), ['observability.logs', values(logs).store] as const]
    .filter(([, store]) => isPublic(store))
    .map(([other, store]) => ({
      where: `${file}: objectStores.${String(store)}.public`,
      what: `it is the bucket of ${other}, and everybody may read what is in it`,
      allowed: 'true for the bucket of a status page alone',
      remedy: 'remove public, or give the status page a bucket of its own',
    }));
  // In a cluster that it shares, the page is of whose that is.
  if (statusPage === undefined || input.shares !== undefined) return held;
  return [...held, ...storeFindings(file, values(statusPage).store, objectStores)];
}

function storeFindings(file: string, store: unknown, objectStores: Values): Finding[] {
  if (typeof store !== 'string') return [];
  const where = `${file}: observability.statusPage.store`;
  const remedy = 'add one to objectStores, with a bucket of its own and public: true';
  const missing = missingStore(where, store, objectStores, remedy);
  if (missing.length > 0) return missing;
  const { public: open, lockDays } = values(objectStores[store]);
  return [
    ...(open === true
      ? []
      : [
          {
            where,
            what: `nobody may read what is in the bucket of ${store}`,
            allowed: 'a bucket of its own, with public: true',
            remedy: `add public: true to objectStores.${store}, where nothing else is in it`,
          },
        ]),
    ...(typeof lockDays === 'number'
      ? [
          {
            where: `${file}: objectStores.${store}.lockDays`,
            what: 'a version a minute of the status page would be kept for all of these days',
            allowed: 'no lock: nothing there is worth more than a minute',
            remedy: 'remove lockDays; a bucket that was made with a lock has to be another one',
          },
        ]
      : []),
  ];
}
