import type { Cluster } from './handle.ts';
import { getJson } from './kubectl.ts';

interface Term {
  readonly topologyKey: string;
}

/** A pod as the API has it, as far as drills look at it. */
export interface PodObject {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly deletionTimestamp?: string;
    readonly ownerReferences?: readonly {
      readonly kind: string;
      readonly name: string;
      readonly controller?: boolean;
    }[];
  };
  readonly spec: {
    readonly nodeName?: string;
    readonly affinity?: {
      readonly podAntiAffinity?: { readonly requiredDuringSchedulingIgnoredDuringExecution?: readonly Term[] };
    };
    readonly volumes?: readonly { readonly persistentVolumeClaim?: unknown }[];
    readonly topologySpreadConstraints?: readonly (Term & { readonly whenUnsatisfiable: string })[];
  };
  readonly status: {
    readonly phase?: string;
    readonly podIP?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly containerStatuses?: readonly { readonly containerID?: string; readonly restartCount: number }[];
  };
}

export async function podsOf(cluster: Cluster, where: readonly string[]): Promise<readonly PodObject[]> {
  return (await getJson<{ readonly items: readonly PodObject[] }>(cluster, ['pods', ...where])).items;
}

/** In use: ready, and not on its way out. */
export function isInUse({ metadata, status }: PodObject): boolean {
  const ready = status.conditions?.find(({ type }) => type === 'Ready')?.status === 'True';
  return ready && metadata.deletionTimestamp === undefined;
}

/**
 * What keeps such pods running, as `Deployment shop/backend`; undefined where nothing would replace the pod, it is of a job,
 * which ends by itself, or every node has its own.
 */
export function ownerOf({ metadata }: PodObject): string | undefined {
  const owner = metadata.ownerReferences?.find(({ controller }) => controller === true);
  if (owner === undefined || ['DaemonSet', 'Job'].includes(owner.kind)) return undefined;
  const hash = metadata.labels?.['pod-template-hash'];
  if (owner.kind !== 'ReplicaSet' || hash === undefined) return `${owner.kind} ${metadata.namespace}/${owner.name}`;
  return `Deployment ${metadata.namespace}/${owner.name.slice(0, -hash.length - 1)}`;
}

/** True where the pod's own rules forbid two of its kind on a node, such as CoreDNS: a lost one has nowhere to go. */
export function isOnePerNode({ spec }: PodObject): boolean {
  const terms = [
    ...(spec.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
    ...(spec.topologySpreadConstraints ?? []).filter(({ whenUnsatisfiable }) => whenUnsatisfiable === 'DoNotSchedule'),
  ];
  return terms.some(({ topologyKey }) => topologyKey === 'kubernetes.io/hostname');
}

/** True where a pod has nowhere else to go: a rule forbids it, or what it keeps is there. */
export function isBound(pod: PodObject): boolean {
  return isOnePerNode(pod) || (pod.spec.volumes ?? []).some(({ persistentVolumeClaim: claim }) => claim !== undefined);
}

/** Whatever runs a pod on a node that another node could run, with the number of all its pods in use. */
export function affectedBy(node: string, pods: readonly PodObject[]): ReadonlyMap<string, number> {
  const affected = new Map<string, number>();
  for (const pod of pods) {
    const owner = ownerOf(pod);
    if (owner === undefined || pod.spec.nodeName !== node || isBound(pod)) continue;
    affected.set(owner, inUseOf(owner, pods).length);
  }
  return affected;
}

/** Those that have fewer pods in use on a node than they should, each with both numbers. */
export function missingOn(node: string, wanted: ReadonlyMap<string, number>, pods: readonly PodObject[]): string[] {
  return [...wanted].flatMap(([owner, count]) => {
    const there = inUseOf(owner, pods).filter(({ spec }) => spec.nodeName === node).length;
    return there >= count ? [] : [`${owner}: ${there} of ${count}`];
  });
}

/** The nodes that have pods in use of an owner, in their order. */
export function nodesOf(owner: string, pods: readonly PodObject[]): string[] {
  return [...new Set(inUseOf(owner, pods).flatMap(({ spec }) => spec.nodeName ?? []))].sort();
}

export function inUseOf(owner: string, pods: readonly PodObject[]): readonly PodObject[] {
  return pods.filter((pod) => ownerOf(pod) === owner && isInUse(pod));
}
