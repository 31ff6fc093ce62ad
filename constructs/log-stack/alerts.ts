import type { AlertProps } from '../core/alert.ts';

const compacted = 'loki_boltdb_shipper_compact_tables_operation_last_successful_run_timestamp_seconds';
const retained = 'loki_compactor_apply_retention_last_successful_run_timestamp_seconds';
const deletions = 'loki_boltdb_shipper_retention_sweeper_chunk_deleted_duration_seconds_count';

/**
 * More than a while ago, or there now and not then: a counter that begins with its first event has no increase in Prometheus'
 * eyes.
 */
const grown = (by: string, counter: string, within: string): string =>
  `sum by (${by}) (increase(${counter}[${within}])) > 0 ` +
  `or sum by (${by}) (${counter}) > 0 unless sum by (${by}) (${counter} offset ${within})`;

const answers = 'on () max(up{job="loki"}) == 1';

/** Of what keeps the lines, as PromQL over the numbers of Loki 3.7. */
export const storeAlerts: readonly AlertProps[] = [
  {
    name: 'LogStoreDown',
    expression: 'absent(up{job="loki"} == 1)',
    forMinutes: 10,
    severity: 'ticket',
    summary: 'Loki can not be asked: no log can be searched, and agents keep their lines back',
    runbook: 'logs-down',
  },
  {
    name: 'LogsNotArriving',
    // Of the counter alone nobody would know when it is gone, and before the first line it isn't there.
    expression:
      'sum(rate(loki_distributor_lines_received_total[15m])) == 0 ' +
      `or absent(loki_distributor_lines_received_total) and ${answers}`,
    forMinutes: 15,
    severity: 'ticket',
    summary: 'no line has arrived in Loki for half an hour, from no node',
    runbook: 'logs-missing',
  },
  {
    name: 'LogsRejected',
    expression: grown('reason', 'loki_discarded_samples_total', '15m'),
    forMinutes: 0,
    severity: 'ticket',
    summary: 'Loki refuses lines for {{ $labels.reason }}: they are not kept',
    runbook: 'logs-rejected',
  },
  {
    name: 'LogLinesCut',
    expression: grown('reason', 'loki_mutated_samples_total', '1h'),
    forMinutes: 0,
    severity: 'note',
    summary: 'Loki keeps only the beginning of some lines ({{ $labels.reason }})',
    runbook: 'logs-rejected',
  },
  {
    name: 'LogsNotStored',
    expression:
      'sum(increase(loki_ingester_chunks_flush_failures_total[30m])) > 0 ' +
      'or sum(increase(loki_ingester_wal_disk_full_failures_total[30m])) > 0',
    forMinutes: 15,
    severity: 'ticket',
    summary: 'Loki can not write logs into the bucket, or onto its volume: they wait, and are lost with its node',
    runbook: 'logs-not-stored',
  },
  {
    name: 'LogCompactorNotRun',
    expression: `time() - max(${compacted}) > 3 * 3600`,
    forMinutes: 60,
    severity: 'ticket',
    summary: 'Loki has not compacted its index for three hours: queries become slow, and nothing is removed',
    runbook: 'logs-retention',
  },
  {
    name: 'LogRetentionNotApplied',
    expression: `time() - max(${retained}) > 24 * 3600 or max(${retained}) == 0`,
    forMinutes: 120,
    severity: 'ticket',
    summary: 'Loki has not looked for a day which logs are too old: they are kept beyond their time',
    runbook: 'logs-retention',
  },
  {
    name: 'LogsNotRemoved',
    expression: grown('status', `${deletions}{status="failure"}`, '6h'),
    forMinutes: 60,
    severity: 'ticket',
    summary: 'Loki can not remove old logs from the bucket',
    runbook: 'logs-retention',
  },
  {
    name: 'LogStoreNotWatched',
    // Where a number is missing, what asks for it keeps quiet.
    expression: ['loki_build_info', 'loki_ingester_chunks_flush_failures_total', compacted, retained]
      .map((metric) => `absent(${metric}) and ${answers}`)
      .join(' or '),
    forMinutes: 30,
    severity: 'ticket',
    summary: 'Loki answers, and some of its numbers are missing: alerts of it keep quiet',
    runbook: 'logs-down',
  },
  {
    name: 'LogRulesFail',
    expression:
      'sum by (rule_group) (increase(loki_prometheus_rule_evaluation_failures_total[15m])) > 0 ' +
      'or sum by (rule_group) (increase(loki_prometheus_notifications_dropped_total[15m])) > 0',
    forMinutes: 10,
    severity: 'ticket',
    summary: 'alerts on logs can not be looked at, or nobody takes them: who attacks is told to nobody',
    runbook: 'logs-down',
  },
];

/** Of what reads the lines, as PromQL over the numbers of Alloy 1.21. */
export const agentAlerts: readonly AlertProps[] = [
  {
    name: 'LogAgentMissing',
    expression: 'max by (node) (kube_node_info) unless on (node) up{job="alloy"} == 1',
    forMinutes: 15,
    severity: 'ticket',
    summary: 'nobody reads the logs of {{ $labels.node }}: what its kubelet rotates away meanwhile is lost',
    runbook: 'logs-missing',
  },
  {
    name: 'LogAgentSilent',
    expression:
      'sum by (node) (rate(loki_write_sent_entries_total[30m])) == 0 ' +
      'or max by (node) (up{job="alloy"}) == 1 unless on (node) loki_write_sent_entries_total',
    forMinutes: 30,
    severity: 'ticket',
    summary: 'the agent on {{ $labels.node }} has sent no line for an hour',
    runbook: 'logs-missing',
  },
  {
    name: 'LogsDropped',
    expression: grown('node, reason', 'loki_write_dropped_entries_total', '15m'),
    forMinutes: 0,
    severity: 'ticket',
    summary: 'the agent on {{ $labels.node }} has dropped lines ({{ $labels.reason }}): they are not kept',
    runbook: 'logs-rejected',
  },
  {
    name: 'LogsWait',
    expression: 'sum by (node) (rate(loki_write_batch_retries_total[10m])) > 0',
    forMinutes: 30,
    severity: 'ticket',
    summary:
      'nobody has taken the lines of {{ $labels.node }} for half an hour: they wait in its files, which are rotated',
    runbook: 'logs-missing',
  },
];
