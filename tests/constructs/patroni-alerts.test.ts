import fs from 'node:fs';
import path from 'node:path';
import { Cron } from 'croner';
import type { AlertProps } from '../../constructs/core/alert.ts';
import { Schedule } from '../../constructs/core/schedule.ts';
import { PatroniCluster } from '../../constructs/patroni-cluster/index.ts';
import type { BackupProps, PatroniClusterProps } from '../../constructs/patroni-cluster/index.ts';
import { OffsiteCopy } from '../../constructs/stateful/index.ts';
import { root } from '../support/committed.ts';
import { cases, scenarios } from '../support/patroni-alert-scenarios.ts';
import type { Case, Values } from '../support/patroni-alert-scenarios.ts';
import { built } from '../support/constructs.ts';
import { testEnvironment } from '../support/harness.ts';
import { backups, clusterWith, minimal } from '../support/patroni-cluster.ts';
import { promtool, Rules } from '../support/promtool.ts';

const offsite = testEnvironment().objectStore('offsite');

const { image } = minimal;
const full: Partial<PatroniClusterProps> = { backups, exporter: image, pooler: { image, exporter: image } };
const alertsWith = (changes: Partial<PatroniClusterProps>): AlertProps[] =>
  clusterWith({ ...full, ...changes }).platform.alerts.map(({ props }) => props);
/** Of the job that copies the backups elsewhere. */
const copiesWith = (schedule = Schedule.utc('20 * * * *')): AlertProps[] =>
  built((scope) => {
    const { archive } = new PatroniCluster(scope, 'postgres', { ...minimal, backups });
    if (archive === false) throw new Error('it has no archive');
    const { bucket: source } = archive;
    return new OffsiteCopy(scope, 'copy', { source, folders: ['postgres'], store: offsite, image, schedule });
  })
    .platform.alerts.map(({ props }) => props)
    .filter(({ name }) => name === 'OffsiteCopyTooOld');
const own = alertsWith({});
const alerts = [...own, ...copiesWith()];
const names = (changes: Partial<PatroniClusterProps>): string[] => alertsWith(changes).map(({ name }) => name);

test('every alert has a series that fires it and one that keeps it quiet', () => {
  expect(Object.keys(scenarios).sort()).toEqual(alerts.map(({ name }) => name).sort());
});

describe('there is no alert', () => {
  test.each([
    ['on a standby where there is none', { members: 1 }, ['PostgresNotReplicated']],
    ['on a standby that nobody waits for', { synchronous: 'off' }, ['PostgresNotReplicated']],
    [
      'that only an exporter could feed, without one',
      { exporter: false },
      [
        'PostgresReplicaLags',
        'PostgresTooManyConnections',
        'PostgresConnectionsExhausted',
        'PostgresWraparoundNear',
        'PostgresWraparoundImminent',
      ],
    ],
    [
      'on restore tests without any',
      { backups: { ...backups, restoreTestSchedule: false } },
      ['PostgresRestoreTestFailed'],
    ],
    [
      'on a pooler where there is none',
      { pooler: false },
      [
        'PostgresPoolerDown',
        'PostgresPoolerSilent',
        'PostgresPoolerClientsWait',
        'PostgresPoolerFull',
        'PostgresPoolerRefuses',
      ],
    ],
    [
      "that only PgBouncer's exporter could feed, without one",
      { pooler: { image, exporter: false } },
      ['PostgresPoolerSilent', 'PostgresPoolerClientsWait', 'PostgresPoolerFull', 'PostgresPoolerRefuses'],
    ],
    [
      'on backups without any',
      { backups: false },
      [
        'PostgresRestoreTestFailed',
        'PostgresArchivingFails',
        'PostgresWalGivenUp',
        'PostgresBackupTooOld',
        'PostgresArchiveIncomplete',
        'PostgresArchiveNotVerified',
        'PostgresRetentionFails',
      ],
    ],
  ] as [string, Partial<PatroniClusterProps>, string[]][])('%s', (_, changes, gone) => {
    const left = names(changes);
    expect(own.map(({ name }) => name).filter((name) => !left.includes(name))).toEqual(gone);
  });
});

