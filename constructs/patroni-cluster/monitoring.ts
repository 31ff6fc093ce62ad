import type { AlertProps } from '../core/alert.ts';
import { selectors } from './alert-settings.ts';
import type { AlertSettings, PoolerAlertSettings } from './alert-settings.ts';
import { backupAlerts } from './backup-alerts.ts';
import { volumeAlerts } from './volume-alerts.ts';

/**
 * What can go wrong with a cluster, as PromQL over the numbers of Patroni 4.1, postgres_exporter 0.17,
 * pgbouncer_exporter 0.12, the agent and kube-state-metrics.
 */
export function patroniAlerts(settings: AlertSettings): readonly AlertProps[] {
  return [
    ...memberAlerts(settings),
    ...(settings.exporter ? serverAlerts(settings) : []),
    ...agentAlerts(settings),
    ...volumeAlerts(settings),
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
  const { scope, limits } = settings;
  const { exporter, patroni, ofRole } = selectors(settings);
  const connections = `sum by (pod) (pg_stat_activity_count${exporter})`;
  const allowed = `max by (pod) (pg_settings_max_connections${exporter})`;
  // A role that has all of its own is refused as well, however many are left to others.
  const used = (part: number): string =>
    [
      `${connections} > ${part} * ${allowed}`,
      ...Object.entries(limits).map(
        ([role, limit]) => `sum by (pod) (pg_stat_activity_count${ofRole(role)}) > ${part} * ${limit}`,
      ),
    ].join(' or ');
  const oldest = (than: string): string =>
    ['datfrozenxid', 'datminmxid']
      .map((age) => `max(pg_database_wraparound_age_${age}_seconds${exporter}) > ${than}`)
      .join(' or ');
  return [
    {
      name: 'PostgresReplicaLags',
      // 0 where a replica has applied what it received, also when it receives nothing, or less than is written: so what
      // is on its way counts too.
      expression:
        `max by (pod) (pg_replication_lag_seconds${exporter}) > 60 or ` +
        `(scalar(max(patroni_xlog_location${patroni})) - max by (pod) (patroni_xlog_received_location${patroni}) > ` +
        `${256 * 1024 * 1024} and on (pod) max by (pod) (patroni_replica${patroni}) == 1)`,
      forMinutes: 5,
      severity: 'ticket',
      summary: `a replica of ${scope} is more than a minute or 256 MiB behind`,
      runbook: 'postgres-replica-lags',
    },
    {
      name: 'PostgresTooManyConnections',
      expression: used(0.8),
      forMinutes: 10,
      severity: 'ticket',
      summary: `${scope}, or a role of it, has used four fifths of its connections`,
      runbook: 'postgres-connections',
    },
    {
      name: 'PostgresConnectionsExhausted',
      // The exporter needs one too: when none is left, all that it says of connections is gone.
      expression:
        `${used(0.95)} or ` +
        `(max by (pod) (pg_up${exporter}) == 0 and on (pod) max by (pod) (patroni_postgres_running${patroni}) == 1)`,
      forMinutes: 2,
      severity: 'page',
      summary: `${scope}, or a role of it, gets hardly any new connections, or none`,
      runbook: 'postgres-connections',
    },
    {
      name: 'PostgresWraparoundNear',
      // Transactions, and locks that several share; whatever the names say.
      expression: oldest('1e9'),
      forMinutes: 60,
      severity: 'ticket',
      summary: `a database of ${scope} is past half of its transaction numbers: vacuum does not keep up`,
      runbook: 'postgres-wraparound',
    },
    {
      name: 'PostgresWraparoundImminent',
      // From here on, vacuum leaves out everything else.
      expression: oldest('1.6e9'),
      forMinutes: 0,
      severity: 'page',
      summary: `a database of ${scope} has a fifth of its transaction numbers left: without any, it takes no writes`,
      runbook: 'postgres-wraparound',
    },
  ];
}

function agentAlerts(settings: AlertSettings): readonly AlertProps[] {
  const { scope, members } = settings;
  const { agent, exporter } = selectors(settings);
  const fewer = (series: string): string => `(count(${series}) or vector(0)) < ${members}`;
  const copied = `postgres_standby_copied_anew_total${agent}`;
  return [
    {
      name: 'PostgresNotWatched',
      // Where a number is missing, what asks for it keeps quiet, and what had fired ends.
      expression: [
        fewer(`postgres_volume_available_bytes${agent}`),
        ...(settings.exporter ? [fewer(`pg_up${exporter}`)] : []),
      ].join(' or '),
      forMinutes: 15,
      severity: 'ticket',
      summary: `numbers of a member of ${scope} are missing: alerts that need them keep quiet`,
      runbook: 'postgres-not-watched',
    },
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
      name: 'PostgresChecksumFailures',
      // PostgreSQL counts from 0 again after a crash, which such a page may cause.
      expression: `max by (pod) (max_over_time(postgres_checksum_failures${agent}[1d])) > 0`,
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

function poolerAlerts(settings: AlertSettings): readonly AlertProps[] {
  const { scope, pooler } = settings;
  if (!pooler) return [];
  const available = `kube_deployment_status_replicas_available${selectors(settings).deployment(pooler.name)}`;
  const runbook = 'postgres-pooler';
  return [
    {
      name: 'PostgresPoolerDown',
      expression: `(min(${available}) or vector(0)) < 1`,
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
  const waits = `max by (database) (pgbouncer_pools_client_maxwait_seconds${pgbouncer})`;
  const used = `max by (pod) (pgbouncer_used_clients${pgbouncer})`;
  const allowed = `max by (pod) (pgbouncer_config_max_client_connections${pgbouncer})`;
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
      expression: `${waits} > 5`,
      forMinutes: 5,
      severity: 'ticket',
      summary: `clients of a pooler of ${scope} wait longer than 5 seconds for a connection, and are sent away after 30`,
    },
    {
      name: 'PostgresPoolerFull',
      expression: `${used} > 0.8 * ${allowed}`,
      forMinutes: 10,
      severity: 'ticket',
      summary: `a pooler of ${scope} has four fifths of the clients that it takes`,
    },
    {
      name: 'PostgresPoolerRefuses',
      expression: `${used} > 0.97 * ${allowed} or ${waits} > 25`,
      forMinutes: 1,
      severity: 'page',
      summary: `a pooler of ${scope} sends clients away: it has as many as it takes, or they wait for 30 seconds`,
    },
  ] as const;
}
