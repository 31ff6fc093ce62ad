import { readinessOf } from '../cluster/kubectl.ts';
import { firstServer, workersOf } from '../cluster/plan.ts';
import { inUseOf, ownerOf, podsOf } from '../cluster/pods.ts';
import type { PodObject } from '../cluster/pods.ts';
import { compareAgain, waitForSync } from '../components/argocd/applications.ts';
import { ProvingError } from '../machine/error.ts';
import { waitFor } from '../machine/wait-for.ts';
import type { PlatformGround } from './ground.ts';

export interface ServerNodes {
  /** The first node with the API. */
  readonly lost: string;
  /** The other one that pods run on. */
  readonly other: string;
}

/** @throws ProvingError where there is only one node for pods */
export function serverNodes({ cluster: { plan } }: PlatformGround): ServerNodes {
  const { name: lost } = firstServer(plan);
  const other = workersOf(plan).find(({ name }) => name !== lost);
  if (other === undefined) throw new ProvingError('there is only one node for pods');
  return { lost, other: other.name };
}

/** Waits until a node is ready again. @throws ProvingError after 240 s */
export async function ready({ cluster, signal }: PlatformGround, node: string): Promise<void> {
  await waitFor(`${node} to be ready`, { atMost: 240, every: 500, signal }, async () => {
    return (await readinessOf(cluster, node)) === 'True';
  });
}

export async function allPods({ cluster }: PlatformGround): Promise<readonly PodObject[]> {
  return podsOf(cluster, ['--all-namespaces']);
}

/** Waits until as many pods are in use as before, and Argo CD has looked at everything again and found no fault. */
export async function waitForHealth(platform: PlatformGround, before: readonly PodObject[]): Promise<void> {
  const { cluster, signal, applications } = platform;
  const owners = [...new Set(before.flatMap((pod) => ownerOf(pod) ?? []))];
  const missing = (pods: readonly PodObject[]): string[] =>
    owners.filter((owner) => inUseOf(owner, pods).length < inUseOf(owner, before).length);
  await waitFor('all pods to be back', { atMost: 300, every: 1000, signal }, async () => {
    const pods = await allPods(platform);
    return missing(pods).length === 0 && pods.every(({ metadata }) => metadata.deletionTimestamp === undefined);
  });
  // What was Healthy before the fault still says so until the controller has looked again.
  await compareAgain(cluster, { atMost: 240, signal });
  await waitForSync(cluster, applications, { atMost: 300, signal });
}
