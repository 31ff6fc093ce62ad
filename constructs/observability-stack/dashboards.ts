import type { DashboardProps } from '../core/dashboard.ts';
import { publicPathsJob, watchdog } from './own-alerts.ts';

const firing = (more = ''): string => `ALERTS{alertstate="firing",alertname!="${watchdog}"${more}}`;
const ratio = (slo: string, window: string): string => `slo:sli_error:ratio_rate${window}{sloth_slo="${slo}"}`;
const worst = (slo: string): Readonly<Record<string, string>> => ({ worst: `1 - max(${ratio(slo, '5m')})` });

/** The first thing that somebody opens: can people sign in and work, and if not, why? */
const front: DashboardProps = {
  name: 'platform',
  title: 'Platform',
  description: 'Can people sign in and work right now, and if not, why?',
  rows: [
    {
      title: 'Can people sign in and work?',
      now: [
        {
          title: 'Pages that answer',
          description: 'Of the public pages, asked as a browser would: all of them.',
          unit: 'percentunit',
          bad: { below: 1 },
          queries: { pages: `avg(probe_success{job="${publicPathsJob}"})` },
        },
        {
          title: 'Signing in',
          description:
            'Of the last five minutes, those in which the directory answered by LDAPS and Kerberos: all of them.',
          unit: 'percentunit',
          bad: { below: 1 },
          queries: worst('sign-in'),
        },
        {
          title: 'Requests that succeed',
          description: 'Of the last five minutes, at the way in or the host with the most errors.',
          unit: 'percentunit',
          bad: { below: 0.99 },
          queries: worst('availability'),
        },
        {
          title: 'Requests in time',
          description: 'Of the last five minutes, at the way in or the host that is slowest.',
          unit: 'percentunit',
          bad: { below: 0.95 },
          queries: worst('latency'),
        },
      ],
    },
    {
      title: 'If not, why?',
      now: [
        {
          title: 'Alerts that wake somebody',
          description: 'That fire now: none.',
          unit: 'count',
          bad: { from: 1 },
          queries: { pages: `count(${firing(',severity="page"')}) or vector(0)` },
        },
        {
          title: 'Alerts for the morning',
          description: 'That fire now.',
          unit: 'count',
          queries: { tickets: `count(${firing(',severity="ticket"')}) or vector(0)` },
        },
        {
          title: 'Nodes away',
          description: 'That answer nothing or are not ready: none.',
          unit: 'count',
          bad: { from: 1 },
          queries: {
            nodes:
              'count(min by (node) (kube_node_status_condition{condition="Ready",status="true"}) == 0) or vector(0)',
          },
        },
        {
          title: 'Pods that start again and again',
          description: 'None.',
          unit: 'count',
          bad: { from: 1 },
          queries: {
            pods:
              'count(max by (namespace, pod) (kube_pod_container_status_waiting_reason{reason="CrashLoopBackOff"}) == 1) ' +
              'or vector(0)',
          },
        },
      ],
      curves: [
        {
          title: 'What fires',
          description: 'By alert and by who has it; the runbook of each is in its message.',
          unit: 'count',
          many: true,
          empty: 'nothing',
          queries: { '{{alertname}} of {{component}}': `count by (alertname, component) (${firing()})` },
        },
        {
          title: 'Budgets left',
          description: 'Of each objective, over 30 days: below 0 it is used up.',
          unit: 'percentunit',
          bad: { below: 0 },
          many: true,
          queries: { '{{sloth_id}}': 'slo:period_error_budget_remaining:ratio{sloth_id!=""}' },
        },
      ],
    },
  ],
};

const nodes: DashboardProps = {
  name: 'nodes',
  title: 'Nodes and capacity',
  description: 'Is there room on the nodes, and would there be on one less?',
  rows: [
    {
      title: 'Room',
      now: [
        {
          title: 'Least memory left',
          description: 'Of the node with least, with what the kernel gives back: more than a tenth.',
          unit: 'percentunit',
          bad: { below: 0.08 },
          queries: { least: 'min(node_memory_MemAvailable_bytes{} / node_memory_MemTotal_bytes{})' },
        },
        {
          title: 'Least disk left',
          description: 'Of the node with least: more than a third.',
          unit: 'percentunit',
          bad: { below: 0.1 },
          queries: { least: 'min(node_filesystem_avail_bytes{} / node_filesystem_size_bytes{})' },
        },
        {
          title: 'Memory requested, of one node less',
          description: 'Of what is left without the largest: above it, some pods would wait where that node is lost.',
          unit: 'percentunit',
          bad: { from: 1 },
          queries: {
            share:
              'sum(max by (namespace, pod, container) (kube_pod_container_resource_requests{resource="memory"} ' +
              'and on (namespace, pod) kube_pod_status_phase{phase="Running"} == 1)) ' +
              '/ (sum(max by (node) (kube_node_status_allocatable{resource="memory"})) ' +
              '- max(kube_node_status_allocatable{resource="memory"}))',
          },
        },
        {
          title: 'Clocks that nobody keeps right',
          description: 'None: off by five minutes, nobody signs in by Kerberos.',
          unit: 'count',
          bad: { from: 1 },
          queries: { nodes: 'count(node_timex_sync_status{} == 0) or vector(0)' },
        },
      ],
      curves: [
        {
          title: 'Processors in use',
          description: 'Of each node, with what is no container.',
          unit: 'percentunit',
          queries: {
            '{{node}}': '1 - avg by (node) (rate(node_cpu_seconds_total{mode="idle"}[$__rate_interval]))',
          },
        },
        {
          title: 'Memory that is left',
          description: 'Of each node.',
          unit: 'bytes',
          queries: { '{{node}}': 'node_memory_MemAvailable_bytes{}' },
        },
        {
          title: 'Disk that is left',
          description: 'Of each node: containers, volumes and logs are on one disk.',
          unit: 'percentunit',
          bad: { below: 0.1 },
          queries: { '{{node}}': 'node_filesystem_avail_bytes{} / node_filesystem_size_bytes{}' },
        },
        {
          title: 'Network',
          description: 'Of each node.',
          unit: 'Bps',
          queries: {
            '{{node}} in': 'sum by (node) (rate(container_network_receive_bytes_total{id="/"}[$__rate_interval]))',
            '{{node}} out': 'sum by (node) (rate(container_network_transmit_bytes_total{id="/"}[$__rate_interval]))',
          },
        },
      ],
    },
    {
      title: 'Who takes it',
      curves: [
        {
          title: 'Processors, by namespace',
          description: 'What its containers use.',
          unit: 'cores',
          many: true,
          queries: {
            '{{namespace}}':
              'sum by (namespace) (rate(container_cpu_usage_seconds_total{container!=""}[$__rate_interval]))',
          },
        },
        {
          title: 'Memory, by namespace',
          description: 'What its containers hold.',
          unit: 'bytes',
          many: true,
          queries: { '{{namespace}}': 'sum by (namespace) (container_memory_working_set_bytes{container!=""})' },
        },
      ],
    },
  ],
};

