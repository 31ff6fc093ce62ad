import { describePeer } from '../../../constructs/core/endpoint.ts';
import { ForeignWorkload } from '../../../constructs/core/foreign-workload.ts';
import type { Platform } from '../../../constructs/core/platform.ts';
import { Workload } from '../../../constructs/core/workload.ts';
import type { Amount } from '../../../synth/budget.ts';
import { ProvingError } from '../../machine/error.ts';

/** `least` and `most` are where the autoscalers stand; `rollout` is `most` with what rolling updates add. */
export type Size = 'least' | 'most' | 'rollout';

/** Pods that the platform computes with. */
export interface Group {
  /** `namespace/name` of their owner. */
  readonly name: string;
  readonly namespace: string;
  readonly selector: Readonly<Record<string, string>>;
  /** Whether they are a Deployment's of our own, not of a StatefulSet or the stand-in of a chart. */
  readonly own: boolean;
  /** Whether two of them never share a node: a lost node's one has nowhere to go. */
  readonly strict: boolean;
  /** Whether a lost node's pods come back with it, and nowhere else: they have volumes of their own, or are one on each. */
  readonly bound: boolean;
  /** What one pod requests. */
  readonly each: Amount;
  readonly count: Readonly<Record<Size, number>>;
}

/** A pod as the API shows it. */
export interface Pod {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly deletionTimestamp?: string;
    readonly ownerReferences?: readonly { readonly kind: string }[];
  };
  readonly spec: {
    readonly nodeName?: string;
    readonly priorityClassName?: string;
    readonly tolerations?: readonly { readonly key?: string }[];
    readonly containers: readonly { readonly resources?: { readonly requests?: Requests } }[];
  };
  readonly status?: {
    readonly phase?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

type Requests = Readonly<Partial<Record<'cpu' | 'memory', string>>>;

/** What the budget counts, Jobs left out: they end before a rollout begins. */
export function groupsOf({ owners, environment }: Platform): Group[] {
  const workers = environment.nodes.filter(({ role }) => role !== 'witness').length;
  return owners.flatMap((owner): Group[] => {
    const { namespace, selector } = owner;
    const name = describePeer(owner);
    if (owner instanceof Workload) {
      const { controller } = owner.props;
      if (controller.kind === 'Job' || controller.kind === 'CronJob') return [];
      const { least, full: most, most: rollout, apart: strict, each: pod } = owner.demand(workers);
      const each = { cpu: pod.millicores, memory: pod.mebibytes };
      return [
        {
          name,
          namespace,
          selector,
          own: controller.kind === 'Deployment',
          strict,
          bound:
            controller.kind === 'DaemonSet' ||
            (controller.kind === 'StatefulSet' && controller.volumeClaims.length > 0),
          each,
          count: { least, most, rollout },
        },
      ];
    }
    if (owner instanceof ForeignWorkload && owner.requests !== undefined) {
      const { cpu, memory, replicas } = owner.requests;
      const each = { cpu: cpu.millicores, memory: memory.toMebibytes() };
      const count = { least: replicas, most: replicas, rollout: replicas };
      return [{ name, namespace, selector, own: false, strict: false, bound: false, each, count }];
    }
    return [];
  });
}

/** How many pods there should be, and what they should request together. */
export function computed(groups: readonly Group[], size: Size): { readonly pods: number; readonly requests: Amount } {
  const count = (group: Group): number => group.count[size];
  return {
    pods: groups.reduce((sum, group) => sum + count(group), 0),
    requests: add(
      groups.map((group) => ({ cpu: group.each.cpu * count(group), memory: group.each.memory * count(group) })),
    ),
  };
}

/** Which nodes are left, and what was on the others. */
export interface Left {
  readonly nodes: number;
  /** Pods on lost nodes, as the API still has them. */
  readonly stranded: readonly Pod[];
}

const nothingLost: Left = { nodes: Infinity, stranded: [] };

/** Pods that hold their requests on a node that isn't lost. */
export function placedPods(pods: readonly Pod[], lost: readonly string[] = []): Pod[] {
  return pods.filter(({ metadata, spec, status }) => {
    if (spec.nodeName === undefined || lost.includes(spec.nodeName)) return false;
    if (status?.phase === 'Succeeded' || status?.phase === 'Failed') return false;
    return metadata.deletionTimestamp === undefined;
  });
}

/**
 * What keeps `placed` from being exactly the computed pods, all of them ready, a line each; empty when nothing does.
 * @param placed what `placedPods` returned
 */
export function differences(
  groups: readonly Group[],
  placed: readonly Pod[],
  size: Size,
  left: Left = nothingLost,
): string[] {
  const lines = groups.flatMap((group) => {
    const pods = placed.filter((pod) => belongs(pod, group));
    const ready = pods.filter(isReady).length;
    const wanted = wantedOf(group, size, left);
    if (ready === wanted && pods.length === wanted) return [];
    return [`${group.name}: ${ready} ready and ${pods.length - ready} others of ${wanted}`];
  });
  const strangers = placed.filter((pod) => !groups.some((group) => belongs(pod, group)));
  return [...lines, ...strangers.map(({ metadata }) => `${metadata.namespace}/${metadata.name}: not computed`)];
}

/**
 * Pods that a lost node has kept: its power came back before they were to go, or they are to stay. A kubelet says then that
 * they are ready again; kwok says so only of new ones.
 */
export function keptPods(pods: readonly Pod[], node: string): Pod[] {
  return placedPods(pods).filter(
    (pod) => pod.spec.nodeName === node && pod.status?.phase === 'Running' && !isReady(pod),
  );
}

/** Whether it is the one of its node that a DaemonSet has on each. */
export function isOfEachNode({ metadata: { ownerReferences = [] } }: Pod): boolean {
  return ownerReferences.some(({ kind }) => kind === 'DaemonSet');
}

/** How many computed pods have no place. */
export function missingPods(
  groups: readonly Group[],
  placed: readonly Pod[],
  size: Size,
  left: Left = nothingLost,
): number {
  return groups.reduce((sum, group) => {
    const has = placed.filter((pod) => belongs(pod, group)).length;
    return sum + Math.max(0, wantedOf(group, size, left) - has);
  }, 0);
}

function wantedOf(group: Group, size: Size, { nodes, stranded }: Left): number {
  const { count, strict, bound } = group;
  if (bound) return count[size] - stranded.filter((pod) => belongs(pod, group)).length;
  return strict ? Math.min(count[size], nodes) : count[size];
}

export function requestsOf(pods: readonly Pod[]): Amount {
  const containers = pods.flatMap(({ spec }) => spec.containers);
  return add(
    containers.map(({ resources }) => ({
      cpu: millicores(resources?.requests?.cpu ?? '0'),
      memory: mebibytes(resources?.requests?.memory ?? '0Mi'),
    })),
  );
}

/** `250m` or `2`. @throws ProvingError for anything else */
export function millicores(text: string): number {
  const [, number = '', unit = ''] = /^(\d+)(m?)$/.exec(text) ?? [];
  if (number === '')
    throw new ProvingError(`a CPU request of ${text}: whole cores and m are what the API server writes`);
  return unit === 'm' ? Number(number) : Number(number) * 1000;
}

/** `512Mi` or `2Gi`. @throws ProvingError for anything else */
export function mebibytes(text: string): number {
  const [, number = '', unit = ''] = /^(\d+)(Mi|Gi)$/.exec(text) ?? [];
  if (number === '') throw new ProvingError(`a memory request of ${text}: Mi and Gi are what this platform writes`);
  return Number(number) * (unit === 'Gi' ? 1024 : 1);
}

/** Percent with one decimal. */
export function percent(part: number, whole: number): number {
  return Math.round((1000 * part) / whole) / 10;
}

export function add(amounts: readonly Amount[]): Amount {
  return amounts.reduce((a, b) => ({ cpu: a.cpu + b.cpu, memory: a.memory + b.memory }), { cpu: 0, memory: 0 });
}

function belongs({ metadata }: Pod, { namespace, selector }: Group): boolean {
  if (metadata.namespace !== namespace) return false;
  return Object.entries(selector).every(([label, value]) => metadata.labels?.[label] === value);
}

function isReady({ status }: Pod): boolean {
  return status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') ?? false;
}
