import type { Size } from 'cdk8s';
import type { Image, WorkloadSize } from '../core/environment.ts';

export interface TraceStoreProps {
  /** Jaeger, 2.13.0 or newer: `environment.image('jaeger')`. */
  readonly image: Image;
  /**
   * Hours after which a trace is found no more.
   * @default 72
   */
  readonly keepHours?: number | undefined;
  /**
   * The volume that traces are kept on. Immutable after creation.
   * @default 10240 MiB
   */
  readonly storage?: Size;
  /**
   * Of the volume. Immutable after creation.
   * @default local-path
   */
  readonly storageClass?: string;
  /**
   * Percent of the traces that are kept though nothing in them failed or was slow.
   * @default 10
   */
  readonly sharePercent?: number | undefined;
  /**
   * Milliseconds from which on a trace is kept because it was slow; `false` for no such.
   * @default 1000
   */
  readonly slowMilliseconds?: number | false | undefined;
  /**
   * Spans that are kept in any second at most: half of them for traces in which something failed, a quarter for slow ones. A trace of
   * more than its part is never kept; a page of the samples has 19.
   * @default 400
   */
  readonly mostSpansPerSecond?: number | undefined;
  /**
   * CPU that it requests, and memory that it requests and is held to.
   * @default 50m and 768 MiB
   */
  readonly size?: Pick<WorkloadSize, 'cpuRequest' | 'memory'>;
}
