import path from 'node:path';
import { environmentInput } from '../../../config/index.ts';
import { machineValues } from '../../../synth/machines.ts';
import { withCleanUp } from '../../machine/clean-up.ts';
import { ProvingError } from '../../machine/error.ts';
import type { DrillCheck } from '../../results/index.ts';
import { Cloudflare, standIn as cloudflareStandIn } from '../../stand-ins/cloudflare/index.ts';
import { Hetzner, standIn } from '../../stand-ins/hetzner/index.ts';
import { habitsStandIn } from '../../stand-ins/object-storage/habits.ts';
import { LocalStorage } from '../../stand-ins/object-storage/local.ts';
import type { Area, Outcome } from '../area.ts';
import type { Ground } from '../ground.ts';
import { bucketsOf, habitsOf, makeStateBucket } from './buckets.ts';
import { Checks } from './checks.ts';
import { cloudInitOf } from './cloud-init.ts';
import { cloudflareOf } from './cloudflare.ts';
import { lifeOf } from './life.ts';
import type { Values } from './life.ts';
import { operationsOf } from './operations.ts';
import { refusalsOf } from './refusals.ts';
import { Tofu } from './tofu.ts';
import { troubleOf } from './trouble.ts';

/** Environments whose machines are made, each from nothing. */
const made = ['production', 'three-node'] as const;

export const area: Area<'machine'> = {
  purpose:
    'makes machines, buckets and names with real OpenTofu and npm run buckets, against stand-ins for the providers',
  promises: {
    terraform:
      'real OpenTofu with the real hcloud provider makes the machines of each environment from nothing, plans nothing the ' +
      'second time, replaces nothing for other user_data, refuses to destroy what is protected, as the API does, takes another ' +
      'type when one is out of stock, goes on with what was left half done, changes the type of a machine, makes one anew that ' +
      'keeps its addresses and volumes, and destroys all of it on purpose; npm run buckets makes the buckets of production and ' +
      'of the state from nothing, changes nothing the second time, goes on after an interruption, and refuses what would lose ' +
      'something; the records at Cloudflare are made of what the machines say, put back when somebody changes one, and taken away; ' +
      'cloud-init itself reads what machines are made with',
  },
  needs: 'machine',
  minutes: 6,
  programs: ['tofu', 'terraform-provider-hcloud', 'terraform-provider-cloudflare', 'versitygw'],
  about: [
    ...['terraform', 'synth/machines.ts', 'scripts/stock', 'scripts/buckets', 'scripts/object-storage'],
    ...['prove/stand-ins/hetzner', 'prove/stand-ins/cloudflare', 'prove/stand-ins/object-storage'],
  ],
  run: hardware,
};

async function hardware({ root, folder, report }: Ground): Promise<Outcome> {
  const checks: DrillCheck[] = [];
  const seconds: number[] = [];
  for (const environment of made) {
    const own = path.join(folder, environment);
    const isFirst = environment === made[0];
    // Each of two providers has a region of its own.
    const storage = await LocalStorage.start(path.join(own, 'store'), regionOf('backups'));
    const offsite = await LocalStorage.start(path.join(own, 'offsite'), regionOf('offsite'));
    const [hetzner, cloudflare] = [await Hetzner.start(), await Cloudflare.start()];
    const say = (line: string): void => report(`${environment}: ${line}`);
    const named = (part: readonly DrillCheck[]): void => {
      checks.push(...part.map((check) => ({ ...check, what: `${environment}: ${check.what}` })));
    };
    await withCleanUp(
      [() => cloudflare.stop(), () => hetzner.stop(), () => storage.stop(), () => offsite.stop()],
      async () => {
        const values = valuesOf(environment, isFirst);
        const ground = { storage, offsite, root, environment };
        if (isFirst) named((await bucketsOf(ground, say)).checks);
        if (isFirst) named((await habitsOf(ground)).checks);
        if (isFirst) named(await cloudInitOf(root, own));
        const bucket = await makeStateBucket(ground);
        say('preparing OpenTofu');
        const tofu = await Tofu.prepare({ root, folder: own, environment, hetzner, cloudflare, storage, bucket });
        tofu.values = values;
        named(await written(tofu));
        if (isFirst) {
          say('trying what is refused');
          named((await refusalsOf(tofu, hetzner, values)).checks);
        }
        const life = await lifeOf(tofu, hetzner, values, say, async (variables) => {
          if (isFirst) named((await operationsOf({ tofu, hetzner, values, variables }, say)).checks);
          else named((await cloudflareOf({ tofu, cloudflare, hetzner, values }, say)).checks);
        });
        named(life.checks);
        seconds.push(life.figures.apply ?? 0);
        if (isFirst) named((await troubleOf(tofu, hetzner, values, { folder: own, report: say })).checks);
        named([
          {
            what: 'the state is in the bucket',
            expected: 'yes',
            got: storage.keys(bucket).some((key) => key.includes(`/${environment}/`))
              ? 'yes'
              : storage.keys(bucket).join(),
          },
        ]);
      },
    );
  }
  const standIns = [standIn, cloudflareStandIn, habitsStandIn];
  return { terraform: { figures: { apply: Math.max(...seconds) }, units: { apply: 's' }, checks, standIns } };
}

/** Where a provider has the bucket of production. */
function regionOf(store: string): string {
  return environmentInput('production').objectStores[store]?.region ?? '';
}

/** What Terraform is given of the environment; of the first, with names answered for by Hetzner. */
function valuesOf(environment: string, byHetzner: boolean): Values {
  const values = machineValues(environment);
  if (values === undefined) throw new ProvingError(`${environment} has no machines`);
  const { domain } = values.dns;
  return byHetzner ? { ...values, dns: { provider: 'hetzner', zone: domain, domain } } : values;
}

/** The files themselves: their form, their types, and their own tests with a pretended provider. */
async function written(tofu: Tofu): Promise<readonly DrillCheck[]> {
  const checks = new Checks();
  checks.succeeds('tofu fmt -check', await tofu.run(['fmt', '-check', '-recursive', '-diff']));
  checks.succeeds('tofu validate', await tofu.run(['validate']));
  checks.succeeds('tofu test', await tofu.run(['test'], { TF_WORKSPACE: 'default' }));
  return checks.all;
}
