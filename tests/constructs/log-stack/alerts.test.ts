import { agentAlerts, storeAlerts } from '../../../constructs/log-stack/alerts.ts';
import { kubernetesAlerts } from '../../../constructs/observability-stack/kubernetes-alerts.ts';
import { promtool, Rules } from '../../support/promtool.ts';
import type { AlertTest } from '../../support/promtool.ts';

const own = [...storeAlerts, ...agentAlerts];
const alerts = [...own, ...kubernetesAlerts.filter(({ name }) => name === 'KubernetesNotWatched')];

type Series = Readonly<Record<string, string>>;

interface Case {
  /** Minutes after the first sample at which it is looked at. */
  readonly at: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly fires: Series;
  readonly quiet: Series;
  /** Other ways in which it fires, or keeps quiet. */
  readonly also?: readonly { readonly series: Series; readonly fires: boolean }[];
  /** What is there while every series of it is missing, and what fires then. */
  readonly missing: { readonly while: Series; readonly fires: string };
}

const store: Series = { 'up{job="loki"}': '1x1600' };
const agent: Series = { 'up{job="alloy",node="node1"}': '1x1600' };
const node: Series = { 'kube_node_info{node="node1"}': '1x1600' };
const compacted = 'loki_boltdb_shipper_compact_tables_operation_last_successful_run_timestamp_seconds';
const retained = 'loki_compactor_apply_retention_last_successful_run_timestamp_seconds';
const removed = (status: string): string =>
  `loki_boltdb_shipper_retention_sweeper_chunk_deleted_duration_seconds_count{status="${status}"}`;
const lines = 'loki_distributor_lines_received_total{tenant="fake"}';
const sent = 'loki_write_sent_entries_total{node="node1"}';
const dropped = 'loki_write_dropped_entries_total{node="node1",reason="ingester_error"}';
const unseen = { while: store, fires: 'LogStoreNotWatched' };
const noAgent = { while: agent, fires: 'LogAgentSilent' };
/** That nothing was ever refused is no series at all; who counts is watched by another number of it. */
const neverRefused = { while: {}, fires: 'LogStoreDown' };

