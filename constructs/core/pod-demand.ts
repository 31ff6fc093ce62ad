import type { IPodSpec } from 'kubernetes-models/v1/PodSpec';
import type { Manifest } from './manifest.ts';
import { hostname } from './pod-template.ts';
import { quantity } from './quantity.ts';

/** What the pods of a controller ask for, as its manifest says when options and patches have had their say. */
export interface PodDemand {
  /** What one pod requests. */
  readonly each: { readonly millicores: number; readonly mebibytes: number };
  /** Whether no two of them share a node. */
  readonly apart: boolean;
  /** The least number of pods. */
  readonly least: number;
  /** The most, while nothing is updated. */
  readonly full: number;
  /** The most, with those that a rolling update brings before it takes others away; some may wait for a node. */
  readonly most: number;
}

interface Controlled {
  readonly replicas?: number;
  readonly parallelism?: number;
  readonly template?: { readonly spec?: IPodSpec };
  readonly jobTemplate?: { readonly spec?: Controlled };
  readonly strategy?: { readonly type?: string; readonly rollingUpdate?: { readonly maxSurge?: number | string } };
  readonly updateStrategy?: { readonly rollingUpdate?: { readonly maxSurge?: number | string } };
}

/**
 * @param nodes how many a DaemonSet runs on
 * @param autoscaler of the controller, if it has one
 */
export function podDemand(manifest: Manifest, nodes: number, autoscaler?: Manifest): PodDemand {
  const spec = (manifest.spec ?? {}) as Controlled;
  const pod = (spec.template ?? spec.jobTemplate?.spec?.template)?.spec;
  return { each: requestsOf(pod), apart: isApart(pod), ...countOf(manifest.kind, spec, nodes, autoscaler) };
}

function countOf(
  kind: string,
  spec: Controlled,
  nodes: number,
  autoscaler?: Manifest,
): Pick<PodDemand, 'least' | 'full' | 'most'> {
  const { replicas = 1 } = spec;
  switch (kind) {
    case 'Deployment': {
      const bounds = autoscaler?.spec as { readonly minReplicas?: number; readonly maxReplicas: number } | undefined;
      const full = bounds?.maxReplicas ?? replicas;
      const surge = spec.strategy?.type === 'Recreate' ? 0 : (spec.strategy?.rollingUpdate?.maxSurge ?? '25%');
      return {
        least: bounds === undefined ? replicas : (bounds.minReplicas ?? 1),
        full,
        most: full + more(surge, full),
      };
    }
    case 'DaemonSet':
      return {
        least: nodes,
        full: nodes,
        most: nodes + more(spec.updateStrategy?.rollingUpdate?.maxSurge ?? 0, nodes),
      };
    case 'Job':
    case 'CronJob': {
      const { parallelism = 1 } = spec.jobTemplate?.spec ?? spec;
      return { least: 0, full: parallelism, most: parallelism };
    }
    default:
      return { least: replicas, full: replicas, most: replicas };
  }
}

/** `1`, or a share such as `25%`, which is rounded up. */
function more(surge: number | string, of: number): number {
  return typeof surge === 'number' ? surge : Math.ceil((Number.parseFloat(surge) / 100) * of);
}

function requestsOf(pod: IPodSpec | undefined): PodDemand['each'] {
  const { containers = [], initContainers = [] } = pod ?? {};
  const total = (name: 'cpu' | 'memory'): number => {
    const of = ({ resources }: IPodSpec['containers'][number]): number =>
      quantity(resources?.requests?.[name] ?? resources?.limits?.[name]) ?? 0;
    const stays = initContainers.filter(({ restartPolicy }) => restartPolicy === 'Always');
    const together = [...stays, ...containers].reduce((sum, container) => sum + of(container), 0);
    // The others that run before have the pod for themselves, one after the other.
    return Math.max(together, ...initContainers.map(of));
  };
  return { millicores: round(total('cpu') * 1000), mebibytes: round(total('memory') / 2 ** 20) };
}

/** Thousandths are what Kubernetes counts in. */
function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}

function isApart(pod: IPodSpec | undefined): boolean {
  const terms = pod?.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
  return terms.some(({ topologyKey }) => topologyKey === hostname);
}

/** Mebibytes that a container of the pods may take at most; undefined where nothing limits it, or it isn't there. */
export function memoryLimit(manifest: Manifest, container: string): number | undefined {
  const { template } = (manifest.spec ?? {}) as Controlled;
  const found = template?.spec?.containers.find(({ name }) => name === container);
  const bytes = quantity(found?.resources?.limits?.memory);
  return bytes === undefined ? undefined : bytes / 2 ** 20;
}
