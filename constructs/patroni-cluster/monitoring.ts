import { Duration } from 'cdk8s';
import type { AlertProps } from '../core/alert.ts';
import type { Schedule } from '../core/schedule.ts';
import { overdueAfter } from '../stateful/index.ts';

export interface AlertSettings {
  /** Patroni's scope. */
  readonly scope: string;
  readonly namespace: string;
  readonly members: number;
  readonly synchronous: boolean;
  /** Whether there is an exporter whose numbers can be asked for. */
  readonly exporter: boolean;
  /** When full backups are made; undefined where there are none. */
  readonly backups: Schedule | undefined;
  readonly pooler: PoolerAlertSettings | false | undefined;
}

interface PoolerAlertSettings {
  /** Name of its Deployment. */
  readonly name: string;
  readonly pods: number;
  /** Whether there is an exporter of PgBouncer's numbers. */
  readonly exporter: boolean;
}

const day = 24 * 3600;

/** What a backup that is late, or that failed once, may take beyond its schedule's longest gap. */
const lateBackup = Duration.hours(2);

/** Selectors of the numbers of one cluster. Whoever scrapes gives every series the labels `namespace` and `pod`. */
function selectors({ scope, namespace }: AlertSettings) {
  return {
    patroni: `{scope="${scope}",namespace="${namespace}"}`,
    exporter: `{namespace="${namespace}",pod=~"${scope}-[0-9]+"}`,
    agent: `{cluster="${scope}",namespace="${namespace}"}`,
    deployment: (name: string) => `{namespace="${namespace}",deployment="${name}"}`,
  };
}

/**
 * What can go wrong with a cluster, as PromQL over the numbers of Patroni 4.1, postgres_exporter 0.17,
 * pgbouncer_exporter 0.12, the agent and kube-state-metrics.
 */
export function patroniAlerts(settings: AlertSettings): readonly AlertProps[] {
  return [
    ...memberAlerts(settings),
    ...(settings.exporter ? serverAlerts(settings) : []),
    ...agentAlerts(settings),
    ...(settings.backups ? backupAlerts(settings, settings.backups) : []),
    ...poolerAlerts(settings),
  ];
}

function memberAlerts(settings: AlertSettings): readonly AlertProps[] {
  const { scope, members, synchronous } = settings;
  const { patroni } = selectors(settings);
  return [
    {
      name: 'PostgresNoLeader',
      // A cluster that follows another one has a standby leader.
      expression: `(max(patroni_primary${patroni} + patroni_standby_leader${patroni}) or vector(0)) < 1`,
      forMinutes: 1,
      severity: 'page',
      summary: `${scope} has no leader: nothing can be written`,
      runbook: 'postgres-no-leader',
    },
    {
      name: 'PostgresMemberDown',
      expression: `(sum(patroni_postgres_running${patroni}) or vector(0)) < ${members}`,
      forMinutes: 5,
      severity: 'ticket',
      summary: `fewer than ${members} members of ${scope} run`,
      runbook: 'postgres-member-down',
    },
    {
      name: 'PostgresFailedOver',
      // Each promotion begins a timeline. What a member's own role does shows restarts too.
      expression:
        `max(patroni_postgres_timeline${patroni}) > ` +
        `min_over_time(max(patroni_postgres_timeline${patroni} > 0)[15m:30s])`,
      forMinutes: 0,
      severity: 'note',
      summary: `another member of ${scope} became the primary within the last 15 minutes`,
      runbook: 'postgres-failed-over',
    },
    ...(synchronous
      ? [
          {
            name: 'PostgresNotReplicated',
            expression: `(sum(patroni_sync_standby${patroni}) or vector(0)) < 1 and max(patroni_primary${patroni}) == 1`,
            forMinutes: 5,
            severity: 'page',
            summary: `commits of ${scope} are on one node only: its loss would lose them`,
            runbook: 'postgres-member-down',
          } as const,
        ]
      : []),
    {
      name: 'PostgresReplicaDisconnected',
      // The leader of a cluster that follows another one replicates too.
      expression:
        `max by (pod) (patroni_replica${patroni} + patroni_standby_leader${patroni}) == 1 ` +
        `unless on (pod) patroni_postgres_streaming${patroni} == 1`,
      forMinutes: 10,
      severity: 'ticket',
      summary: `a replica of ${scope} receives nothing from the primary`,
      runbook: 'postgres-replica-lags',
    },
    {
      name: 'PostgresPendingRestart',
      expression: `max(patroni_pending_restart${patroni}) > 0`,
      forMinutes: 60,
      severity: 'ticket',
      summary: `a parameter of ${scope} waits for a restart`,
      runbook: 'postgres-pending-restart',
    },
  ];
}

