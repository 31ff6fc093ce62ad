import type { IDaemonSetSpec } from 'kubernetes-models/apps/v1/DaemonSetSpec';
import type { IDeploymentSpec } from 'kubernetes-models/apps/v1/DeploymentSpec';
import type { IStatefulSetSpec } from 'kubernetes-models/apps/v1/StatefulSetSpec';
import type { ICronJobSpec } from 'kubernetes-models/batch/v1/CronJobSpec';
import type { IJobSpec } from 'kubernetes-models/batch/v1/JobSpec';
import type { IPodTemplateSpec } from 'kubernetes-models/v1/PodTemplateSpec';
import { Schedule } from '../../constructs/core/schedule.ts';
import { countOrShare, label } from './forms.ts';
import { claimProblems, podProblems, selectorProblems } from './pods.ts';
import { broken, outside, problem, shown, unlisted } from './problem.ts';
import type { Problem } from './problem.ts';

type Counts = Readonly<Record<string, unknown>>;

/** Numbers that may be left out and never are negative. */
function counts(spec: object, at: string, names: readonly string[]): Problem[] {
  return names.flatMap((name) => outside(`${at}.${name}`, (spec as Counts)[name] as number | undefined, 0));
}

/** Pods that are made anew until somebody takes them away. */
function lastingProblems(
  selector: IDeploymentSpec['selector'],
  template: IPodTemplateSpec,
  { metadata: { labels = {} } = {}, spec: pod }: IPodTemplateSpec = template,
): Problem[] {
  const { matchLabels = {}, matchExpressions = [] } = selector;
  const missed = Object.entries(matchLabels).filter(([key, value]) => labels[key] !== value);
  return [
    ...(Object.keys(matchLabels).length + matchExpressions.length === 0
      ? [problem('spec.selector', 'it is empty', 'labels of its pods: an empty one would select all')]
      : []),
    ...missed.map(([key]) => problem(`spec.selector.matchLabels`, `its pods lack ${key}`, 'labels of its pods')),
    ...selectorProblems(selector, 'spec.selector'),
    ...unlisted('spec.template.spec.restartPolicy', pod?.restartPolicy, ['Always']),
    ...(pod?.activeDeadlineSeconds === undefined
      ? []
      : [problem('spec.template.spec.activeDeadlineSeconds', 'its pods last', 'none', 'remove it')]),
    ...podProblems(pod ?? { containers: [] }, 'spec.template.spec'),
  ];
}

interface Rolling {
  readonly maxSurge?: number | string;
  readonly maxUnavailable?: number | string;
}

function rollingProblems(rolling: Rolling | undefined, at: string, defaults: Required<Rolling>): Problem[] {
  const { maxSurge, maxUnavailable } = { ...defaults, ...rolling };
  const isNone = (value: number | string) => Number.parseInt(String(value), 10) === 0;
  return [
    ...broken(`${at}.maxSurge`, maxSurge, countOrShare),
    ...broken(`${at}.maxUnavailable`, maxUnavailable, countOrShare),
    ...(typeof maxUnavailable === 'string' && Number.parseInt(maxUnavailable, 10) > 100
      ? [problem(`${at}.maxUnavailable`, `got ${maxUnavailable}`, 'at most 100%')]
      : []),
    ...(isNone(maxSurge) && isNone(maxUnavailable)
      ? [problem(at, 'maxSurge and maxUnavailable are 0: no pod could ever be replaced', 'one of them above 0')]
      : []),
  ];
}

/** A kind of update, and the field that only one of the kinds has. */
function updateProblems(
  update: { readonly type?: string; readonly rollingUpdate?: object } | undefined,
  at: string,
  other: 'OnDelete' | 'Recreate',
): Problem[] {
  const { type, rollingUpdate } = update ?? {};
  return [
    ...unlisted(`${at}.type`, type, ['RollingUpdate', other]),
    ...(type === other && rollingUpdate !== undefined
      ? [
          problem(
            `${at}.rollingUpdate`,
            `it is there beside the type ${other}`,
            'none',
            'remove it, or change the type',
          ),
        ]
      : []),
  ];
}

