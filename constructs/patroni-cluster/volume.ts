import type { Size } from 'cdk8s';

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
