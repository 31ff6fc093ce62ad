import { buildPlatform } from '../../../apps/platform.ts';
import { environments } from '../../../config/index.ts';
import { jobAlerts } from '../../../constructs/observability-stack/job-alerts.ts';
import { kubeMetrics } from '../../../constructs/observability-stack/kube-state-metrics.ts';
import { kubernetesAlerts } from '../../../constructs/observability-stack/kubernetes-alerts.ts';
import { nodeAlerts } from '../../../constructs/observability-stack/node-alerts.ts';
import { ownAlerts } from '../../../constructs/observability-stack/own-alerts.ts';
import { promtool, Rules } from '../../support/promtool.ts';
import type { AlertTest } from '../../support/promtool.ts';

const own = ownAlerts({ heartbeat: true, publicPaths: true, statusPage: true });
const alerts = [...nodeAlerts, ...kubernetesAlerts, ...jobAlerts, ...own];

type Series = Readonly<Record<string, string>>;

interface Case {
  /** Minutes after the first sample at which it is looked at. */
  readonly at: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly fires: Series;
  readonly quiet: Series;
  /** What fires where every series of it is missing. */
  readonly missing: string;
}

const node = { node: 'node1' };
const pod = { namespace: 'shop', pod: 'backend-0' };
const container = { ...pod, container: 'backend' };
const cronJob = { namespace: 'data', cronjob: 'backup' };
const job = { namespace: 'data', job_name: 'backup-1' };

/** Such as `up{job="kubelet"}`; two kube-state-metrics tell the same where `twice`. */
const series = (name: string, labels: Readonly<Record<string, string>> = {}): string =>
  `${name}{${Object.entries(labels)
    .map(([key, value]) => `${key}="${value}"`)
    .join(',')}}`;
const objects = (name: string, labels: Readonly<Record<string, string>>, values: string): Series =>
  Object.fromEntries(['a', 'b'].map((instance) => [series(name, { ...labels, instance }), values]));
const condition = (what: string, status: string, values: string): Series =>
  objects('kube_node_status_condition', { ...node, condition: what, status }, values);
const disk = (available: string): Series => ({
  [series('node_filesystem_avail_bytes', { ...node, mountpoint: '/disk' })]: available,
  [series('node_filesystem_size_bytes', { ...node, mountpoint: '/disk' })]: '100x800',
});
const memory = (available: string): Series => ({
  [series('node_memory_MemAvailable_bytes', node)]: available,
  [series('node_memory_MemTotal_bytes', node)]: '100x60',
});
const waiting = (reason: string, values: string): Series =>
  objects('kube_pod_container_status_waiting_reason', { ...container, reason }, values);
const replicas = (wanted: string, there: string): Series => ({
  ...objects('kube_deployment_spec_replicas', { namespace: 'shop', deployment: 'backend' }, wanted),
  ...objects('kube_deployment_status_replicas_available', { namespace: 'shop', deployment: 'backend' }, there),
});
const autoscaler = (current: string): Series => ({
  ...objects('kube_horizontalpodautoscaler_status_current_replicas', hpa, current),
  ...objects('kube_horizontalpodautoscaler_spec_max_replicas', hpa, '6x60'),
});
const hpa = { namespace: 'shop', horizontalpodautoscaler: 'backend' };
const requested = (bytes: number): Series => ({
  ...objects('kube_pod_container_resource_requests', { ...container, resource: 'memory' }, `${bytes}x100`),
  ...objects('kube_pod_status_phase', { ...pod, phase: 'Running' }, '1x100'),
  ...objects('kube_node_status_allocatable', { ...node, resource: 'memory' }, '30x100'),
  ...objects('kube_node_status_allocatable', { node: 'node2', resource: 'memory' }, '15x100'),
});
const killed = (restarts: string): Series => ({
  ...objects('kube_pod_container_status_last_terminated_reason', { ...container, reason: 'OOMKilled' }, '1x60'),
  ...objects('kube_pod_container_status_restarts_total', container, restarts),
});
const run = (active: string): Series => ({
  ...objects('kube_job_status_start_time', job, '0x60'),
  ...objects('kube_job_spec_active_deadline_seconds', job, '1800x60'),
  ...objects('kube_job_status_active', job, active),
});

