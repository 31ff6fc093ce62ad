import { setTimeout as delay } from 'node:timers/promises';
import type { Cluster } from '../../cluster/handle.ts';
import { kubectl } from '../../cluster/kubectl.ts';
import type { Web } from '../../components/web.ts';

/** Looks at how many pods a Deployment is to have, about once a second, until it is stopped. */
export class ReplicasWatch {
  private readonly seen: number[] = [];
  private stopped = false;
  private readonly running: Promise<void>;

  constructor(cluster: Cluster, { name, namespace }: Pick<Web, 'name' | 'namespace'>) {
    const question = ['get', 'deployment', name, `--namespace=${namespace}`, '--output=jsonpath={.spec.replicas}'];
    this.running = this.run(async () => Number(await kubectl(cluster, question)));
  }

  /** @returns the least that was seen; Infinity where nothing was */
  async stop(): Promise<number> {
    this.stopped = true;
    await this.running;
    return Math.min(...this.seen);
  }

  private async run(look: () => Promise<number>): Promise<void> {
    while (!this.stopped) {
      // An API that is slow for once leaves a gap.
      await look().then(
        (count) => this.seen.push(count),
        () => undefined,
      );
      await delay(1000);
    }
  }
}
