/**
 * Who is evicted last when a node is short, highest first. The values leave room between the classes and stay below
 * Kubernetes' own system classes (2,000,000,000).
 */
export const priorities = {
  'critical-data': { value: 1_000_000, description: 'Databases and the directory: losing one loses writes.' },
  edge: {
    value: 900_000,
    description: 'The way in: Traefik, the WAF, controllers that keep the platform itself running.',
  },
  applications: { value: 500_000, description: 'The product: backends, frontends and their jobs.' },
  observability: { value: 100_000, description: 'Metrics, logs and traces: the first to go.' },
} as const;

/** One of ours; or Kubernetes' own, of what a node is of no use without: it is there before any of ours. */
export type Priority = keyof typeof priorities | 'system-node-critical';
