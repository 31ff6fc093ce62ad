import { Size } from 'cdk8s';
import type { Construct } from 'constructs';
import type { ConfigFiles } from '../core/config-files.ts';
import { Cpu } from '../core/cpu.ts';
import type { Image } from '../core/environment.ts';
import type { Schedule } from '../core/schedule.ts';
import { RestoreTest, restoreTestName, scratchPath } from '../stateful/index.ts';
import type { Life } from '../stateful/index.ts';
import type { Archive } from './archive.ts';
import { scriptsOf } from './config-files.ts';
import { configurationPath, postgresGroup, postgresUser, script, scriptsPath } from './paths.ts';

export interface PostgresRestoreTestProps {
  readonly life: Life;
  readonly image: Image;
  readonly archive: Archive;
  readonly schedule: Schedule;
  /** Room for the database as it is when it is restored. */
  readonly storage: Size;
  readonly storageClass: string;
  /** Where it learns what the databases and their settings are. */
  readonly configuration: ConfigFiles;
}

/** Starts PostgreSQL on what it restored, and reads every row. */
export function restoreTest(construct: Construct, props: PostgresRestoreTestProps): void {
  const { life, archive, image, schedule, configuration } = props;
  new RestoreTest(construct, 'restore-test', {
    life,
    bucket: archive.bucket,
    schedule,
    scratch: props.storage,
    storageClass: props.storageClass,
    kind: 'Postgres',
    program: 'patroni',
    user: postgresUser,
    group: postgresGroup,
    volumes: { 'shared-memory': { sizeLimit: Size.mebibytes(64), inMemory: true } },
    container: {
      image,
      command: [
        ...['python3', script('restore_test.py'), '--config', `${configurationPath}/agent.json`],
        ...['--directory', `${scratchPath}/data`],
      ],
      environment: { ...archive.environment, PYTHONDONTWRITEBYTECODE: '1' },
      secretFiles: archive.readerFiles(),
      resources: {
        cpuRequest: Cpu.millicores(100),
        memory: Size.mebibytes(768),
        because:
          'Shared buffers of 64Mi, locks for 65,536 tables, one connection, and 4 parts of 20Mi that WAL-G downloads at a time.',
      },
      writableDirectories: [{ name: 'tmp', path: '/tmp', sizeLimit: Size.mebibytes(64) }],
      files: {
        [configurationPath]: configuration,
        [scriptsPath]: scriptsOf('restoreTest', construct, restoreTestName(life)),
      },
      mounts: [{ volume: 'shared-memory', path: '/dev/shm' }],
    },
  });
}
