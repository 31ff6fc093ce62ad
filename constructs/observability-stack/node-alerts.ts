import type { AlertProps } from '../core/alert.ts';

/** What can go wrong with a node, as PromQL over the numbers of node_exporter 1.12 and kube-state-metrics. */
export const nodeAlerts: readonly AlertProps[] = [
  {
    name: 'NodeLost',
    // One of two that tell of nodes may be on the lost one. What it said last counts for five minutes where Prometheus was started
    // anew since, and does not know that it has ended.
    expression: 'min by (node) (kube_node_status_condition{condition="Ready",status="true"}) == 0',
    forMinutes: 1,
    severity: 'page',
    summary: '{{ $labels.node }} answers nothing, or is not ready: what runs on it is gone or moves',
    runbook: 'node-lost',
  },
  {
    name: 'NodeUnderPressure',
    expression:
      'max by (node, condition) ' +
      '(kube_node_status_condition{condition=~"DiskPressure|MemoryPressure|PIDPressure",status="true"}) == 1',
    forMinutes: 5,
    severity: 'ticket',
    summary: '{{ $labels.node }} has {{ $labels.condition }}: its kubelet evicts pods',
    runbook: 'node-pressure',
  },
  {
    name: 'NodeDiskFull',
    expression: 'min by (node) (node_filesystem_avail_bytes / node_filesystem_size_bytes) < 0.1',
    forMinutes: 5,
    severity: 'page',
    summary: 'less than a tenth of the disk of {{ $labels.node }} is free: databases on it stop at none',
    runbook: 'node-disk',
  },
  {
    name: 'NodeDiskFills',
    expression:
      'min by (node) (node_filesystem_avail_bytes / node_filesystem_size_bytes) < 0.3 ' +
      'and on (node) min by (node) (predict_linear(node_filesystem_avail_bytes[6h], 2 * 86400)) < 0',
    forMinutes: 60,
    severity: 'ticket',
    summary: 'the disk of {{ $labels.node }} is full within two days, if it goes on as in the last six hours',
    runbook: 'node-disk',
  },
  {
    name: 'NodeFilesExhausted',
    expression: 'min by (node) (node_filesystem_files_free / (node_filesystem_files > 0)) < 0.1',
    forMinutes: 10,
    severity: 'ticket',
    summary: 'the disk of {{ $labels.node }} has room for few more files, however small they are',
    runbook: 'node-disk',
  },
  {
    name: 'NodeMemoryShort',
    expression: 'min by (node) (node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes) < 0.08',
    forMinutes: 10,
    severity: 'ticket',
    summary: 'hardly any memory of {{ $labels.node }} is left: soon the kernel ends something',
    runbook: 'node-pressure',
  },
  {
    name: 'NodeClockUnsynchronised',
    expression: 'min by (node) (node_timex_sync_status) == 0',
    forMinutes: 15,
    severity: 'ticket',
    summary: 'nobody keeps the clock of {{ $labels.node }} right: off by five minutes, nobody signs in by Kerberos',
    runbook: 'node-clock',
  },
  {
    name: 'NodeNotWatched',
    // Where a number is missing, what asks for it keeps quiet.
    expression: '(count(count by (node) (node_uname_info)) or vector(0)) < count(count by (node) (kube_node_info))',
    forMinutes: 15,
    severity: 'ticket',
    summary: 'numbers of a node are missing: alerts of its disk, memory and clock keep quiet',
    runbook: 'numbers-missing',
  },
];