/** Of two pods, one has no limit. */
const near = (samples: string): Series => ({
  [series('scrape_samples_post_metric_relabeling', { job: 'redis', pod: 'a' })]: samples,
  [series('scrape_sample_limit', { job: 'redis', pod: 'a' })]: '1000x60',
  [series('scrape_samples_post_metric_relabeling', { job: 'other', pod: 'b' })]: '5000x60',
  [series('scrape_sample_limit', { job: 'other', pod: 'b' })]: '0x60',
});
const page = (modified: string): Series => ({
  [series('probe_http_last_modified_timestamp_seconds', { job: 'status-page' })]: modified,
  [series('probe_success', { job: 'status-page' })]: '1x30',
});

const kubernetesNotWatched = 'KubernetesNotWatched';
const nodeNotWatched = 'NodeNotWatched';
const watchingNotWatched = 'WatchingNotWatched';
const pathNotWatched = 'PublicPathNotWatched';
const statusPageNotWatched = 'StatusPageNotWatched';
const notMeasured = 'ObjectiveNotMeasured';

const cases: Readonly<Record<string, Case>> = {
  NodeLost: {
    at: 5,
    labels: node,
    // The other one went with the node, and what it said is still there.
    fires: {
      ...condition('Ready', 'true', '1x2 0x20'),
      [series('kube_node_status_condition', { ...node, condition: 'Ready', status: 'true', instance: 'b' })]: '1x20',
    },
    quiet: condition('Ready', 'true', '1x20'),
    missing: kubernetesNotWatched,
  },
  NodeUnderPressure: {
    at: 10,
    labels: { ...node, condition: 'DiskPressure' },
    fires: condition('DiskPressure', 'true', '1x20'),
    quiet: { ...condition('DiskPressure', 'true', '0x20'), ...condition('Ready', 'true', '1x20') },
    missing: kubernetesNotWatched,
  },
  NodeDiskFull: { at: 10, labels: node, fires: disk('9x20'), quiet: disk('11x20'), missing: nodeNotWatched },
  NodeDiskFills: {
    at: 500,
    labels: node,
    // Of 29, half a unit an hour: none in some 58 hours is late enough, in ten it isn't.
    fires: disk('40-0.05x520'),
    quiet: disk('29-0.001x520'),
    missing: nodeNotWatched,
  },
  NodeFilesExhausted: {
    at: 20,
    labels: node,
    fires: {
      [series('node_filesystem_files_free', node)]: '5x30',
      [series('node_filesystem_files', node)]: '100x30',
    },
    quiet: {
      // Of a file system that counts none.
      [series('node_filesystem_files_free', node)]: '0x30',
      [series('node_filesystem_files', node)]: '0x30',
    },
    missing: nodeNotWatched,
  },
  NodeMemoryShort: { at: 20, labels: node, fires: memory('7x30'), quiet: memory('9x30'), missing: nodeNotWatched },
  NodeClockUnsynchronised: {
    at: 20,
    labels: node,
    fires: { [series('node_timex_sync_status', node)]: '0x30' },
    quiet: { [series('node_timex_sync_status', node)]: '1x30' },
    missing: nodeNotWatched,
  },
  NodeNotWatched: {
    at: 30,
    fires: objects('kube_node_info', node, '1x60'),
    quiet: { ...objects('kube_node_info', node, '1x60'), [series('node_uname_info', node)]: '1x60' },
    missing: kubernetesNotWatched,
  },
  ControlPlaneDown: {
    at: 5,
    fires: { [series('up', { job: 'apiserver', node: 'node1' })]: '0x20' },
    quiet: {
      [series('up', { job: 'apiserver', node: 'node1' })]: '0x20',
      [series('up', { job: 'apiserver', node: 'node2' })]: '1x20',
    },
    missing: 'ControlPlaneDown',
  },
  KubernetesNotWatched: {
    at: 10,
    fires: { [series('kube_node_info', node)]: '1x2 stale' },
    quiet: { [series('kube_node_info', node)]: '1x20' },
    missing: kubernetesNotWatched,
  },
  PodCrashLoops: {
    at: 12,
    labels: container,
    fires: waiting('CrashLoopBackOff', '1 _ _ 1 _ _ 1 _ _ 1 _ _ 1x10'),
    quiet: waiting('ContainerCreating', '1x20'),
    missing: kubernetesNotWatched,
  },
  PodCannotStart: {
    at: 20,
    labels: { ...container, reason: 'ImagePullBackOff' },
    fires: waiting('ImagePullBackOff', '1x30'),
    quiet: waiting('ImagePullBackOff', '1x10 0x20'),
    missing: kubernetesNotWatched,
  },
  PodNotReady: {
    at: 20,
    labels: pod,
    fires: objects('kube_pod_status_phase', { ...pod, phase: 'Pending' }, '1x30'),
    quiet: {
      // Of a job that ended: it is not ready, and never will be.
      ...objects('kube_pod_status_ready', { ...pod, condition: 'false' }, '1x30'),
      ...objects('kube_pod_status_phase', { ...pod, phase: 'Succeeded' }, '1x30'),
      ...objects('kube_pod_status_phase', { ...pod, phase: 'Running' }, '0x30'),
    },
    missing: kubernetesNotWatched,
  },
  ContainerOutOfMemory: {
    at: 20,
    labels: container,
    fires: killed('0x10 1x50'),
    quiet: killed('1x60'),
    missing: kubernetesNotWatched,
  },
  WorkloadShort: {
    at: 20,
    labels: { namespace: 'shop', deployment: 'backend' },
    fires: replicas('3x30', '2x30'),
    quiet: replicas('3x30', '3x30'),
    missing: kubernetesNotWatched,
  },
  AutoscalerAtMost: {
    at: 40,
    labels: hpa,
    fires: autoscaler('6x60'),
    quiet: autoscaler('5x60'),
    missing: kubernetesNotWatched,
  },
  NodeLossDoesNotFit: { at: 80, fires: requested(16), quiet: requested(14), missing: kubernetesNotWatched },
  CronJobLate: {
    at: 60,
    labels: cronJob,
    fires: objects('kube_cronjob_next_schedule_time', cronJob, '600x80'),
    quiet: {
      ...objects('kube_cronjob_next_schedule_time', cronJob, '600x80'),
      ...objects('kube_cronjob_spec_suspend', cronJob, '1x80'),
    },
    missing: kubernetesNotWatched,
  },
  CronJobNotWatched: {
    at: 20,
    labels: cronJob,
    fires: objects('kube_cronjob_spec_suspend', cronJob, '0x30'),
    quiet: {
      ...objects('kube_cronjob_spec_suspend', cronJob, '0x30'),
      ...objects('kube_cronjob_next_schedule_time', cronJob, '600x30'),
    },
    missing: kubernetesNotWatched,
  },
  CronJobNeverSucceeded: {
    at: 140,
    labels: cronJob,
    fires: objects('kube_cronjob_status_last_schedule_time', cronJob, '60x160'),
    quiet: {
      ...objects('kube_cronjob_status_last_schedule_time', cronJob, '60x160'),
      ...objects('kube_cronjob_status_last_successful_time', cronJob, '70x160'),
    },
    missing: kubernetesNotWatched,
  },
  JobRunsLong: { at: 28, labels: job, fires: run('1x60'), quiet: run('0x60'), missing: kubernetesNotWatched },
  Watchdog: { at: 1, fires: {}, quiet: {}, missing: 'Watchdog' },
  TargetDown: {
    at: 20,
    labels: { job: 'redis', node: 'node1' },
    fires: { [series('up', { job: 'redis', node: 'node1', pod: 'redis-0' })]: '0x30' },
    quiet: {
      [series('up', { job: 'redis', node: 'node1', pod: 'redis-0' })]: '1x30',
      // It has an alert of its own.
      [series('up', { job: 'public-paths' })]: '0x30',
      [series('up', { job: 'status-page' })]: '0x30',
    },
    missing: watchingNotWatched,
  },
  TargetsNone: {
    at: 40,
    labels: { scrape_job: 'redis' },
    fires: { [series('prometheus_target_scrape_pool_targets', { scrape_job: 'redis' })]: '0x60' },
    quiet: { [series('prometheus_target_scrape_pool_targets', { scrape_job: 'redis' })]: '1x60' },
    missing: watchingNotWatched,
  },
  ScrapeRefused: {
    at: 30,
    fires: { prometheus_target_scrapes_exceeded_sample_limit_total: '0+1x60' },
    quiet: { prometheus_target_scrapes_exceeded_sample_limit_total: '9x60' },
    missing: watchingNotWatched,
  },
  ScrapeNearLimit: {
    at: 40,
    labels: { job: 'redis' },
    fires: near('850x60'),
    quiet: near('700x60'),
    missing: watchingNotWatched,
  },
  WatchingNotWatched: {
    at: 20,
    fires: { prometheus_build_info: '1x30' },
    quiet: { prometheus_build_info: '1x30', alertmanager_build_info: '1x30' },
    missing: watchingNotWatched,
  },
  RulesFail: {
    at: 20,
    labels: { rule_group: 'data' },
    fires: { [series('prometheus_rule_evaluation_failures_total', { rule_group: 'data' })]: '0+1x30' },
    quiet: { [series('prometheus_rule_evaluation_failures_total', { rule_group: 'data' })]: '3x30' },
    missing: watchingNotWatched,
  },
  AlertsDropped: {
    at: 15,
    fires: { prometheus_notifications_dropped_total: '0+1x30' },
    quiet: { prometheus_notifications_dropped_total: '3x30' },
    missing: watchingNotWatched,
  },
  AlertsNotDelivered: {
    at: 15,
    labels: { integration: 'webhook' },
    fires: { [series('alertmanager_notifications_failed_total', { integration: 'webhook' })]: '0+1x30' },
    quiet: { [series('alertmanager_notifications_failed_total', { integration: 'webhook' })]: '3x30' },
    missing: watchingNotWatched,
  },
  NumbersDamaged: {
    at: 20,
    fires: { prometheus_tsdb_wal_corruptions_total: '0x10 1x50' },
    quiet: { prometheus_tsdb_wal_corruptions_total: '1x60', prometheus_tsdb_compactions_failed_total: '0x60' },
    missing: watchingNotWatched,
  },
  ObjectiveNotMeasured: {
    at: 70,
    labels: { sloth_id: 'edge-availability' },
    fires: {
      [series('sloth_slo_info', { sloth_id: 'edge-availability', sloth_service: 'edge' })]: '1x90',
      [series('slo:sli_error:ratio_rate5m', { sloth_id: 'edge-latency' })]: '0x90',
    },
    quiet: {
      [series('sloth_slo_info', { sloth_id: 'edge-availability', sloth_service: 'edge' })]: '1x90',
      [series('slo:sli_error:ratio_rate5m', { sloth_id: 'edge-availability', sloth_window: '5m' })]: '0x90',
    },
    missing: watchingNotWatched,
  },
  ObjectiveBudgetGone: {
    at: 70,
    labels: { sloth_id: 'edge-availability' },
    fires: { [series('slo:period_error_budget_remaining:ratio', { sloth_id: 'edge-availability' })]: '-0.1x90' },
    quiet: { [series('slo:period_error_budget_remaining:ratio', { sloth_id: 'edge-availability' })]: '0.1x90' },
    missing: notMeasured,
  },
  PublicPathDown: {
    at: 6,
    labels: { instance: 'https://shop.example.com/' },
    fires: { [series('probe_success', { job: 'public-paths', instance: 'https://shop.example.com/' })]: '0x20' },
    quiet: {
      [series('probe_success', { job: 'public-paths', instance: 'https://shop.example.com/' })]: '1x2 0x2 1x20',
    },
    missing: pathNotWatched,
  },
  PublicCertificateExpires: {
    at: 90,
    labels: { instance: 'https://a/' },
    fires: {
      [series('probe_ssl_earliest_cert_expiry', { job: 'public-paths', instance: 'https://a/' })]: '400000x100',
    },
    quiet: {
      [series('probe_ssl_earliest_cert_expiry', { job: 'public-paths', instance: 'https://a/' })]: '900000x100',
    },
    missing: pathNotWatched,
  },
  PublicPathNotWatched: {
    at: 20,
    labels: { job: 'public-paths' },
    fires: { [series('up', { job: 'public-paths' })]: '0x30' },
    quiet: { [series('probe_success', { job: 'public-paths' })]: '0x30' },
    missing: pathNotWatched,
  },
  StatusPageOld: {
    at: 20,
    // Seconds since the samples began.
    fires: page('0x30'),
    quiet: page('0+60x30'),
    missing: statusPageNotWatched,
  },
  StatusPageNotWatched: {
    at: 20,
    labels: { job: 'status-page' },
    fires: { [series('up', { job: 'status-page' })]: '0x30' },
    quiet: page('0+60x30'),
    missing: statusPageNotWatched,
  },
};

