import { jobName } from '../../../constructs/observability-stack/index.ts';
import { killMain } from '../../cluster/faults.ts';
import type { Prometheus, Rule, Sample, Target } from '../../components/observability/prometheus.ts';
import { seconds } from '../../instruments/figures.ts';
import { waitFor } from '../../machine/wait-for.ts';
import type { DrillCheck, Round } from '../../results/index.ts';
import type { PlatformGround } from '../ground.ts';

const notYet = {
  job: 'no job by schedule has had its time yet',
  ended: 'no container has ended yet',
  happened: 'a member tells it from when it has happened',
  matched: 'the firewall tells it from the first request that it refuses, or would refuse',
  refused: 'Loki tells it from the first line that it refuses, cuts or removes',
} as const;
const standIn = 'cert-manager is a stand-in here, which tells no numbers';
/** What stands in for Alloy has other names of the same numbers. */
export const agentStandIn = 'Promtail stands in for Alloy here, and its numbers have other names';

/** Names that alerts ask for and nobody tells while nothing is wrong, or not here; each with the reason. */
export const untold: Readonly<Record<string, string>> = {
  certmanager_certificate_expiration_timestamp_seconds: standIn,
  certmanager_certificate_ready_status: standIn,
  certmanager_certificate_renewal_timestamp_seconds: standIn,
  kube_cronjob_status_last_schedule_time: notYet.job,
  kube_cronjob_status_last_successful_time: notYet.job,
  kube_pod_container_status_last_terminated_reason: notYet.ended,
  kube_pod_container_status_waiting_reason: notYet.ended,
  loki_boltdb_shipper_retention_sweeper_chunk_deleted_duration_seconds_count: notYet.refused,
  loki_discarded_samples_total: notYet.refused,
  loki_mutated_samples_total: notYet.refused,
  loki_write_batch_retries_total: agentStandIn,
  loki_write_dropped_entries_total: agentStandIn,
  loki_write_sent_entries_total: agentStandIn,
  postgres_standby_copied_anew_total: notYet.happened,
  postgres_wal_given_up_timestamp_seconds: notYet.happened,
  waf_requests_total: notYet.matched,
  waf_rule_matches_total: notYet.matched,
  walg_retention_last_result: notYet.happened,
};

/** Targets that can't be up here. */
const untoldTargets: Readonly<Record<string, string>> = { 'cert-manager': standIn };

/** What Prometheus reads of whom, and what its rules ask for. */
export async function numbers({ platform, report, signal }: PlatformGround, prometheus: Prometheus): Promise<Round> {
  const isUp = ({ health }: Target): boolean => health === 'up';
  let targets: readonly Target[] = [];
  await waitFor('every target to have been read', { atMost: 120, every: 2000, signal }, async () => {
    targets = await prometheus.targets();
    return targets.length > 0 && targets.every(({ health }) => health !== 'unknown');
  });
  // What is asked for by names of the world has answered by then as well.
  await waitFor('public paths to answer', { atMost: 120, every: 2000, signal }, async () => {
    const answers = await prometheus.query('probe_success');
    return answers.length > 0 && answers.every(({ value }) => value?.[1] === '1');
  });
  const jobs = new Set(targets.map(({ scrapePool }) => scrapePool));
  const declared = platform.scrapes.map(({ endpoint }) => jobName(endpoint.name));
  const down = targets.filter((each) => !isUp(each) && untoldTargets[each.scrapePool] === undefined);
  const rules = await prometheus.rules();
  const looked = new Set(rules.map(({ name }) => name));
  const declaredAlerts = [...platform.alerts, ...platform.objectives].map(({ props }) =>
    'alert' in props ? props.alert : props.name,
  );
  const asked = new Set<string>();
  for (const { query } of rules) for (const name of await prometheus.namesIn(query)) asked.add(name);
  let missing: readonly string[] = [];
  // What a rule makes of another rule's number, it makes a look later.
  await waitFor('every name that rules ask for', { atMost: 180, every: 10_000, signal }, async () => {
    const known = new Set(await prometheus.names());
    missing = [...asked].filter((name) => !known.has(name)).sort();
    return missing.every((name) => untold[name] !== undefined);
  }).catch((error: unknown) => report(String(error)));
  report(`numbers: ${targets.length} targets of ${jobs.size} jobs; alerts ask for ${asked.size} names`);
  for (const name of missing) report(`  not told: ${name}${untold[name] === undefined ? '' : `: ${untold[name]}`}`);
  return {
    figures: {
      targets: targets.length,
      jobs: jobs.size,
      names: asked.size,
      series: await prometheus.number('sum(prometheus_tsdb_head_series)'),
      'memory of Prometheus': await megabytesOf(prometheus, 'container="prometheus"'),
      'memory of all that watches': await megabytesOf(prometheus, 'namespace="observability", container!=""'),
    },
    units: {
      targets: 'targets',
      jobs: 'jobs',
      names: 'names',
      series: 'series',
      'memory of Prometheus': 'MB',
      'memory of all that watches': 'MB',
    },
    checks: [
      {
        what: 'targets that are not up',
        expected: 'none',
        got: listOf(down.map(downAs)),
      },
      { what: 'scrapes without a target', expected: 'none', got: listOf(declared.filter((name) => !jobs.has(name))) },
      {
        what: 'alerts that nobody looks at',
        expected: 'none',
        got: listOf(declaredAlerts.filter((name) => !looked.has(name))),
      },
      { what: 'rules that fail', expected: 'none', got: listOf(rules.filter(isBroken).map(({ name }) => name)) },
      {
        what: 'names that alerts ask for and nobody tells, without a reason',
        expected: 'none',
        got: listOf(missing.filter((name) => untold[name] === undefined)),
      },
      ...(await loaded(prometheus)),
    ],
  };
}

