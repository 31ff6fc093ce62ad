import type { Size } from 'cdk8s';
import type { Endpoint, HttpEndpoint } from '../core/endpoint.ts';
import type { Image, ObjectStore, WorkloadSize } from '../core/environment.ts';

type Resources = Pick<WorkloadSize, 'cpuRequest' | 'memory'>;

export interface LogStoreProps {
  /** Loki, 3.7.7 or newer: `environment.image('loki')`. */
  readonly image: Image;
  /** What has a shell, and hands the keys of the bucket over: `environment.image('rclone')`. */
  readonly keysImage: Image;
  /** Where lines are kept: `environment.objectStore('logs')`. A bucket of its own: who may write logs may delete in it. */
  readonly store: ObjectStore;
  /** Every Alertmanager: `stack.alerts` of an `ObservabilityStack`. */
  readonly alertmanagers: Endpoint;
  /** Where the pages of docs/runbooks/ are: an URL without a slash at its end. */
  readonly runbooks: string;
  /** What the cluster is called in alerts. */
  readonly cluster: string;
  /**
   * Days after which lines are removed from the bucket.
   * @default 14
   */
  readonly retentionDays?: number;
  /**
   * The volume for what isn't in the bucket yet, and the index. Immutable after creation.
   * @default 10240 MiB
   */
  readonly storage?: Size;
  /**
   * Of the volume. Immutable after creation.
   * @default local-path
   */
  readonly storageClass?: string;
  /**
   * Mebibytes of lines that are taken each second; agents keep the others back, and send them later.
   * @default 4
   */
  readonly mebibytesPerSecond?: number;
  /**
   * Sets of labels that are written to at a time; lines of more are refused, and somebody is told.
   * @default 2000
   */
  readonly mostStreams?: number;
  /**
   * What is kept of a line; the rest of it is cut off, and somebody is told.
   * @default 256 KiB
   */
  readonly longestLine?: Size;
  /**
   * CPU that it requests, and memory that it requests and is held to.
   * @default 50m and 512 MiB
   */
  readonly size?: Resources;
}

export interface LogAgentProps {
  /** Alloy: `environment.image('alloy')`. */
  readonly image: Image;
  /** Where lines go: `push` of a `LogStore`, or of somebody else. Its URL is without a path. */
  readonly to: HttpEndpoint;
  /**
   * CPU that each one requests, and memory that it requests and is held to.
   * @default 10m and 320 MiB
   */
  readonly size?: Resources;
}
