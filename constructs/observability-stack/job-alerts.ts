import type { AlertProps } from '../core/alert.ts';

const cronJobs = 'namespace, cronjob';
const jobs = 'namespace, job_name';

/** Of every job by schedule, whoever made it; those that keep something have alerts of their own beside these. */
export const jobAlerts: readonly AlertProps[] = [
  {
    name: 'CronJobLate',
    expression:
      `(time() - max by (${cronJobs}) (kube_cronjob_next_schedule_time) > 1800) ` +
      `unless on (${cronJobs}) kube_cronjob_spec_suspend == 1`,
    forMinutes: 10,
    severity: 'ticket',
    summary: '{{ $labels.namespace }}/{{ $labels.cronjob }} was not started half an hour after its time',
    runbook: 'jobs',
  },
  {
    name: 'CronJobNotWatched',
    // Where a number is missing, what asks for it keeps quiet.
    expression:
      `max by (${cronJobs}) (kube_cronjob_spec_suspend) == 0 ` +
      `unless on (${cronJobs}) kube_cronjob_next_schedule_time`,
    forMinutes: 15,
    severity: 'ticket',
    summary: 'nobody can tell when {{ $labels.namespace }}/{{ $labels.cronjob }} should start: nobody would miss it',
    runbook: 'jobs',
  },
  {
    name: 'CronJobNeverSucceeded',
    expression:
      `max by (${cronJobs}) (kube_cronjob_status_last_schedule_time) ` +
      `unless on (${cronJobs}) kube_cronjob_status_last_successful_time`,
    forMinutes: 120,
    severity: 'ticket',
    summary: '{{ $labels.namespace }}/{{ $labels.cronjob }} was started, and has never succeeded since it is there',
    runbook: 'jobs',
  },
  {
    name: 'JobRunsLong',
    expression:
      `max by (${jobs}) ((time() - kube_job_status_start_time) / kube_job_spec_active_deadline_seconds ` +
      `and on (${jobs}) kube_job_status_active > 0) > 0.8`,
    forMinutes: 1,
    severity: 'ticket',
    summary: '{{ $labels.namespace }}/{{ $labels.job_name }} has used four fifths of its time, and is ended after it',
    runbook: 'jobs',
  },
];