const objectives: DashboardProps = {
  name: 'objectives',
  title: 'Objectives',
  description: 'Which budget is left, and which one burns?',
  rows: [
    {
      title: 'Now',
      now: [
        {
          title: 'Least left of a budget',
          description: 'Over 30 days; at 0 what changes that service has to wait.',
          unit: 'percentunit',
          bad: { below: 0 },
          queries: { least: 'min(slo:period_error_budget_remaining:ratio{sloth_id!=""})' },
        },
        {
          title: 'Fastest burn',
          description: 'As a multiple of what lasts 30 days; from 14.4 on somebody is woken.',
          unit: 'none',
          bad: { from: 14.4 },
          queries: { fastest: 'max(slo:current_burn_rate:ratio{sloth_id!=""})' },
        },
        {
          title: 'Not measured',
          description: 'Objectives that nothing is known of: none.',
          unit: 'count',
          bad: { from: 1 },
          queries: {
            objectives:
              'count(sloth_slo_info{sloth_id!=""} unless on (sloth_id) slo:sli_error:ratio_rate5m{sloth_id!=""}) or vector(0)',
          },
        },
      ],
      curves: [
        {
          title: 'Left of each budget',
          description: 'Over 30 days.',
          unit: 'percentunit',
          bad: { below: 0 },
          many: true,
          queries: { '{{sloth_id}}': 'slo:period_error_budget_remaining:ratio{sloth_id!=""}' },
        },
        {
          title: 'How fast each burns',
          description: '1 lasts 30 days.',
          unit: 'none',
          many: true,
          queries: { '{{sloth_id}}': 'slo:current_burn_rate:ratio{sloth_id!=""}' },
        },
        {
          title: 'Bad events, of the last hour',
          description: 'The share of them.',
          unit: 'percentunit',
          many: true,
          queries: { '{{sloth_id}}': 'slo:sli_error:ratio_rate1h{sloth_id!=""}' },
        },
        {
          title: 'Bad events, of the last three days',
          description: 'The share of them.',
          unit: 'percentunit',
          many: true,
          queries: { '{{sloth_id}}': 'slo:sli_error:ratio_rate3d{sloth_id!=""}' },
        },
      ],
    },
  ],
};

const backups: DashboardProps = {
  name: 'backups',
  title: 'Backups and jobs',
  description: 'How old is what we would begin with again, and has it been tried?',
  rows: [
    {
      title: 'Age',
      now: [
        {
          title: 'Budgets that are used up',
          description: 'Stores whose backups were late again and again: none.',
          unit: 'count',
          bad: { from: 1 },
          queries: {
            stores: 'count(slo:period_error_budget_remaining:ratio{sloth_slo="backup-age"} <= 0) or vector(0)',
          },
        },
        {
          title: 'Jobs that never succeeded',
          description: 'Since they are there: none.',
          unit: 'count',
          bad: { from: 1 },
          queries: {
            jobs:
              'count(max by (namespace, cronjob) (kube_cronjob_status_last_schedule_time{}) ' +
              'unless on (namespace, cronjob) kube_cronjob_status_last_successful_time{}) or vector(0)',
          },
        },
      ],
      curves: [
        {
          title: 'Since the last success of each job',
          description: 'Backups, restore tests and copies to the second provider.',
          unit: 's',
          many: true,
          queries: {
            '{{namespace}}/{{cronjob}}':
              'time() - max by (namespace, cronjob) (kube_cronjob_status_last_successful_time{})',
          },
        },
        {
          title: 'Runs under way',
          description: 'By their age; each has a deadline.',
          unit: 's',
          many: true,
          empty: 'none',
          queries: {
            '{{namespace}}/{{job_name}}':
              'max by (namespace, job_name) ((time() - kube_job_status_start_time{}) and on (namespace, job_name) kube_job_status_active{} > 0)',
          },
        },
      ],
    },
  ],
};

/** Of what every cluster has, whoever made it. */
export const ownDashboards: readonly DashboardProps[] = [front, nodes, objectives, backups];
