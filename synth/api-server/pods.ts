import type { ILabelSelector } from '@kubernetes-models/apimachinery/apis/meta/v1/LabelSelector';
import type { IDownwardAPIVolumeFile } from 'kubernetes-models/v1/DownwardAPIVolumeFile';
import type { INodeAffinity } from 'kubernetes-models/v1/NodeAffinity';
import type { INodeSelectorTerm } from 'kubernetes-models/v1/NodeSelectorTerm';
import type { IPodAffinityTerm } from 'kubernetes-models/v1/PodAffinityTerm';
import type { IPodSpec } from 'kubernetes-models/v1/PodSpec';
import type { IToleration } from 'kubernetes-models/v1/Toleration';
import type { IVolume } from 'kubernetes-models/v1/Volume';
import type { IVolumeProjection } from 'kubernetes-models/v1/VolumeProjection';
import { brokenKey } from '../schema/values.ts';
import { containerProblems, identityProblems, profileProblems } from './containers.ts';
import { amount, dataKey, label, relativePath, subdomain } from './forms.ts';
import { broken, notOne, outside, problem, shown, unlisted } from './problem.ts';
import type { Problem } from './problem.ts';

/** What the API server takes for a pod that says nothing. */
const secondsToStop = 30;

export function podProblems(pod: IPodSpec, at: string): Problem[] {
  const { containers, initContainers = [], terminationGracePeriodSeconds = secondsToStop } = pod;
  const around = { secondsToStop: terminationGracePeriodSeconds };
  return [
    ...(containers.length === 0 ? [problem(`${at}.containers`, 'there are none', 'one container or more')] : []),
    ...initContainers.flatMap((container, index) => {
      const ends = container.restartPolicy !== 'Always';
      return containerProblems(container, `${at}.initContainers[${index}]`, { ...around, ends });
    }),
    ...containers.flatMap((container, index) =>
      containerProblems(container, `${at}.containers[${index}]`, { ...around, ends: false }),
    ),
    ...(pod.volumes ?? []).flatMap((volume, index) => volumeProblems(volume, `${at}.volumes[${index}]`)),
    ...(pod.tolerations ?? []).flatMap((each, index) => tolerationProblems(each, `${at}.tolerations[${index}]`)),
    ...affinityProblems(pod, `${at}.affinity`),
    ...identityProblems(pod.securityContext, `${at}.securityContext`),
    ...profileProblems(pod.securityContext?.seccompProfile, `${at}.securityContext.seccompProfile`),
    ...profileProblems(pod.securityContext?.appArmorProfile, `${at}.securityContext.appArmorProfile`),
    ...unlisted(`${at}.securityContext.fsGroupChangePolicy`, pod.securityContext?.fsGroupChangePolicy, [
      ...['Always', 'OnRootMismatch'],
    ]),
    ...unlisted(`${at}.dnsPolicy`, pod.dnsPolicy, ['ClusterFirst', 'ClusterFirstWithHostNet', 'Default', 'None']),
    ...(pod.dnsPolicy === 'None' && (pod.dnsConfig?.nameservers ?? []).length === 0
      ? [problem(`${at}.dnsConfig`, 'no name server beside dnsPolicy None', 'nameservers, one or more')]
      : []),
    ...outside(`${at}.terminationGracePeriodSeconds`, pod.terminationGracePeriodSeconds, 0),
    ...outside(`${at}.activeDeadlineSeconds`, pod.activeDeadlineSeconds, 1, 2 ** 31 - 1),
    ...(['serviceAccountName', 'priorityClassName'] as const).flatMap((field) =>
      pod[field] === '' ? [] : broken(`${at}.${field}`, pod[field], subdomain),
    ),
    ...(['hostname', 'subdomain'] as const).flatMap((field) =>
      pod[field] === '' ? [] : broken(`${at}.${field}`, pod[field], label),
    ),
  ];
}

const volumeSources = [
  ...['configMap', 'csi', 'downwardAPI', 'emptyDir', 'ephemeral', 'hostPath', 'image', 'nfs', 'persistentVolumeClaim'],
  ...['projected', 'secret'],
];

interface KeyToPath {
  readonly key?: string;
  readonly path: string;
  readonly mode?: number;
}

