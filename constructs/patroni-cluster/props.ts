import type { JsonPatch, Size } from 'cdk8s';
import type { Endpoint, TrustedAuthority } from '../core/endpoint.ts';
import type { Generation, Image, WorkloadSize } from '../core/environment.ts';
import type { Schedule } from '../core/schedule.ts';
import type { ArchiveProps } from './archive.ts';
import type { Database } from './databases.ts';
import type { PatroniCluster } from './patroni-cluster.ts';
import type { PoolerProps } from './pooler.ts';

export interface BackupProps extends ArchiveProps {
  /** When the full backup is made. */
  readonly schedule: Schedule;
  /**
   * Days that full backups are kept; one that a person marked stays until a person unmarks it.
   * @default 30
   */
  readonly keepFullDays?: number;
  /**
   * Days within which any second can be recovered.
   * @default 7
   */
  readonly keepWalDays?: number;
  /** When the newest backup is restored and read; `false` for never. */
  readonly restoreTestSchedule: Schedule | false;
}

export interface PatroniClusterProps {
  /**
   * Name of the cluster, Patroni's scope: the Service of the primary. From the second generation on with its number.
   * @default the construct's id; with copyOf or standbyOf, that cluster's name
   */
  readonly name?: string;
  /** Image with PostgreSQL, Patroni and WAL-G: `environment.image('spilo')`. */
  readonly image: Image;
  /** Image of the exporter: `environment.image('postgres-exporter')`; `false` for none. */
  readonly exporter: Image | false;
  /** The API that Patroni keeps its lock in. */
  readonly kubernetesApi: Endpoint;
  /** Databases and their roles. What is removed here stays in the cluster until a person drops it. */
  readonly databases: readonly Database[];
  /** Size of each member's volume. Kubernetes can't change it in place. */
  readonly storage: Size;
  /**
   * Of each member's volume. Kubernetes can't change it in place.
   * @default local-path
   */
  readonly storageClass?: string;
  /**
   * Major version of PostgreSQL. Changing it is an upgrade with a procedure of its own: see docs/runbooks.
   * @default 17
   */
  readonly version?: 15 | 16 | 17 | 18;
  /**
   * Members, each on a node of its own.
   * @default 2
   */
  readonly members?: number;
  /**
   * CPU and memory of a member; usually `environment.size(name)`.
   * @default 500m and 2048 MiB
   */
  readonly size?: Pick<WorkloadSize, 'cpuRequest' | 'memory'>;
  /**
   * `on` loses nothing at a failover and goes on alone when the standby is gone; `strict` rather stops; `off` may lose
   * the last commits.
   * @default on
   */
  readonly synchronous?: 'on' | 'strict' | 'off';
  /**
   * Signs the certificates of members and pooler, by cert-manager: `environment.authority('postgres-ca')`. `false` for
   * connections without TLS.
   */
  readonly authority: TrustedAuthority | false;
  /**
   * What clients ask of a server: `verify-full`, that its certificate is for its name and of this authority; `require`,
   * that it talks TLS, whoever it is.
   * @default verify-full
   */
  readonly sslMode?: 'verify-full' | 'require';
  /**
   * What Patroni keeps its lock in. Endpoints carry the lock and the primary's address in one write; with ConfigMaps,
   * clients of a dead node wait until Kubernetes has noticed.
   * @default endpoints
   */
  readonly consensus?: 'endpoints' | 'configmaps';
  /** Backups and continuous archiving; `false` for none. */
  readonly backups: BackupProps | false;
  /**
   * Which life of the cluster this is: `environment.generation(name)`.
   * @default the first, which begins empty
   */
  readonly generation?: Generation;
  /**
   * The cluster that this one is another generation of, beside it: they share name, secrets and folder of archives.
   * @default none
   */
  readonly copyOf?: PatroniCluster;
  /**
   * The cluster that this one is another generation of, and that it follows without taking writes or making backups:
   * the way to other volumes or nodes. Replaced by copyOf, it takes writes, for good: it archives to a folder of its own,
   * and begins with a full backup.
   * @default none
   */
  readonly standbyOf?: PatroniCluster;
  /**
   * PgBouncer in front of the primary, for applications with more connections than PostgreSQL can hold: they are wired
   * to `pooled` in place of `primary`.
   * @default none
   */
  readonly pooler?: PoolerProps | false;
  /**
   * Further parameters of PostgreSQL; they win over ours, but for those that a promise needs. One that is removed goes
   * back to ours, or to PostgreSQL's default.
   * @default none
   */
  readonly parameters?: Readonly<Record<string, string | number>>;
  /**
   * Changes to the finished StatefulSet, for what no option reaches; checked against the schema like all else.
   * @default none
   */
  readonly patches?: readonly JsonPatch[];
}
