import type { Cluster } from '../cluster/handle.ts';
import { withCleanUp } from '../machine/clean-up.ts';
import { untilInterrupted } from '../machine/interruption.ts';
import { down, up } from './lifecycle.ts';
import type { UpOptions } from './lifecycle.ts';

export interface WithClusterOptions extends Pick<UpOptions, 'world'> {
  readonly report: (line: string) => void;
  /** Leaves it up afterwards. @default false */
  readonly keep?: boolean;
}

/** Brings a cluster up for an action, and down after it, also after an interruption. @throws ProvingError */
export async function withCluster<Value>(
  cluster: Cluster,
  { report, world, keep = false }: WithClusterOptions,
  action: (signal: AbortSignal) => Promise<Value>,
): Promise<Value> {
  return withCleanUp(
    [
      async () => {
        if (!keep) await down(cluster, { report });
      },
    ],
    () =>
      untilInterrupted(
        (name) => report(`${name}: stopping and cleaning up, which takes some seconds`),
        async (signal) => {
          await up(cluster, { report, signal, world });
          return action(signal);
        },
      ),
  );
}
