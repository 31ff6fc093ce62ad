import { kubectl } from '../../cluster/kubectl.ts';
import { inUseOf, isInUse, isOnePerNode, ownerOf, podsOf } from '../../cluster/pods.ts';
import type { PodObject } from '../../cluster/pods.ts';
import { ProvingError } from '../../machine/error.ts';
import { waitFor } from '../../machine/wait-for.ts';
import type { PlatformGround } from '../ground.ts';

/** Seconds after which a pod that has not come up elsewhere is taken to be bound to its node. */
const patience = 30;

/**
 * Brings every pod of a StatefulSet to a node where its rules allow it. Which node such a pod is on is otherwise chance,
 * and only on the lost one does it show that Kubernetes doesn't replace it by itself.
 */
export async function gatherStateful(platform: PlatformGround, node: string, from: string): Promise<void> {
  const { cluster, report, signal } = platform;
  const candidates = movablePods(from, await podsOf(cluster, ['--all-namespaces']));
  for (const pod of candidates) {
    const { name, namespace } = pod.metadata;
    const where = [`--namespace=${namespace}`];
    const isBack = async (): Promise<boolean> => inUseOf(ownerOf(pod) ?? '', await podsOf(cluster, where)).length > 0;
    report(`moving ${namespace}/${name} to ${node}`);
    await kubectl(cluster, ['cordon', from]);
    try {
      await kubectl(cluster, ['delete', 'pod', name, ...where]);
      await waitFor(`${name} on ${node}`, { atMost: patience, every: 500, signal }, isBack);
    } catch (error) {
      if (!(error instanceof ProvingError) || signal.aborted) throw error;
      report(`${namespace}/${name} is bound to ${from}`);
    } finally {
      await kubectl(cluster, ['uncordon', from]);
    }
    await waitFor(name, { atMost: 120, every: 500, signal }, isBack);
  }
}

/** Pods of StatefulSets on a node that have nothing there to leave behind. */
export function movablePods(node: string, pods: readonly PodObject[]): readonly PodObject[] {
  return pods.filter((pod) => {
    const keeps = (pod.spec.volumes ?? []).some(({ persistentVolumeClaim }) => persistentVolumeClaim !== undefined);
    const stateful = ownerOf(pod)?.startsWith('StatefulSet ') === true;
    return stateful && isInUse(pod) && pod.spec.nodeName === node && !isOnePerNode(pod) && !keeps;
  });
}
