import { Size } from 'cdk8s';
import type { ContainerProps } from '../core/container.ts';
import { Cpu } from '../core/cpu.ts';
import type { Image, ObjectStore } from '../core/environment.ts';
import type { Mount, PodVolume } from '../core/pod-volume.ts';
import type { Schedule } from '../core/schedule.ts';
import type { SecretKeyReference } from '../core/secret-ref.ts';
import { Bucket } from '../stateful/index.ts';
import type { BucketKeys, Life } from '../stateful/index.ts';
import { rclonePath } from './paths.ts';
import { redisBackupDefaults } from './defaults.ts';

export interface RedisBackupProps {
  /** Where backups are kept. Each generation has a folder of its own in the bucket. */
  readonly store: ObjectStore;
  /** Image of rclone, which carries them: `environment.image('rclone')`. */
  readonly rclone: Image;
  /** When everything is copied. What was written since is lost with both members. */
  readonly schedule: Schedule;
  /**
   * Days that backups are kept; the newest three stay, however old.
   * @default 7
   */
  readonly keepDays?: number;
  /** When the newest backup is restored and read; `false` for never. */
  readonly restoreTestSchedule: Schedule | false;
  /**
   * Whether backups are encrypted before they leave the pod. What was written with a key is lost without it: keep a copy
   * of the secret outside of the cluster. Can't be changed while there are backups.
   * @default true
   */
  readonly encryption?: boolean;
}

/** Backups of a store, and how programs reach them. */
export class Archive {
  readonly bucket: Bucket;
  readonly environment: Readonly<Record<string, string>>;
  readonly encrypted: boolean;
  /** What a pod needs to reach them. */
  readonly carrier: ReturnType<typeof carrier>;
  private readonly life: Life;
  private readonly engine: string;
  private readonly encryptionKey: SecretKeyReference | undefined;

  /** @param engine whose files they are: Redis and Valkey can't read each other's */
  constructor(life: Life, engine: string, { store, rclone, encryption }: RedisBackupProps) {
    const { name } = life;
    this.life = life;
    this.engine = engine;
    this.carrier = carrier(rclone);
    this.encrypted = encryption ?? redisBackupDefaults.encryption;
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

  private filesOf({ accessKeyId, secretAccessKey }: BucketKeys): Readonly<Record<string, SecretKeyReference>> {
    return {
      ACCESS_KEY_ID_FILE: accessKeyId,
      SECRET_ACCESS_KEY_FILE: secretAccessKey,
      ...(this.encryptionKey === undefined ? {} : { ENCRYPTION_KEY_FILE: this.encryptionKey }),
    };
  }

  /** Of a generation in the bucket; of its own, if none is named. */
  folder(generation?: number): string {
    return this.life.folderOf(this.engine, generation);
  }

  /** The same as an address. */
  prefix(generation?: number): string {
    return this.bucket.url(this.folder(generation));
  }
}

/** Where rclone is in a pod that has a carrier. */
const shared: Mount = { volume: 'rclone', path: rclonePath };

/**
 * Brings rclone into a pod of another image, before its containers start: one of them then makes, carries and reads a
 * backup, by one set of scripts. The image of Redis has no certificates of the world's authorities either.
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
