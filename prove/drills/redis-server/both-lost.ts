import { setTimeout as delay } from 'node:timers/promises';
import { powerOff, returnNode } from '../../cluster/faults.ts';
import { initPid } from '../../cluster/nodes.ts';
import { waitForSync } from '../../components/argocd/applications.ts';
import type { RedisStore } from '../../components/redis/store.ts';
import { seconds } from '../../instruments/figures.ts';
import { withCleanUp } from '../../machine/clean-up.ts';
import { ProvingError } from '../../machine/error.ts';
import { waitFor } from '../../machine/wait-for.ts';
import type { DrillCheck } from '../../results/index.ts';
import type { PlatformGround } from '../ground.ts';
import { ready } from '../recovered.ts';

/** Keys that are there before, all of them on both disks. */
const keys = 1000;
/** Seconds that the node of the replica is alone. */
const alone = 60;

export interface Places {
  readonly replicaOn: string;
  readonly primaryOn: string;
}

/** Takes the power of both nodes away at once, and gives it back to the replica's first: nobody else can say who is what. */
export async function bothLost(platform: PlatformGround, store: RedisStore, { replicaOn, primaryOn }: Places) {
  const { cluster, report, signal, applications } = platform;
  const before = await store.leadOn(primaryOn, signal);
  const write = `for number = 1, ${keys} do redis.call('set', 'drill:' .. number, number) end`;
  await store.ask(before.primary, 'eval', write, '0');
  const written = (await store.numbers(signal)).size;
  if (written !== keys) throw new ProvingError(`${before.primary} has ${written} of ${keys} keys that were written`);
  // The log is on the disk after a second.
  await delay(3000, undefined, { signal });
  const powered = async (node: string): Promise<void> => {
    if (initPid(cluster, node) === undefined) await returnNode(cluster, node);
  };
  const undo = [() => powered(replicaOn), () => powered(primaryOn), () => store.clear()];
  return withCleanUp(undo, async () => {
    await Promise.all([powerOff(cluster, replicaOn), powerOff(cluster, primaryOn)]);
    const start = performance.now();
    await returnNode(cluster, replicaOn);
    await ready(platform, replicaOn);
    await waitFor(`${before.replica} to take a write alone`, { atMost: 180, every: 500, signal }, async () => {
      return (await store.ask(before.replica, 'set', `drill:${keys + 1}`, 'alone'))?.[0] === 'OK';
    });
    const writes = seconds(performance.now() - start);
    await delay(alone * 1000 - (performance.now() - start), undefined, { signal });
    await returnNode(cluster, primaryOn);
    await ready(platform, primaryOn);
    const after = await store.whole(signal, 300);
    await waitForSync(cluster, applications, { atMost: 300, signal });
    const lost = keys + 1 - (await store.numbers(signal)).size;
    report(
      `both nodes lost, ${replicaOn} back first: ${before.replica} takes writes ${writes} s after its power is back; ${lost} lost`,
    );
    const what = `primary after the return of ${primaryOn}, a minute after ${replicaOn}`;
    const checks: DrillCheck[] = [{ what, expected: before.replica, got: after.primary }];
    return { writes, lost, checks };
  });
}
