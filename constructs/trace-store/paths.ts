/** Where Jaeger listens; what is asked by nobody else listens on the pod's own address. */
export const ports = {
  otlp: 4318,
  otlpGrpc: 4317,
  queries: 16_686,
  queriesGrpc: 16_685,
  metrics: 8888,
  health: 13_133,
} as const;

/** In Jaeger's container. */
export const paths = { settings: '/etc/jaeger', scripts: '/opt/jaeger', data: '/var/lib/jaeger' } as const;
