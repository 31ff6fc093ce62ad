/** Numbers over time, and what one alert makes of them. Members are postgres-0 and postgres-1, in the namespace `test`. */
export interface Scenario {
  /** Minutes between two samples, and between two looks at them. */
  readonly step?: number;
  /** How long it goes on. */
  readonly minutes: number;
  /** Labels of the alert that fires; none by default. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Values in promtool's notation by series; a number stays as it is all the time. */
  readonly fires: Readonly<Record<string, Values>>;
  readonly quiet: Readonly<Record<string, Values>>;
}

export type Values = number | string;

const patroni = (metric: string, member: 0 | 1): string =>
  `${metric}{scope="postgres",name="postgres-${member}",namespace="test",pod="postgres-${member}"}`;
const ofPod = (metric: string, member: 0 | 1, more = ''): string =>
  `${metric}{namespace="test",pod="postgres-${member}"${more}}`;
const agent = (metric: string, member: 0 | 1): string =>
  `${metric}{cluster="postgres",namespace="test",pod="postgres-${member}"}`;
const cronJob = (metric: string, name: string): string => `${metric}{namespace="test",cronjob="postgres-${name}"}`;
const copies = (name: string): string => `${name}{namespace="test",cronjob="backups-offsite"}`;
const poolers = 'kube_deployment_status_replicas_available{namespace="test",deployment="postgres-pooler"}';
const pgbouncer = (metric: string, pooler: 0 | 1, more = ''): string =>
  `pgbouncer_${metric}{namespace="test",pod="postgres-pooler-6d9f-${pooler}"${more}}`;
const pod = (member: 0 | 1) => ({ pod: `postgres-${member}` });

const [hour, day] = [60, 24 * 60];
const leader = { [patroni('patroni_primary', 0)]: 1, [patroni('patroni_primary', 1)]: 0 };
const noStandbyLeader = {
  [patroni('patroni_standby_leader', 0)]: 0,
  [patroni('patroni_standby_leader', 1)]: 0,
};
const volume = (member: 0 | 1, available: Values, size = 50e9) => ({
  [agent('postgres_volume_available_bytes', member)]: available,
  [agent('postgres_volume_size_bytes', member)]: size,
});

