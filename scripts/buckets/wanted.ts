import fs from 'node:fs';
import path from 'node:path';
import { bucketsOfCopies } from '../../config/conversions.ts';
import { environmentInput } from '../../config/index.ts';
import { InputError } from '../../constructs/core/error.ts';
import type { BucketPlace } from '../object-storage/bucket-client.ts';

/** A bucket as it should be. */
export interface WantedBucket extends BucketPlace {
  /** Of `objectStores`, or `state`. */
  readonly name: string;
  /** How long a version is kept that was overwritten or deleted; false for always. */
  readonly oldVersionsDays: number | false;
  /** For how long nobody may delete or overwrite a version; false for no lock. */
  readonly lockDays: number | false;
  /** Whether everybody may read what is in it. */
  readonly isPublic: boolean;
}

/** What a bucket has of which the configuration says nothing. */
const usual = { oldVersionsDays: 30, lockDays: 30 } as const;

export const stateFile = 'terraform/state.s3.tfbackend';

const backendFiles = ['terraform/backend.tf', 'terraform/cloudflare/backend.tf'];

/** Of Terraform's state a version is small, and the only way back after a mistake. */
const state = { name: 'state', oldVersionsDays: 365, lockDays: false, isPublic: false } as const;

/** The buckets of an environment, and that of Terraform's state, which all of them share. @throws InputError */
export function wantedBuckets(root: string, environment: string): WantedBucket[] {
  const input = environmentInput(environment);
  const copies = bucketsOfCopies(input);
  const stores = Object.entries(input.objectStores).map(([name, store]): WantedBucket => {
    const { endpoint, region, bucket, lockDays = copies.has(name) ? usual.lockDays : false } = store;
    const { oldVersionsDays = Math.max(usual.oldVersionsDays, lockDays === false ? 0 : lockDays) } = store;
    return { name, endpoint, region, bucket, oldVersionsDays, lockDays, isPublic: store.public === true };
  });
  return [...stores, { ...state, ...statePlace(root) }];
}

/** Whether Terraform locks a state by a file in that bucket: of the machines, or of the names. */
export function holdsLock(root: string, { name }: WantedBucket): boolean {
  const locks = (file: string): boolean =>
    /^\s*use_lockfile\s*=\s*true\b/m.test(fs.readFileSync(path.join(root, file), 'utf8'));
  return name === state.name && backendFiles.some(locks);
}

/** Where Terraform's state is. @throws InputError where its file doesn't say so */
function statePlace(root: string): BucketPlace {
  const text = fs.readFileSync(path.join(root, stateFile), 'utf8');
  const of = (pattern: RegExp): string => pattern.exec(text)?.[1] ?? '';
  const place = {
    bucket: of(/^\s*bucket\s*=\s*"([^"]+)"/m),
    region: of(/^\s*region\s*=\s*"([^"]+)"/m),
    endpoint: of(/\bs3\s*=\s*"([^"]+)"/),
  };
  const missing = Object.entries(place).filter(([, value]) => value === '');
  if (missing.length === 0) return place;
  throw new InputError({
    where: stateFile,
    what: `it has no ${missing.map(([name]) => name).join(', no ')}`,
    allowed: 'bucket, region and endpoints = { s3 = "https://..." }',
    remedy: 'add what is missing',
  });
}
