import { readinessOf } from '../../cluster/kubectl.ts';
import { waitFor } from '../../machine/wait-for.ts';
import type { PlatformGround } from '../ground.ts';

/** Waits until a node is ready again. @throws ProvingError after 240 s */
export async function ready({ cluster, signal }: PlatformGround, node: string): Promise<void> {
  await waitFor(`${node} to be ready`, { atMost: 240, every: 500, signal }, async () => {
    return (await readinessOf(cluster, node)) === 'True';
  });
}