/** By the name of the alert. */
export const scenarios: Readonly<Record<string, Scenario>> = {
  PostgresNoLeader: {
    minutes: 3,
    fires: { [patroni('patroni_primary', 0)]: 0, [patroni('patroni_primary', 1)]: 0, ...noStandbyLeader },
    quiet: { ...leader, ...noStandbyLeader },
  },
  PostgresMemberDown: {
    minutes: 7,
    fires: { [patroni('patroni_postgres_running', 0)]: 1, [patroni('patroni_postgres_running', 1)]: 0 },
    quiet: { [patroni('patroni_postgres_running', 0)]: 1, [patroni('patroni_postgres_running', 1)]: 1 },
  },
  PostgresFailedOver: {
    minutes: 20,
    // The old primary is away when the other one begins the next timeline.
    fires: {
      [patroni('patroni_postgres_timeline', 0)]: '1+0x20 stale',
      [patroni('patroni_postgres_timeline', 1)]: '1+0x21 2+0x40',
    },
    // The only one was restarted in place: for a while there is no timeline.
    quiet: { [patroni('patroni_postgres_timeline', 0)]: '1+0x20 0+0x3 1+0x40' },
  },
  PostgresNotReplicated: {
    minutes: 7,
    fires: { ...leader, [patroni('patroni_sync_standby', 0)]: 0, [patroni('patroni_sync_standby', 1)]: 0 },
    quiet: { ...leader, [patroni('patroni_sync_standby', 0)]: 0, [patroni('patroni_sync_standby', 1)]: 1 },
  },
  PostgresReplicaDisconnected: {
    minutes: 12,
    labels: pod(1),
    fires: {
      ...noStandbyLeader,
      [patroni('patroni_replica', 0)]: 0,
      [patroni('patroni_replica', 1)]: 1,
      [patroni('patroni_postgres_streaming', 0)]: 0,
      [patroni('patroni_postgres_streaming', 1)]: 0,
    },
    quiet: {
      ...noStandbyLeader,
      [patroni('patroni_replica', 0)]: 0,
      [patroni('patroni_replica', 1)]: 1,
      [patroni('patroni_postgres_streaming', 0)]: 0,
      [patroni('patroni_postgres_streaming', 1)]: 1,
    },
  },
  PostgresPendingRestart: {
    minutes: 62,
    fires: { [patroni('patroni_pending_restart', 0)]: 1 },
    quiet: { [patroni('patroni_pending_restart', 0)]: 0 },
  },
  PostgresReplicaLags: {
    minutes: 7,
    labels: pod(1),
    fires: { [ofPod('pg_replication_lag_seconds', 0)]: 0, [ofPod('pg_replication_lag_seconds', 1)]: 61 },
    quiet: { [ofPod('pg_replication_lag_seconds', 0)]: 0, [ofPod('pg_replication_lag_seconds', 1)]: 59 },
  },
  PostgresTooManyConnections: {
    minutes: 12,
    labels: pod(0),
    fires: {
      [ofPod('pg_stat_activity_count', 0, ',state="active"')]: 60,
      [ofPod('pg_stat_activity_count', 0, ',state="idle"')]: 21,
      [ofPod('pg_settings_max_connections', 0)]: 100,
    },
    quiet: {
      [ofPod('pg_stat_activity_count', 0, ',state="active"')]: 60,
      [ofPod('pg_stat_activity_count', 0, ',state="idle"')]: 21,
      [ofPod('pg_settings_max_connections', 0)]: 200,
    },
  },
  PostgresConnectionsExhausted: {
    minutes: 4,
    labels: pod(0),
    fires: {
      [ofPod('pg_stat_activity_count', 0, ',state="idle"')]: 96,
      [ofPod('pg_settings_max_connections', 0)]: 100,
    },
    quiet: {
      [ofPod('pg_stat_activity_count', 0, ',state="idle"')]: 90,
      [ofPod('pg_settings_max_connections', 0)]: 100,
      [ofPod('pg_up', 0)]: 1,
      [patroni('patroni_postgres_running', 0)]: 1,
    },
  },
  PostgresWraparoundImminent: {
    minutes: 1,
    fires: { [ofPod('pg_database_wraparound_age_datfrozenxid_seconds', 0, ',datname="shop"')]: 1_700_000_000 },
    quiet: { [ofPod('pg_database_wraparound_age_datfrozenxid_seconds', 0, ',datname="shop"')]: 1_500_000_000 },
  },
  PostgresWraparoundNear: {
    minutes: 62,
    fires: { [ofPod('pg_database_wraparound_age_datfrozenxid_seconds', 0, ',datname="shop"')]: 1_000_000_001 },
    quiet: { [ofPod('pg_database_wraparound_age_datfrozenxid_seconds', 0, ',datname="shop"')]: 200_000_000 },
  },
  PostgresNotWatched: {
    minutes: 17,
    // The agent of the other one is gone.
    fires: {
      [agent('postgres_volume_available_bytes', 0)]: 1e9,
      [ofPod('pg_up', 0)]: 1,
      [ofPod('pg_up', 1)]: 1,
    },
    quiet: {
      [agent('postgres_volume_available_bytes', 0)]: 1e9,
      [agent('postgres_volume_available_bytes', 1)]: 1e9,
      // PostgreSQL itself is away, and its exporter says so.
      [ofPod('pg_up', 0)]: 0,
      [ofPod('pg_up', 1)]: 1,
    },
  },
  PostgresStandbyCopiedAnew: {
    minutes: 90,
    labels: { cluster: 'postgres', namespace: 'test', ...pod(1) },
    fires: { [agent('postgres_standby_copied_anew_total', 1)]: `${'_ '.repeat(160)}1+0x20` },
    // It was more than an hour ago.
    quiet: { [agent('postgres_standby_copied_anew_total', 1)]: '_ 1+0x178' },
  },
  PostgresStandbyStuck: {
    minutes: 1,
    labels: pod(1),
    fires: { [agent('postgres_standby_stuck', 1)]: 1 },
    quiet: { [agent('postgres_standby_stuck', 1)]: 0 },
  },
  PostgresVolumeNearlyFull: {
    minutes: 3,
    labels: pod(1),
    fires: { ...volume(1, 4.9e9), [agent('postgres_volume_reserve_bytes', 1)]: 256e6 },
    quiet: { ...volume(1, 5.1e9), [agent('postgres_volume_reserve_bytes', 1)]: 256e6 },
  },
  PostgresVolumeFillsUp: {
    step: 5,
    minutes: 8 * hour,
    labels: pod(1),
    // Of 12 GB that it can hold 10 that lose 200 MB an hour, or 50.
    fires: volume(1, '10e9-16666666x96', 12e9),
    quiet: volume(1, '10e9-4166666x96', 12e9),
  },
  PostgresArchivingFails: {
    minutes: 12,
    labels: pod(0),
    // The archive is away, or takes everything later and later.
    fires: { [agent('postgres_wal_waiting_seconds', 0)]: '30+30x24' },
    quiet: { [agent('postgres_wal_waiting_seconds', 0)]: 290 },
  },
  PostgresWalGivenUp: {
    minutes: 1,
    fires: {
      [agent('postgres_wal_given_up_timestamp_seconds', 0)]: 2000,
      [agent('walg_backup_newest_start_timestamp_seconds', 1)]: 1000,
    },
    // A full backup began after it.
    quiet: {
      [agent('postgres_wal_given_up_timestamp_seconds', 0)]: 2000,
      [agent('walg_backup_newest_start_timestamp_seconds', 1)]: 2001,
    },
  },
  PostgresChecksumFailures: {
    minutes: 1,
    labels: pod(1),
    fires: { [agent('postgres_checksum_failures', 0)]: 0, [agent('postgres_checksum_failures', 1)]: 1 },
    quiet: { [agent('postgres_checksum_failures', 0)]: 0, [agent('postgres_checksum_failures', 1)]: 0 },
  },
  PostgresReconcileFailed: {
    minutes: 17,
    fires: { [agent('postgres_reconcile_failed', 0)]: 1 },
    quiet: { [agent('postgres_reconcile_failed', 0)]: 0 },
  },
  PostgresLeftToPeople: {
    minutes: 62,
    fires: { [agent('postgres_left_to_people', 0)]: 2 },
    quiet: { [agent('postgres_left_to_people', 0)]: 0 },
  },
  PostgresBackupTooOld: {
    step: 5,
    minutes: 27 * hour,
    fires: { [agent('walg_backup_newest_finish_timestamp_seconds', 1)]: 60 },
    quiet: { [agent('walg_backup_newest_finish_timestamp_seconds', 1)]: 3 * 3600 },
  },
  PostgresArchiveIncomplete: {
    minutes: 1,
    fires: { [agent('walg_wal_verify_status', 1)]: 1, [agent('walg_kept_backups_incomplete', 1)]: 2 },
    quiet: { [agent('walg_wal_verify_status', 1)]: 1, [agent('walg_kept_backups_incomplete', 1)]: 0 },
  },
  PostgresArchiveNotVerified: {
    minutes: 182,
    fires: { [agent('walg_storage_up', 1)]: 1 },
    quiet: { [agent('walg_wal_verify_status', 1)]: 1 },
  },
  PostgresRetentionFails: {
    step: 5,
    minutes: 27 * hour,
    fires: { [agent('walg_retention_last_result', 1)]: 0 },
    quiet: { [agent('walg_retention_last_result', 1)]: 1 },
  },
  PostgresRestoreTestFailed: {
    step: hour,
    minutes: 8 * day + 3 * hour,
    // It never succeeded, so that it has no time of that.
    fires: { [cronJob('kube_cronjob_created', 'restore-test')]: 60 },
    quiet: {
      [cronJob('kube_cronjob_created', 'restore-test')]: 60,
      [cronJob('kube_cronjob_status_last_successful_time', 'restore-test')]: 7 * 24 * 3600,
    },
  },
  OffsiteCopyTooOld: {
    step: 5,
    minutes: 4 * hour,
    fires: {
      [copies('kube_cronjob_created')]: 0,
      [copies('kube_cronjob_status_last_successful_time')]: 1200,
    },
    quiet: {
      [copies('kube_cronjob_created')]: 0,
      [copies('kube_cronjob_status_last_successful_time')]: 2 * 3600,
    },
  },
  PostgresPoolerDown: {
    minutes: 3,
    fires: { [poolers]: 0 },
    quiet: { [poolers]: 1 },
  },
  PostgresPoolerSilent: {
    minutes: 12,
    // One hangs.
    fires: { [pgbouncer('up', 0)]: 1, [pgbouncer('up', 1)]: 0 },
    quiet: { [pgbouncer('up', 0)]: 1, [pgbouncer('up', 1)]: 1 },
  },
  PostgresPoolerClientsWait: {
    minutes: 7,
    labels: { database: 'shop' },
    fires: {
      [pgbouncer('pools_client_maxwait_seconds', 0, ',database="shop",user="shop_app"')]: 6,
      [pgbouncer('pools_client_maxwait_seconds', 1, ',database="shop",user="shop_owner"')]: 0,
    },
    // A failover: half a minute without a server.
    quiet: { [pgbouncer('pools_client_maxwait_seconds', 0, ',database="shop",user="shop_app"')]: '0+0x4 6 29 0+0x20' },
  },
  PostgresPoolerRefuses: {
    minutes: 3,
    labels: { pod: 'postgres-pooler-6d9f-1' },
    fires: {
      [pgbouncer('used_clients', 1)]: 1000,
      [pgbouncer('config_max_client_connections', 1)]: 1000,
    },
    quiet: {
      [pgbouncer('used_clients', 1)]: 960,
      [pgbouncer('config_max_client_connections', 1)]: 1000,
    },
  },
  PostgresPoolerFull: {
    minutes: 12,
    labels: { pod: 'postgres-pooler-6d9f-1' },
    fires: {
      [pgbouncer('used_clients', 0)]: 100,
      [pgbouncer('used_clients', 1)]: 801,
      [pgbouncer('config_max_client_connections', 0)]: 1000,
      [pgbouncer('config_max_client_connections', 1)]: 1000,
    },
    quiet: {
      // Together they are over it, and neither is.
      [pgbouncer('used_clients', 0)]: 500,
      [pgbouncer('used_clients', 1)]: 799,
      [pgbouncer('config_max_client_connections', 0)]: 1000,
      [pgbouncer('config_max_client_connections', 1)]: 1000,
    },
  },
};

