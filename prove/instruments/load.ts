import type { Manifest } from '../../constructs/core/manifest.ts';
import type { Cluster } from '../cluster/handle.ts';
import { apply, podManifest } from '../cluster/kubectl.ts';
import { firstServer } from '../cluster/plan.ts';
import { labelsOf, policies, removeClient } from './recorder.ts';

export interface LoadOptions {
  readonly namespace: string;
  /** Of the service, and of the load's pod with `load-` before it. */
  readonly name: string;
  /** Labels of the pods behind the service. */
  readonly target: Readonly<Record<string, string>>;
  readonly port: number;
  /** How many clients ask at the same time. */
  readonly clients: number;
  /** What they ask for, from the slash on. */
  readonly path: string;
  /** Time from one request of a client to its next, such as `20ms`. @default none: when it has its answer */
  readonly every?: string;
}

/** Starts clients that ask a service all the time, each at its own pace. */
export async function startLoad(cluster: Cluster, options: LoadOptions): Promise<void> {
  const { namespace, target, port } = options;
  const name = loadName(options);
  await apply(cluster, [
    ...policies({ namespace, name, target, port }),
    loadPod(options, firstServer(cluster.plan).name),
  ]);
}

/**
 * One pod. At a pace, with a container for each client, and every request by a connection of its own; without one by a
 * single program, because there the clients must not cost more than who answers.
 */
export function loadPod(options: LoadOptions, node: string): Manifest {
  const { namespace, port, clients, path, every } = options;
  const url = `http://${options.name}.${namespace}.svc.cluster.local:${port}${path}`;
  const name = loadName(options);
  const pod = podManifest({
    namespace,
    name,
    args: every === undefined ? ['load', `${clients}`, url, '10s'] : ['every', every, url, '10s'],
    labels: labelsOf(name),
    node,
  });
  if (every === undefined) return pod;
  const spec = pod.spec as { readonly containers: readonly object[] };
  const containers = Array.from({ length: clients }, (_, index) => ({
    ...spec.containers[0],
    name: `client-${index}`,
  }));
  return { ...pod, spec: { ...spec, containers } };
}

export function stopLoad(cluster: Cluster, options: Pick<LoadOptions, 'namespace' | 'name'>): Promise<void> {
  return removeClient(cluster, { namespace: options.namespace, name: loadName(options) });
}

const loadName = ({ name }: Pick<LoadOptions, 'name'>): string => `load-${name}`;