function volumeProblems(volume: IVolume, at: string): Problem[] {
  const { name, secret, configMap, emptyDir, ephemeral, projected, persistentVolumeClaim } = volume;
  return [
    ...broken(`${at}.name`, name, label),
    // What a pod of ours can't have is Pod Security's to refuse.
    ...(volumeSources.some((source) => source in volume) || Object.keys(volume).length === 1
      ? notOne(at, volume, volumeSources)
      : []),
    ...(secret ? broken(`${at}.secret.secretName`, secret.secretName ?? '', named) : []),
    ...(configMap ? broken(`${at}.configMap.name`, configMap.name ?? '', named) : []),
    ...(persistentVolumeClaim
      ? broken(`${at}.persistentVolumeClaim.claimName`, persistentVolumeClaim.claimName, subdomain)
      : []),
    ...Object.entries({ secret, configMap, projected }).flatMap(([field, source]) =>
      outside(`${at}.${field}.defaultMode`, source?.defaultMode, 0, 0o777),
    ),
    ...itemProblems(secret?.items, `${at}.secret`),
    ...itemProblems(configMap?.items, `${at}.configMap`),
    ...(projected?.sources ?? []).flatMap((source, index) => {
      const where = `${at}.projected.sources[${index}]`;
      const { serviceAccountToken: token } = source;
      return [
        ...notOne(where, source, [
          ...['clusterTrustBundle', 'configMap', 'downwardAPI', 'podCertificate', 'secret', 'serviceAccountToken'],
        ]),
        ...(['configMap', 'secret'] as const).flatMap((field) =>
          source[field] ? broken(`${where}.${field}.name`, source[field].name ?? '', named) : [],
        ),
        ...(source.downwardAPI?.items ?? []).flatMap((item, each) =>
          downwardProblems(item, `${where}.downwardAPI.items[${each}]`),
        ),
        ...itemProblems(source.configMap?.items, `${where}.configMap`),
        ...itemProblems(source.secret?.items, `${where}.secret`),
        ...outside(`${where}.serviceAccountToken.expirationSeconds`, token?.expirationSeconds, 600, 2 ** 32),
        ...broken(`${where}.serviceAccountToken.path`, token?.path, relativePath),
      ];
    }),
    ...pathTwice(projected?.sources ?? [], `${at}.projected`),
    ...broken(`${at}.emptyDir.sizeLimit`, emptyDir?.sizeLimit, notNegative),
    ...(ephemeral
      ? claimProblems(ephemeral.volumeClaimTemplate?.spec, `${at}.ephemeral.volumeClaimTemplate.spec`)
      : []),
  ];
}

