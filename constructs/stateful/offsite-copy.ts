import path from 'node:path';
import { Duration, Size } from 'cdk8s';
import { Construct } from 'constructs';
import { ConfigFiles } from '../core/config-files.ts';
import { Cpu } from '../core/cpu.ts';
import type { Image, ObjectStore } from '../core/environment.ts';
import { InputError } from '../core/error.ts';
import type { Schedule } from '../core/schedule.ts';
import { composed } from '../core/variables.ts';
import { Bucket } from './bucket.ts';
import type { BucketKeys } from './bucket.ts';
import { KeeperJob } from './keeper-job.ts';

export interface OffsiteCopyProps {
  /** What is copied, by the keys of its reader. */
  readonly source: Bucket;
  /** Folders of the source: one for each store, with the backups of all its lives. */
  readonly folders: readonly string[];
  /**
   * Further folders, whose first file may come later than a copy: empty, they are a failure once there are copies of them.
   * @default none
   */
  readonly emptyAtFirst?: readonly string[];
  /**
   * Within which each of these has to get a file, once it has one: nobody else watches who writes there.
   * @default any time
   */
  readonly newestWithin?: Duration;
  /** Another provider's bucket, with object lock, and keys that may not delete. */
  readonly store: ObjectStore;
  /** Image of rclone. */
  readonly image: Image;
  /** When it copies. */
  readonly schedule: Schedule;
  /**
   * Mebibytes a second that a copy may take.
   * @default no limit
   */
  readonly bandwidthMebibytes?: number;
}

const scripts = '/opt/offsite-copy';

/**
 * Copies what is new in a bucket to another provider, and never deletes there. One for each bucket that has backups.
 * Its objects are called after the bucket's name in the configuration.
 */
export class OffsiteCopy extends Construct {
  readonly job: KeeperJob;
  readonly source: Bucket;
  readonly target: Bucket;
  /** What it copies. */
  readonly folders: readonly string[];

  /** @throws InputError for copies that would be lost with what they are copies of, and for nothing to copy */
  constructor(scope: Construct, id: string, props: OffsiteCopyProps) {
    super(scope, id);
    const { source, folders, emptyAtFirst = [], newestWithin, store, image, bandwidthMebibytes } = props;
    const name = `${source.store.name}-offsite`;
    check(name, props);
    const target = new Bucket(this, { name, store, purpose: `adds copies of backups to the bucket ${store.bucket}` });
    this.source = source;
    this.target = target;
    this.folders = [...folders, ...emptyAtFirst];
    this.job = new KeeperJob(this, 'job', {
      name,
      program: 'rclone',
      component: 'offsite-copy',
      schedule: props.schedule,
      retries: 3,
      deadline: Duration.hours(12),
      priority: 'critical-data',
      container: {
        name: 'rclone',
        image,
        command: ['sh', `${scripts}/offsite-copy.sh`],
        files: {
          [scripts]: new ConfigFiles(this, 'scripts', {
            name,
            folder: path.join(import.meta.dirname, 'files'),
            executable: true,
          }),
        },
        environment: composed(`OffsiteCopy ${name}`, {
          ...source.variables,
          GOMEMLIMIT: '192MiB',
          FOLDERS: folders.join(' '),
          EMPTY_AT_FIRST: emptyAtFirst.join(' '),
          NEWEST_WITHIN: newestWithin === undefined ? '' : `${newestWithin.toMinutes()}m`,
          ...place('SOURCE', source.store),
          ...place('TARGET', store),
          ...(bandwidthMebibytes === undefined ? {} : { RCLONE_BWLIMIT: `${bandwidthMebibytes}M` }),
        }),
        secretFiles: { ...keyFiles('SOURCE', source.reader()), ...keyFiles('TARGET', target) },
        resources: {
          cpuRequest: Cpu.millicores(50),
          memory: Size.mebibytes(384),
          because: 'Measured: 286 MB for objects of 1 GB, 249 MB with a limit of 192Mi of its own.',
        },
        writableDirectories: [{ name: 'tmp', path: '/tmp', sizeLimit: Size.mebibytes(64) }],
      },
      missed: {
        name: 'OffsiteCopyTooOld',
        severity: 'ticket',
        forMinutes: 15,
        late: Duration.hours(2),
        summary: (within) => `backups in ${source.store.bucket} were not copied to the second provider for ${within}`,
        runbook: 'offsite-copy',
      },
    });
    this.job.workload.observes(source.endpoint, 'reads the backups');
    this.job.workload.observes(target.endpoint, 'keeps the copies');
  }
}

function place(which: 'SOURCE' | 'TARGET', { bucket, endpoint, region }: ObjectStore): Record<string, string> {
  return { [`${which}_BUCKET`]: bucket, [`${which}_ENDPOINT`]: endpoint, [`${which}_REGION`]: region };
}

function keyFiles(which: 'SOURCE' | 'TARGET', { accessKeyId, secretAccessKey }: BucketKeys) {
  return { [`${which}_ACCESS_KEY_ID_FILE`]: accessKeyId, [`${which}_SECRET_ACCESS_KEY_FILE`]: secretAccessKey };
}

function check(name: string, { source, folders, store }: OffsiteCopyProps): void {
  const where = `OffsiteCopy ${name}`;
  const findings = [
    ...(store.host === source.store.host
      ? [
          {
            where,
            what: `the copies go to ${store.host}, where the backups are`,
            allowed: 'another provider: what takes one away must not take the other',
            remedy: 'name another objectStore for the copies in the configuration',
          },
        ]
      : []),
    ...(folders.length > 0
      ? []
      : [{ where, what: 'it has no folders', allowed: 'one or more', remedy: 'name what is copied, or leave it out' }]),
  ];
  if (findings.length > 0) throw new InputError(findings);
}
