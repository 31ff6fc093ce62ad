import { podsOf, watchPods } from './commands.ts';
import type { RecoveryPlan } from './plan.ts';
import type { Step, StepsOfKind } from './step.ts';
import { firstBackup, oldArchive, safeWhen, seeTheArchive, whenItWaits } from './steps-whole-copies.ts';

/** In words of a directory, whose archive has a whole copy for every two hours, and nothing between. */
export const directorySteps: StepsOfKind = {
  seeTheArchive,
  watch,
  whenItStops: (plan) =>
    whenItWaits(
      plan,
      `"of another domain than the one that is configured": realm, domain or server were changed. Take that back.`,
      `"the volume is empty, and": it had begun already, and its volume is lost. Begin with its own backups instead.`,
    ),
  look,
  firstBackup: (plan) => firstBackup(plan, 'the next one by the schedule'),
  safeWhen,
  oldArchive,
  heldToItsEnd: 'what the old directory held at its last backup is in its folder',
};

function watch({ recovered, next: { cluster, archive } }: RecoveryPlan): Step {
  const { from } = recovered.recovery;
  return {
    text: `Watch ${podsOf(cluster).join(' and ')}. Whoever signs in is still answered by the old one:`,
    commands: [
      watchPods(cluster),
      ...podsOf(cluster).map((pod) => cluster.commands.log(pod, '--follow')),
      cluster.commands.members,
    ],
    notes: [
      'Its log says, in this order:',
      `  directory: fetches ... from ${archive.prefix(from)}`,
      '  directory: ... is restored: ... accounts of ..., of the server ...',
      '  directory: holds the domain ..., of the server ...',
      'The SID in these lines is that of the old one, and what the last command prints. It is done when it is ready: its Service',
      'leads there from then on.',
    ],
  };
}

function look({ next: { cluster } }: RecoveryPlan): Step {
  return {
    text: 'Look at the data: somebody who has to be there, and a group:',
    commands: cluster.commands.look,
    notes: [
      "People's passwords, and the Administrator's, are those of that moment; accounts of programs follow their secrets again.",
    ],
  };
}
