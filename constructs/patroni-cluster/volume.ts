import { SizeRoundingBehavior } from 'cdk8s';
import type { Size } from 'cdk8s';
import type { Life } from '../stateful/index.ts';
import type { PatroniClusterProps } from './props.ts';

export interface VolumeShares {
  /** WAL between two checkpoints. */
  readonly wal: number;
  /** WAL that is kept for a standby that is away. */
  readonly standby: number;
  /** With less than this free, WAL that the archive doesn't take is given up. */
  readonly archive: number;
  /** A file that is only there to be deleted: PostgreSQL can't start on a full volume. */
  readonly reserve: number;
}

/**
 * What a member's volume is for beside the data, in MiB. What is given up first is the standby: it fetches WAL from the
 * archive, or is copied anew. Then the archive's completeness: a hole, and a full backup after it. The primary never.
 */
export function volumeShares(storage: Size): VolumeShares {
  const volume = storage.toMebibytes();
  // What an alert wants to be free.
  const tenth = Math.floor(volume / 10);
  const wal = Math.min(4096, tenth);
  // What was given up is only removed by the next checkpoint.
  return { wal, standby: tenth, archive: wal, reserve: Math.min(256, Math.floor(volume / 16)) };
}

/** Whether its first member begins with what another life wrote. */
export function copiesFirst({ recovery }: Life, { standbyOf, copyOf }: PatroniClusterProps): boolean {
  return recovery !== undefined || standbyOf !== undefined || copyOf !== undefined;
}

/** A full volume is back at the promised rate, a minute a gigabyte; five minutes are for all else. */
export function copiedWithinSeconds(storage: Size): number {
  return 60 * storage.toGibibytes({ rounding: SizeRoundingBehavior.FLOOR }) + 300;
}
