import type { DashboardProps } from '../core/dashboard.ts';
import { selectors } from './alert-settings.ts';
import type { AlertSettings } from './alert-settings.ts';
import { tooOld } from './backup-alerts.ts';

/** Who leads, who follows and how much room there is, by the numbers of Patroni, the exporter and the agent. */
export function patroniDashboard(settings: AlertSettings): DashboardProps {
  const { scope, members } = settings;
  const { patroni, exporter, agent } = selectors(settings);
  const replica = `max by (pod) (patroni_replica${patroni}) == 1`;
  return {
    name: scope,
    title: `PostgreSQL: ${scope}`,
    description: 'Who leads, does the other one follow, and is there room?',
    rows: [
      {
        title: 'Members',
        now: [
          {
            title: 'Leaders',
            description: 'One.',
            unit: 'count',
            bad: { below: 1 },
            queries: { leaders: `sum(patroni_primary${patroni} + patroni_standby_leader${patroni})` },
          },
          {
            title: 'Members that run',
            description: `All ${members}.`,
            unit: 'count',
            bad: { below: members },
            queries: { members: `sum(patroni_postgres_running${patroni})` },
          },
          ...(settings.backups
            ? [
                {
                  title: 'Since the newest full backup',
                  description: 'As its schedule makes them, and not more than a late one.',
                  unit: 's' as const,
                  bad: { from: tooOld(settings.backups).seconds },
                  queries: { age: `time() - max(walg_backup_newest_finish_timestamp_seconds${agent})` },
                },
              ]
            : []),
          {
            title: 'Disk that is left',
            description: 'Of the volume of the member with least.',
            unit: 'percentunit',
            bad: { below: 0.1 },
            queries: { least: `min(postgres_volume_available_bytes${agent} / postgres_volume_size_bytes${agent})` },
          },
        ],
        curves: [
          {
            title: 'Who leads',
            description: 'The member that answers writes.',
            unit: 'count',
            words: { 0: 'no', 1: 'yes' },
            queries: { '{{pod}}': `max by (pod) (patroni_primary${patroni} + patroni_standby_leader${patroni})` },
          },
          {
            title: 'What a replica has not received',
            description: 'Bytes of WAL.',
            unit: 'bytes',
            queries: {
              '{{pod}}': `scalar(max(patroni_xlog_location${patroni})) - max by (pod) (patroni_xlog_received_location${patroni}) and on (pod) ${replica}`,
            },
          },
          ...(settings.exporter
            ? [
                {
                  title: 'Connections',
                  description: 'By member, and what it takes.',
                  unit: 'count' as const,
                  queries: {
                    '{{pod}}': `sum by (pod) (pg_stat_activity_count${exporter})`,
                    most: `min(pg_settings_max_connections${exporter})`,
                  },
                },
                {
                  title: 'Behind',
                  description: 'What a replica has received and not applied.',
                  unit: 's' as const,
                  bad: { from: 60 },
                  queries: { '{{pod}}': `max by (pod) (pg_replication_lag_seconds${exporter})` },
                },
              ]
            : []),
        ],
      },
    ],
  };
}
