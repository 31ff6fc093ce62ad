import type { Construct } from 'constructs';
import { httpProbes } from '../core/probes.ts';
import { Scrape } from '../core/scrape.ts';
import { Service } from '../core/service.ts';
import { Workload } from '../core/workload.ts';
import type { ObservabilityOptions } from './options.ts';

const name = 'kube-state-metrics';
const ports = { metrics: 8080, telemetry: 8081 } as const;

/** What it is asked about. Secrets and ConfigMaps are not: it would read them whole to tell their names. */
const resources: Readonly<Record<string, readonly string[]>> = {
  '': ['nodes', 'pods', 'services'],
  apps: ['daemonsets', 'deployments', 'statefulsets'],
  autoscaling: ['horizontalpodautoscalers'],
  batch: ['cronjobs', 'jobs'],
};

/** What it tells of them: what somebody asks for, and no more. A test has every number of an alert in here. */
export const kubeMetrics = [
  'kube_cronjob_created',
  'kube_cronjob_next_schedule_time',
  'kube_cronjob_spec_suspend',
  'kube_cronjob_status_last_schedule_time',
  'kube_cronjob_status_last_successful_time',
  'kube_daemonset_status_desired_number_scheduled',
  'kube_daemonset_status_number_ready',
  'kube_deployment_spec_replicas',
  'kube_deployment_status_replicas_available',
  'kube_deployment_status_replicas_ready',
  'kube_horizontalpodautoscaler_spec_max_replicas',
  'kube_horizontalpodautoscaler_status_current_replicas',
  'kube_job_spec_active_deadline_seconds',
  'kube_job_status_active',
  'kube_job_status_start_time',
  'kube_node_info',
  'kube_node_status_allocatable',
  'kube_node_status_condition',
  'kube_pod_container_resource_requests',
  'kube_pod_container_status_last_terminated_reason',
  'kube_pod_container_status_restarts_total',
  'kube_pod_container_status_waiting_reason',
  'kube_pod_status_phase',
  'kube_pod_status_ready',
  'kube_service_info',
  'kube_statefulset_replicas',
  'kube_statefulset_status_replicas_ready',
] as const;

/** Tells of the objects of the cluster, as the API has them. */
export function kubeStateMetrics(construct: Construct, options: ObservabilityOptions): Workload {
  const workload = new Workload(construct, 'kube-state-metrics', {
    name,
    program: name,
    component: 'exporter',
    // On two nodes: where nobody tells what is ready, alerts take it for gone, and the loss of a node is no time for that.
    controller: { kind: 'Deployment', replicas: 2 },
    containers: [
      {
        name,
        image: options.kubeStateMetricsImage,
        command: [
          '/kube-state-metrics',
          `--port=${ports.metrics}`,
          `--telemetry-port=${ports.telemetry}`,
          `--resources=${Object.values(resources).flat().sort().join(',')}`,
          `--metric-allowlist=${kubeMetrics.join(',')}`,
        ],
        ports: [
          { name: 'metrics', port: ports.metrics },
          { name: 'telemetry', port: ports.telemetry },
        ],
        resources: options.kubeStateMetricsResources,
        // Its own answer to whether it lives asks the API: while that is away, it would be started anew again and again.
        probes: httpProbes('telemetry', { live: '/readyz' }),
      },
    ],
    priority: 'observability',
    spread: 'strict',
    api: {
      endpoint: options.kubernetesApi,
      reason: 'watches the objects that it tells of',
      containers: [name],
      clusterRules: Object.entries(resources).map(([group, kinds]) => ({
        apiGroups: [group],
        resources: [...kinds],
        verbs: ['list', 'watch'],
        unnamedBecause: 'it counts all there are, and lists and watches them',
      })),
    },
  });
  const service = new Service(construct, 'kube-state-metrics-service', {
    name,
    pods: workload,
    ports: [{ name: 'metrics' }],
    headless: true,
  });
  const targets = [{ peer: workload, host: service.host, port: ports.metrics }];
  new Scrape(construct, 'scrape-kube-state-metrics', {
    endpoint: { name, path: '/metrics', targets },
    about: 'others',
    mostSeries: 5000,
  });
  return workload;
}
