import type { DashboardProps } from '../core/dashboard.ts';

/** How many pods there are and what they take, as the cluster counts it: what an image tells of itself is its own affair. */
export function webDashboard(name: string, namespace: string): DashboardProps {
  const own = `namespace="${namespace}",pod=~"${name}-[a-z0-9]+-[a-z0-9]+",container="${name}"`;
  const deployment = `namespace="${namespace}",deployment="${name}"`;
  const autoscaler = `namespace="${namespace}",horizontalpodautoscaler="${name}"`;
  return {
    name,
    title: `Application: ${name}`,
    description: 'Are there enough pods, and what do they take?',
    rows: [
      {
        title: 'Pods',
        now: [
          {
            title: 'Ready',
            description: 'One or more.',
            unit: 'count',
            bad: { below: 1 },
            queries: { pods: `min(kube_deployment_status_replicas_available{${deployment}})` },
          },
          {
            title: 'Missing',
            description: 'None, but while it is rolled out.',
            unit: 'count',
            bad: { from: 1 },
            queries: {
              pods:
                `max(kube_deployment_spec_replicas{${deployment}}) ` +
                `- min(kube_deployment_status_replicas_available{${deployment}})`,
            },
          },
          {
            title: 'Of the pods it may have',
            description: 'Where all are there, more load makes it slow.',
            unit: 'percentunit',
            bad: { from: 1 },
            queries: {
              share:
                `max(kube_horizontalpodautoscaler_status_current_replicas{${autoscaler}}) ` +
                `/ max(kube_horizontalpodautoscaler_spec_max_replicas{${autoscaler}})`,
            },
          },
          {
            title: 'Started again in the last hour',
            description: 'None.',
            unit: 'count',
            bad: { from: 1 },
            queries: { times: `sum(increase(kube_pod_container_status_restarts_total{${own}}[1h])) or vector(0)` },
          },
        ],
        curves: [
          {
            title: 'Processors',
            description: 'In use, by pod.',
            unit: 'cores',
            queries: { '{{pod}}': `sum by (pod) (rate(container_cpu_usage_seconds_total{${own}}[$__rate_interval]))` },
          },
          {
            title: 'Memory',
            description: 'Held, by pod.',
            unit: 'bytes',
            queries: { '{{pod}}': `sum by (pod) (container_memory_working_set_bytes{${own}})` },
          },
          {
            title: 'Processors, of what it requests',
            description: 'By pod: where all have more than the autoscaler aims at, it makes another one.',
            unit: 'percentunit',
            queries: {
              '{{pod}}':
                `sum by (pod) (rate(container_cpu_usage_seconds_total{${own}}[$__rate_interval])) ` +
                `/ max by (pod) (kube_pod_container_resource_requests{${own},resource="cpu"})`,
            },
          },
          {
            title: 'Pods ready',
            description: 'And how many should be.',
            unit: 'count',
            queries: {
              ready: `min(kube_deployment_status_replicas_available{${deployment}})`,
              wanted: `max(kube_deployment_spec_replicas{${deployment}})`,
            },
          },
        ],
      },
    ],
  };
}
