import { Duration, Size } from 'cdk8s';
import type { Construct } from 'constructs';
import { Cpu } from '../core/cpu.ts';
import type { Image, ObjectStore } from '../core/environment.ts';
import type { Schedule } from '../core/schedule.ts';
import { Workload } from '../core/workload.ts';
import { objectStoreEndpoint, objectStoreKeys } from './archive.ts';
import type { Archive } from './archive.ts';
import { scriptsOf } from './config-files.ts';
import { script, scriptsPath } from './paths.ts';

export interface OffsiteCopyProps {
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

/** Copies what is new in the archives of all generations to another provider, and never deletes there. */
export function offsiteCopy(
  scope: Construct,
  name: string,
  folder: string,
  archive: Archive,
  { store, image, schedule, bandwidthMebibytes }: OffsiteCopyProps,
): Workload {
  const target = objectStoreKeys(scope, name, `adds copies of backups to the bucket ${store.bucket}`);
  const source = archive.props.store;
  const workload = new Workload(scope, 'offsite-copy', {
    name,
    program: 'rclone',
    component: 'offsite-copy',
    controller: { kind: 'CronJob', schedule, retries: 3, deadline: Duration.hours(12) },
    priority: 'critical-data',
    spread: 'anywhere',
    containers: [
      {
        name: 'rclone',
        image,
        command: ['sh', script('offsite-copy.sh')],
        environment: {
          FOLDER: folder,
          SOURCE_BUCKET: source.bucket,
          SOURCE_ENDPOINT: source.endpoint,
          SOURCE_REGION: source.region,
          TARGET_BUCKET: store.bucket,
          TARGET_ENDPOINT: store.endpoint,
          TARGET_REGION: store.region,
          ...(bandwidthMebibytes === undefined ? {} : { RCLONE_BWLIMIT: `${bandwidthMebibytes}M` }),
        },
        secretFiles: {
          SOURCE_ACCESS_KEY_ID_FILE: archive.keys.accessKeyId,
          SOURCE_SECRET_ACCESS_KEY_FILE: archive.keys.secretAccessKey,
          TARGET_ACCESS_KEY_ID_FILE: target.accessKeyId,
          TARGET_SECRET_ACCESS_KEY_FILE: target.secretAccessKey,
        },
        resources: {
          cpuRequest: Cpu.millicores(50),
          memory: Size.mebibytes(256),
          because: 'Estimate: 4 transfers with buffers of 16Mi, and the list of a bucket.',
        },
        probes: 'none',
        writableDirectories: [{ name: 'tmp', path: '/tmp', sizeLimit: Size.mebibytes(64) }],
        files: { [scriptsPath]: scriptsOf('offsiteCopy', scope, name) },
      },
    ],
  });
  workload.observes(archive.endpoint, 'reads the backups');
  workload.observes(objectStoreEndpoint(store), 'keeps the copies');
  return workload;
}
