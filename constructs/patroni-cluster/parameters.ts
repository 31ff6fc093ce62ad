import type { Size } from 'cdk8s';
import { volumeShares } from './volume.ts';

/** Connections that applications may hold together; each costs the server about 10 MiB when it works. */
export const maxConnections = 100;

/** Least memory for which the numbers below make sense. */
export const leastMemoryMebibytes = 512;

/**
 * PostgreSQL's parameters that follow from what a member gets, and those that every member of ours has. They are part
 * of Patroni's dynamic configuration: both members have the same, as a standby demands.
 * @see https://www.postgresql.org/docs/17/runtime-config.html
 */
export function postgresqlParameters(memory: Size, storage: Size, tls: boolean): Record<string, string | number> {
  const mebibytes = memory.toMebibytes();
  const shares = volumeShares(storage);
  const share = (part: number): string => `${Math.floor(mebibytes * part)}MB`;
  return {
    // A quarter of the memory: the rest is for sorting, connections and the kernel's own cache.
    shared_buffers: share(1 / 4),
    // What the planner may expect to be cached: shared buffers and the page cache, which counts for the limit too.
    effective_cache_size: share(1 / 2),
    // A quarter of the memory if every connection sorts at once.
    work_mem: `${Math.max(1, Math.floor(mebibytes / 4 / maxConnections))}MB`,
    // Three vacuums and an index build leave room.
    maintenance_work_mem: share(1 / 16),
    max_connections: maxConnections,
    // Checkpoints by time rather than by size, and a volume that is never filled by WAL alone.
    max_wal_size: `${shares.wal}MB`,
    // As much as there is room for anyway: what a standby has of it is archived after a promotion, if the primary before
    // did not get to it.
    wal_keep_size: `${shares.wal}MB`,
    // A member that is gone for long costs a copy when it returns, not the disk of the one that works.
    max_slot_wal_keep_size: `${shares.standby}MB`,
    wal_level: 'replica',
    // pg_rewind needs one of the two; checksums also find what a disk forgot.
    wal_log_hints: 'on',
    hot_standby: 'on',
    max_wal_senders: 10,
    max_replication_slots: 10,
    max_worker_processes: 8,
    // A pod has none: on a node that has some, whoever tries is killed by a bus error.
    huge_pages: 'off',
    // Changing it needs a restart of both members, so it is always on; without backups the command does nothing.
    archive_mode: 'on',
    // What the archive lacks at most when everything is lost.
    archive_timeout: '60s',
    password_encryption: 'scram-sha-256',
    // A client whose node died is noticed after 10 + 3 * 5 s, not after two hours.
    tcp_keepalives_idle: 10,
    tcp_keepalives_interval: 5,
    tcp_keepalives_count: 3,
    tcp_user_timeout: '25s',
    // A standby that can't follow is let go sooner than its slot's limit.
    wal_sender_timeout: '10s',
    wal_receiver_timeout: '10s',
    log_checkpoints: 'on',
    log_lock_waits: 'on',
    log_min_duration_statement: '1s',
    // Whoever may read logs sees no rows by them: neither what a client bound, nor the row that an error is about, which
    // stands in its detail, nor the text of a statement that failed: the client knows it.
    log_parameter_max_length: 0,
    log_parameter_max_length_on_error: 0,
    log_error_verbosity: 'terse',
    log_min_error_statement: 'panic',
    log_temp_files: '10MB',
    track_io_timing: 'on',
    ...(tls ? { ssl: 'on', ssl_min_protocol_version: 'TLSv1.3' } : { ssl: 'off' }),
  };
}
