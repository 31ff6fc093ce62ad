import { Duration, Size } from 'cdk8s';
import type { Construct } from 'constructs';
import type { ConfigFiles } from '../core/config-files.ts';
import { Cpu } from '../core/cpu.ts';
import type { Image } from '../core/environment.ts';
import type { Schedule } from '../core/schedule.ts';
import { Workload } from '../core/workload.ts';
import type { Archive } from './archive.ts';
import { scriptsOf } from './config-files.ts';
import { configurationPath, postgresGroup, postgresUser, scratchPath, script, scriptsPath } from './paths.ts';

export interface RestoreTestProps {
  readonly name: string;
  readonly image: Image;
  readonly archive: Archive;
  readonly schedule: Schedule;
  /** Room for the database as it is when it is restored. */
  readonly storage: Size;
  readonly storageClass: string;
  /** Where it learns what the databases and their settings are. */
  readonly configuration: ConfigFiles;
}

/** Restores the newest backup on a volume of its own, starts it and reads every row. */
export function restoreTest(scope: Construct, props: RestoreTestProps): Workload {
  const { archive } = props;
  const workload = new Workload(scope, 'restore-test', {
    name: props.name,
    program: 'patroni',
    component: 'restore-test',
    controller: { kind: 'CronJob', schedule: props.schedule, retries: 1, deadline: Duration.hours(6) },
    priority: 'observability',
    spread: 'anywhere',
    user: postgresUser,
    group: postgresGroup,
    volumes: {
      scratch: { scratch: props.storage, storageClass: props.storageClass },
      'shared-memory': { sizeLimit: Size.mebibytes(64), inMemory: true },
    },
    containers: [
      {
        name: 'restore-test',
        image: props.image,
        command: [
          ...['python3', script('restore_test.py'), '--config', `${configurationPath}/agent.json`],
          ...['--directory', `${scratchPath}/data`],
        ],
        environment: { ...archive.environment, PYTHONDONTWRITEBYTECODE: '1' },
        secretFiles: archive.secretFiles,
        resources: {
          cpuRequest: Cpu.millicores(100),
          memory: Size.mebibytes(768),
          because: 'Shared buffers of 64Mi, one connection, and 4 parts of 20Mi that WAL-G downloads at a time.',
        },
        probes: 'none',
        writableDirectories: [{ name: 'tmp', path: '/tmp', sizeLimit: Size.mebibytes(64) }],
        files: {
          [configurationPath]: props.configuration,
          [scriptsPath]: scriptsOf('restoreTest', scope, props.name),
        },
        mounts: [
          { volume: 'scratch', path: scratchPath },
          { volume: 'shared-memory', path: '/dev/shm' },
        ],
      },
    ],
  });
  workload.observes(archive.endpoint, 'reads the newest backup');
  return workload;
}
