import type { DashboardProps } from '../core/dashboard.ts';

/** Whether lines arrive, are kept and are removed, by the numbers of Loki and of the agents. */
export const logsDashboard: DashboardProps = {
  name: 'logs',
  title: 'Logs',
  description: 'Do lines of every node arrive, are they kept, and do they go when their time is over?',
  lines: 'all',
  rows: [
    {
      title: 'Now',
      now: [
        {
          title: 'Loki',
          description: 'One that can be asked.',
          unit: 'count',
          bad: { below: 1 },
          queries: { up: 'sum(up{job="loki"}) or vector(0)' },
        },
        {
          title: 'Nodes without an agent',
          description: 'None: what their kubelets rotate away meanwhile is lost.',
          unit: 'count',
          bad: { from: 1 },
          queries: {
            nodes: 'count(max by (node) (kube_node_info) unless on (node) up{job="alloy"} == 1) or vector(0)',
          },
        },
        {
          title: 'Lines not taken, in a day',
          description: 'Refused by Loki, or given up by an agent: none.',
          unit: 'count',
          bad: { from: 1 },
          queries: {
            lines:
              '(sum(increase(loki_discarded_samples_total[1d])) or vector(0)) + ' +
              '(sum(increase(loki_write_dropped_entries_total[1d])) or vector(0))',
          },
        },
        {
          title: 'Since the bucket was looked through',
          description: 'For lines that are too old: hours, not a day.',
          unit: 's',
          bad: { from: 24 * 3600 },
          queries: {
            age: 'time() - max(loki_compactor_apply_retention_last_successful_run_timestamp_seconds)',
          },
        },
      ],
      curves: [
        {
          title: 'Lines that arrive',
          description: 'A second, from all nodes.',
          unit: 'ops',
          queries: { lines: 'sum(rate(loki_distributor_lines_received_total[$__rate_interval]))' },
        },
        {
          title: 'Lines that are sent',
          description: 'A second, by node: one without is silent.',
          unit: 'ops',
          queries: { '{{node}}': 'sum by (node) (rate(loki_write_sent_entries_total[$__rate_interval]))' },
        },
        {
          title: 'Lines that are refused or cut',
          description: 'A second, by reason: none.',
          unit: 'ops',
          empty: 'none',
          queries: {
            '{{reason}}': 'sum by (reason) (rate(loki_discarded_samples_total[$__rate_interval]))',
            'cut: {{reason}}': 'sum by (reason) (rate(loki_mutated_samples_total[$__rate_interval]))',
          },
        },
        {
          title: 'Sent again',
          description: 'Batches a second that nobody took at first, by node: none for long.',
          unit: 'ops',
          empty: 'none',
          queries: { '{{node}}': 'sum by (node) (rate(loki_write_batch_retries_total[$__rate_interval]))' },
        },
        {
          title: 'Not written into the bucket',
          description: 'Pieces a second that wait on the volume: none for long.',
          unit: 'ops',
          queries: { pieces: 'sum(rate(loki_ingester_chunks_flush_failures_total[$__rate_interval]))' },
        },
        {
          title: 'Removed from the bucket',
          description: 'Pieces a second whose time was over, by whether it worked.',
          unit: 'ops',
          empty: 'none yet',
          queries: {
            '{{status}}':
              'sum by (status) (rate(loki_boltdb_shipper_retention_sweeper_chunk_deleted_duration_seconds_count[$__rate_interval]))',
          },
        },
      ],
    },
  ],
};