const cases: Readonly<Record<string, Case>> = {
  LogStoreDown: {
    at: 15,
    fires: { 'up{job="loki"}': '1x2 0x30' },
    quiet: { 'up{job="loki"}': '0x4 1x30' },
    missing: { while: {}, fires: 'LogStoreDown' },
  },
  LogsNotArriving: {
    at: 50,
    fires: { ...store, [lines]: '0+10x5 50x60' },
    quiet: { ...store, [lines]: '0+1x90' },
    also: [{ series: { [lines]: '0+10x60' }, fires: false }],
    missing: { while: store, fires: 'LogsNotArriving' },
  },
  LogsRejected: {
    at: 20,
    labels: { reason: 'rate_limited' },
    fires: { 'loki_discarded_samples_total{reason="rate_limited"}': '5x14 6x30' },
    quiet: { 'loki_discarded_samples_total{reason="rate_limited"}': '5x60' },
    // Its first event is the first that anybody hears of it.
    also: [{ series: { 'loki_discarded_samples_total{reason="rate_limited"}': '_x12 1x30' }, fires: true }],
    missing: neverRefused,
  },
  LogLinesCut: {
    at: 30,
    labels: { reason: 'line_too_long' },
    fires: { 'loki_mutated_samples_total{reason="line_too_long"}': '_x20 3x30' },
    quiet: { 'loki_mutated_samples_total{reason="rate_limited"}': '_x60' },
    missing: neverRefused,
  },
  LogsNotStored: {
    at: 40,
    fires: { loki_ingester_chunks_flush_failures_total: '0+1x60' },
    quiet: { loki_ingester_chunks_flush_failures_total: '7x60', loki_ingester_wal_disk_full_failures_total: '0x60' },
    also: [{ series: { loki_ingester_wal_disk_full_failures_total: '0+1x60' }, fires: true }],
    missing: unseen,
  },
  LogCompactorNotRun: {
    at: 260,
    fires: { [compacted]: '60x300' },
    // Every ten minutes.
    quiet: { [compacted]: '0+60x300' },
    missing: unseen,
  },
  LogRetentionNotApplied: {
    at: 1580,
    fires: { [retained]: '60x1600' },
    quiet: { [retained]: '0+60x1600' },
    also: [{ series: { [retained]: '0x1600' }, fires: true }],
    missing: unseen,
  },
  LogsNotRemoved: {
    at: 100,
    labels: { status: 'failure' },
    fires: { [removed('failure')]: '0x5 0+1x200' },
    quiet: { [removed('success')]: '0+1x200' },
    also: [{ series: { [removed('failure')]: '_x10 1x200', [removed('success')]: '0+1x200' }, fires: true }],
    missing: neverRefused,
  },
  LogStoreNotWatched: {
    at: 40,
    fires: { ...store, [compacted]: '1x60', [retained]: '1x60', loki_ingester_chunks_flush_failures_total: '0x60' },
    quiet: {
      ...store,
      [compacted]: '1x60',
      [retained]: '1x60',
      loki_ingester_chunks_flush_failures_total: '0x60',
      loki_build_info: '1x60',
    },
    missing: { while: {}, fires: 'LogStoreDown' },
  },
  LogRulesFail: {
    at: 30,
    labels: { rule_group: 'edge' },
    fires: { 'loki_prometheus_rule_evaluation_failures_total{rule_group="edge"}': '0+1x60' },
    quiet: { 'loki_prometheus_rule_evaluation_failures_total{rule_group="edge"}': '4x60' },
    missing: { while: {}, fires: 'LogStoreDown' },
  },
  LogAgentMissing: {
    at: 30,
    labels: { node: 'node1' },
    fires: { ...node, 'up{job="alloy",node="node2"}': '1x60' },
    quiet: { ...node, ...agent },
    also: [{ series: { ...node, 'up{job="alloy",node="node1"}': '0x60' }, fires: true }],
    missing: { while: {}, fires: 'KubernetesNotWatched' },
  },
  LogAgentSilent: {
    at: 80,
    labels: { node: 'node1' },
    fires: { ...agent, [sent]: '0+10x5 50x100' },
    quiet: { ...agent, [sent]: '0+1x100' },
    missing: noAgent,
  },
  LogsDropped: {
    at: 20,
    labels: { node: 'node1', reason: 'ingester_error' },
    fires: { [dropped]: '0x14 3x30' },
    quiet: { [dropped]: '3x60' },
    missing: noAgent,
  },
  LogsWait: {
    at: 50,
    labels: { node: 'node1' },
    fires: { 'loki_write_batch_retries_total{node="node1"}': '0+2x60' },
    quiet: { 'loki_write_batch_retries_total{node="node1"}': '0+2x10 20x60' },
    missing: noAgent,
  },
};

/** A minute between two samples. */
const look = (
  name: string,
  series: Series,
  fires: boolean,
  { at, labels = {} }: Pick<Case, 'at' | 'labels'>,
): AlertTest => ({
  step: 1,
  name,
  series,
  fires: new Map([[at, fires]]),
  ...(fires ? { labels } : {}),
});

const rules = new Rules(alerts);
afterAll(() => rules.remove());

(promtool === undefined ? describe.skip : describe)('alerts on logs, by promtool', () => {
  test('are PromQL', () => {
    expect(rules.check()).toMatch(/SUCCESS: \d+ rules found/);
  });

  test.each(Object.entries(cases))('%s fires, and keeps quiet', (name, each) => {
    const others = (each.also ?? []).map(({ series, fires }) => look(name, series, fires, each));
    const tests = [look(name, each.fires, true, each), look(name, each.quiet, false, each), ...others];
    expect(rules.complaints(...tests)).toBe('');
  });

  test.each(Object.entries(cases))('somebody is told where the numbers of %s are missing', (_, { missing }) => {
    const labels: Readonly<Record<string, string>> = missing.fires === 'LogAgentSilent' ? { node: 'node1' } : {};
    expect(rules.complaints(look(missing.fires, missing.while, true, { at: 90, labels }))).toBe('');
  });
});

test('every alert has a case', () => {
  expect(Object.keys(cases).sort()).toEqual(own.map(({ name }) => name).sort());
});
