import fs from 'node:fs';
import path from 'node:path';
import { bundlesFile, bundlesOf } from '../../config/bundles.ts';
import type { BundlesInput } from '../../config/schema.ts';
import { InputError } from '../../constructs/core/error.ts';
import type { Finding } from '../../constructs/core/error.ts';
import { keysInUse } from './sealed.ts';

/** What is written down of an environment's bundle. */
export type BundleRecord = BundlesInput[string];

export function readRecords(root: string): BundlesInput {
  return bundlesOf(path.join(root, bundlesFile));
}

/** @throws InputError where nobody made an envelope yet */
export function recordOf(root: string, environment: string): BundleRecord {
  const record = readRecords(root)[environment];
  if (record !== undefined) return record;
  throw new InputError({
    where: `${bundlesFile}: ${environment}`,
    what: 'there is no envelope of it: nobody could open a bundle',
    allowed: 'an environment whose envelope was printed',
    remedy: `run npm run bundle -- envelope ${environment} --out FILE`,
  });
}

export function writeRecord(root: string, environment: string, record: BundleRecord): void {
  const all = { ...readRecords(root), [environment]: record };
  const sorted = Object.fromEntries(Object.entries(all).sort(([a], [b]) => a.localeCompare(b, 'en')));
  const file = path.join(root, bundlesFile);
  fs.writeFileSync(`${file}.new`, `${JSON.stringify(sorted, undefined, 2)}\n`);
  fs.renameSync(`${file}.new`, file);
}

/** Of a bundle: values that are sealed with a key which it doesn't have. */
export function staleFindings(root: string, environment: string, sealing: readonly string[], where: string): Finding[] {
  const lacking = keysInUse(root, environment).filter((print) => !sealing.includes(print));
  if (lacking.length === 0) return [];
  return [
    {
      where,
      what: `it is older than the key that secrets are sealed with: it lacks ${lacking.join(', ')}`,
      allowed: `a bundle with every key that secrets/${environment}/ is sealed with`,
      remedy: `make one: npm run bundle -- make ${environment} (docs/runbooks/disaster-bundle.md)`,
    },
  ];
}

/** What is wrong with what is written down, of all environments. */
export function recordFindings(root: string): Finding[] {
  return Object.entries(readRecords(root)).flatMap(([environment, { bundle }]) =>
    staleFindings(root, environment, bundle?.sealing ?? [], `${bundlesFile}: ${environment}`),
  );
}
