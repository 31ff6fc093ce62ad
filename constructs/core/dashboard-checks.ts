import { bracketProblem } from './brackets.ts';
import { units } from './dashboard.ts';
import type { DashboardProps, PanelProps, RowProps } from './dashboard.ts';
import { InputError } from './error.ts';
import type { Finding } from './error.ts';
import { optionProblems } from './option-names.ts';
import type { OptionNames } from './option-names.ts';

/** Characters that are shown on a screen of 1366 pixels; figures are a quarter as wide as it, curves a half. */
const titleLengths = { now: 36, curves: 72 } as const;
const mostFigures = 4;

/** What Grafana itself puts in the place of a name. */
const ownVariables = ['__rate_interval', '__range'];

const dashboardNames: OptionNames<DashboardProps> = {
  name: 'required',
  title: 'required',
  description: 'required',
  rows: 'required',
  lines: true,
  traces: true,
};

const rowNames: OptionNames<RowProps> = { title: 'required', now: true, curves: true };

const panelNames: OptionNames<PanelProps> = {
  title: 'required',
  description: 'required',
  queries: 'required',
  unit: 'required',
  bad: true,
  words: true,
  many: true,
  empty: true,
};

/** @throws InputError with everything of a dashboard that nobody could read */
export function checkDashboard(props: DashboardProps): void {
  const misspelt = optionFindings(props);
  if (misspelt.length > 0) throw new InputError(misspelt);
  const findings = [
    ...nameFindings(props),
    ...rowFindings(props),
    ...titleFindings(props),
    ...linesFindings(props),
    ...tracesFindings(props),
  ];
  if (findings.length > 0) throw new InputError(findings);
}

/** Types are not looked at where a program runs: a number would lose its unit, or never be red, without a word. */
function optionFindings(props: DashboardProps): Finding[] {
  const where = `dashboard ${props.name}`;
  const problems = optionProblems('it', props, dashboardNames);
  if (problems.length > 0) return problems.map((problem) => ({ where, ...problem }));
  return lists(where, { rows: props.rows }).concat(
    asList(props.rows).flatMap((row) => {
      const ofRow = optionProblems('it', row, rowNames).map((problem) => ({
        where: `${where}: row ${row.title}`,
        ...problem,
      }));
      const { now = [], curves = [] } = row;
      return [
        ...ofRow,
        ...lists(`${where}: row ${row.title}`, { now, curves }),
        ...[...asList(now), ...asList(curves)].flatMap((panel) =>
          panelOptionFindings(`${where}: panel ${panel.title}`, panel),
        ),
      ];
    }),
  );
}

function asList<T>(value: readonly T[]): readonly T[] {
  return Array.isArray(value) ? (value as readonly T[]) : [];
}

function lists(where: string, values: Readonly<Record<string, unknown>>): Finding[] {
  return Object.entries(values)
    .filter(([, value]) => !Array.isArray(value))
    .map(([name]) => ({ where, what: `${name} is no list`, allowed: '[...]', remedy: 'write one' }));
}

function panelOptionFindings(where: string, panel: PanelProps): Finding[] {
  const problems = optionProblems('it', panel, panelNames).map((problem) => ({ where, ...problem }));
  if (problems.length > 0) return problems;
  const { unit, bad, queries } = panel;
  const bounds = Object(bad) as Record<string, unknown>;
  const remedy = 'change it where the dashboard is made';
  const wrong: readonly (readonly [boolean, string, string])[] = [
    [!units.includes(unit), `its unit is ${JSON.stringify(unit)}`, units.join(', ')],
    [
      bad !== undefined && !(Object.keys(bounds).length === 1 && typeof (bounds.from ?? bounds.below) === 'number'),
      `it is bad at ${JSON.stringify(bad)}`,
      '{ from: NUMBER } or { below: NUMBER }',
    ],
    [
      Object(queries) !== queries || Array.isArray(queries),
      `its queries are ${JSON.stringify(queries)}`,
      "PromQL by what its line is called, such as { orders: 'sum(rate(orders_total[5m]))' }",
    ],
  ];
  return wrong.filter(([isWrong]) => isWrong).map(([, what, allowed]) => ({ where, what, allowed, remedy }));
}

function nameFindings({ name }: DashboardProps): Finding[] {
  if (/^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/.test(name)) return [];
  return [
    {
      where: `dashboard ${name}`,
      what: 'its name is no address',
      allowed: 'at most 40 lower-case letters, digits and hyphens',
      remedy: 'change it where the dashboard is made',
    },
  ];
}

