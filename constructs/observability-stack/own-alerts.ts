import type { AlertProps } from '../core/alert.ts';

interface OwnAlertSettings {
  /** Whether somebody outside waits for a sign of life. */
  readonly heartbeat: boolean;
  /** Whether paths of the world are asked for. */
  readonly publicPaths: boolean;
  /** Whether there is a status page. */
  readonly statusPage: boolean;
}

/** Which job asks for them. */
export const publicPathsJob = 'public-paths';

/** Tells that one of them does not answer. */
export const publicPathDown = 'PublicPathDown';

/** Which job asks for the status page. */
export const statusPageJob = 'status-page';

/** What tells somebody outside that all of this works: when it ends, that one tells. */
export const watchdog = 'Watchdog';

/** What can go wrong with the watching itself, as PromQL over the numbers of Prometheus 3.15 and Alertmanager 0.34. */
export function ownAlerts({ heartbeat, publicPaths, statusPage }: OwnAlertSettings): readonly AlertProps[] {
  return [
    ...(heartbeat ? [heartbeatAlert] : []),
    ...watching,
    ...(publicPaths ? pathAlerts : []),
    ...(statusPage ? statusPageAlerts : []),
  ];
}

const heartbeatAlert: AlertProps = {
  name: watchdog,
  expression: 'vector(1)',
  forMinutes: 0,
  severity: 'note',
  summary: 'it fires always: whoever gets it outside misses it when the cluster, or what watches it, is gone',
  runbook: 'heartbeat',
};

const watching: readonly AlertProps[] = [
  {
    name: 'TargetDown',
    expression: `min by (job, node) (up{job!~"${publicPathsJob}|${statusPageJob}"}) == 0`,
    forMinutes: 15,
    severity: 'ticket',
    summary: 'the numbers of {{ $labels.job }} on {{ $labels.node }} can not be read',
    runbook: 'numbers-missing',
  },
  {
    name: 'TargetsNone',
    expression: 'max by (scrape_job) (prometheus_target_scrape_pool_targets) == 0',
    forMinutes: 30,
    severity: 'ticket',
    summary: 'there is no pod that {{ $labels.scrape_job }} could be read from',
    runbook: 'numbers-missing',
  },
  {
    name: 'ScrapeRefused',
    expression: 'max(increase(prometheus_target_scrapes_exceeded_sample_limit_total[15m])) > 0',
    forMinutes: 15,
    severity: 'ticket',
    summary: 'a pod tells more numbers than it may, and none of it are read: a label has no end',
    runbook: 'numbers-missing',
  },
  {
    name: 'ScrapeNearLimit',
    expression: 'max by (job) (scrape_samples_post_metric_relabeling / (scrape_sample_limit > 0)) > 0.8',
    forMinutes: 30,
    severity: 'ticket',
    summary: 'a pod of {{ $labels.job }} tells four fifths of the numbers that it may; with more, none of it are read',
    runbook: 'numbers-missing',
  },
  {
    name: 'WatchingNotWatched',
    // Where a number is missing, what asks for it keeps quiet.
    expression: 'absent(prometheus_build_info) or absent(alertmanager_build_info)',
    forMinutes: 15,
    severity: 'ticket',
    summary: 'Prometheus reads nothing of itself, or of Alertmanager: alerts of the watching keep quiet',
    runbook: 'watching',
  },
  {
    name: 'RulesFail',
    expression: 'max by (rule_group) (increase(prometheus_rule_evaluation_failures_total[10m])) > 0',
    forMinutes: 10,
    severity: 'ticket',
    summary: 'alerts of {{ $labels.rule_group }} can not be looked at',
    runbook: 'watching',
  },
  {
    name: 'AlertsDropped',
    expression: 'max(increase(prometheus_notifications_dropped_total[10m])) > 0',
    forMinutes: 5,
    severity: 'page',
    summary: 'Alertmanager did not take alerts: nobody was told of them',
    runbook: 'watching',
  },
  {
    name: 'AlertsNotDelivered',
    expression: 'max by (integration) (increase(alertmanager_notifications_failed_total[10m])) > 0',
    forMinutes: 5,
    severity: 'page',
    summary: 'whoever is told by {{ $labels.integration }} could not be told',
    runbook: 'watching',
  },
  {
    name: 'ObjectiveNotMeasured',
    expression:
      'max by (sloth_id) (sloth_slo_info) unless on (sloth_id) max by (sloth_id) (slo:sli_error:ratio_rate5m)',
    forMinutes: 60,
    severity: 'ticket',
    summary: 'nothing is known of {{ $labels.sloth_id }}: its budget stays as it is, and its alerts keep quiet',
    runbook: 'objective-not-measured',
  },
  {
    name: 'ObjectiveBudgetGone',
    expression: 'max by (sloth_id) (slo:period_error_budget_remaining:ratio) <= 0',
    forMinutes: 60,
    severity: 'ticket',
    summary: 'the budget of {{ $labels.sloth_id }} is used up: what changes it has to wait, or to mend it',
    runbook: 'objective-budget',
  },
  {
    name: 'NumbersDamaged',
    expression:
      'max(increase(prometheus_tsdb_wal_corruptions_total[1h])) > 0 ' +
      'or max(increase(prometheus_tsdb_compactions_failed_total[3h])) > 0',
    forMinutes: 0,
    severity: 'ticket',
    summary: 'Prometheus can not read, or not compact, what it has written',
    runbook: 'watching',
  },
];

const pathAlerts: readonly AlertProps[] = [
  {
    name: publicPathDown,
    expression: `min by (instance) (probe_success{job="${publicPathsJob}"}) == 0`,
    forMinutes: 3,
    severity: 'page',
    summary: '{{ $labels.instance }} does not answer as people would be answered',
    runbook: 'public-path',
  },
  {
    name: 'PublicCertificateExpires',
    expression: `min by (instance) (probe_ssl_earliest_cert_expiry{job="${publicPathsJob}"}) - time() < 5 * 86400`,
    forMinutes: 60,
    severity: 'page',
    summary: 'the certificate that {{ $labels.instance }} shows expires within five days',
    runbook: 'edge-certificate',
  },
  {
    name: 'PublicPathNotWatched',
    expression: `absent(probe_success{job="${publicPathsJob}"})`,
    forMinutes: 15,
    severity: 'ticket',
    summary: 'nobody asks whether the public paths answer',
    runbook: 'public-path',
  },
];

const statusPageAlerts: readonly AlertProps[] = [
  {
    name: 'StatusPageOld',
    expression:
      `time() - max(probe_http_last_modified_timestamp_seconds{job="${statusPageJob}"}) > 300 ` +
      `or max(probe_success{job="${statusPageJob}"}) == 0`,
    forMinutes: 10,
    severity: 'ticket',
    summary: 'the status page says that the platform is silent, or is not there: what is written there is not what is',
    runbook: 'status-page',
  },
  {
    name: 'StatusPageNotWatched',
    expression: `absent(probe_success{job="${statusPageJob}"})`,
    forMinutes: 15,
    severity: 'ticket',
    summary: 'nobody asks whether the status page is up to date',
    runbook: 'status-page',
  },
];
