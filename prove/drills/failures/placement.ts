import { kubectl } from '../../cluster/kubectl.ts';
import { inUseOf, isBound, isInUse, ownerOf, podsOf } from '../../cluster/pods.ts';
import type { PodObject } from '../../cluster/pods.ts';
import { withCleanUp } from '../../machine/clean-up.ts';
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
  const all = await podsOf(cluster, ['--all-namespaces']);
  const candidates = movablePods(from, all);
  for (const pod of candidates) {
    const { name, namespace } = pod.metadata;
    const where = [`--namespace=${namespace}`];
    const owner = ownerOf(pod) ?? '';
    // One of several is back only when the others are not all there is.
    const isBack = async (): Promise<boolean> =>
      inUseOf(owner, await podsOf(cluster, where)).length >= inUseOf(owner, all).length;
    report(`moving ${namespace}/${name} to ${node}`);
    await kubectl(cluster, ['cordon', from]);
    await withCleanUp([() => kubectl(cluster, ['uncordon', from])], async () => {
      await kubectl(cluster, ['delete', 'pod', name, ...where]);
      await waitFor(`${name} on ${node}`, { atMost: patience, every: 500, signal }, isBack).catch((error: unknown) => {
        if (!(error instanceof ProvingError) || signal.aborted) throw error;
        report(`${namespace}/${name} is bound to ${from}`);
      });
    });
    await waitFor(name, { atMost: 120, every: 500, signal }, isBack);
  }
}

/** Pods of StatefulSets on a node that have nothing there to leave behind. */
export function movablePods(node: string, pods: readonly PodObject[]): readonly PodObject[] {
  return pods.filter((pod) => {
    const stateful = ownerOf(pod)?.startsWith('StatefulSet ') === true;
    return stateful && isInUse(pod) && pod.spec.nodeName === node && !isBound(pod);
  });
}