test('an alert of one generation is not that of another', () => {
  const [first, second] = [1, 2].map((number) => alertsWith({ generation: { number } }));
  expect(first?.filter(({ expression }) => second?.some((other) => other.expression === expression))).toEqual([]);
});

describe('how old something may become before there is an alert', () => {
  const shown = ({ expression, summary }: AlertProps): string => `${/[\d.]+$/.exec(expression)![0]}: ${summary}`;
  const of = (name: string, changes: Partial<BackupProps>): string => {
    return shown(alertsWith({ backups: { ...backups, ...changes } }).find((alert) => alert.name === name)!);
  };
  const weekly = Schedule.utc('0 2 * * 0');
  test.each([
    ['PostgresBackupTooOld', {}, '93600: the newest full backup of postgres is older than 26 hours'],
    [
      'PostgresBackupTooOld',
      { schedule: weekly },
      '612000: the newest full backup of postgres is older than 170 hours',
    ],
    ['PostgresRestoreTestFailed', {}, '691200: no backup of postgres was restored and read within 8 days'],
    [
      'PostgresRestoreTestFailed',
      { restoreTestSchedule: Schedule.utc('0 4 1 * *') },
      '2764800: no backup of postgres was restored and read within 32 days',
    ],
  ])('%s with %j follows from the schedule', (name, changes, threshold) => {
    expect(of(name, changes)).toBe(threshold);
  });

  test.each([
    ['20 * * * *', '10800: backups in test-backups were not copied to the second provider for 3 hours'],
    ['10 5,17 * * *', '50400: backups in test-backups were not copied to the second provider for 14 hours'],
  ])('copies by %s follow from the schedule', (schedule, threshold) => {
    expect(copiesWith(Schedule.utc(schedule)).map(shown)).toEqual([threshold]);
  });
});

describe('the numbers that alerts ask for', () => {
  /** Names in PromQL, without what stands in label values. */
  const asked = alerts.flatMap(
    ({ expression }) =>
      expression.replace(/"[^"]*"/g, '').match(/\b(patroni|pg|pgbouncer|kube|walg|postgres)_\w+/g) ?? [],
  );
  const of = (prefix: RegExp): string[] => [...new Set(asked)].filter((name) => prefix.test(name)).sort();

  test('are those of Patroni 4.1', () => {
    expect(of(/^patroni_/)).toEqual([
      'patroni_pending_restart',
      'patroni_postgres_running',
      'patroni_postgres_streaming',
      'patroni_postgres_timeline',
      'patroni_primary',
      'patroni_replica',
      'patroni_standby_leader',
      'patroni_sync_standby',
      'patroni_xlog_location',
      'patroni_xlog_received_location',
    ]);
  });

  test('are those of postgres_exporter 0.17.1, with the collector that is not on by default', () => {
    expect(of(/^pg_/)).toEqual([
      'pg_database_wraparound_age_datfrozenxid_seconds',
      'pg_database_wraparound_age_datminmxid_seconds',
      'pg_replication_lag_seconds',
      'pg_settings_max_connections',
      'pg_stat_activity_count',
      'pg_up',
    ]);
    const [, , exporter] = clusterWith(full).value.workload.props.containers;
    expect(exporter?.command).toContain('--collector.database_wraparound');
  });

  test('are those of pgbouncer_exporter 0.12.1', () => {
    expect(of(/^pgbouncer_/)).toEqual([
      'pgbouncer_config_max_client_connections',
      'pgbouncer_pools_client_maxwait_seconds',
      'pgbouncer_up',
      'pgbouncer_used_clients',
    ]);
  });

  test('are those of kube-state-metrics', () => {
    expect(of(/^kube_/)).toEqual([
      'kube_cronjob_created',
      'kube_cronjob_status_last_successful_time',
      'kube_deployment_status_replicas_available',
    ]);
  });

  test('are those of the agent', () => {
    const source = fs.readFileSync(path.join(root, 'constructs/patroni-cluster/files/agent/metrics.py'), 'utf8');
    expect(of(/^(walg|postgres)_/).filter((name) => !source.includes(`'${name}': `))).toEqual([]);
  });
});

