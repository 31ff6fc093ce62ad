export { nodeExporterDefaults, observabilityStackDefaults, usualSeverities } from './defaults.ts';
export { NodeExporter } from './node-exporter.ts';
export { ObservabilityStack } from './observability-stack.ts';
export type { AlertReceiver, Heartbeat, NodeExporterProps, ObservabilityStackProps, RemoteWrite } from './props.ts';
