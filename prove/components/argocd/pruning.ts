import { setTimeout as delay } from 'node:timers/promises';
import type { Cluster } from '../../cluster/handle.ts';
import { kubectl, tryKubectl } from '../../cluster/kubectl.ts';
import { withCleanUp } from '../../machine/clean-up.ts';
import { ProvingError } from '../../machine/error.ts';
import { argocdNamespace } from './applications.ts';

interface Ground {
  readonly cluster: Cluster;
  readonly report: (line: string) => void;
}

/**
 * What a person does in the user interface when a new store is right: lets Argo CD remove the old one. Confirms each time
 * that it asks, until an action has ended.
 */
export async function confirmingPruning<Value>(
  ground: Ground,
  application: string,
  action: () => Promise<Value>,
): Promise<Value> {
  const ended = new AbortController();
  const confirming = (async () => {
    while (!ended.signal.aborted) {
      // It is asked again; whoever waits in vain has the last word.
      await confirmIfAsked(ground, application).catch((error: unknown) => {
        ground.report(`can't confirm what ${application} asks to remove: ${String(error)}`);
      });
      await delay(3000, undefined, { signal: ended.signal }).catch(() => undefined);
    }
  })();
  const end = (): Promise<void> => {
    ended.abort();
    return confirming;
  };
  return withCleanUp([end], action);
}

async function confirmIfAsked({ cluster, report }: Ground, application: string): Promise<void> {
  const where = ['application', application, `--namespace=${argocdNamespace}`];
  const format = '--output=jsonpath={.status.operationState.phase} {.status.operationState.message}';
  const { stdout } = await tryKubectl(cluster, ['get', ...where, format]);
  if (!/^Running .*waiting for pruning confirmation/s.test(stdout)) return;
  report(`confirming what ${application} asks to remove`);
  const annotation = `argocd.argoproj.io/deletion-approved=${new Date().toISOString()}`;
  await kubectl(cluster, ['annotate', ...where, '--overwrite', annotation]);
}

/** Ends the sync that runs, where one does, as `argocd app terminate-op` does. @throws ProvingError */
export async function endSync(cluster: Cluster, application: string): Promise<void> {
  const where = ['application', application, `--namespace=${argocdNamespace}`];
  const runs = async (): Promise<boolean> =>
    (await tryKubectl(cluster, ['get', ...where, '--output=jsonpath={.status.operationState.phase}'])).stdout === 'Running';
  if (!(await runs())) return;
  // One that ended this moment stays as it is: called Terminating, it would end the next sync too.
  const phase = { path: '/status/operationState/phase' };
  const patch = [
    { op: 'test', ...phase, value: 'Running' },
    { op: 'replace', ...phase, value: 'Terminating' },
  ];
  const { status, stderr } = await tryKubectl(cluster, [
    ...['patch', ...where, '--type=json', `--patch=${JSON.stringify(patch)}`],
  ]);
  if (status !== 0 && (await runs())) throw new ProvingError(`the sync of ${application} goes on: ${stderr.trim()}`);
}
