import type { JsonPatch, Size } from 'cdk8s';
import type { TrustedAuthority } from '../core/endpoint.ts';
import type { Generation, Image, WorkloadSize } from '../core/environment.ts';
import type { SecretKeyReference } from '../core/secret-ref.ts';
import type { ArchiveProps } from '../stateful/index.ts';

/** Whoever works on keys, beside the applications' own user `app`. */
export interface RedisUser {
  /** Small letters, digits and _. */
  readonly name: string;
  /** As in an ACL file, such as `~reports:* +get`. */
  readonly rules: string;
  /** A key of a `SecretRef`, which whoever signs in is given too. Never in the rules: they are no secret. */
  readonly password: SecretKeyReference;
}

export interface RedisBackupProps extends ArchiveProps {
  /**
   * Days that backups are kept; the newest three stay, however old.
   * @default 7
   */
  readonly keepDays?: number;
}

export interface RedisSentinelProps {
  /**
   * Name of every object, and of the primary to the Sentinels. Objects have the generation's number behind it, from the
   * second on.
   * @default the construct's id
   */
  readonly name?: string;
  /** Image of the server with bash, such as the official one of Debian: `environment.image('redis')`. */
  readonly image: Image;
  /**
   * What the image has. Neither reads what the other one wrote: it can't be changed in place.
   * @default redis
   */
  readonly engine?: 'redis' | 'valkey';
  /**
   * Image of the exporter with a shell, such as the official one of Alpine: `environment.image('redis-exporter')`; `false`
   * for none.
   */
  readonly exporter: Image | false;
  /**
   * Image of HAProxy, `environment.image('haproxy')`, for clients that know no Sentinels: an address that leads to whoever is
   * the primary. `false` for none.
   */
  readonly proxy: Image | false;
  /** Size of each member's volume: `environment.storage(name)`; five times `maxMemory` or more. Kubernetes can't change it in place. */
  readonly storage: Size;
  /**
   * Of the volumes. Kubernetes can't change it in place.
   * @default local-path
   */
  readonly storageClass?: string;
  /**
   * What is kept: `cache` forgets what was not asked for the longest when the memory is full, `sessions` refuses writes,
   * `mixed` forgets what ends soonest and keeps what never ends.
   * @default sessions: what is acknowledged is kept
   */
  readonly use?: 'cache' | 'sessions' | 'mixed';
  /**
   * Another policy of the same use.
   * @default allkeys-lru for a cache, noeviction for sessions, volatile-ttl for both
   * @see https://redis.io/docs/latest/develop/reference/eviction/ (8.2)
   */
  readonly evictionPolicy?: string;
  /**
   * CPU and memory of a member; usually `environment.size(name)`.
   * @default 50m and 512 MiB
   */
  readonly size?: Pick<WorkloadSize, 'cpuRequest' | 'memory'>;
  /**
   * Memory for keys and values. The rest is for connections, the replica's backlog, and what is written while the log is
   * written anew.
   * @default 60 % of the memory
   */
  readonly maxMemory?: Size;
  /**
   * Sentinels, an odd number: the primary is replaced where a majority of them sees that it is gone.
   * @default 3
   */
  readonly sentinels?: number;
  /**
   * Sentinels that have to agree that the primary is gone.
   * @default a majority
   */
  readonly quorum?: number;
  /**
   * Seconds without an answer after which a Sentinel takes a member for down.
   * @default 4
   */
  readonly downAfterSeconds?: number;
  /**
   * Seconds that a failover may take; the next one begins after twice as many.
   * @default 10
   */
  readonly failoverTimeoutSeconds?: number;
  /**
   * Kibibytes that may be cut off the end of a damaged log where no other member has the data; 0 for none.
   * @default 1024
   */
  readonly repairKibibytes?: number;
  /**
   * Signs the certificates, by cert-manager: `environment.authority('redis-ca')`. `false` for connections without TLS.
   */
  readonly authority: TrustedAuthority | false;
  /** Copies of everything in object storage; `false` for none. */
  readonly backups: RedisBackupProps | false;
  /**
   * Which life of the store this is: `environment.generation(name)`.
   * @default the first, which begins empty
   */
  readonly generation?: Generation;
  /**
   * Further users.
   * @default none
   */
  readonly users?: readonly RedisUser[];
  /**
   * Further directives of the server. One that an option or a promise needs is refused, naming it.
   * @default none
   */
  readonly parameters?: Readonly<Record<string, string | number>>;
  /**
   * Changes to the finished StatefulSet of the members, for what no option reaches.
   * @default none
   */
  readonly patches?: readonly JsonPatch[];
}
