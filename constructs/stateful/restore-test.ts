import { Duration } from 'cdk8s';
import type { Size } from 'cdk8s';
import { Construct } from 'constructs';
import type { ContainerProps } from '../core/container.ts';
import type { Mount } from '../core/pod-volume.ts';
import type { Schedule } from '../core/schedule.ts';
import type { WorkloadProps } from '../core/workload.ts';
import type { Bucket } from './bucket.ts';
import { KeeperJob } from './keeper-job.ts';
import type { Life } from './life.ts';

export interface RestoreTestProps extends Pick<
  WorkloadProps,
  'program' | 'initContainers' | 'user' | 'group' | 'volumes' | 'lowestPort'
> {
  readonly life: Life;
  /** Where the backups are. */
  readonly bucket: Bucket;
  /** When the newest backup is restored and read, in UTC. */
  readonly schedule: Schedule;
  /** Room for the store as it is when it is restored: a volume that is lost with the pod. */
  readonly scratch: Size;
  /** Of that volume. */
  readonly storageClass: string;
  /** What restores the newest backup in `scratchPath`, reads it, and ends with 0 where that is what it should be. */
  readonly container: Omit<ContainerProps, 'name' | 'probes'>;
  /** Such as `Postgres`: how its alert begins, and the page of docs/runbooks that it names. */
  readonly kind: string;
}

/** Where the volume is in the container. */
export const scratchPath = '/scratch';
const volume = 'scratch';

/** Restores the newest backup on a volume of its own, and reads it. */
export class RestoreTest extends Construct {
  readonly job: KeeperJob;

  constructor(scope: Construct, id: string, props: RestoreTestProps) {
    super(scope, id);
    const { life, bucket, container, scratch, storageClass, kind } = props;
    const mount: Mount = { volume, path: scratchPath };
    this.job = new KeeperJob(this, 'job', {
      name: restoreTestName(life),
      program: props.program,
      component: 'restore-test',
      schedule: props.schedule,
      retries: 1,
      deadline: Duration.hours(6),
      priority: 'observability',
      user: props.user,
      group: props.group,
      lowestPort: props.lowestPort,
      initContainers: props.initContainers,
      volumes: { [volume]: { scratch, storageClass }, ...props.volumes },
      container: { ...container, name: 'restore-test', mounts: [mount, ...(container.mounts ?? [])] },
      missed: {
        name: `${kind}RestoreTestFailed`,
        severity: 'page',
        forMinutes: 60,
        late: Duration.days(1),
        summary: (within) => `no backup of ${life.scope} was restored and read within ${within}`,
        runbook: `${kind.toLowerCase()}-restore-test`,
      },
    });
    this.job.workload.observes(bucket.endpoint, 'reads the newest backup');
  }
}

/** Of its CronJob and its files. */
export function restoreTestName({ scope }: Life): string {
  return `${scope}-restore-test`;
}