export function deploymentProblems(spec: IDeploymentSpec): Problem[] {
  const { strategy, minReadySeconds = 0, progressDeadlineSeconds = 600 } = spec;
  return [
    ...lastingProblems(spec.selector, spec.template),
    ...counts(spec, 'spec', ['replicas', 'minReadySeconds', 'revisionHistoryLimit', 'progressDeadlineSeconds']),
    ...updateProblems(strategy, 'spec.strategy', 'Recreate'),
    ...(strategy?.type === 'Recreate'
      ? []
      : rollingProblems(strategy?.rollingUpdate, 'spec.strategy.rollingUpdate', {
          maxSurge: '25%',
          maxUnavailable: '25%',
        })),
    ...(progressDeadlineSeconds > minReadySeconds
      ? []
      : [
          problem(
            'spec.progressDeadlineSeconds',
            `${progressDeadlineSeconds}`,
            `more than minReadySeconds, ${minReadySeconds}`,
          ),
        ]),
  ];
}

export function daemonSetProblems(spec: IDaemonSetSpec): Problem[] {
  const { updateStrategy } = spec;
  return [
    ...lastingProblems(spec.selector, spec.template),
    ...counts(spec, 'spec', ['minReadySeconds', 'revisionHistoryLimit']),
    ...updateProblems(updateStrategy, 'spec.updateStrategy', 'OnDelete'),
    ...(updateStrategy?.type === 'OnDelete'
      ? []
      : rollingProblems(updateStrategy?.rollingUpdate, 'spec.updateStrategy.rollingUpdate', {
          maxSurge: 0,
          maxUnavailable: 1,
        })),
  ];
}

export function statefulSetProblems(spec: IStatefulSetSpec): Problem[] {
  const { updateStrategy, volumeClaimTemplates = [] } = spec;
  return [
    ...lastingProblems(spec.selector, spec.template),
    ...counts(spec, 'spec', ['replicas', 'minReadySeconds', 'revisionHistoryLimit']),
    ...(spec.serviceName === '' ? [] : broken('spec.serviceName', spec.serviceName, label)),
    ...unlisted('spec.podManagementPolicy', spec.podManagementPolicy, ['OrderedReady', 'Parallel']),
    ...updateProblems(updateStrategy, 'spec.updateStrategy', 'OnDelete'),
    ...counts(updateStrategy?.rollingUpdate ?? {}, 'spec.updateStrategy.rollingUpdate', ['partition']),
    ...broken(
      'spec.updateStrategy.rollingUpdate.maxUnavailable',
      updateStrategy?.rollingUpdate?.maxUnavailable,
      countOrShare,
    ),
    ...volumeClaimTemplates.flatMap(({ spec: claim }, index) =>
      claimProblems(claim, `spec.volumeClaimTemplates[${index}].spec`),
    ),
  ];
}

export function jobProblems(spec: IJobSpec, at = 'spec'): Problem[] {
  const pod = spec.template.spec;
  return [
    ...counts(spec, at, [
      'backoffLimit',
      'activeDeadlineSeconds',
      'parallelism',
      'completions',
      'ttlSecondsAfterFinished',
    ]),
    ...unlisted(`${at}.completionMode`, spec.completionMode, ['NonIndexed', 'Indexed']),
    ...unlisted(`${at}.podReplacementPolicy`, spec.podReplacementPolicy, ['Failed', 'TerminatingOrFailed']),
    ...unlisted(`${at}.template.spec.restartPolicy`, pod?.restartPolicy ?? 'Always', ['Never', 'OnFailure']),
    ...podProblems(pod ?? { containers: [] }, `${at}.template.spec`),
  ];
}

export function cronJobProblems(spec: ICronJobSpec): Problem[] {
  const { jobTemplate } = spec;
  return [
    ...broken('spec.schedule', spec.schedule, (text) => Schedule.problem(text)),
    ...broken('spec.timeZone', spec.timeZone, timeZone),
    ...unlisted('spec.concurrencyPolicy', spec.concurrencyPolicy, ['Allow', 'Forbid', 'Replace']),
    ...counts(spec, 'spec', ['startingDeadlineSeconds', 'successfulJobsHistoryLimit', 'failedJobsHistoryLimit']),
    ...(jobTemplate.spec === undefined
      ? [problem('spec.jobTemplate.spec', `got ${shown(undefined)}`, 'what the Job is')]
      : jobProblems(jobTemplate.spec, 'spec.jobTemplate.spec')),
  ];
}

/** Alerts and the agent read schedules in UTC. */
function timeZone(name: string): string | undefined {
  return name === 'Etc/UTC' || name === 'UTC' ? undefined : 'Etc/UTC: alerts reckon by it';
}
