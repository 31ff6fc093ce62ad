import { endRootSync, endSync, podsOf, watchPods } from './commands.ts';
import type { RecoveryPlan } from './plan.ts';
import { again } from './step.ts';
import type { Step, StepsOfKind } from './step.ts';

/** In words of Redis, whose archive has a whole copy for each hour, and nothing between. */
export const redisSteps: StepsOfKind = {
  seeTheArchive,
  watch,
  whenItStops,
  look,
  firstBackup,
  safeWhen: 'when a backup of the new generation has passed the restore test',
  oldArchive: (address) =>
    `Backups in ${address} go by themselves, when those of the new generation cover all the days that backups are kept.`,
  heldToItsEnd: 'what the old store held at its last backup is in its folder',
};

function seeTheArchive({ recovered, former: { cluster } }: RecoveryPlan): Step {
  const { to } = recovered.recovery;
  return {
    text: "See that there is a backup. The repository can't know; the log of the last ones does:",
    commands: [
      ...(to === undefined && cluster.commands.backUp !== undefined ? [cluster.commands.backUp] : []),
      cluster.commands.backups(),
    ],
    notes: [
      'Its last line says from when to when there are backups; the moments are in UTC.',
      to === undefined
        ? 'The first command makes one now: what was written since the last one would be missing.'
        : `It begins with the newest that was complete by ${to}.`,
      'Where no cluster is left there is nothing to ask: the log of step 3 says what there is.',
    ],
  };
}

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

function whenItStops(plan: RecoveryPlan): Step {
  const { recovered, next, result } = plan;
  const { environment } = result.platform;
  const { from } = recovered.recovery;
  return {
    text: 'If it waits instead, nothing is lost: backups are only read, and a store that ran still runs. The log says why:',
    commands: podsOf(next.cluster).map((pod) => next.cluster.commands.log(pod, '--tail=20')),
    notes: [
      '"can\'t be listed", "can\'t be read": the object storage, its name or its keys. It is tried again by itself.',
      '"holds no backup of": the oldest is newer than the moment, and the line names it.',
      '"is not what was backed up": that one is damaged. Name a moment before it, or fetch it from the second provider:',
      `  ${again(plan, from, 'TIME')}`,
      `"has backups of this life": it had begun already, and its volumes are lost. Begin with its own backups instead.`,
      `The release waits for ${next.cluster.life.scope}, and keeps the next one out. After the next one is made, end what waits:`,
      `  ${endRootSync(environment)}`,
      `  ${endSync(next.cluster, environment)}`,
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

function firstBackup({ next: { cluster, archive } }: RecoveryPlan): Step {
  return {
    text: 'Make its first backup, or wait for the next hour:',
    commands: [...(cluster.commands.backUp === undefined ? [] : [cluster.commands.backUp]), cluster.commands.backups()],
    notes: [`It is in ${archive.prefix(cluster.life.generation)}. Until then nothing recovers what is written now.`],
  };
}
