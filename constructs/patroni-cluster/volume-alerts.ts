import type { AlertProps } from '../core/alert.ts';
import { selectors } from './alert-settings.ts';
import type { AlertSettings } from './alert-settings.ts';

const day = 24 * 3600;

/** What fills a volume, and what is given up before it is full. All of it is the agent's: it lives while PostgreSQL can't. */
export function volumeAlerts(settings: AlertSettings): readonly AlertProps[] {
  const { scope } = settings;
  const { agent } = selectors(settings);
  const available = `postgres_volume_available_bytes${agent}`;
  const free = `min by (pod) (${available} / postgres_volume_size_bytes${agent})`;
  return [
    {
      name: 'PostgresVolumeNearlyFull',
      // A level: a trend says nothing of what is full, nor of what fills within minutes, or within months.
      expression: `${free} < 0.1 or min by (pod) (postgres_volume_reserve_bytes${agent}) == 0`,
      forMinutes: 1,
      severity: 'page',
      summary: `a volume of ${scope} has less than a tenth left, or not even its reserve: a full one stops PostgreSQL`,
      runbook: 'postgres-volume',
    },
    {
      name: 'PostgresVolumeFillsUp',
      expression: `min by (pod) (predict_linear(${available}[6h], ${4 * day})) < 0 or ${free} < 0.2`,
      forMinutes: 60,
      severity: 'ticket',
      summary: `a volume of ${scope} is full in four days if it goes on like this, or has less than a fifth left`,
      runbook: 'postgres-volume',
    },
    ...(settings.backups ? archiveAlerts(settings) : []),
  ];
}

function archiveAlerts(settings: AlertSettings): readonly AlertProps[] {
  const { scope } = settings;
  const { agent } = selectors(settings);
  return [
    {
      name: 'PostgresArchivingFails',
      // Not by attempts: one that hangs doesn't fail, and a slow archive falls behind with nothing but successes.
      expression: `max by (pod) (postgres_wal_waiting_seconds${agent}) > 300`,
      forMinutes: 5,
      severity: 'page',
      summary: `WAL of ${scope} does not reach the archive: the recovery point falls behind, and the volume fills`,
      runbook: 'postgres-archiving',
    },
    {
      name: 'PostgresWalGivenUp',
      expression:
        `max(postgres_wal_given_up_timestamp_seconds${agent}) > ` +
        `(max(walg_backup_newest_start_timestamp_seconds${agent}) or vector(0))`,
      forMinutes: 0,
      severity: 'page',
      summary: `${scope} gave up WAL that the archive did not take: nothing since can be recovered until a full backup`,
      runbook: 'postgres-archiving',
    },
  ];
}
