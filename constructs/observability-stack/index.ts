export {
  grafanaDefaults,
  nodeExporterDefaults,
  observabilityStackDefaults,
  statusPageDefaults,
  usualSeverities,
} from './defaults.ts';
export { Grafana } from './grafana/grafana.ts';
export { lineQueries } from './grafana/lines.ts';
export { jobName } from './jobs.ts';
export { statusFile, StatusPage } from './status-page/status-page.ts';
export { NodeExporter } from './node-exporter.ts';
export { ObservabilityStack } from './observability-stack.ts';
export { watchdog } from './own-alerts.ts';
export type {
  AlertReceiver,
  GrafanaDirectory,
  GrafanaProps,
  Heartbeat,
  NodeExporterProps,
  Numbers,
  ObservabilityStackProps,
  RemoteWrite,
  StatusPageProps,
} from './props.ts';
