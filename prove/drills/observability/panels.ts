import { setTimeout as delay } from 'node:timers/promises';
import type { DashboardProps, PanelProps } from '../../../constructs/core/dashboard.ts';
import { Refused } from '../../components/observability/prometheus.ts';
import type { Prometheus, Sample } from '../../components/observability/prometheus.ts';
import type { Round } from '../../results/index.ts';
import type { PlatformGround } from '../ground.ts';
import { untold } from './numbers.ts';

/** One query of one panel. */
export interface PanelQuery {
  /** Such as `nodes: Network: {{node}} in`. */
  readonly where: string;
  readonly expression: string;
  /** A figure is one number; curves are as many as there are lines. */
  readonly kind: 'figure' | 'curves';
  /** Whether nothing is an answer too. */
  readonly mayBeEmpty: boolean;
}

/** What came of queries: how many show something, which show nothing and why that is well, and which are wrong. */
export interface Shown {
  readonly shown: number;
  readonly excused: readonly (readonly [where: string, reason: string])[];
  readonly wrong: readonly string[];
}

type Asks = Pick<Prometheus, 'query' | 'range' | 'names' | 'namesIn'>;

/** Of curves: no more than a platform is there when it is asked. */
const minutes = 10;

/** Every query of every panel, as Grafana asks it. */
export function panelQueries(dashboards: readonly DashboardProps[], scrapeSeconds: number): readonly PanelQuery[] {
  // Over four looks, as Grafana has it at the least.
  const interval = `${4 * scrapeSeconds}s`;
  const of = (board: string, kind: PanelQuery['kind'], panels: readonly PanelProps[]): PanelQuery[] =>
    panels.flatMap(({ title, queries, empty }) =>
      Object.entries(queries).map(([legend, expression]) => ({
        where: `${board}: ${title}: ${legend}`,
        expression: expression.replaceAll('$__rate_interval', interval),
        kind,
        mayBeEmpty: empty !== undefined,
      })),
    );
  return dashboards.flatMap(({ name, rows }) =>
    rows.flatMap(({ now = [], curves = [] }) => [...of(name, 'figure', now), ...of(name, 'curves', curves)]),
  );
}

/** Asks until all show what they have to, or for that many seconds. */
export async function showAll(
  prometheus: Asks,
  queries: readonly PanelQuery[],
  { atMost, signal }: { readonly atMost: number; readonly signal?: AbortSignal | undefined },
): Promise<Shown> {
  const end = performance.now() + atMost * 1000;
  let shown = 0;
  let left = queries;
  for (;;) {
    const excused: (readonly [string, string])[] = [];
    const wrong: string[] = [];
    const empty: PanelQuery[] = [];
    for (const query of left) {
      const word = await show(prometheus, query);
      if (word === 'shown') {
        shown += 1;
        continue;
      }
      empty.push(query);
      const reason = word === 'nothing' ? await reasonFor(prometheus, query) : undefined;
      if (reason === undefined) wrong.push(`${query.where} (${word})`);
      else excused.push([query.where, reason]);
    }
    if (wrong.length === 0 || performance.now() > end) return { shown, excused, wrong };
    left = empty;
    await delay(5000, undefined, { signal });
  }
}

/** @returns `shown`, `nothing`, or what is wrong */
async function show(prometheus: Asks, { expression, kind }: PanelQuery): Promise<string> {
  let answers: readonly Sample[];
  try {
    answers = kind === 'figure' ? await prometheus.query(expression) : await prometheus.range(expression, minutes);
  } catch (error) {
    if (error instanceof Refused) return error.message;
    throw error;
  }
  if (kind === 'figure' && answers.length > 1) return `${answers.length} numbers for one figure`;
  // What is divided by nothing is no number.
  const isShown = ({ value, values = value ? [value] : [] }: Sample): boolean =>
    values.some(([, number]) => !Number.isNaN(Number(number)));
  return answers.some(isShown) ? 'shown' : 'nothing';
}

async function reasonFor(prometheus: Asks, { expression, mayBeEmpty }: PanelQuery): Promise<string | undefined> {
  if (mayBeEmpty) return 'there is nothing of it, which is well';
  const known = new Set(await prometheus.names());
  const missing = (await prometheus.namesIn(expression)).filter((name) => !known.has(name));
  return missing.map((name) => untold[name]).find((reason) => reason !== undefined);
}

/** Whether each panel of each dashboard has something to show. */
export async function panels({ platform, report, signal }: PlatformGround, prometheus: Prometheus): Promise<Round> {
  const dashboards = platform.dashboards.map(({ props }) => props);
  const queries = panelQueries(dashboards, prometheus.stack.numbers.scrapeSeconds);
  const { shown, excused, wrong } = await showAll(prometheus, queries, { atMost: 180, signal });
  report(`panels: ${shown} of ${queries.length} queries of ${dashboards.length} dashboards show something`);
  for (const [where, reason] of excused) report(`  nothing: ${where}: ${reason}`);
  return {
    figures: { dashboards: dashboards.length, 'queries of panels': queries.length, 'that show something': shown },
    units: { dashboards: 'dashboards', 'queries of panels': 'queries', 'that show something': 'queries' },
    checks: [
      {
        what: 'queries of panels that fail, or that show nothing without a reason',
        expected: 'none',
        got: wrong.join(', ') || 'none',
      },
    ],
    table: { columns: ['what shows nothing', 'why'], rows: excused.map(([where, reason]) => [where, reason]) },
  };
}
