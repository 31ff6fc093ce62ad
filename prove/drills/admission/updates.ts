import type { Manifest } from '../../../constructs/core/manifest.ts';
import { immutableChanges } from '../../../synth/immutable/index.ts';
import { changed } from './changed.ts';
import type { Path } from './changed.ts';

/** One change of an object that is there, and whether it can be made in place. */
export interface Update {
  readonly what: string;
  readonly manifest: Manifest;
  readonly verdict: Verdict;
}

type Verdict = 'refused' | 'taken';

/** A kind, what changes of it (paths and values), and whether that can be. */
type Row = readonly [string, Verdict, ...(readonly (readonly [Path, unknown])[])];

const label = 'diptych/drill';
const selected: readonly (readonly [Path, unknown])[] = [
  [['spec', 'selector', 'matchLabels', label], 'a'],
  [['spec', 'template', 'metadata', 'labels', label], 'a'],
];
const storage: Path = ['spec', 'volumeClaimTemplates', 0, 'spec', 'resources', 'requests', 'storage'];
const image: Path = ['spec', 'template', 'spec', 'containers', 0, 'image'];
const other = 'registry.example/other:1';

const table: readonly Row[] = [
  ['StatefulSet', 'refused', [storage, '60Gi']],
  ['StatefulSet', 'refused', [['spec', 'volumeClaimTemplates', 0, 'spec', 'storageClassName'], 'other']],
  ['StatefulSet', 'refused', [['spec', 'serviceName'], 'other']],
  ['StatefulSet', 'refused', [['spec', 'podManagementPolicy'], 'OrderedReady']],
  ['StatefulSet', 'refused', ...selected],
  ['StatefulSet', 'taken', [['spec', 'replicas'], 3]],
  ['StatefulSet', 'taken', [['spec', 'minReadySeconds'], 1]],
  ['StatefulSet', 'taken', [['spec', 'revisionHistoryLimit'], 5]],
  ['StatefulSet', 'taken', [image, other]],
  ['Deployment', 'refused', ...selected],
  ['Deployment', 'taken', [image, other]],
  ['Deployment', 'taken', [['spec', 'paused'], true]],
  ['DaemonSet', 'refused', ...selected],
  ['DaemonSet', 'taken', [image, other]],
  ['Job', 'refused', [image, other]],
  ['Job', 'refused', [['spec', 'completions'], 2]],
  ['Job', 'taken', [['spec', 'backoffLimit'], 1]],
  ['Job', 'taken', [['spec', 'podReplacementPolicy'], 'TerminatingOrFailed']],
  ['CronJob', 'taken', [['spec', 'schedule'], '1 1 * * *']],
  ['Service', 'refused', [['spec', 'clusterIP'], '10.43.200.200']],
  ['Service', 'taken', [['spec', 'ports', 0, 'port'], 4321]],
  ['PriorityClass', 'refused', [['value'], 1234]],
  ['PriorityClass', 'refused', [['preemptionPolicy'], 'Never']],
  ['PriorityClass', 'taken', [['description'], 'another one']],
  ['RoleBinding', 'refused', [['roleRef', 'name'], 'other']],
  ['RoleBinding', 'taken', [['subjects'], []]],
  ['ConfigMap', 'taken', [['data', 'drill'], 'a']],
  ['ResourceQuota', 'taken', [['spec', 'hard', 'pods'], '1000']],
  ['PodDisruptionBudget', 'taken', [['spec', 'selector', 'matchLabels', label], 'a']],
  ['HorizontalPodAutoscaler', 'taken', [['spec', 'scaleTargetRef', 'name'], 'other']],
  ['NetworkPolicy', 'taken', [['spec', 'podSelector', 'matchLabels'], { [label]: 'a' }]],
  ['Role', 'taken', [['rules'], []]],
  ['ClusterRoleBinding', 'refused', [['roleRef', 'name'], 'other']],
  ['ClusterRoleBinding', 'taken', [['subjects'], []]],
  ['ClusterRole', 'taken', [['rules'], []]],
  ['ServiceAccount', 'taken', [['automountServiceAccountToken'], true]],
  ['ValidatingAdmissionPolicy', 'taken', [['spec', 'validations', 0, 'message'], 'another one']],
  ['ValidatingAdmissionPolicyBinding', 'taken', [['spec', 'policyName'], 'other']],
  ['LimitRange', 'taken', [['spec', 'limits', 0, 'defaultRequest', 'cpu'], '1m']],
];

/** The changes of the table, each made in the first committed object of its kind. */
export function updatesOf(manifests: readonly Manifest[]): Update[] {
  return table.flatMap(([kind, verdict, ...changes]) => {
    const object = manifests.find((manifest) => manifest.kind === kind);
    if (object === undefined) return [];
    const manifest = changes.reduce((copy, [path, value]) => changed(copy, path, value), object);
    const fields = changes.map(([path, value]) => `${path.join('.')} = ${JSON.stringify(value)}`);
    return { what: `${kind} ${object.metadata.name}: ${fields.join(' and ')}`, manifest, verdict };
  });
}

/** What synth says of it, whoever would make the object anew. */
export function verdictOfSynthOn({ manifest }: Update, manifests: readonly Manifest[]): Verdict {
  const { kind, metadata } = manifest;
  const before = manifests.find(
    (each) =>
      each.kind === kind && each.metadata.name === metadata.name && each.metadata.namespace === metadata.namespace,
  );
  return before !== undefined && immutableChanges(before, manifest).length > 0 ? 'refused' : 'taken';
}

/** The words with which an API server says that a field stays as it was made. */
export const refusedInPlace =
  /immutable|updates to statefulset spec|may not be changed|may not change once set|cannot change roleRef/i;