(promtool === undefined ? describe.skip : describe)('promtool finds that', () => {
  const rules = new Rules(alerts);
  afterAll(() => {
    rules.remove();
  });

  function complaints({ alert: name, fires, step = 0.5, minutes, labels = {}, series: given }: Case): string {
    const values = (value: Values): string => (typeof value === 'number' ? `${value}+0x${minutes / step}` : value);
    const series = Object.fromEntries(Object.entries(given).map(([key, value]) => [key, values(value)]));
    return rules.complaints({ step, series, name, labels, fires: new Map([[minutes, fires]]) });
  }

  test('every expression is PromQL', () => {
    expect(rules.check()).toContain(`SUCCESS: ${alerts.length} rules found`);
  });

  test.each(Object.keys(scenarios))('%s fires', (name) => {
    const { fires: series, ...scenario } = scenarios[name]!;
    expect(complaints({ ...scenario, alert: name, fires: true, series })).toBe('');
  });

  test.each(Object.keys(scenarios))('%s keeps quiet', (name) => {
    const { quiet: series, ...scenario } = scenarios[name]!;
    expect(complaints({ ...scenario, alert: name, fires: false, series })).toBe('');
  });

  test.each(
    Object.entries(cases).map(([what, each]) => [each.alert, each.fires ? 'fires' : 'keeps quiet', what, each]),
  )('%s %s: %s', (...[, , , each]) => {
    expect(complaints(each)).toBe('');
  });

  const hour = 60;
  const day = 24 * hour;
  const backupsBy = (schedule: Schedule) => alertsWith({ backups: { ...backups, schedule } });
  const restoreTestsBy = (schedule: Schedule) => alertsWith({ backups: { ...backups, restoreTestSchedule: schedule } });
  const newest = 'walg_backup_newest_finish_timestamp_seconds{cluster="postgres",namespace="test",pod="postgres-1"}';
  const success = (name: string): string =>
    `kube_cronjob_status_last_successful_time{namespace="test",cronjob="${name}"}`;
  test.each([
    ['PostgresBackupTooOld', '0 2 * * *', backupsBy, newest, day + 2 * hour],
    ['PostgresBackupTooOld', '0 2 * * 1-5', backupsBy, newest, 3 * day + 2 * hour],
    ['PostgresRestoreTestFailed', '0 4 * * 0', restoreTestsBy, success('postgres-restore-test'), 8 * day],
    ['PostgresRestoreTestFailed', '0 4 1,15 * *', restoreTestsBy, success('postgres-restore-test'), 18 * day],
    ['OffsiteCopyTooOld', '20 * * * *', copiesWith, success('backups-offsite'), 3 * hour],
    ['OffsiteCopyTooOld', '20 5,17 * * *', copiesWith, success('backups-offsite'), 14 * hour],
  ])('%s keeps quiet while all is done by %s, and fires when one is missed', (name, text, by, metric, limit) => {
    const alert = by(Schedule.utc(text)).find((each) => each.name === name)!;
    const step = alert.forMinutes;
    const { times, longest } = doneBy(text);
    const last = longest[0];
    const done = times.filter((time) => time <= last);
    const end = last + limit + 3 * step;
    const fires = new Map([...[...done, longest[1], last + limit].map((time) => [time, false] as const), [end, true]]);
    const own = new Rules([alert]);
    expect(own.complaints({ name, step, series: { [metric]: newestAt(done, end, step) }, fires })).toBe('');
    own.remove();
  });
});

/** Minutes since 1970 in which it is done by a schedule, for a year, and between which two it takes longest. */
function doneBy(text: string): { readonly times: readonly number[]; readonly longest: readonly [number, number] } {
  const times = new Cron(text, { mode: '5-part', utcOffset: 0 })
    .nextRuns(400, new Date(0))
    .map((time) => time.getTime() / 60_000);
  const gaps = times.slice(1).map((time, index) => [times[index]!, time] as const);
  return { times, longest: gaps.reduce((a, b) => (b[1] - b[0] > a[1] - a[0] ? b : a)) };
}

/** A series of the seconds since 1970 at which it was last done. */
function newestAt(times: readonly number[], minutes: number, step: number): string {
  const samples = Array.from({ length: minutes / step + 1 }, (_, index) =>
    times.findLast((time) => time <= index * step),
  );
  return samples.map((time) => (time === undefined ? '_' : String(time * 60))).join(' ');
}
