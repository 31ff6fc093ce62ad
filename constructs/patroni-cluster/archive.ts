import type { ObjectStore } from '../core/environment.ts';
import type { SecretKeyReference } from '../core/secret-ref.ts';
import { Bucket } from '../stateful/index.ts';
import type { BucketKeys, Life } from '../stateful/index.ts';

export interface ArchiveProps {
  /** Where the archive is. Each generation has a folder of its own in the bucket. */
  readonly store: ObjectStore;
  /**
   * How full backups and WAL are compressed.
   * @default lz4
   */
  readonly compression?: 'lz4' | 'zstd' | 'lzma';
  /**
   * Whether everything is encrypted before it leaves the pod. What was written with a key is lost without it: keep a
   * copy of the secret outside of the cluster. Can't be changed for an archive that has backups.
   * @default true
   */
  readonly encryption?: boolean;
  /**
   * Mebibytes a second that a backup may send.
   * @default no limit
   */
  readonly networkLimitMebibytes?: number;
  /**
   * Mebibytes a second that a backup may read from the volume.
   * @default no limit
   */
  readonly diskLimitMebibytes?: number;
}

export const archiveDefaults = { compression: 'lz4', encryption: true } as const;

/** How programs reach the archive of a cluster. */
export class Archive {
  readonly bucket: Bucket;
  readonly environment: Readonly<Record<string, string>>;
  readonly secretFiles: Readonly<Record<string, SecretKeyReference>>;
  private readonly encryptionKey: SecretKeyReference | undefined;
  readonly props: ArchiveProps;
  private readonly life: Life;
  private readonly version: number;

  /** @param version major, of PostgreSQL: no other can read what is in it */
  constructor(life: Life, version: number, props: ArchiveProps) {
    const { store, compression = archiveDefaults.compression, encryption = archiveDefaults.encryption } = props;
    const { name } = life;
    this.life = life;
    this.version = version;
    this.props = props;
    const purpose = `backups and WAL of ${name} in the bucket ${store.bucket}`;
    this.bucket = new Bucket(life.owner, { name: `${name}-archive`, store, purpose });
    this.encryptionKey = encryption
      ? life
          .secret('archive-encryption', {
            name: `${name}-archive-encryption`,
            purpose: `decrypts the backups of ${name}: without it they are lost, so keep a copy outside of the cluster`,
            // 32 characters, which is what libsodium's key has in bytes.
            keys: { key: { kind: 'random', bytes: 24, encoding: 'base64url' } },
            rotationDays: false,
          })
          .key('key')
      : undefined;
    this.environment = {
      AWS_ENDPOINT: store.endpoint,
      AWS_REGION: store.region,
      AWS_S3_FORCE_PATH_STYLE: 'true',
      WALG_S3_PREFIX: this.prefix(),
      WALG_COMPRESSION_METHOD: compression,
      // A second cluster that writes into the same folder by mistake is refused.
      WALG_PREVENT_WAL_OVERWRITE: 'true',
      // Seconds, not minutes: PostgreSQL tries again by itself, and only a failed attempt is counted and raises an alert.
      WALG_S3_MAX_RETRIES: '7',
      // Each upload holds a part of 20 MiB in memory.
      WALG_UPLOAD_CONCURRENCY: '4',
      // Parts of a backup, and segments ahead of the one that is asked for; restore-wal.sh has 1 for pg_rewind.
      WALG_DOWNLOAD_CONCURRENCY: '4',
      ...limit('WALG_NETWORK_RATE_LIMIT', props.networkLimitMebibytes),
      ...limit('WALG_DISK_RATE_LIMIT', props.diskLimitMebibytes),
    };
    this.secretFiles = this.filesOf(this.bucket);
  }

  /** In place of `secretFiles`, for what only reads. */
  readerFiles(): Readonly<Record<string, SecretKeyReference>> {
    return this.filesOf(this.bucket.reader());
  }

  private filesOf({ accessKeyId, secretAccessKey }: BucketKeys): Readonly<Record<string, SecretKeyReference>> {
    return {
      AWS_ACCESS_KEY_ID_FILE: accessKeyId,
      AWS_SECRET_ACCESS_KEY_FILE: secretAccessKey,
      ...(this.encryptionKey === undefined ? {} : { WALG_LIBSODIUM_KEY_FILE: this.encryptionKey }),
    };
  }

  /** The address of a generation's archive; of its own, if none is named. */
  prefix(generation?: number): string {
    return this.bucket.url(this.life.folderOf(this.version, generation));
  }
}

function limit(variable: string, mebibytes: number | undefined): Record<string, string> {
  return mebibytes === undefined ? {} : { [variable]: String(mebibytes * 1024 * 1024) };
}