/** What only PostgreSQL itself knows. */
function serverAlerts(settings: AlertSettings): readonly AlertProps[] {
  const { scope, backups } = settings;
  const { exporter, patroni } = selectors(settings);
  return [
    {
      name: 'PostgresReplicaLags',
      // 0 where a replica has applied what it received, also when it receives nothing: see ReplicaDisconnected.
      expression: `max by (pod) (pg_replication_lag_seconds${exporter}) > 60`,
      forMinutes: 5,
      severity: 'ticket',
      summary: `a replica of ${scope} is more than a minute behind`,
      runbook: 'postgres-replica-lags',
    },
    {
      name: 'PostgresTooManyConnections',
      expression:
        `sum by (pod) (pg_stat_activity_count${exporter}) > ` +
        `0.8 * max by (pod) (pg_settings_max_connections${exporter})`,
      forMinutes: 10,
      severity: 'ticket',
      summary: `${scope} has used four fifths of its connections`,
      runbook: 'postgres-connections',
    },
    {
      name: 'PostgresWraparoundNear',
      // Transactions, whatever the name says.
      expression: `max(pg_database_wraparound_age_datfrozenxid_seconds${exporter}) > 1e9`,
      forMinutes: 60,
      severity: 'ticket',
      summary: `a database of ${scope} is past half of its transaction numbers: vacuum does not keep up`,
      runbook: 'postgres-wraparound',
    },
    ...(backups
      ? [
          {
            name: 'PostgresArchivingFails',
            // Nothing was archived for 5 minutes, or ever (NaN), though there was something: WAL is written, or attempts
            // fail. A server without writes archives nothing, and that is no failure.
            expression:
              `(max by (pod) (pg_stat_archiver_archived_count${exporter}) ` +
              `unless on (pod) pg_stat_archiver_last_archive_age${exporter} <= 300) and on (pod) ` +
              `(sum by (pod) (increase(pg_stat_archiver_failed_count${exporter}[10m])) > 0 ` +
              `or max by (pod) (increase(patroni_xlog_location${patroni}[10m])) > 0)`,
            forMinutes: 5,
            severity: 'page',
            summary: `WAL of ${scope} does not reach the archive: the recovery point falls behind, and the volume fills`,
            runbook: 'postgres-archiving',
          } as const,
        ]
      : []),
  ];
}

function agentAlerts(settings: AlertSettings): readonly AlertProps[] {
  const { scope } = settings;
  const { agent } = selectors(settings);
  const copied = `postgres_standby_copied_anew_total${agent}`;
  return [
    {
      name: 'PostgresStandbyCopiedAnew',
      // The counter begins with the first time.
      expression: `(${copied} unless ${copied} offset 1h) or increase(${copied}[1h]) > 0`,
      forMinutes: 0,
      severity: 'note',
      summary: `a standby of ${scope} could not follow its primary, and was copied anew`,
      runbook: 'postgres-replica-lags',
    },
    {
      name: 'PostgresStandbyStuck',
      expression: `max by (pod) (postgres_standby_stuck${agent}) > 0`,
      forMinutes: 0,
      severity: 'ticket',
      summary: `a standby of ${scope} can't follow its primary, and a copy would fail: its data stays as it is`,
      runbook: 'postgres-replica-lags',
    },
    {
      name: 'PostgresVolumeFillsUp',
      // The agent's number: the kubelet has none for the volumes of local-path.
      expression: `predict_linear(postgres_volume_available_bytes${agent}[6h], ${4 * day}) < 0`,
      forMinutes: 60,
      severity: 'ticket',
      summary: `a volume of ${scope} is full in four days if it goes on like this`,
      runbook: 'postgres-volume',
    },
    {
      name: 'PostgresChecksumFailures',
      expression: `max by (pod) (postgres_checksum_failures${agent}) > 0`,
      forMinutes: 0,
      severity: 'page',
      summary: `${scope} read pages that are not what was written`,
      runbook: 'postgres-checksums',
    },
    {
      name: 'PostgresReconcileFailed',
      expression: `max(postgres_reconcile_failed${agent}) > 0`,
      forMinutes: 15,
      severity: 'ticket',
      summary: `roles, databases or settings of ${scope} could not be brought to what git says`,
      runbook: 'postgres-reconcile',
    },
    {
      name: 'PostgresLeftToPeople',
      expression: `max(postgres_left_to_people${agent}) > 0`,
      forMinutes: 60,
      severity: 'note',
      summary: `${scope} has what git does not declare, or an extension that is older than its image`,
      runbook: 'postgres-reconcile',
    },
  ];
}

