import fs from 'node:fs';
import path from 'node:path';
import { ProvingError } from '../../machine/error.ts';
import { withCleanUp } from '../../machine/clean-up.ts';
import { durationText, figureText } from '../../../synth/promises/duration.ts';
import { bundleBucket } from '../../../scripts/bundle/store.ts';
import { habitsStandIn } from '../../stand-ins/object-storage/habits.ts';
import { LocalStorage } from '../../stand-ins/object-storage/local.ts';
import { standIn as hetznerStandIn } from '../../stand-ins/hetzner/index.ts';
import type { Area, Outcome } from '../area.ts';
import type { Ground } from '../ground.ts';
import { delivered, onCluster } from '../ground.ts';
import { Checks } from '../hardware/checks.ts';
import { livedAndLost } from './before.ts';
import { machinesAgain } from './machines.ts';
import { restored } from './after.ts';
import { WayBack } from './way-back.ts';

const environment = 'production';

export const area: Area<'empty'> = {
  purpose: 'loses everything but what providers and a printed page have, and brings it back as the runbook says, timed',
  promises: {
    'both-down':
      'the cluster destroyed with all disks and keys while rows are written; the bundle opened with the envelope, recoveries ' +
      'committed, the way back proven in the buckets that are left, machines made by OpenTofu, a cluster, and Argo CD applies ' +
      'everything: PostgreSQL, Redis and the directory begin with their backups, and have what was written before',
    rpo:
      'of rows that were written each second until the destruction, how old the newest one is that is there afterwards; Redis and ' +
      'the directory begin with the last backup, which their schedules make each hour and each two hours',
  },
  needs: 'empty',
  minutes: 15,
  programs: ['tofu', 'terraform-provider-hcloud', 'terraform-provider-cloudflare', 'versitygw'],
  about: [
    ...['constructs/patroni-cluster', 'constructs/redis-sentinel', 'constructs/samba-dc', 'constructs/stateful'],
    ...['install', 'terraform', 'scripts/bundle', 'scripts/recover', 'scripts/way-back', 'prove/delivery'],
    ...['prove/drills/envelope', 'prove/stand-ins/object-storage', 'prove/stand-ins/hetzner'],
  ],
  run: disaster,
};

async function disaster(ground: Ground): Promise<Outcome> {
  const { root, folder, report } = ground;
  if (ground.environment !== environment) throw new ProvingError(`the drill is about ${environment}`);
  const checks = new Checks();
  const world = path.join(folder, 'lost/world');
  // Of an earlier run that was interrupted before it gave them to its second cluster.
  fs.rmSync(path.dirname(world), { recursive: true, force: true });
  const offsite = await LocalStorage.start(
    path.join(folder, 'offsite'),
    bundleBucket(root, environment, undefined).region,
  );
  return withCleanUp([() => offsite.stop()], async () => {
    const { before, operator } = await onCluster(ground, async (cluster) =>
      livedAndLost(await delivered(cluster), { offsite, world, checks }),
    );
    const start = performance.now();
    const stages: Record<string, number> = {};
    const timed = async <Value>(name: string, action: () => Promise<Value>): Promise<Value> => {
      const began = performance.now();
      const value = await action();
      stages[name] = seconds(performance.now() - began);
      report(`${durationText(seconds(performance.now() - start))}  ${name}: ${durationText(stages[name])}`);
      return value;
    };
    const way = new WayBack(ground, world);
    await timed('secrets', async () => checks.same('the bundle is opened', await operator.open(environment), 'done'));
    await timed('recoveries', () => way.recover());
    await timed('proof', async () => checks.same('npm run way-back', await way.proven(operator.opened), 'done'));
    await timed('machines', () => machinesAgain(ground, checks));
    const cluster = performance.now();
    return onCluster(
      ground,
      async (again) => {
        stages.cluster = seconds(performance.now() - cluster);
        await way.moved(again.cluster, operator.opened);
        const platform = await timed('Argo CD and stores', () =>
          // A store says nothing while it is brought back, and others wait for it: here, all of them at once.
          delivered(again, { prepare: (clone) => way.give(clone), atMost: 1500, atRest: 600 }),
        );
        const after = await restored(platform, before, checks);
        const rebuilt = minutes(performance.now() - start);
        report(`${rebuilt} min  everything is back; ${figureText(after.lost, 'min')} of rows are lost`);
        const standIns = [habitsStandIn, hetznerStandIn];
        const units = { rebuilt: 'min', ...Object.fromEntries(Object.keys(stages).map((name) => [name, 's'])) };
        return {
          'both-down': { figures: { rebuilt, ...stages }, units, checks: checks.all, standIns },
          rpo: { figures: { lost: after.lost }, units: { lost: 'min' }, checks: after.checks, standIns },
        };
      },
      { world },
    );
  });
}

const seconds = (milliseconds: number): number => Math.round(milliseconds / 100) / 10;
const minutes = (milliseconds: number): number => Math.round(milliseconds / 6000) / 10;
