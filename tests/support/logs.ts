import { LogAgent, LogStore } from '../../constructs/log-stack/index.ts';
import type { LogAgentProps, LogStoreProps } from '../../constructs/log-stack/index.ts';
import { LogAlert } from '../../constructs/core/log-alert.ts';
import type { LogAlertProps } from '../../constructs/core/log-alert.ts';
import { load } from 'js-yaml';
import type { Manifest } from '../../constructs/core/manifest.ts';
import type { Platform } from '../../constructs/core/platform.ts';
import { Workload } from '../../constructs/core/workload.ts';
import { environmentInput } from '../../config/index.ts';
import type { LoadOptions } from '../../config/index.ts';
import { built } from './constructs.ts';
import type { Built } from './constructs.ts';
import { at, image, only, testEnvironment } from './harness.ts';
import { addresses } from './observability.ts';

const loki = { ...image, name: 'loki', tag: '3.7.8', version: '3.7.8', reference: 'registry.example/loki:3.7.8' };

/** Only what has to be given. */
export const minimalStore: LogStoreProps = {
  image: loki,
  keysImage: { ...image, name: 'rclone', reference: 'registry.example/rclone:1' },
  store: testEnvironment().objectStore('backups'),
  alertmanagers: addresses('Alertmanager', 9093, '192.0.2.93/32'),
  runbooks: 'https://git.example/platform/blob/main/docs/runbooks',
  cluster: 'test',
};

/** A LogStore in the namespace `test`, beside a workload `api` with alerts on its lines. */
export function storeWith(
  changes: Partial<LogStoreProps> = {},
  alerts: readonly Omit<LogAlertProps, 'of'>[] = [],
  id = 'store',
): Built<LogStore> {
  return built((scope) => {
    const store = new LogStore(scope, id, { ...minimalStore, ...changes });
    for (const alert of alerts) new LogAlert(scope, `alert-${alert.name}`, { ...alert, of: store.workload });
    return store;
  });
}

export function agentWith(changes: Partial<LogAgentProps> = {}): Built<LogAgent> {
  const to = { ...addresses('Loki', 3100, '192.0.2.31/32'), url: 'http://192.0.2.31:3100' };
  return built((scope) => new LogAgent(scope, 'agent', { image, to, ...changes }));
}

/** What Loki reads, as far as tests look at it. */
export function lokiIn(manifests: readonly Manifest[]): Readonly<Record<string, Readonly<Record<string, unknown>>>> {
  const files = at(only(manifests, 'ConfigMap', 'loki-settings'), 'data') as Readonly<Record<string, string>>;
  return load(files['loki.yaml']!) as Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** An environment that keeps no logs, watched or not. */
export function withoutLogs(name: string, isWatched: boolean) {
  const { observability, objectStores } = environmentInput(name);
  const watched = { ...observability! };
  delete watched.logs;
  const stores = { ...objectStores };
  delete stores.logs;
  return {
    observability: isWatched ? watched : undefined,
    objectStores: stores,
  } satisfies LoadOptions['changes'];
}

export function workloadOf(platform: Platform, namespace: string, name: string): Workload {
  const found = platform.owners.find((owner) => owner.namespace === namespace && owner.name === name);
  if (!(found instanceof Workload)) throw new Error(`no workload ${namespace}/${name}`);
  return found;
}
