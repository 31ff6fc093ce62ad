import { endRootSync, endSync, podsOf } from './commands.ts';
import type { RecoveryPlan } from './plan.ts';
import { again } from './step.ts';
import type { Step } from './step.ts';

// What stores have in common whose archive has a whole copy for each moment of a schedule, and nothing between.

export function seeTheArchive({ recovered, former: { cluster } }: RecoveryPlan): Step {
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

/** @param further what only this kind of store says */
export function whenItWaits(plan: RecoveryPlan, ...further: readonly string[]): Step {
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
      ...further,
      `The release waits for ${next.cluster.life.scope}, and keeps the next one out. After the next one is made, end what waits:`,
      `  ${endRootSync(environment)}`,
      `  ${endSync(next.cluster, environment)}`,
    ],
  };
}

/** @param otherwise what makes one by itself, such as `the next hour` */
export function firstBackup({ next: { cluster, archive } }: RecoveryPlan, otherwise: string): Step {
  return {
    text: `Make its first backup, or wait for ${otherwise}:`,
    commands: [...(cluster.commands.backUp === undefined ? [] : [cluster.commands.backUp]), cluster.commands.backups()],
    notes: [`It is in ${archive.prefix(cluster.life.generation)}. Until then nothing recovers what is written now.`],
  };
}

export const safeWhen = 'when a backup of the new generation has passed the restore test';

export function oldArchive(address: string): string {
  return `Backups in ${address} go by themselves, when those of the new generation cover all the days that backups are kept.`;
}
