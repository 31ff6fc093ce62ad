import { endRootSync, endSync, listJobs, podsOf, watchPods } from './commands.ts';
import type { RecoveryPlan } from './plan.ts';
import { again } from './step.ts';
import type { Step, StepsOfKind } from './step.ts';

/** In words of PostgreSQL, whose archive has every change. */
export const postgresSteps: StepsOfKind = {
  seeTheArchive,
  watch,
  whenItStops,
  look,
  firstBackup,
  safeWhen: 'when a full backup of the new generation has passed the restore test',
  oldArchive: (address) =>
    `Retention has stopped in ${address}. When nothing from before the recovery will be asked ` +
    'for, npm run archives deletes it here; offsite you do, when its lock has ended.',
  heldToItsEnd: 'what the old cluster held to its end is in its archive',
};

function seeTheArchive({ recovered, former: { cluster, archive } }: RecoveryPlan): Step {
  const { from, to } = recovered.recovery;
  const own = from === cluster.life.generation;
  return {
    text: "See that the archive reaches that far. The repository can't know; a member of the running cluster does:",
    commands: [
      cluster.commands.backups(own ? undefined : archive.prefix(from)),
      ...(own && cluster.commands.archived !== undefined ? [cluster.commands.archived] : []),
    ],
    notes: [
      ...(to === undefined
        ? [
            'The newest of `backups` is what it begins with. What is not archived yet, a minute at most, will be missing.',
          ]
        : [`One of \`backups\` has to be \`finished\` before ${to}, and \`restorableSince\` has to lie before it.`]),
      ...(to !== undefined && own
        ? [`\`last_archived_time\` has to lie after ${to}: PostgreSQL wants a change behind the moment.`]
        : []),
      'Where no cluster is left there is nothing to ask: the log of step 3 shows what the archive has.',
    ],
  };
}

function watch({ recovered, next: { cluster }, former: { archive } }: RecoveryPlan): Step {
  const { from, to } = recovered.recovery;
  const pods = podsOf(cluster);
  const several = pods.length > 1;
  return {
    text: `Watch ${pods.join(' and ')}${several ? '; any of them may be the one that recovers' : ''}:`,
    commands: [
      watchPods(cluster),
      ...pods.map((pod) => cluster.commands.log(pod, '--follow')),
      cluster.commands.members,
    ],
    notes: [
      'Its log says, in this order:',
      `  bootstrap.sh: fetching base_... from ${archive.prefix(from)}`,
      to === undefined ? '  starting archive recovery' : `  starting point-in-time recovery to ${to}`,
      '  restored log file "..." from archive        (once for each 16 MiB of WAL)',
      ...(to === undefined ? [] : ['  recovery stopping before commit of transaction ..., time ...']),
      '  archive recovery complete',
      `  no action. I am (${pods[0]}), the leader with the lock`,
      ...(several ? ['The other one says "waiting for leader to bootstrap", and then copies it.'] : []),
      `It is done when patronictl lists a Leader${several ? ' and a Sync Standby that is streaming' : ''}.`,
      `How long: fetching takes what the last restore test took (DURATION in ${listJobs(cluster)}); replaying the WAL ` +
        'since that backup comes on top.',
    ],
  };
}

function whenItStops(plan: RecoveryPlan): Step {
  const { recovered, former, next, result } = plan;
  const { cluster } = next;
  const { environment } = result.platform;
  const { from, to } = recovered.recovery;
  return {
    text: 'If it stops instead, nothing is lost: the archive is only read, and a cluster that ran still runs. The log says why:',
    commands: podsOf(cluster).map((pod) => cluster.commands.log(pod, '--previous')),
    notes: [
      ...(to === undefined
        ? []
        : [
            '"recovery ended before configured recovery target was reached": the archive has no change behind that moment.',
            `  Name an earlier one; or latest, which is the same if nothing was written since. With --from ${from}, because this one's own archive is empty:`,
            `  ${again(plan, from, 'TIME')}`,
          ]),
      `"holds no full backup": ${former.archive.prefix(from)} begins later; the log lists what it has.`,
      '"could not be fetched": the object storage does not answer. It is tried again by itself.',
      `The release waits for ${cluster.life.scope}, and keeps the next one out. After the next one is made, end what waits:`,
      `  ${endRootSync(environment)}`,
      `  ${endSync(cluster, environment)}`,
    ],
  };
}

function look({ next: { cluster }, options }: RecoveryPlan): Step {
  return {
    text: 'Look at the data: the last row that has to be there, and the first one that must not:',
    commands: cluster.commands.look,
    notes: options.beside
      ? ['Rows for the running cluster: "\\copy (select ...) to FILE" here, "\\copy TABLE from FILE" there.']
      : [],
  };
}

function firstBackup({ next: { cluster, archive } }: RecoveryPlan): Step {
  return {
    text: 'See that its first full backup is there. The agent makes it at once, whatever the schedule says:',
    commands: [cluster.commands.backups()],
    notes: [
      `\`backups\` lists it, in ${archive.prefix(cluster.life.generation)}. Until then nothing recovers what is written now.`,
    ],
  };
}
