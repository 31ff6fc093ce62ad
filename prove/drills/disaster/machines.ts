import path from 'node:path';
import process from 'node:process';
import { environmentInput } from '../../../config/index.ts';
import { machineValues } from '../../../synth/machines.ts';
import { withCleanUp } from '../../machine/clean-up.ts';
import { ProvingError } from '../../machine/error.ts';
import { run } from '../../machine/run.ts';
import { Cloudflare } from '../../stand-ins/cloudflare/index.ts';
import { Hetzner } from '../../stand-ins/hetzner/index.ts';
import { LocalStorage } from '../../stand-ins/object-storage/local.ts';
import type { Ground } from '../ground.ts';
import { makeStateBucket } from '../hardware/buckets.ts';
import type { Checks } from '../hardware/checks.ts';
import { Tofu } from '../hardware/tofu.ts';

/** Makes the machines from nothing, with a state that is lost too, and asks whether install/ knows them. */
export async function machinesAgain({ root, folder, environment }: Ground, checks: Checks): Promise<void> {
  const values = machineValues(environment);
  if (values === undefined) throw new ProvingError(`${environment} has no machines`);
  const own = path.join(folder, 'machines');
  const regionOf = (store: string): string => environmentInput(environment).objectStores[store]?.region ?? '';
  const storage = await LocalStorage.start(path.join(own, 'store'), regionOf('backups'));
  const offsite = await LocalStorage.start(path.join(own, 'offsite'), regionOf('offsite'));
  const [hetzner, cloudflare] = [await Hetzner.start(), await Cloudflare.start()];
  const stops = [() => cloudflare.stop(), () => hetzner.stop(), () => storage.stop(), () => offsite.stop()];
  await withCleanUp(stops, async () => {
    const bucket = await makeStateBucket({ storage, offsite, root, environment });
    const tofu = await Tofu.prepare({ root, folder: own, environment, hetzner, cloudflare, storage, bucket });
    tofu.values = values;
    checks.succeeds('tofu apply', await tofu.apply());
    const outputs = JSON.stringify(await tofu.output('nodes'));
    const script = path.join(root, 'install/outputs.mjs');
    const asked = await run(process.execPath, [script, ...Object.keys(values.nodes)], { input: outputs });
    checks.succeeds('install/run finds its machines in the outputs', asked);
  });
}
