import process from 'node:process';
import { InputError } from '../../constructs/core/error.ts';
import { parseArguments } from '../../synth/arguments.ts';
import { runCommand, UsageError } from '../../synth/command.ts';
import type { Output } from '../../synth/command.ts';
import { BucketClient, keysOf } from '../object-storage/bucket-client.ts';
import { makeBucket } from './make.ts';
import type { Step } from './make.ts';
import { holdsLock, stateFile, wantedBuckets } from './wanted.ts';
import type { WantedBucket } from './wanted.ts';

const help = `npm run buckets -- STORE... [OPTION...]

Makes buckets of an environment as they should be: every version kept, old ones gone after oldVersionsDays, and with
lockDays nobody able to delete or overwrite before, and with public everybody able to read (tried by a file of its own). What is as it should be stays; what was set is read back. It deletes no
bucket and no object. STORE is a name in objectStores of config/environments/, or "state", the bucket of ${stateFile}:
there it tries what Terraform's lock does (use_lockfile), with a file of its own that it deletes again.

  --environment NAME  which environment             [production]
  --check             only tell; exit code 1 if something is otherwise
  --shorten           also where something that is kept now would be kept for less long
  --help              this text

AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are a pair of the provider that has the bucket: those of another one in another
run. AWS_ENDPOINT_URL_S3 is another address than the bucket's.
`;

export interface BucketsContext {
  /** Folder that holds `terraform/`. */
  readonly root: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** How long what was written may take until it is read. */
  readonly patienceMilliseconds: number;
}

/** Runs `npm run buckets`. @returns the exit code: 0 done, 1 refused or not as it should be, 2 called wrongly */
export function bucketsCommand(
  context: BucketsContext,
  args: readonly string[],
  output: Output = process,
): Promise<number> {
  return runCommand(
    help,
    async () => {
      const { values, positionals } = parseArguments({
        args: [...args],
        allowPositionals: true,
        options: {
          environment: { type: 'string', default: 'production' },
          check: { type: 'boolean', default: false },
          shorten: { type: 'boolean', default: false },
          help: { type: 'boolean', default: false },
        },
      });
      if (values.help) return 'help';
      if (positionals.length === 0) throw new UsageError('which bucket?');
      return buckets(context, { ...values, stores: positionals }, output);
    },
    output,
    'what was done before stays',
  );
}

interface Asked {
  readonly environment: string;
  readonly stores: readonly string[];
  readonly check: boolean;
  readonly shorten: boolean;
}

async function buckets(
  { root, env, patienceMilliseconds }: BucketsContext,
  { environment, stores, check, shorten }: Asked,
  { stdout }: Output,
): Promise<number> {
  const all = wantedBuckets(root, environment);
  const chosen = stores.map((name) => named(all, name, environment));
  const keys = keysOf(env);
  let missing = false;
  for (const wanted of chosen) {
    const place = { ...wanted, endpoint: env.AWS_ENDPOINT_URL_S3 ?? wanted.endpoint };
    stdout.write(`${wanted.name}: ${wanted.bucket} at ${place.endpoint}\n`);
    const client = new BucketClient(place, keys);
    const steps = await makeBucket(client, wanted, {
      check,
      shorten,
      lock: holdsLock(root, wanted),
      patienceMilliseconds,
    });
    for (const step of steps) stdout.write(`  ${lineOf(step)}\n`);
    missing ||= steps.some(({ state }) => state === 'missing');
  }
  return missing ? 1 : 0;
}

function lineOf({ name, wanted, state }: Step): string {
  const told = { 'as it was': 'as it was', done: 'done, and read back', missing: 'not so', tried: 'tried' }[state];
  return `${name.padEnd(13)} ${wanted.padEnd(44)} ${told}`;
}

function named(all: readonly WantedBucket[], name: string, environment: string): WantedBucket {
  const [found, twin] = all.filter((each) => each.name === name);
  if (found !== undefined && twin === undefined) return found;
  throw new InputError({
    where: `config/environments/${environment}.ts: objectStores`,
    what: found === undefined ? `there is none called "${name}"` : '"state" is the name of Terraform\'s bucket',
    allowed: [...new Set(all.map((each) => each.name))].join(', '),
    remedy: found === undefined ? 'name one of these' : 'rename it there',
  });
}
