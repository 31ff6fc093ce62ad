import type { AlertProps } from '../core/alert.ts';

/** Aggregated by what they are about: two kube-state-metrics tell the same. */
const pods = 'namespace, pod';
const containers = `${pods}, container`;

/** What can go wrong with any object of the cluster, as PromQL over the numbers of kube-state-metrics 2.19. */
export const kubernetesAlerts: readonly AlertProps[] = [
  {
    name: 'ControlPlaneDown',
    expression: 'absent(up{job="apiserver"} == 1)',
    forMinutes: 2,
    severity: 'page',
    summary: 'no API server answers: what runs goes on, and nothing is started, moved or repaired',
    runbook: 'control-plane',
  },
  {
    name: 'KubernetesNotWatched',
    expression: 'absent(kube_node_info)',
    forMinutes: 1,
    severity: 'page',
    summary: 'nobody tells of the objects of the cluster: alerts that count them are wrong, or keep quiet',
    runbook: 'numbers-missing',
  },
  {
    name: 'PodCrashLoops',
    expression:
      `max by (${containers}) ` +
      '(max_over_time(kube_pod_container_status_waiting_reason{reason="CrashLoopBackOff"}[5m])) == 1',
    forMinutes: 5,
    severity: 'ticket',
    summary: '{{ $labels.container }} of {{ $labels.namespace }}/{{ $labels.pod }} ends again and again',
    runbook: 'pods',
  },
  {
    name: 'PodCannotStart',
    expression:
      `max by (${containers}, reason) (kube_pod_container_status_waiting_reason` +
      '{reason=~"ImagePullBackOff|ErrImagePull|InvalidImageName|CreateContainerConfigError|CreateContainerError"}) == 1',
    forMinutes: 15,
    severity: 'ticket',
    summary:
      '{{ $labels.container }} of {{ $labels.namespace }}/{{ $labels.pod }} is not started: {{ $labels.reason }}',
    runbook: 'pods',
  },
  {
    name: 'PodNotReady',
    expression:
      `max by (${pods}) (kube_pod_status_phase{phase=~"Pending|Unknown"}) == 1 ` +
      `or max by (${pods}) (kube_pod_status_ready{condition="false"} == 1 ` +
      `and on (${pods}) kube_pod_status_phase{phase="Running"} == 1)`,
    forMinutes: 15,
    severity: 'ticket',
    summary: '{{ $labels.namespace }}/{{ $labels.pod }} has no node, or is not ready, for a quarter of an hour',
    runbook: 'pods',
  },
  {
    name: 'ContainerOutOfMemory',
    expression:
      `max by (${containers}) (kube_pod_container_status_last_terminated_reason{reason="OOMKilled"} == 1 ` +
      `and on (${containers}) increase(kube_pod_container_status_restarts_total[15m]) > 0)`,
    forMinutes: 0,
    severity: 'ticket',
    summary: '{{ $labels.container }} of {{ $labels.namespace }}/{{ $labels.pod }} took more memory than it may',
    runbook: 'pods',
  },
  {
    name: 'WorkloadShort',
    expression: [
      short('deployment', 'spec_replicas', 'status_replicas_available'),
      short('statefulset', 'replicas', 'status_replicas_ready'),
      short('daemonset', 'status_desired_number_scheduled', 'status_number_ready'),
    ].join(' or '),
    forMinutes: 15,
    severity: 'ticket',
    summary:
      '{{ $labels.namespace }}/{{ $labels.deployment }}{{ $labels.statefulset }}{{ $labels.daemonset }} has fewer pods that ' +
      'are ready than it should',
    runbook: 'pods',
  },
  {
    name: 'AutoscalerAtMost',
    expression:
      'max by (namespace, horizontalpodautoscaler) (kube_horizontalpodautoscaler_status_current_replicas) ' +
      '>= max by (namespace, horizontalpodautoscaler) (kube_horizontalpodautoscaler_spec_max_replicas)',
    forMinutes: 30,
    severity: 'ticket',
    summary: '{{ $labels.namespace }}/{{ $labels.horizontalpodautoscaler }} has all pods it may for half an hour',
    runbook: 'capacity',
  },
  {
    name: 'NodeLossDoesNotFit',
    expression:
      `sum(max by (${containers}) (kube_pod_container_resource_requests{resource="memory"} ` +
      `and on (${pods}) kube_pod_status_phase{phase="Running"} == 1)) ` +
      '> sum(max by (node) (kube_node_status_allocatable{resource="memory"})) ' +
      '- max(kube_node_status_allocatable{resource="memory"})',
    forMinutes: 60,
    severity: 'ticket',
    summary: 'pods request more memory than is left when the largest node is lost',
    runbook: 'capacity',
  },
];

/** Of a kind of workload: fewer pods that can be used than there should be. */
function short(kind: string, wanted: string, there: string): string {
  // Whichever of two that tell knows of fewer: the other's last word may be one from before.
  const each = (how: 'min' | 'max', what: string): string => `${how} by (namespace, ${kind}) (kube_${kind}_${what})`;
  return `${each('max', wanted)} > ${each('min', there)}`;
}
