import { Duration } from 'cdk8s';
import type { AlertProps } from '../core/alert.ts';
import type { ObjectiveProps } from '../core/objective.ts';
import type { Schedule } from '../core/schedule.ts';
import { backupAge, overdueAfter } from '../stateful/index.ts';
import { selectors } from './alert-settings.ts';
import type { AlertSettings } from './alert-settings.ts';

/** What a backup that is late, or that failed once, may take beyond its schedule's longest gap. */
const lateBackup = Duration.hours(2);

/** From when on the newest full backup is too old. */
export const tooOld = (schedule: Schedule): ReturnType<typeof overdueAfter> => overdueAfter(schedule, lateBackup);

/** How old the newest full backup is, as the agents know it. */
export function backupObjective(settings: AlertSettings, schedule: Schedule): ObjectiveProps {
  const { agent } = selectors(settings);
  const age = `time() - max(walg_backup_newest_finish_timestamp_seconds${agent})`;
  return backupAge(settings.scope, age, tooOld(schedule));
}

/** What the agents know of full backups, and of the WAL between them. */
export function backupAlerts(settings: AlertSettings, schedule: Schedule): readonly AlertProps[] {
  const { scope } = settings;
  const { seconds, inWords } = tooOld(schedule);
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
    {
      name: 'PostgresArchiveNotVerified',
      // Where nobody looks, nothing is missing.
      expression: `(count(walg_wal_verify_status${agent}) or vector(0)) < 1`,
      forMinutes: 180,
      severity: 'ticket',
      summary: `nobody can tell whether WAL is missing in the archive of ${scope}`,
      runbook: 'postgres-archive-incomplete',
    },
    {
      name: 'PostgresRetentionFails',
      // Twice, by its schedule.
      expression: `max(walg_retention_last_result${agent}) == 0`,
      forMinutes: seconds / 60,
      severity: 'ticket',
      summary: `old backups of ${scope} are not deleted, and the archive grows`,
      runbook: 'postgres-backup',
    },
  ];
}
