import type { Finding } from '../../constructs/core/error.ts';
import { describeManifest } from '../../constructs/core/manifest.ts';
import type { Manifest } from '../../constructs/core/manifest.ts';
import { podTemplateOf } from '../pods.ts';
import { schemaFindings } from '../schema/index.ts';
import { mountFindings, twiceFindings } from '../twice.ts';
import {
  cronJobProblems,
  daemonSetProblems,
  deploymentProblems,
  jobProblems,
  statefulSetProblems,
} from './controllers.ts';
import {
  annotationProblems,
  autoscalerProblems,
  dataProblems,
  disruptionBudgetProblems,
  limitRangeProblems,
  networkPolicyProblems,
  priorityClassProblems,
  quotaProblems,
  rightsProblems,
} from './objects.ts';
import { problem } from './problem.ts';
import type { Problem } from './problem.ts';
import { serviceProblems } from './services.ts';

/** The schema has seen to it that a spec is of its type. */
const ofSpec =
  (rule: (spec: never) => Problem[]) =>
  ({ spec }: Manifest): Problem[] =>
    spec === undefined
      ? [problem('spec', 'the field is missing', 'what the object is to be', 'add spec')]
      : rule(spec as never);

const rules: Readonly<Record<string, (manifest: Manifest) => Problem[]>> = {
  ClusterRole: rightsProblems,
  ClusterRoleBinding: rightsProblems,
  ConfigMap: dataProblems,
  CronJob: ofSpec(cronJobProblems),
  DaemonSet: ofSpec(daemonSetProblems),
  Deployment: ofSpec(deploymentProblems),
  HorizontalPodAutoscaler: ofSpec(autoscalerProblems),
  Job: ofSpec(jobProblems),
  LimitRange: ofSpec(limitRangeProblems),
  NetworkPolicy: ofSpec(networkPolicyProblems),
  PodDisruptionBudget: ofSpec(disruptionBudgetProblems),
  PriorityClass: priorityClassProblems,
  ResourceQuota: ofSpec(quotaProblems),
  Role: rightsProblems,
  RoleBinding: rightsProblems,
  Secret: dataProblems,
  Service: ofSpec(serviceProblems),
  StatefulSet: ofSpec(statefulSetProblems),
};

/**
 * What an API server refuses in an object, as it stands in its file: form by the makers' tables, then rules between fields,
 * keys of lists and sizes, which no table has. `npm run prove -- admission` asks a real API server of the same objects.
 */
export function objectFindings(manifest: Manifest): Finding[] {
  const findings = schemaFindings(manifest);
  // Rules between fields are of fields that have their form.
  return findings.length > 0 ? findings : ruleFindings(manifest);
}

function ruleFindings(manifest: Manifest): Finding[] {
  const object = describeManifest(manifest);
  const template = podTemplateOf(manifest);
  const problems = [
    ...annotationProblems(manifest.metadata.annotations, 'metadata.annotations'),
    ...annotationProblems(template?.metadata?.annotations, 'annotations of its pods'),
    ...(rules[manifest.kind]?.(manifest) ?? []),
  ];
  const containers = [...(template?.spec?.initContainers ?? []), ...(template?.spec?.containers ?? [])];
  return [
    ...problems.map(({ at, ...rest }) => ({ where: `${object}: ${at}`, ...rest })),
    ...[...twiceFindings(manifest), ...mountFindings(manifest, containers)].map((each) => ({ where: object, ...each })),
  ];
}
