import path from 'node:path';
import { machineValues } from '../../../synth/machines.ts';
import { withCleanUp } from '../../machine/clean-up.ts';
import { ProvingError } from '../../machine/error.ts';
import type { DrillCheck } from '../../results/index.ts';
import { Hetzner, standIn } from '../../stand-ins/hetzner/index.ts';
import type { Area, Outcome } from '../area.ts';
import type { Ground } from '../ground.ts';
import { Checks } from './checks.ts';
import { lifeOf } from './life.ts';
import type { Values } from './life.ts';
import { refusalsOf } from './refusals.ts';
import { StateStore } from './state-store.ts';
import { Tofu } from './tofu.ts';
import { troubleOf } from './trouble.ts';

/** Environments whose machines are made, each from nothing. */
const made = ['production', 'three-node'] as const;

export const area: Area<'machine'> = {
  purpose: "makes the machines with real OpenTofu, against a stand-in for Hetzner's API",
  promises: {
    machines:
      'real OpenTofu with the real hcloud provider makes the machines of each environment from nothing, plans nothing the ' +
      'second time, replaces nothing for other user_data, refuses to destroy what is protected, as the API does, takes another ' +
      'type when one is out of stock, goes on with what was left half done, and destroys all of it on purpose',
  },
  needs: 'machine',
  minutes: 4,
  programs: ['tofu', 'terraform-provider-hcloud', 'versitygw'],
  about: ['terraform', 'synth/machines.ts', 'scripts/stock', 'prove/stand-ins/hetzner'],
  run: hardware,
};

async function hardware({ root, folder, report }: Ground): Promise<Outcome> {
  const checks: DrillCheck[] = [];
  const seconds: number[] = [];
  for (const environment of made) {
    const own = path.join(folder, environment);
    const store = await StateStore.start(path.join(own, 'store'));
    const hetzner = await Hetzner.start();
    const say = (line: string): void => report(`${environment}: ${line}`);
    const named = (part: readonly DrillCheck[]): void => {
      checks.push(...part.map((check) => ({ ...check, what: `${environment}: ${check.what}` })));
    };
    await withCleanUp([() => hetzner.stop(), () => store.stop()], async () => {
      const values = valuesOf(environment);
      say('preparing OpenTofu');
      const tofu = await Tofu.prepare({ root, folder: own, environment, hetzner, store });
      tofu.values = values;
      named(await written(tofu));
      if (environment === made[0]) {
        say('trying what is refused');
        named((await refusalsOf(tofu, hetzner, values)).checks);
      }
      const life = await lifeOf(tofu, hetzner, values, say);
      named(life.checks);
      seconds.push(life.figures.apply ?? 0);
      if (environment === made[0]) named((await troubleOf(tofu, hetzner, values, { folder: own, report: say })).checks);
      named([
        {
          what: 'the state is in the bucket',
          expected: 'yes',
          got: store.keys().some((key) => key.includes(`/${environment}/`)) ? 'yes' : store.keys().join(),
        },
      ]);
    });
  }
  return {
    machines: { figures: { apply: Math.max(...seconds) }, units: { apply: 's' }, checks, standIns: [standIn] },
  };
}

/** What Terraform is given of the environment, with its names answered for by Hetzner: Cloudflare's provider can't be had. */
function valuesOf(environment: string): Values {
  const values = machineValues(environment);
  if (values === undefined) throw new ProvingError(`${environment} has no machines`);
  const { domain } = values.dns;
  return { ...values, dns: { provider: 'hetzner', zone: domain, domain } };
}

/** The files themselves: their form, their types, and their own tests with a pretended provider. */
async function written(tofu: Tofu): Promise<readonly DrillCheck[]> {
  const checks = new Checks();
  checks.succeeds('tofu fmt -check', await tofu.run(['fmt', '-check', '-recursive', '-diff']));
  checks.succeeds('tofu validate', await tofu.run(['validate']));
  checks.succeeds('tofu test', await tofu.run(['test'], { TF_WORKSPACE: 'default' }));
  return checks.all;
}
