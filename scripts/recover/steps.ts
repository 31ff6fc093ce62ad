import { confirmRemoval, deleteVolumes, endRootSync, endSync, listJobs, podsOf, watchPods } from './commands.ts';
import { generationsFile } from '../../config/index.ts';
import { declared } from './options.ts';
import type { RecoveryPlan } from './plan.ts';

/** A thing to do, the commands for it, and what to know about it. */
export interface Step {
  readonly text: string;
  readonly commands: readonly string[];
  readonly notes: readonly string[];
}

export const runbook = 'docs/runbooks/postgres-recovery.md';

/** The message of the commit that brings the recovery. */
export function commitMessage({ options, recovered, former, next }: RecoveryPlan): string {
  const { number, recovery } = recovered;
  const { name } = former.cluster.life;
  const when = recovery.to?.replace(/\+00$/, ' UTC') ?? 'its newest archived change';
  return [
    options.beside ? `Put ${name} of ${when} beside the running one` : `Recover ${name} to ${when}`,
    '',
    `Generation ${number} begins with what the archive of generation ${recovery.from} held then`,
    `(${former.archive.prefix(recovery.from)}), and archives to ${next.archive.prefix(number)}.`,
  ].join('\n');
}

/** What a person does from here, in order, with every name filled in. */
export function steps(plan: RecoveryPlan): readonly Step[] {
  const shared = [seeTheArchive, release, watch, whenItStops, look];
  const own = plan.options.beside ? [take, remove] : [firstBackup, confirm, cleanUp, goBack];
  return [...shared, ...own].map((step) => step(plan));
}

function seeTheArchive({ recovered, former: { cluster, archive } }: RecoveryPlan): Step {
  const { from, to } = recovered.recovery;
  const own = from === cluster.life.generation;
  return {
    text: "See that the archive reaches that far. The repository can't know; a member of the running cluster does:",
    commands: [
      cluster.commands.backups(own ? undefined : archive.prefix(from)),
      ...(own ? [cluster.commands.archived] : []),
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

function release({ options, result }: RecoveryPlan): Step {
  const { environment, beside } = options;
  const { releaseTag, repository } = result.platform.environment;
  return {
    text: 'Commit with the message above and merge; then release, which the workflow does by itself:',
    commands: [
      `git add ${generationsFile} dist/${environment} argocd/${environment}`,
      'git commit',
      npmRun('release', environment),
    ],
    notes: [
      ...(beside ? [] : ['What clients write to the old cluster until they are moved is not in the new one.']),
      ...(releaseTag !== undefined || beside
        ? []
        : [
            `Applications follow the branch ${repository.branch} so far: clients move at once, and fail until the new cluster ` +
              'is there. Pinned to a release tag, they wait for it.',
          ]),
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

function whenItStops({ options, recovered, former, next: { cluster }, result }: RecoveryPlan): Step {
  const { environment } = result.platform;
  const { from, to } = recovered.recovery;
  const again = ['npm run recover -- pg', ...others(options), `--from ${from} --to TIME`].join(' ');
  return {
    text: 'If it stops instead, nothing is lost: the archive is only read, and a cluster that ran still runs. The log says why:',
    commands: podsOf(cluster).map((pod) => cluster.commands.log(pod, '--previous')),
    notes: [
      ...(to === undefined
        ? []
        : [
            '"recovery ended before configured recovery target was reached": the archive has no change behind that moment.',
            `  Name an earlier one; or latest, which is the same if nothing was written since. With --from ${from}, because this one's own archive is empty:`,
            `  ${again}`,
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

function confirm({ former: { cluster }, next, result }: RecoveryPlan): Step {
  const { environment } = result.platform;
  return {
    text: `When you are sure, let Argo CD remove the old cluster. Nothing of ${cluster.life.scope} is removed before you say so:`,
    commands: [confirmRemoval(cluster, environment)],
    notes: [
      `Clients are wired to ${next.cluster.life.scope} since its members were ready.`,
      'A release before you confirm waits as well. To let it pass, end the sync that waits; it begins again with the new one:',
      `  ${endSync(cluster, environment)}`,
    ],
  };
}

function cleanUp({ former: { cluster, archive } }: RecoveryPlan): Step {
  return {
    text: 'Its volumes stay. Delete them when a full backup of the new generation has passed the restore test:',
    commands: [deleteVolumes(cluster)],
    notes: [
      `Retention has stopped in ${archive.prefix(cluster.life.generation)}. When nothing from before the recovery will be asked ` +
        'for, npm run archives deletes it here; offsite you do, when its lock has ended.',
    ],
  };
}

function goBack({ options, former: { cluster }, next, result }: RecoveryPlan): Step {
  const { environment } = result.platform;
  const again = ['npm run recover -- pg', ...others(options), `--from ${cluster.life.generation} --to latest`].join(
    ' ',
  );
  return {
    text: `To go back before you have confirmed: ${cluster.life.scope} still runs. Revert, release, and end what waits:`,
    commands: [
      'git revert COMMIT',
      npmRun('release', options.environment),
      endRootSync(environment),
      endSync(cluster, environment),
    ],
    notes: [
      `What clients have written to ${next.cluster.life.scope} is left behind; its removal waits for you in the same way.`,
      'Afterwards: what the old cluster held to its end is in its archive.',
      `  ${again}`,
    ],
  };
}

function take({ options, recovered, next: { cluster } }: RecoveryPlan): Step {
  return {
    text: `If that is what clients should have, move it in ${generationsFile} from copies to generations, and synthesise:`,
    commands: [npmRun('synth', options.environment)],
    notes: [
      'In generations, in place of what may stand there for this cluster:',
      `  "${cluster.life.name}": ${JSON.stringify(recovered)}`,
      `${cluster.life.scope} is not made again: it gets its standby, and clients are wired to it. From there on it is a recovery ` +
        'like any other.',
    ],
  };
}

function remove({ next: { cluster, archive }, replaced, result }: RecoveryPlan): Step {
  const { environment } = result.platform;
  return {
    text: `Else remove ${cluster.life.name} from copies in ${generationsFile}, synthesise, release, confirm its removal, delete its volume:`,
    commands: [confirmRemoval(cluster, environment), deleteVolumes(cluster)],
    notes: [
      `Its archive, ${archive.prefix(cluster.life.generation)}, stays until npm run archives deletes it. Its number is never used again.`,
      ...(replaced === undefined
        ? []
        : [
            `Generation ${replaced.number}, whose place it takes, waits for the same confirmation from the release on.`,
          ]),
    ],
  };
}

/** The options that are not as they are by default, to be given again. */
function others({ cluster, environment, beside }: RecoveryPlan['options']): string[] {
  return [
    ...(cluster === declared.cluster.default ? [] : [`--cluster ${cluster}`]),
    ...(environment === declared.environment.default ? [] : [`--environment ${environment}`]),
    ...(beside ? ['--beside'] : []),
  ];
}

function npmRun(name: 'release' | 'synth', environment: string): string {
  const command = `npm run ${name}`;
  return environment === declared.environment.default ? command : `${command} -- --environment ${environment}`;
}