/** What else one alert makes of numbers: of what is slow, of what is too late, and of numbers that vanish. */
export interface Case extends Pick<Scenario, 'step' | 'minutes' | 'labels'> {
  readonly alert: string;
  readonly fires: boolean;
  readonly series: Readonly<Record<string, Values>>;
}

export const cases: Readonly<Record<string, Case>> = {
  '300 MB of 50 GB for days': {
    alert: 'PostgresVolumeNearlyFull',
    fires: true,
    step: hour,
    minutes: 3 * day,
    labels: pod(1),
    series: volume(1, 300e6),
  },
  'a volume that has been full for days': {
    alert: 'PostgresVolumeNearlyFull',
    fires: true,
    step: hour,
    minutes: 3 * day,
    labels: pod(1),
    series: volume(1, 0),
  },
  'a volume that fills within ten minutes, before it is full': {
    alert: 'PostgresVolumeNearlyFull',
    fires: true,
    minutes: 11,
    labels: pod(1),
    // 1.4 GB are left.
    series: volume(1, '12e9-480000000x22'),
  },
  'a reserve that is spent, whatever is free': {
    alert: 'PostgresVolumeNearlyFull',
    fires: true,
    minutes: 3,
    labels: pod(1),
    series: { ...volume(1, 40e9), [agent('postgres_volume_reserve_bytes', 1)]: 0 },
  },
  'a volume that fills over a year, when a fifth is left': {
    alert: 'PostgresVolumeFillsUp',
    fires: true,
    step: 5,
    minutes: 8 * hour,
    labels: pod(1),
    series: volume(1, '9.9e9-475000x96'),
  },
  'WAL that waits while PostgreSQL is down, on a full volume': {
    alert: 'PostgresArchivingFails',
    fires: true,
    minutes: 30,
    labels: pod(0),
    series: { [agent('postgres_wal_waiting_seconds', 0)]: '3600+30x60', [ofPod('pg_up', 0)]: 0 },
  },
  'a primary without writes': {
    alert: 'PostgresArchivingFails',
    fires: false,
    minutes: 30,
    series: { [agent('postgres_wal_waiting_seconds', 0)]: 0 },
  },
  'WAL that was given up where there is no backup at all': {
    alert: 'PostgresWalGivenUp',
    fires: true,
    minutes: 1,
    series: { [agent('postgres_wal_given_up_timestamp_seconds', 0)]: 2000 },
  },
  'an exporter that finds no connection left': {
    alert: 'PostgresConnectionsExhausted',
    fires: true,
    minutes: 4,
    labels: pod(0),
    series: { [ofPod('pg_up', 0)]: 0, [patroni('patroni_postgres_running', 0)]: 1 },
  },
  'an application that has all connections that it may have': {
    alert: 'PostgresConnectionsExhausted',
    fires: true,
    minutes: 4,
    labels: pod(0),
    series: {
      [ofPod('pg_stat_activity_count', 0, ',usename="shop_app"')]: 80,
      [ofPod('pg_settings_max_connections', 0)]: 100,
    },
  },
  'an exporter of a PostgreSQL that is down': {
    alert: 'PostgresConnectionsExhausted',
    fires: false,
    minutes: 4,
    series: { [ofPod('pg_up', 0)]: 0, [patroni('patroni_postgres_running', 0)]: 0 },
  },
  'numbers of shared locks that run out': {
    alert: 'PostgresWraparoundImminent',
    fires: true,
    minutes: 1,
    series: { [ofPod('pg_database_wraparound_age_datminmxid_seconds', 0, ',datname="shop"')]: 1_700_000_000 },
  },
  'a replica that has applied the little that reaches it': {
    alert: 'PostgresReplicaLags',
    fires: true,
    minutes: 7,
    labels: pod(1),
    series: {
      [ofPod('pg_replication_lag_seconds', 1)]: 0,
      [patroni('patroni_replica', 0)]: 0,
      [patroni('patroni_replica', 1)]: 1,
      [patroni('patroni_xlog_location', 0)]: 5e9,
      [patroni('patroni_xlog_location', 1)]: 0,
      [patroni('patroni_xlog_received_location', 0)]: 0,
      [patroni('patroni_xlog_received_location', 1)]: 4.7e9,
    },
  },
  'a page that is wrong still, after a crash that its count did not outlive': {
    alert: 'PostgresChecksumFailures',
    fires: true,
    minutes: 60,
    labels: pod(1),
    series: { [agent('postgres_checksum_failures', 1)]: `0 1 1 ${'_ '.repeat(10)}0+0x110` },
  },
  'an exporter that is gone': {
    alert: 'PostgresNotWatched',
    fires: true,
    minutes: 17,
    series: {
      [agent('postgres_volume_available_bytes', 0)]: 1e9,
      [agent('postgres_volume_available_bytes', 1)]: 1e9,
      [ofPod('pg_up', 0)]: 1,
    },
  },
};
