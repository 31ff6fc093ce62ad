import { load } from 'js-yaml';
import { NodeExporter, ObservabilityStack } from '../../constructs/observability-stack/index.ts';
import type {
  AlertReceiver,
  Heartbeat,
  NodeExporterProps,
  ObservabilityStackProps,
} from '../../constructs/observability-stack/index.ts';
import type { Manifest } from '../../constructs/core/manifest.ts';
import { Scrape } from '../../constructs/core/scrape.ts';
import type { ScrapeProps } from '../../constructs/core/scrape.ts';
import { built, password } from './constructs.ts';
import type { Built } from './constructs.ts';
import { at, image, only } from './harness.ts';

export const addresses = (name: string, port: number, ...cidrs: readonly string[]) => ({
  name,
  targets: [{ peer: { name, cidrs: cidrs.map((cidr) => ({ cidr })) }, host: cidrs[0]!.replace('/32', ''), port }],
});

/** Somebody on call, and somebody who misses the sign of life. */
export const told = built((scope) => ({
  receiver: {
    name: 'on-call',
    kind: 'webhook',
    url: password(scope, 'on-call'),
    endpoint: addresses('on call', 443, '192.0.2.1/32'),
  },
  heartbeat: { url: password(scope, 'heartbeat'), endpoint: addresses('misses it', 443, '192.0.2.2/32') },
  mail: {
    name: 'mail',
    kind: 'mail',
    server: { host: '192.0.2.25', port: 587 },
    from: 'alerts@example.com',
    to: 'team@example.com',
    credentials: { user: 'alerts', password: password(scope, 'mail') },
  },
  chat: {
    name: 'chat',
    kind: 'chat',
    url: password(scope, 'chat'),
    endpoint: addresses('chat', 443, '192.0.2.3/32'),
    severities: ['note'],
  },
})).value as {
  readonly receiver: AlertReceiver;
  readonly heartbeat: Heartbeat;
  readonly mail: AlertReceiver;
  readonly chat: AlertReceiver;
};

/** Only what has to be given. */
export const minimalStack: ObservabilityStackProps = {
  image,
  alertmanagerImage: { ...image, name: 'alertmanager', reference: 'registry.example/alertmanager:1' },
  blackboxImage: { ...image, name: 'blackbox-exporter', reference: 'registry.example/blackbox-exporter:1' },
  runbooks: 'https://git.example/platform/blob/main/docs/runbooks',
  receivers: [told.receiver],
  heartbeat: told.heartbeat,
  kubeStateMetricsImage: { ...image, name: 'kube-state-metrics', reference: 'registry.example/kube-state-metrics:1' },
  cluster: 'test',
  kubernetesApi: addresses('Kubernetes API', 6443, '10.0.0.1/32'),
  kubelets: addresses('kubelets', 10250, '10.0.0.1/32', '10.0.0.2/32'),
  nodes: [
    { name: 'node1', address: '10.0.0.1', role: 'server' },
    { name: 'node2', address: '10.0.0.2', role: 'agent' },
  ],
};

/** A stack in the namespace `test`, beside servers whose numbers are declared by `scrapes`. */
export function stackWith(
  changes: Partial<ObservabilityStackProps> = {},
  scrapes: (target: ScrapeProps['endpoint']['targets'][number]) => readonly ScrapeProps[] = () => [],
  id = 'stack',
): Built<ObservabilityStack> {
  return built((scope, { api }) => {
    scrapes(api.targets[0]!).forEach((props, index) => new Scrape(scope, `scrape-${index}`, props));
    return new ObservabilityStack(scope, id, { ...minimalStack, ...changes });
  });
}

export function nodeExporterWith(changes: Partial<NodeExporterProps> = {}): Built<NodeExporter> {
  return built((scope) => new NodeExporter(scope, 'node-exporter', { image, ...changes }));
}

/** What Prometheus reads, as far as tests look at it. */
export interface PrometheusConfiguration {
  readonly global: { readonly scrape_interval: string; readonly external_labels: Readonly<Record<string, string>> };
  readonly scrape_configs: readonly PrometheusJob[];
  readonly remote_write?: readonly object[];
}

export interface PrometheusJob {
  readonly job_name: string;
  readonly honor_labels?: boolean;
  readonly sample_limit: number;
  readonly metrics_path: string;
  readonly kubernetes_sd_configs?: readonly object[];
  readonly relabel_configs?: readonly Relabelling[];
  readonly metric_relabel_configs: readonly Relabelling[];
  readonly static_configs?: readonly { readonly targets: readonly string[]; readonly labels: object }[];
}

interface Relabelling {
  readonly source_labels?: readonly string[];
  readonly regex?: string;
  readonly action?: string;
  readonly target_label?: string;
  readonly replacement?: string;
}

export function configurationIn(manifests: readonly Manifest[]): PrometheusConfiguration {
  const files = at(only(manifests, 'ConfigMap', 'prometheus-settings'), 'data') as Readonly<Record<string, string>>;
  return load(files['prometheus.yaml']!) as PrometheusConfiguration;
}

/** Whether a job keeps a number, by its name and its labels. */
export function keeps(job: PrometheusJob, name: string, labels: Readonly<Record<string, string>> = {}): boolean {
  const all: Readonly<Record<string, string>> = { ...labels, __name__: name };
  return job.metric_relabel_configs.every(({ source_labels: sources, regex = '', action }) => {
    const matches = new RegExp(`^(?:${regex})$`).test((sources ?? []).map((source) => all[source] ?? '').join(';'));
    return action === 'keep' ? matches : action !== 'drop' || !matches;
  });
}
