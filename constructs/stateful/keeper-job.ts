import type { Duration } from 'cdk8s';
import { Construct } from 'constructs';
import { Alert } from '../core/alert.ts';
import type { AlertProps } from '../core/alert.ts';
import type { ContainerProps } from '../core/container.ts';
import { Objective } from '../core/objective.ts';
import type { Priority } from '../core/priority.ts';
import type { Schedule } from '../core/schedule.ts';
import { Workload } from '../core/workload.ts';
import type { WorkloadProps } from '../core/workload.ts';
import { backupAge } from './backup-age.ts';
import { overdueAfter } from './overdue.ts';

export interface KeeperJobProps extends Pick<
  WorkloadProps,
  'name' | 'program' | 'component' | 'initContainers' | 'user' | 'group' | 'volumes' | 'beside' | 'lowestPort'
> {
  /** Who goes first when a node is full. */
  readonly priority: Priority;
  /** When it runs, in UTC. */
  readonly schedule: Schedule;
  /** Attempts after the first; the pause between them doubles from 10 seconds. */
  readonly retries: number;
  /** After which a run is ended. */
  readonly deadline: Duration;
  /** What runs, and ends with 0 when all is done. */
  readonly container: Omit<ContainerProps, 'probes'>;
  readonly missed: MissedProps;
  /**
   * The store whose backups it makes: then there is an objective of their age.
   * @default none
   */
  readonly backupsOf?: string;
}

/** The alert of whoever misses a job. */
export interface MissedProps extends Pick<AlertProps, 'name' | 'severity' | 'forMinutes' | 'runbook'> {
  /** What a run that is late, or that failed once, may take beyond the schedule's longest gap. */
  readonly late: Duration;
  /** One sentence for whoever is told, of a time such as `3 hours`. */
  readonly summary: (within: string) => string;
}

/** A job by schedule that somebody has to miss: it ends in time, and there is an alert when none succeeded for too long. */
export class KeeperJob extends Construct {
  readonly workload: Workload;

  constructor(scope: Construct, id: string, props: KeeperJobProps) {
    super(scope, id);
    const { schedule, retries, deadline, container, missed, backupsOf, ...workload } = props;
    this.workload = new Workload(this, 'workload', {
      ...workload,
      controller: { kind: 'CronJob', schedule, retries, deadline },
      spread: 'anywhere',
      containers: [{ ...container, probes: 'none' }],
    });
    const { late, summary, ...alert } = missed;
    const { seconds, inWords } = overdueAfter(schedule, late);
    const since = sinceSuccess(this.workload);
    new Alert(this, 'missed', { ...alert, expression: `${since} > ${seconds}`, summary: summary(inWords) });
    if (backupsOf !== undefined) new Objective(this, 'age', backupAge(backupsOf, since, { seconds, inWords }));
  }
}

/** Seconds since the last success; one that never had any counts from its creation. */
function sinceSuccess({ name, namespace }: Workload): string {
  const cronJob = `{namespace="${namespace}",cronjob="${name}"}`;
  return `time() - max(kube_cronjob_status_last_successful_time${cronJob} or kube_cronjob_created${cronJob})`;
}