function backupAlerts(settings: AlertSettings, schedule: Schedule): readonly AlertProps[] {
  const { scope } = settings;
  const { seconds, inWords } = overdueAfter(schedule, lateBackup);
  const { agent } = selectors(settings);
  return [
    {
      name: 'PostgresBackupTooOld',
      expression: `time() - (max(walg_backup_newest_finish_timestamp_seconds${agent}) or vector(0)) > ${seconds}`,
      forMinutes: 15,
      severity: 'page',
      summary: `the newest full backup of ${scope} is older than ${inWords}`,
      runbook: 'postgres-backup',
    },
    {
      name: 'PostgresArchiveIncomplete',
      expression: `min(walg_wal_verify_status${agent}) == 0 or max(walg_kept_backups_incomplete${agent}) > 0`,
      forMinutes: 0,
      severity: 'page',
      summary: `WAL is missing in the archive of ${scope}: some recoveries would fail`,
      runbook: 'postgres-archive-incomplete',
    },
  ];
}

function poolerAlerts(settings: AlertSettings): readonly AlertProps[] {
  const { scope, pooler } = settings;
  if (!pooler) return [];
  const available = `kube_deployment_status_replicas_available${selectors(settings).deployment(pooler.name)}`;
  const runbook = 'postgres-pooler';
  return [
    {
      name: 'PostgresPoolerDown',
      expression: `(max(${available}) or vector(0)) < 1`,
      forMinutes: 1,
      severity: 'page',
      summary: `no pooler of ${scope} takes connections: applications that are wired to it reach no database`,
      runbook,
    },
    ...(pooler.exporter ? pgbouncerAlerts(settings, pooler).map((alert) => ({ ...alert, runbook })) : []),
  ];
}

/** What only PgBouncer itself knows. */
function pgbouncerAlerts({ scope, namespace }: AlertSettings, { name, pods }: PoolerAlertSettings) {
  const pgbouncer = `{namespace="${namespace}",pod=~"${name}-.+"}`;
  return [
    {
      name: 'PostgresPoolerSilent',
      // One that hangs has its port open, and Kubernetes calls it available.
      expression: `(sum(pgbouncer_up${pgbouncer}) or vector(0)) < ${pods}`,
      forMinutes: 10,
      severity: 'ticket',
      summary: `fewer than ${pods} poolers of ${scope} answer`,
    },
    {
      name: 'PostgresPoolerClientsWait',
      expression: `max by (database) (pgbouncer_pools_client_maxwait_seconds${pgbouncer}) > 5`,
      forMinutes: 5,
      severity: 'ticket',
      summary: `clients of a pooler of ${scope} wait longer than 5 seconds for a connection, and are sent away after 30`,
    },
    {
      name: 'PostgresPoolerFull',
      expression:
        `max by (pod) (pgbouncer_used_clients${pgbouncer}) > ` +
        `0.8 * max by (pod) (pgbouncer_config_max_client_connections${pgbouncer})`,
      forMinutes: 10,
      severity: 'ticket',
      summary: `a pooler of ${scope} has four fifths of the clients that it takes`,
    },
  ] as const;
}