const downAs = ({ scrapePool, labels, lastError }: Target): string =>
  `${scrapePool} ${labels.instance ?? ''} (${lastError})`;
const isBroken = ({ health }: Rule): boolean => health !== 'ok';
const listOf = (names: readonly string[]): string => names.join(', ') || 'none';

/** Whether each program took its configuration, in its own words. */
async function loaded(prometheus: Prometheus): Promise<DrillCheck[]> {
  const checks: DrillCheck[] = [];
  for (const program of ['prometheus', 'alertmanager']) {
    const got = await prometheus.query(`min(${program}_config_last_reload_successful)`);
    checks.push({ what: `${program} took its configuration`, expected: '1', got: got[0]?.value?.[1] ?? 'not told' });
  }
  return checks;
}

async function megabytesOf(prometheus: Prometheus, which: string): Promise<number> {
  const bytes = await prometheus.number(`sum(container_memory_working_set_bytes{${which}})`);
  return Math.round(bytes / 1e5) / 10;
}

/** Kills Prometheus while it writes, and asks for what it had. */
export async function killed({ cluster, report, signal }: PlatformGround, prometheus: Prometheus): Promise<Round> {
  const own = 'up{job="prometheus"}';
  const before = await momentsOf(prometheus, own);
  const start = performance.now();
  const pod = await prometheus.pod();
  await killMain(cluster, pod);
  await waitFor('Prometheus to be seen as killed', { atMost: 30, every: 200, signal }, async () => {
    const { status } = await prometheus.pod();
    return restarts(status) > restarts(pod.status);
  });
  const ready = seconds(performance.now() - start);
  // One more look at itself: the gap is then between two of its own.
  let after: readonly number[] = [];
  await waitFor('Prometheus to read again', { atMost: 120, every: 2000, signal }, async () => {
    after = await momentsOf(prometheus, own);
    return (after.at(-1) ?? 0) > (before.at(-1) ?? 0);
  });
  const { gap, lost, kept } = survived(before, after);
  report(`killed: ready after ${ready} s, a gap of ${gap.toFixed(1)} s`);
  return {
    figures: { 'ready after kill -9': ready, 'longest gap of numbers': Math.round(gap * 10) / 10 },
    units: { 'ready after kill -9': 's', 'longest gap of numbers': 's' },
    checks: [
      { what: 'numbers from before the kill that are gone', expected: '0 of them', got: `${lost} of them` },
      { what: 'numbers from before the kill', expected: 'there', got: kept > 0 ? 'there' : 'gone' },
    ],
  };
}

/** Of moments before, how many are there still, and how many are not; but for those that are too old to be asked for by now. */
export function survived(
  before: readonly number[],
  after: readonly number[],
): { readonly gap: number; readonly kept: number; readonly lost: number } {
  const asked = before.filter((moment) => moment >= (after[0] ?? Infinity));
  const kept = asked.filter((moment) => after.includes(moment)).length;
  const gap = Math.max(...after.map((moment, index) => moment - (after[index - 1] ?? moment)));
  return { gap, kept, lost: asked.length - kept };
}

/** Moments of a series within the last ten minutes. */
async function momentsOf(prometheus: Prometheus, series: string): Promise<readonly number[]> {
  const found: readonly Sample[] = await prometheus.query(`${series}[10m]`);
  return (found[0]?.values ?? []).map(([moment]) => moment);
}

function restarts({ containerStatuses }: Awaited<ReturnType<Prometheus['pod']>>['status']): number {
  return containerStatuses?.[0]?.restartCount ?? 0;
}