function rowFindings({ name, rows }: DashboardProps): Finding[] {
  const findings = rows.flatMap(({ title, now = [], curves = [] }): Finding[] => {
    const where = `dashboard ${name}: row ${title}`;
    return [
      ...(now.length + curves.length > 0
        ? []
        : [{ where, what: 'nothing is in it', allowed: 'a panel or more', remedy: 'give it one, or leave it out' }]),
      ...(now.length <= mostFigures
        ? []
        : [
            {
              where,
              what: `${now.length} figures are no line any more`,
              allowed: `${mostFigures} at most`,
              remedy: 'make another row of some',
            },
          ]),
      ...now.flatMap((panel) => panelFindings(name, 'now', panel)),
      ...curves.flatMap((panel) => panelFindings(name, 'curves', panel)),
    ];
  });
  if (rows.length > 0) return findings;
  const where = `dashboard ${name}`;
  return [{ where, what: 'nothing is on it', allowed: 'a row or more', remedy: 'give it one, or leave it out' }];
}

function panelFindings(dashboard: string, kind: keyof typeof titleLengths, panel: PanelProps): Finding[] {
  const { title, queries } = panel;
  const where = `dashboard ${dashboard}: panel ${title}`;
  const expressions = Object.values(queries);
  const most = titleLengths[kind];
  const unknown = expressions.flatMap(variablesIn).filter((name) => !ownVariables.includes(name));
  return [
    ...(title.length > 0 && title.length <= most
      ? []
      : [
          {
            where,
            what: `its title of ${title.length} characters is cut or missing`,
            allowed: `1 to ${most} characters`,
            remedy: 'say the rest in its description',
          },
        ]),
    ...(expressions.length === 0 || (kind === 'now' && expressions.length > 1)
      ? [
          {
            where,
            what: `it asks for ${expressions.length} things`,
            allowed: kind === 'now' ? 'one: a figure is one number' : 'one or more',
            remedy: kind === 'now' ? 'make a figure of each' : 'give it a query, or leave it out',
          },
        ]
      : []),
    ...expressions.flatMap((query) => {
      const bracket = bracketProblem(query);
      const remedy = 'change it where the dashboard is made';
      return bracket === undefined ? [] : [{ where, what: `${bracket}: ${query}`, allowed: 'PromQL', remedy }];
    }),
    ...unknown.map((variable) => ({
      where,
      what: `nobody says what $${variable} is`,
      allowed: ownVariables.map((each) => `$${each}`).join(', '),
      remedy: 'write the value itself: dashboards are made where it is known',
    })),
  ];
}

/** Whom lines are found by stands in a query, in quotes. */
function linesFindings({ name, lines = 'all' }: DashboardProps): Finding[] {
  if (lines === 'all') return [];
  const { namespace, workloads } = lines;
  const wrong = [namespace, ...(workloads ?? [])]
    .filter((each) => !/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(each))
    .map((each) => JSON.stringify(each));
  return [...(workloads?.length === 0 ? ['nobody'] : []), ...wrong].map((whom) => ({
    where: `dashboard ${name}`,
    what: `it has the lines of ${whom}`,
    allowed: 'a namespace, and names of workloads in it, one or more',
    remedy: 'name them as they are called, or leave workloads out for all of the namespace',
  }));
}

function tracesFindings({ name, traces }: DashboardProps): Finding[] {
  if (traces !== '') return [];
  return [
    {
      where: `dashboard ${name}`,
      what: 'it has the traces of nobody',
      allowed: 'what spans call whoever sends them, such as backend',
      remedy: 'name it, or leave traces out',
    },
  ];
}

const variablesIn = (expression: string): string[] =>
  [...expression.matchAll(/\$\{?(\w+)|\[\[(\w+)/g)].map(([, name, other]) => name ?? other ?? '');

/** Two of one title would be taken for each other. */
function titleFindings({ name, rows }: DashboardProps): Finding[] {
  return rows.flatMap(({ title: row, now = [], curves = [] }) => {
    const titles = [...now, ...curves].map(({ title }) => title);
    return titles
      .filter((title, index) => titles.indexOf(title) < index)
      .map((title) => ({
        where: `dashboard ${name}: row ${row}`,
        what: `two of its panels are called ${title}`,
        allowed: 'each title once',
        remedy: 'say in one what is different',
      }));
  });
}