/** @see https://kubernetes.io/docs/concepts/workloads/pods/downward-api/ (v1.36) */
const fieldsOfFiles = /^metadata\.(name|namespace|uid|labels|annotations|(labels|annotations)\['[^']+'\])$/;

function downwardProblems({ path, fieldRef, resourceFieldRef }: IDownwardAPIVolumeFile, at: string): Problem[] {
  return [
    ...broken(`${at}.path`, path, relativePath),
    ...notOne(at, { fieldRef, resourceFieldRef }, ['fieldRef', 'resourceFieldRef']),
    ...unlisted(`${at}.fieldRef.apiVersion`, fieldRef?.apiVersion, ['v1', '']),
    ...broken(`${at}.fieldRef.fieldPath`, fieldRef?.fieldPath, (text) =>
      fieldsOfFiles.test(text) ? undefined : 'metadata.name, namespace, uid, labels or annotations',
    ),
  ];
}

/** Sources stand side by side in one folder. */
function pathTwice(sources: readonly IVolumeProjection[], at: string): Problem[] {
  const paths = sources.flatMap(({ configMap, secret, downwardAPI, serviceAccountToken: token }) => [
    ...[configMap, secret, downwardAPI].flatMap((source) => (source?.items ?? []).map(({ path }) => path)),
    ...(token ? [token.path] : []),
  ]);
  return [...new Set(paths.filter((path, index) => paths.indexOf(path) < index))].map((path) =>
    problem(at, `two files are ${shown(path)}`, 'each path once', 'rename one of them'),
  );
}

/** A name of another object; of a Secret or ConfigMap the server only asks that there is one. */
function named(name: string): string | undefined {
  return name === '' ? 'a name' : undefined;
}

function notNegative(quantity: string | number): string | undefined {
  return amount(quantity) < 0 ? '0 or more' : undefined;
}

function itemProblems(items: readonly KeyToPath[] | undefined, at: string): Problem[] {
  return (items ?? []).flatMap(({ key, path, mode }, index) => [
    ...broken(`${at}.items[${index}].key`, key, dataKey),
    ...broken(`${at}.items[${index}].path`, path, relativePath),
    ...outside(`${at}.items[${index}].mode`, mode, 0, 0o777),
  ]);
}

interface ClaimSpec {
  readonly accessModes?: readonly string[];
  readonly storageClassName?: string;
  readonly resources?: { readonly requests?: Readonly<Record<string, string | number>> };
}

export function claimProblems(spec: ClaimSpec | undefined, at: string): Problem[] {
  const { accessModes = [], storageClassName, resources } = spec ?? {};
  const storage = resources?.requests?.storage;
  return [
    ...(accessModes.length === 0 ? [problem(`${at}.accessModes`, 'there are none', 'ReadWriteOnce')] : []),
    ...accessModes.flatMap((mode, index) =>
      unlisted(`${at}.accessModes[${index}]`, mode, [
        ...['ReadWriteOnce', 'ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOncePod'],
      ]),
    ),
    ...(storageClassName === '' ? [] : broken(`${at}.storageClassName`, storageClassName, subdomain)),
    ...(storage !== undefined && amount(storage) > 0
      ? []
      : [problem(`${at}.resources.requests.storage`, `got ${shown(storage)}`, 'more than 0')]),
  ];
}

function tolerationProblems(toleration: IToleration, at: string): Problem[] {
  const { key, operator, value, effect, tolerationSeconds } = toleration;
  return [
    ...unlisted(`${at}.operator`, operator, ['Equal', 'Exists', '']),
    ...unlisted(`${at}.effect`, effect, ['NoExecute', 'NoSchedule', 'PreferNoSchedule', '']),
    ...(key ? broken(`${at}.key`, key, brokenKey) : []),
    ...(!key && operator !== 'Exists' ? [problem(at, 'it has no key', 'one, or the operator Exists')] : []),
    ...(operator === 'Exists' && value ? [problem(`${at}.value`, `got ${shown(value)}`, 'none with Exists')] : []),
    ...(tolerationSeconds !== undefined && effect !== 'NoExecute'
      ? [problem(`${at}.effect`, `got ${shown(effect)}`, 'NoExecute where tolerationSeconds are given')]
      : []),
  ];
}

function affinityProblems({ affinity, topologySpreadConstraints = [] }: IPodSpec, at: string): Problem[] {
  const { nodeAffinity, podAffinity, podAntiAffinity } = affinity ?? {};
  const terms = Object.entries({ podAffinity, podAntiAffinity }).flatMap(([field, each]) => [
    ...(each?.requiredDuringSchedulingIgnoredDuringExecution ?? []).flatMap((term, index) =>
      termProblems(term, `${at}.${field}.requiredDuringSchedulingIgnoredDuringExecution[${index}]`),
    ),
    ...(each?.preferredDuringSchedulingIgnoredDuringExecution ?? []).flatMap(({ weight, podAffinityTerm }, index) => {
      const where = `${at}.${field}.preferredDuringSchedulingIgnoredDuringExecution[${index}]`;
      return [
        ...outside(`${where}.weight`, weight, 1, 100),
        ...termProblems(podAffinityTerm, `${where}.podAffinityTerm`),
      ];
    }),
  ]);
  const constraints = topologySpreadConstraints.flatMap((constraint, index) => {
    const where = at.replace(/affinity$/, `topologySpreadConstraints[${index}]`);
    const { topologyKey: key, whenUnsatisfiable: when } = constraint;
    const first = topologySpreadConstraints.findIndex((e) => e.topologyKey === key && e.whenUnsatisfiable === when);
    return [
      ...(first === index
        ? []
        : [
            problem(
              where,
              `it is the second of ${shown(key)} and ${shown(when)}`,
              'one of each pair',
              'remove one of them',
            ),
          ]),
      ...outside(`${where}.maxSkew`, constraint.maxSkew, 1),
      ...topologyProblems(constraint.topologyKey, where),
      ...unlisted(`${where}.whenUnsatisfiable`, constraint.whenUnsatisfiable, ['DoNotSchedule', 'ScheduleAnyway']),
      ...selectorProblems(constraint.labelSelector, `${where}.labelSelector`),
      ...labelKeyProblems(constraint, 'matchLabelKeys', where),
    ];
  });
  return [...nodeProblems(nodeAffinity, `${at}.nodeAffinity`), ...terms, ...constraints];
}

function nodeProblems(affinity: INodeAffinity | undefined, at: string): Problem[] {
  const required = affinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  return [
    ...required.flatMap((term, index) => {
      return nodeTermProblems(term, `${at}.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[${index}]`);
    }),
    ...(affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).flatMap(({ weight, preference }, index) => {
      const where = `${at}.preferredDuringSchedulingIgnoredDuringExecution[${index}]`;
      return [...outside(`${where}.weight`, weight, 1, 100), ...nodeTermProblems(preference, `${where}.preference`)];
    }),
  ];
}

/** How many values each operator takes, of the labels of a node. */
const valuesOf: Readonly<Record<string, string>> = {
  In: 'one or more',
  NotIn: 'one or more',
  Exists: 'none',
  DoesNotExist: 'none',
  Gt: 'one whole number',
  Lt: 'one whole number',
};

function nodeTermProblems({ matchExpressions = [] }: INodeSelectorTerm, at: string): Problem[] {
  return matchExpressions.flatMap(({ key, operator, values = [] }, index) => {
    const where = `${at}.matchExpressions[${index}]`;
    const allowed = valuesOf[operator];
    const fits =
      allowed === undefined ||
      (allowed === 'none' && values.length === 0) ||
      (allowed === 'one or more' && values.length > 0) ||
      (allowed === 'one whole number' && values.length === 1 && /^-?\d+$/.test(values[0] ?? ''));
    return [
      ...broken(`${where}.key`, key, brokenKey),
      ...unlisted(`${where}.operator`, operator, Object.keys(valuesOf)),
      ...(fits ? [] : [problem(`${where}.values`, `got ${shown(values)} beside ${operator}`, allowed)]),
    ];
  });
}

function termProblems(term: IPodAffinityTerm, at: string): Problem[] {
  return [
    ...topologyProblems(term.topologyKey, at),
    ...selectorProblems(term.labelSelector, `${at}.labelSelector`),
    ...labelKeyProblems(term, 'matchLabelKeys', at),
    ...labelKeyProblems(term, 'mismatchLabelKeys', at),
  ];
}

type LabelKeys = Pick<IPodAffinityTerm, 'labelSelector' | 'matchLabelKeys' | 'mismatchLabelKeys'>;

/** Keys of the pod's own labels, whose values come to the selector. */
function labelKeyProblems(
  { labelSelector, ...keys }: LabelKeys,
  field: 'matchLabelKeys' | 'mismatchLabelKeys',
  at: string,
): Problem[] {
  const listed = keys[field] ?? [];
  const without = listed.length > 0 && labelSelector === undefined;
  return [
    ...(without ? [problem(`${at}.labelSelector`, `none beside ${field}`, 'a selector that the keys add to')] : []),
    ...listed.flatMap((key, index) => broken(`${at}.${field}[${index}]`, key, brokenKey)),
  ];
}

function topologyProblems(key: string, at: string): Problem[] {
  return broken(`${at}.topologyKey`, key, brokenKey);
}

/** Rules between the fields of an expression; keys and values are the schema's. */
export function selectorProblems(selector: ILabelSelector | undefined, at: string): Problem[] {
  return (selector?.matchExpressions ?? []).flatMap(({ operator, values = [] }, index) => {
    const where = `${at}.matchExpressions[${index}]`;
    const asksForValues = operator === 'In' || operator === 'NotIn';
    return [
      ...unlisted(`${where}.operator`, operator, ['In', 'NotIn', 'Exists', 'DoesNotExist']),
      ...(asksForValues === values.length > 0
        ? []
        : [problem(`${where}.values`, `${values.length} beside ${operator}`, asksForValues ? 'one or more' : 'none')]),
    ];
  });
}
