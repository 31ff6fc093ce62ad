import path from 'node:path';
import { Duration, Size } from 'cdk8s';
import type { Construct } from 'constructs';
import { authorityFile } from '../core/authority-files.ts';
import { ConfigFiles } from '../core/config-files.ts';
import { Cpu } from '../core/cpu.ts';
import type { Endpoint, TrustedAuthority } from '../core/endpoint.ts';
import type { Image } from '../core/environment.ts';
import { archiveScripts, KeeperJob, RestoreTest, restoreTestName } from '../stateful/index.ts';
import type { Archive, ArchiveScript } from '../stateful/index.ts';
import { redisBackupDefaults } from './defaults.ts';
import type { RedisOptions } from './options.ts';
import { common } from './parts.ts';
import type { Parts } from './parts.ts';
import { configurationPath, redisUser, script, scriptsPath } from './paths.ts';
import type { RedisBackupProps, RedisSentinelProps } from './props.ts';

export interface BackupSettings {
  readonly image: Image;
  readonly backups: RedisBackupProps;
  readonly archive: Archive;
  readonly options: RedisOptions;
  readonly parts: Parts;
  readonly authority: TrustedAuthority | false;
  readonly members: Endpoint;
}

const workPath = '/work';
const temporary = { name: 'tmp', path: '/tmp', sizeLimit: Size.mebibytes(16) } as const;
const folder = path.join(import.meta.dirname, 'files');

export const backupName = (scope: string): string => `${scope}-backup`;

/** Copies what a member holds to object storage, and misses whoever doesn't. */
export function backupJob(construct: Construct, settings: BackupSettings): KeeperJob {
  const { image, backups, archive, options, parts, authority, members } = settings;
  const { life, passwords } = parts;
  const name = backupName(life.scope);
  const { keepDays = redisBackupDefaults.keepDays } = backups;
  const { container: carrier, volumes, mount } = archive.carrier;
  const { MEMBERS = '', PORT = '', TLS = '' } = common(parts);
  const job = new KeeperJob(construct, 'backup', {
    name,
    program: options.engine,
    component: 'backup',
    schedule: backups.schedule,
    retries: 3,
    deadline: Duration.minutes(45),
    priority: 'critical-data',
    user: redisUser,
    volumes: { ...volumes, work: { sizeLimit: options.memory } },
    initContainers: [carrier],
    container: {
      name: 'backup',
      image,
      command: [script('backup.sh')],
      environment: {
        MEMBERS,
        PORT,
        TLS,
        ...archive.writing(keepDays),
        ...(authority ? { CA_FILE: authorityFile(authority) } : {}),
      },
      secretFiles: { BACKUP_PASSWORD_FILE: passwords.own.backup, ...archive.writerFiles() },
      authorities: authority ? [authority] : [],
      mounts: [mount, { volume: 'work', path: workPath }],
      writableDirectories: [temporary],
      files: {
        [scriptsPath]: scripts(
          construct,
          'backup-scripts',
          name,
          ['common/ask.sh', 'backup/backup.sh'],
          ['bucket.sh', 'store.sh'],
        ),
      },
      resources: {
        cpuRequest: Cpu.millicores(25),
        memory: Size.mebibytes(256),
        because: 'Estimate: rclone is held to 128Mi, and redis-check-rdb has one value at a time in memory.',
      },
    },
    backupsOf: life.scope,
    missed: {
      name: 'RedisBackupTooOld',
      severity: 'page',
      forMinutes: 15,
      late: Duration.hours(1),
      summary: (within) => `no backup of ${life.scope} was made and read back within ${within}`,
      runbook: 'redis-backup',
    },
  });
  job.workload.observes(members, 'copies what they hold');
  job.workload.observes(archive.bucket.endpoint, 'keeps the backups');
  return job;
}

/** Starts a server on what it restored, and counts its keys. */
export function restoreTest(
  construct: Construct,
  { image, backups, archive, options, parts }: BackupSettings,
  { storage }: Pick<RedisSentinelProps, 'storage'>,
  configuration: ConfigFiles,
): void {
  const { life } = parts;
  if (!backups.restoreTestSchedule) return;
  const { container: carrier, volumes, mount } = archive.carrier;
  const name = restoreTestName(life);
  new RestoreTest(construct, 'restore-test', {
    life,
    bucket: archive.bucket,
    schedule: backups.restoreTestSchedule,
    scratch: storage,
    storageClass: options.storageClass,
    kind: 'Redis',
    program: options.engine,
    user: redisUser,
    volumes,
    initContainers: [carrier],
    container: {
      image,
      command: [script('restore-test.sh')],
      environment: archive.environment,
      secretFiles: archive.readerFiles(),
      mounts: [mount],
      writableDirectories: [temporary],
      files: {
        [configurationPath]: configuration,
        [scriptsPath]: scripts(
          construct,
          'restore-test-scripts',
          name,
          ['common/ask.sh', 'backup/load.sh', 'backup/restore-test.sh'],
          ['bucket.sh'],
        ),
      },
      resources: {
        cpuRequest: Cpu.millicores(50),
        memory: options.memory,
        because: 'As a member has: all keys are loaded, and written to a log.',
      },
    },
  });
}

/** What a member needs for it, beside its own scripts. */
export const restoringScripts = ['backup/dump.sh', 'backup/load.sh', 'member/restore.sh'] as const;

function scripts(
  construct: Construct,
  id: string,
  name: string,
  files: readonly string[],
  shared: readonly ArchiveScript[],
): ConfigFiles {
  return new ConfigFiles(construct, id, {
    name: `${name}-scripts`,
    folder,
    pick: [...files, 'backup/dump.sh'],
    data: archiveScripts(...shared),
    executable: true,
  });
}
