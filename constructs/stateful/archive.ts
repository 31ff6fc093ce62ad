import fs from 'node:fs';
import path from 'node:path';
import { Size } from 'cdk8s';
import type { ContainerProps } from '../core/container.ts';
import { Cpu } from '../core/cpu.ts';
import type { Image, ObjectStore } from '../core/environment.ts';
import type { Mount, PodVolume } from '../core/pod-volume.ts';
import type { Schedule } from '../core/schedule.ts';
import type { SecretKeyReference } from '../core/secret-ref.ts';
import { Bucket } from './bucket.ts';
import type { BucketKeys } from './bucket.ts';
import type { Life } from './life.ts';

/** Of a store whose backups are all whole ones, each of them one object. */
export interface ArchiveProps {
  /** Where backups are kept. Each generation has a folder of its own in the bucket. */
  readonly store: ObjectStore;
  /** Image of rclone, which carries them: `environment.image('rclone')`. */
  readonly rclone: Image;
  /** When everything is copied. What was written since is lost with the volumes. */
  readonly schedule: Schedule;
  /** When the newest backup is restored and read; `false` for never. */
  readonly restoreTestSchedule: Schedule | false;
  /**
   * Whether backups are encrypted before they leave the pod. What was written with a key is lost without it: keep a copy
   * of the secret outside of the cluster. Can't be changed while there are backups.
   * @default true
   */
  readonly encryption?: boolean;
}

export const archiveDefaults = { encryption: true } as const;

/** Backups of a store, and how programs reach them. */
export class Archive {
  readonly bucket: Bucket;
  readonly environment: Readonly<Record<string, string>>;
  readonly encrypted: boolean;
  /** What a pod needs to reach them. */
  readonly carrier: ReturnType<typeof carrier>;
  private readonly life: Life;
  private readonly format: string;
  private readonly encryptionKey: SecretKeyReference | undefined;

  /** @param format what only programs of one kind read, such as `redis`: Valkey can't */
  constructor(life: Life, format: string, { store, rclone, encryption }: ArchiveProps) {
    const { name } = life;
    this.life = life;
    this.format = format;
    this.carrier = carrier(rclone);
    this.encrypted = encryption ?? archiveDefaults.encryption;
    const purpose = `backups of ${name} in the bucket ${store.bucket}`;
    this.bucket = new Bucket(life.owner, { name: `${name}-backups`, store, purpose });
    this.encryptionKey = this.encrypted
      ? life
          .secret('backups-encryption', {
            name: `${name}-backups-encryption`,
            purpose: `decrypts the backups of ${name}: without it they are lost, so keep a copy outside of the cluster`,
            keys: { key: { kind: 'random', bytes: 32, encoding: 'base64url' } },
            rotationDays: false,
          })
          .key('key')
      : undefined;
    this.environment = {
      ...this.bucket.variables,
      STORE_ENDPOINT: store.endpoint,
      STORE_REGION: store.region,
      STORE_BUCKET: store.bucket,
      FOLDER: this.folder(),
      GOMEMLIMIT: '128MiB',
    };
  }

  /** For who writes backups and drops old ones. */
  writerFiles(): Readonly<Record<string, SecretKeyReference>> {
    return this.filesOf(this.bucket);
  }

  /** For what only reads. */
  readerFiles(): Readonly<Record<string, SecretKeyReference>> {
    return this.filesOf(this.bucket.reader());
  }

  /** What a job does with them that writes backups, and drops those that are older than so many days. */
  writing(keepDays: number): Readonly<Record<string, string>> {
    const earlier = Array.from({ length: this.life.generation - 1 }, (_, index) => this.folder(index + 1));
    return {
      ...this.environment,
      KEEP_DAYS: String(keepDays),
      ...(earlier.length > 0 ? { EARLIER_FOLDERS: earlier.join(' ') } : {}),
    };
  }

  /** What a life begins with that is made from another one; nothing for one that isn't. */
  beginning(): Readonly<Record<string, string>> {
    const { recovery } = this.life;
    if (recovery === undefined) return {};
    return { RESTORE_FOLDER: this.folder(recovery.from), RESTORE_AT: recovery.to ?? 'latest' };
  }

  private filesOf({ accessKeyId, secretAccessKey }: BucketKeys): Readonly<Record<string, SecretKeyReference>> {
    return {
      ACCESS_KEY_ID_FILE: accessKeyId,
      SECRET_ACCESS_KEY_FILE: secretAccessKey,
      ...(this.encryptionKey === undefined ? {} : { ENCRYPTION_KEY_FILE: this.encryptionKey }),
    };
  }

  /** Of a generation in the bucket; of its own, if none is named. */
  folder(generation?: number): string {
    return this.life.folderOf(this.format, generation);
  }

  /** The same as an address. */
  prefix(generation?: number): string {
    return this.bucket.url(this.folder(generation));
  }
}

/** What a store's own scripts source. */
export type ArchiveScript = 'bucket.sh' | 'store.sh';

/** As the files of a ConfigMap. */
export function archiveScripts(...names: readonly ArchiveScript[]): Record<string, string> {
  const read = (name: string): string => fs.readFileSync(path.join(import.meta.dirname, 'files/archive', name), 'utf8');
  return Object.fromEntries(names.map((name) => [name, read(name)]));
}

/** Where rclone is in a pod that has a carrier. */
const rclonePath = '/opt/rclone';
const shared: Mount = { volume: 'rclone', path: rclonePath };

/**
 * Brings rclone into a pod of another image, before its containers start: one of them then makes, carries and reads a
 * backup, by one set of scripts. Theirs may lack the certificates of the world's authorities too.
 */
function carrier(image: Image) {
  const container: ContainerProps = {
    name: 'rclone',
    image,
    command: ['cp', '/usr/local/bin/rclone', '/etc/ssl/certs/ca-certificates.crt', rclonePath],
    resources: {
      cpuRequest: Cpu.millicores(5),
      memory: Size.mebibytes(64),
      because: 'Estimate: it copies two files, and ends.',
    },
    probes: 'none',
    mounts: [shared],
  };
  const volumes: Record<string, PodVolume> = { rclone: { sizeLimit: Size.mebibytes(192) } };
  return { container, volumes, mount: { ...shared, readOnly: true } };
}