(promtool === undefined ? describe.skip : describe)('promtool finds that', () => {
  const rules = new Rules(alerts);
  afterAll(() => {
    rules.remove();
  });

  const look = (name: string, series: Series, fires: boolean, more: Partial<Case> = {}): AlertTest => {
    const { at, labels = {} } = { ...cases[name]!, ...more };
    return { step: 1, series, name, fires: new Map([[at, fires]]), labels };
  };
  const all = Object.entries(cases);

  test('every expression is PromQL', () => {
    expect(rules.check()).toContain(`${alerts.length} rules found`);
  });

  // One start of the program for all of them.
  test('each fires where it should', () => {
    expect(rules.complaints(...all.map(([name, { fires }]) => look(name, fires, true)))).toBe('');
  });

  test('each keeps quiet where it should, but for the sign of life', () => {
    const others = all.filter(([name]) => name !== 'Watchdog');
    expect(rules.complaints(...others.map(([name, { quiet }]) => look(name, quiet, false)))).toBe('');
  });

  // Numbers of nodes alone are missing where those of objects are there.
  const there = (guard: string): Series =>
    guard === nodeNotWatched
      ? objects('kube_node_info', node, '1x900')
      : guard === notMeasured
        ? { [series('sloth_slo_info', { sloth_id: 'edge-availability' })]: '1x900' }
        : {};

  test('each keeps quiet where its series is missing', () => {
    const silent = all.filter(([name, { missing }]) => name !== missing);
    expect(rules.complaints(...silent.map(([name, { missing }]) => look(name, there(missing), false)))).toBe('');
  });

  test('where the series of any is missing, another one fires in its place', () => {
    const guards = [...new Set(all.map(([, { missing }]) => missing))];
    expect(guards.every((guard) => guard in cases)).toBe(true);
    const series = (guard: string): Series =>
      // Of two that are missing, each says so.
      guard === watchingNotWatched ? { prometheus_build_info: '1x60' } : there(guard);
    expect(rules.complaints(...guards.map((guard) => look(guard, series(guard), true, { at: 90 })))).toBe('');
  });
});

test('every alert has a case that fires, one that keeps quiet and one in which its series is missing', () => {
  expect(Object.keys(cases).sort()).toEqual(alerts.map(({ name }) => name).sort());
});

test('what kube-state-metrics tells is what alerts ask for', () => {
  const all = Object.keys(environments).flatMap((name) => buildPlatform(name).alerts);
  const asked = all.flatMap(({ props }) => props.expression.match(/\bkube_\w+/g) ?? []);
  expect(asked.filter((name) => !(kubeMetrics as readonly string[]).includes(name))).toEqual([]);
  // The one is of an alert of RedisSentinel that neither environment has.
  expect(kubeMetrics.filter((name) => !asked.includes(name))).toEqual(['kube_service_info']);
});
