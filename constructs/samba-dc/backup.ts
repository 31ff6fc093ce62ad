import path from 'node:path';
import { Duration, Size } from 'cdk8s';
import type { Construct } from 'constructs';
import { ConfigFiles } from '../core/config-files.ts';
import type { ContainerProps } from '../core/container.ts';
import { Cpu } from '../core/cpu.ts';
import type { Workload } from '../core/workload.ts';
import { archiveScripts, KeeperJob, RestoreTest, restoreTestName } from '../stateful/index.ts';
import type { Archive, ArchiveScript, Life } from '../stateful/index.ts';
import { directoryBackupDefaults } from './defaults.ts';
import type { DirectoryOptions } from './options.ts';
import { identityOf, kerberosFiles, paths, ports, script } from './paths.ts';
import type { DirectoryBackupProps, SambaDCProps } from './props.ts';

export interface BackupSettings {
  readonly props: SambaDCProps;
  readonly backups: DirectoryBackupProps;
  readonly archive: Archive;
  readonly life: Life;
  readonly options: DirectoryOptions;
  /** What the server itself reads. */
  readonly configuration: ConfigFiles;
}

const folder = path.join(import.meta.dirname, 'files');
const temporary = { name: 'tmp', path: '/tmp', sizeLimit: Size.mebibytes(64) } as const;

/** What reads a backup, in any pod. */
const reading = [
  ...['backup/directory.sh', 'backup/unpack.py', 'dc/directory.py', 'dc/domain.py', 'dc/domain_volume.py'],
  'dc/passwords.py',
];

export const backupName = (scope: string): string => `${scope}-backup`;
/** Of the one pod. */
export const claimOf = (scope: string): string => `data-${scope}-0`;

/** Copies the volume of the running server to object storage, and misses whoever doesn't. */
export function backupJob(construct: Construct, server: Workload, settings: BackupSettings): void {
  const { backups, archive, life, props } = settings;
  const name = backupName(life.scope);
  const { keepDays = directoryBackupDefaults.keepDays } = backups;
  const { container: carrier, volumes, mount } = archive.carrier;
  const job = new KeeperJob(construct, 'backup', {
    name,
    program: 'samba-dc',
    component: 'backup',
    schedule: backups.schedule,
    retries: 3,
    deadline: Duration.minutes(45),
    priority: 'critical-data',
    // Databases are locked where they are: no service of Samba's that others could ask hands out its secrets.
    beside: server,
    volumes: { ...volumes, ...run, data: { claim: claimOf(life.scope) }, work: { sizeLimit: props.storage } },
    initContainers: [carrier],
    container: {
      name: 'backup',
      ...common(construct, settings, 'backup', ['backup/backup.sh'], ['bucket.sh', 'store.sh']),
      environment: {
        ...variables(settings),
        VOLUME: paths.data,
        // What Samba's own tool copies: files, where those of a ConfigMap are links.
        SMB_CONF_PATH: `${paths.data}/etc/smb.conf`,
        WORK: paths.work,
        ...archive.writing(keepDays),
      },
      secretFiles: archive.writerFiles(),
      mounts: [
        mount,
        { volume: 'data', path: paths.data },
        { volume: 'work', path: paths.work },
        { volume: 'run', path: paths.run },
      ],
      resources: {
        cpuRequest: Cpu.millicores(25),
        memory: Size.mebibytes(256),
        because:
          'Estimate: rclone is held to 128Mi; a new domain of 30 MB was copied, packed and looked through with 110 MB.',
      },
    },
    backupsOf: life.scope,
    missed: {
      name: 'DirectoryBackupTooOld',
      severity: 'page',
      forMinutes: 15,
      late: Duration.hours(2),
      summary: (within) => `no backup of the directory ${life.scope} was made and read back within ${within}`,
      runbook: 'directory-backup',
    },
  });
  job.workload.observes(archive.bucket.endpoint, 'keeps the backups');
}

/** Looks through what it restored, and starts a server on it. */
export function restoreTest(construct: Construct, settings: BackupSettings): void {
  const { backups, archive, life, options, props } = settings;
  if (!backups.restoreTestSchedule) return;
  const { container: carrier, volumes, mount } = archive.carrier;
  new RestoreTest(construct, 'restore-test', {
    life,
    bucket: archive.bucket,
    schedule: backups.restoreTestSchedule,
    scratch: props.storage,
    storageClass: options.storageClass,
    kind: 'Directory',
    program: 'samba-dc',
    // A server that listens where every one does.
    lowestPort: ports.dns,
    volumes: { ...volumes, ...run },
    initContainers: [carrier],
    container: {
      ...common(construct, settings, 'restore-test', ['backup/restore-test.sh', 'dc/probe.sh'], ['bucket.sh']),
      environment: { ...variables(settings), ...kerberosFiles, ...archive.environment },
      secretFiles: archive.readerFiles(),
      mounts: [mount, { volume: 'run', path: paths.run }],
      resources: {
        cpuRequest: options.cpuRequest,
        memory: options.memory,
        because: 'As the server has: another one is started.',
      },
    },
  });
}

const run = { run: { sizeLimit: Size.mebibytes(64), inMemory: true } } as const;

function common(
  construct: Construct,
  { props, life, configuration }: BackupSettings,
  what: 'backup' | 'restore-test',
  own: readonly string[],
  shared: readonly ArchiveScript[],
): Pick<ContainerProps, 'image' | 'command' | 'files' | 'writableDirectories'> {
  const name = what === 'backup' ? backupName(life.scope) : restoreTestName(life);
  return {
    image: props.image,
    command: [script(`${what}.sh`)],
    files: {
      [paths.settings]: configuration,
      [paths.scripts]: new ConfigFiles(construct, `${what}-scripts`, {
        name: `${name}-scripts`,
        folder,
        pick: [...reading, ...own],
        data: archiveScripts(...shared),
        executable: true,
      }),
    },
    writableDirectories: [temporary],
  };
}

function variables({ options }: BackupSettings): Readonly<Record<string, string>> {
  return { ...identityOf(options), SETTINGS: paths.settings };
}

/** What the server needs to begin with a backup, or to see that there is one, beside its own scripts. */
export function restoring(archive: Archive): Pick<ContainerProps, 'environment' | 'secretFiles' | 'mounts'> & {
  readonly scripts: readonly string[];
  readonly data: Readonly<Record<string, string>>;
} {
  return {
    environment: { ...archive.environment, ...archive.beginning() },
    secretFiles: archive.readerFiles(),
    mounts: [archive.carrier.mount],
    scripts: ['backup/directory.sh', 'backup/unpack.py', 'backup/restore.sh'],
    data: archiveScripts('bucket.sh'),
  };
}
