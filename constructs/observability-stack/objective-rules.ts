import { dump } from 'js-yaml';
import { applicationOf } from '../core/application-chart.ts';
import { InputError } from '../core/error.ts';
import type { Objective } from '../core/objective.ts';

/** Over which a budget is kept. */
export const periodDays = 30;

/** Two windows that both have to burn: the long one says that it matters, the short one that it goes on. */
interface Pair {
  readonly short: string;
  readonly long: string;
  /** Percent of the budget that is gone when the long one has burnt that fast. */
  readonly percent: number;
  readonly longHours: number;
}

/** @see https://sre.google/workbook/alerting-on-slos/ and Sloth 0.16, internal/alert */
const pairs = {
  page: [
    { short: '5m', long: '1h', percent: 2, longHours: 1 },
    { short: '30m', long: '6h', percent: 5, longHours: 6 },
  ],
  ticket: [
    { short: '2h', long: '1d', percent: 10, longHours: 24 },
    { short: '6h', long: '3d', percent: 10, longHours: 72 },
  ],
} as const satisfies Readonly<Record<string, readonly [Pair, Pair]>>;

type Severity = keyof typeof pairs;

const windows = ['5m', '30m', '1h', '2h', '6h', '1d', '3d'];
const period = `${periodDays}d`;

/** Whose rules these are, to the byte: `sloth generate` of that version makes the same of the specifications. */
const sloth = { sloth_mode: 'cli-gen-prom', sloth_spec: 'prometheus/v1', sloth_version: 'v0.16.0' } as const;

type Labels = Readonly<Record<string, string>>;

const recorded = (window: string): string => `slo:sli_error:ratio_rate${window}`;

/** What Prometheus looks at, in the shape of Sloth: a file for each service. @param runbooks where their pages are */
export function objectiveFiles(objectives: readonly Objective[], runbooks: string): Readonly<Record<string, string>> {
  return byService(objectives, (own) => ({ groups: own.flatMap((objective) => groups(objective, runbooks)) }));
}

/** The same as specifications that Sloth reads. */
export function specificationFiles(
  objectives: readonly Objective[],
  runbooks: string,
): Readonly<Record<string, string>> {
  return byService(objectives, (own, service) => ({
    version: sloth.sloth_spec,
    service,
    slos: own.map((objective) => {
      const { name, percent, description, alert, pages } = objective.props;
      return {
        name,
        objective: percent,
        description,
        sli: { events: { error_query: objective.props.bad, total_query: totalQuery(objective) } },
        alerting: {
          name: alert,
          labels: { component: applicationOf(objective).application },
          annotations: annotations(objective, runbooks),
          page_alert: pages ? { labels: { severity: 'page' } } : { disable: true },
          ticket_alert: { labels: { severity: 'ticket' } },
        },
      };
    }),
  }));
}

/** @throws InputError for two of one id: their numbers would be each other's */
export function checkObjectives(objectives: readonly Objective[], retentionDays: number): void {
  const ids = objectives.map(({ id }) => id);
  const findings = ids
    .filter((id, index) => ids.indexOf(id) < index)
    .map((id) => ({
      where: `objective ${id}`,
      what: 'there are two of it, and nobody could tell whose budget is whose',
      allowed: 'each service and name once',
      remedy: 'change it where one of them is made',
    }));
  if (objectives.length > 0 && retentionDays < periodDays) {
    findings.push({
      where: 'ObservabilityStack',
      what: `retentionDays: ${retentionDays}, while ${ids.length} objectives have a budget over ${periodDays} days`,
      allowed: `${periodDays} or more: with less, a budget would forget what was used of it`,
      remedy: 'raise retentionDays',
    });
  }
  if (findings.length > 0) throw new InputError(findings);
}

function byService(
  objectives: readonly Objective[],
  content: (own: readonly Objective[], service: string) => object,
): Readonly<Record<string, string>> {
  const services = [...new Set(objectives.map(({ props }) => props.service))].sort();
  return Object.fromEntries(
    services.map((service) => {
      const own = objectives.filter(({ props }) => props.service === service).sort((a, b) => (a.id < b.id ? -1 : 1));
      return [`objectives-of-${service}.yaml`, dump(content(own, service), { lineWidth: -1, noRefs: true })];
    }),
  );
}

