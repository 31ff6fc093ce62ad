import { podsOf, watchPods } from './commands.ts';
import type { RecoveryPlan } from './plan.ts';
import type { Step, StepsOfKind } from './step.ts';
import { firstBackup, oldArchive, safeWhen, seeTheArchive, whenItWaits } from './steps-whole-copies.ts';

/** In words of Redis, whose archive has a whole copy for each hour, and nothing between. */
export const redisSteps: StepsOfKind = {
  seeTheArchive,
  watch,
  whenItStops: (plan) =>
    whenItWaits(
      plan,
      `"has backups of this life": it had begun already, and its volumes are lost. Begin with its own backups instead.`,
    ),
  look,
  firstBackup: (plan) => firstBackup(plan, 'the next hour'),
  safeWhen,
  oldArchive,
  heldToItsEnd: 'what the old store held at its last backup is in its folder',
};

function watch({ recovered, next: { cluster, archive } }: RecoveryPlan): Step {
  const { from } = recovered.recovery;
  const pods = podsOf(cluster);
  return {
    text: `Watch ${pods.join(' and ')}; either may be the one that begins with the backup:`,
    commands: [
      watchPods(cluster),
      ...pods.map((pod) => cluster.commands.log(pod, '--follow')),
      cluster.commands.members,
    ],
    notes: [
      'Its log says, in this order:',
      '  waits: a backup is fetched and loaded',
      `  restore.sh: fetches ... from ${archive.prefix(from)}`,
      '  restore.sh: ... is restored: ... keys, of which ... have an end',
      '  begins as primary: data whole, was primary',
      'The other one begins as a replica with no data, and copies it. It is done when both are ready.',
    ],
  };
}

function look({ next: { cluster } }: RecoveryPlan): Step {
  return {
    text: 'Look at the data: a key that has to be there, and one that must not:',
    commands: cluster.commands.look,
    notes: ['What has expired since the backup is gone, as it would be without one.'],
  };
}
