import { askAgain, confirmRemoval, deleteVolumes, endRootSync, endSync } from './commands.ts';
import { generationsFile } from '../../config/index.ts';
import type { Kind } from './kinds.ts';
import type { RecoveryPlan } from './plan.ts';
import { again, npmRun } from './step.ts';
import type { Step, StepsOfKind } from './step.ts';
import { directorySteps } from './steps-directory.ts';
import { postgresSteps } from './steps-postgres.ts';
import { redisSteps } from './steps-redis.ts';

const ofKind: Readonly<Record<Kind, StepsOfKind>> = {
  pg: postgresSteps,
  redis: redisSteps,
  ad: directorySteps,
};

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
  const { seeTheArchive, watch, whenItStops, look, firstBackup } = ofKind[plan.options.kind];
  const shared = [seeTheArchive, release, watch, whenItStops, look];
  const own = plan.options.beside ? [take, remove] : [firstBackup, confirm, cleanUp, goBack];
  return [...shared, ...own].map((step) => step(plan));
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

function confirm({ former: { cluster }, next, result }: RecoveryPlan): Step {
  const { environment } = result.platform;
  return {
    text: `When you are sure, let Argo CD remove the old cluster. Nothing of ${cluster.life.scope} is removed before you say so:`,
    commands: [confirmRemoval(cluster, environment)],
    notes: [
      `Clients are wired to ${next.cluster.life.scope} since its members were ready.`,
      ...whenItAsks(cluster, environment),
      'A release before you confirm waits as well. To let it pass, end the sync that waits; it begins again with the new one:',
      `  ${endSync(cluster, environment)}`,
    ],
  };
}

/** @see https://github.com/argoproj/argo-cd/blob/v3.5.1/pkg/apis/application/v1alpha1/types.go (IsDeletionConfirmed) */
function whenItAsks(
  cluster: RecoveryPlan['next']['cluster'],
  environment: RecoveryPlan['result']['platform']['environment'],
): readonly string[] {
  return [
    'A confirmation counts for the sync that waits for it, and for none that begins later. One that has waited for two hours ' +
      'has ended: start another, and confirm when it waits too ("waiting for pruning confirmation"):',
    `  ${askAgain(cluster, environment)}`,
  ];
}

function cleanUp({ options, former: { cluster, archive } }: RecoveryPlan): Step {
  const { safeWhen, oldArchive } = ofKind[options.kind];
  return {
    text: `Its volumes stay. Delete them ${safeWhen}:`,
    commands: [deleteVolumes(cluster)],
    notes: [oldArchive(archive.prefix(cluster.life.generation))],
  };
}

function goBack(plan: RecoveryPlan): Step {
  const { options, former, next, result } = plan;
  const { cluster } = former;
  const { environment } = result.platform;
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
      `Afterwards: ${ofKind[options.kind].heldToItsEnd}.`,
      `  ${again(plan, cluster.life.generation, 'latest')}`,
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
    text: `Else remove ${cluster.life.name} from copies in ${generationsFile}, synthesise, release, confirm its removal when Argo CD asks, delete its volume:`,
    commands: [confirmRemoval(cluster, environment), deleteVolumes(cluster)],
    notes: [
      ...whenItAsks(cluster, environment),
      `Its archive, ${archive.prefix(cluster.life.generation)}, stays until npm run archives deletes it. Its number is never used again.`,
      ...(replaced === undefined
        ? []
        : [
            `Generation ${replaced.number}, whose place it takes, waits for the same confirmation from the release on.`,
          ]),
    ],
  };
}