/** With few events the ratio is that of more good ones: their own would be high for one bad event. */
function totalQuery({ props: { all, leastEvents } }: Objective): string {
  return `clamp_min(${all}, ${leastEvents})`;
}

function groups(objective: Objective, runbooks: string): readonly object[] {
  const group = (what: string, rules: readonly object[]) => ({ name: `sloth-slo-${what}-${objective.id}`, rules });
  return [
    group('sli-recordings', indicatorRules(objective)),
    group('meta-recordings', budgetRules(objective)),
    group('alerts', alertRules(objective, runbooks)),
  ];
}

function labelsOf({ id, props: { service, name } }: Objective): Labels {
  return { sloth_id: id, sloth_service: service, sloth_slo: name };
}

function filterOf(objective: Objective): string {
  const labels = Object.entries(labelsOf(objective)).map(([key, value]) => `${key}="${value}"`);
  return `{${labels.join(', ')}}`;
}

/** The share of bad events in each window. */
function indicatorRules(objective: Objective): readonly object[] {
  const rule = (window: string, expr: string) => ({
    record: recorded(window),
    expr,
    labels: sorted({ ...labelsOf(objective), sloth_window: window }),
  });
  const ratio = `(${objective.props.bad})\n/\n(${totalQuery(objective)})\n`;
  const shortest = `${recorded('5m')}${filterOf(objective)}[${period}]`;
  return [
    ...windows.map((window) => rule(window, ratio.replaceAll('{{.window}}', window))),
    rule(period, `sum_over_time(${shortest})\n/ ignoring (sloth_window)\ncount_over_time(${shortest})\n`),
  ];
}

/** What is allowed, and how much of it is left. */
function budgetRules(objective: Objective): readonly object[] {
  const labels = labelsOf(objective);
  const filter = filterOf(objective);
  const { percent } = objective.props;
  const burn = (window: string): string =>
    `${recorded(window)}${filter}\n/ on(sloth_id, sloth_slo, sloth_service) group_left\nslo:error_budget:ratio${filter}\n`;
  const rule = (record: string, expr: string, more: Labels = {}) => ({
    record,
    expr,
    labels: sorted({ ...labels, ...more }),
  });
  return [
    rule('slo:objective:ratio', `vector(${percent / 100})`),
    rule('slo:error_budget:ratio', `vector(1-${percent / 100})`),
    rule('slo:time_period:days', `vector(${periodDays})`),
    rule('slo:current_burn_rate:ratio', burn('5m')),
    rule('slo:period_burn_rate:ratio', burn(period)),
    rule('slo:period_error_budget_remaining:ratio', `1 - slo:period_burn_rate:ratio${filter}`),
    rule('sloth_slo_info', 'vector(1)', { ...sloth, sloth_objective: String(percent) }),
  ];
}

function alertRules(objective: Objective, runbooks: string): readonly object[] {
  const { alert, pages } = objective.props;
  const severities: readonly Severity[] = pages ? ['page', 'ticket'] : ['ticket'];
  return severities.map((severity) => ({
    alert,
    expr: burning(objective, severity),
    labels: { component: applicationOf(objective).application, severity, sloth_severity: severity },
    annotations: sorted({
      ...annotations(objective, runbooks),
      title: `(${severity}) {{$labels.sloth_service}} {{$labels.sloth_slo}} SLO error budget burn rate is too fast.`,
    }),
  }));
}

/** Not a difference of decimals as people write it: Sloth's arithmetic, which is JavaScript's too. */
function burning(objective: Objective, severity: Severity): string {
  const budget = (100 - objective.props.percent) / 100;
  const filter = filterOf(objective);
  const over = (window: string, factor: number): string =>
    `    max(${recorded(window)}${filter} > (${factor} * ${budget})) without (sloth_window)`;
  return pairs[severity]
    .map(({ short, long, percent, longHours }) => {
      const factor = (percent * periodDays * 24) / 100 / longHours;
      return `(\n${over(short, factor)}\n    and\n${over(long, factor)}\n)\n`;
    })
    .join('or\n');
}

function annotations({ props: { runbook, service, name, percent } }: Objective, runbooks: string): Labels {
  return {
    runbook: `${runbooks}/${runbook}.md`,
    summary: `${service}: the budget of its ${name} (${percent} % of ${periodDays} days) is used up too fast`,
  };
}

function sorted(labels: Labels): Labels {
  return Object.fromEntries(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
}
