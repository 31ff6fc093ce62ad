import { Dashboard } from '../../constructs/core/dashboard.ts';
import type { DashboardProps, PanelProps, RowProps } from '../../constructs/core/dashboard.ts';
import { built } from '../support/constructs.ts';
import { refusal } from '../support/harness.ts';

const panel: PanelProps = { title: 'Pods', description: 'the tests', unit: 'count', queries: { pods: 'count(up)' } };
const rows = (row: Partial<RowProps>): Partial<DashboardProps> => ({ rows: [{ title: 'Now', ...row }] });
const make = (changes: Partial<DashboardProps> = {}) =>
  built(
    (scope) =>
      new Dashboard(scope, 'board', {
        name: 'board',
        title: 'Board',
        description: 'the tests',
        ...rows({ now: [panel] }),
        ...changes,
      } as DashboardProps),
  ).value;
const figure = (changes: Partial<PanelProps>) => rows({ now: [{ ...panel, ...changes }] });
const curves = (changes: Partial<PanelProps>) => rows({ curves: [{ ...panel, ...changes }] });
const titles = (count: number): PanelProps[] =>
  Array.from({ length: count }, (_, title) => ({ ...panel, title: `${title}` }));

test('a dashboard is what it is given', () => {
  expect(make().props.rows).toEqual([{ title: 'Now', now: [panel] }]);
});

test.each<[string, Partial<DashboardProps>, string]>([
  ['a name that is no address', { name: 'My board' }, 'its name is no address'],
  ['a name that is too long for one', { name: 'a'.repeat(41) }, 'its name is no address'],
  ['no row', { rows: [] }, 'nothing is on it'],
  ['a row without a panel', rows({}), 'nothing is in it'],
  ['more figures than fit into a line', rows({ now: titles(5) }), '5 figures are no line any more'],
  ['a figure whose title is cut', figure({ title: 'a'.repeat(37) }), 'its title of 37 characters is cut or missing'],
  ['curves whose title is cut', curves({ title: 'a'.repeat(73) }), 'its title of 73 characters is cut or missing'],
  ['no title', figure({ title: '' }), 'its title of 0 characters is cut or missing'],
  ['a panel that asks for nothing', curves({ queries: {} }), 'it asks for 0 things'],
  ['a figure of two numbers', figure({ queries: { a: 'a', b: 'b' } }), 'it asks for 2 things'],
  ['a variable that nobody has', curves({ queries: { a: 'up{pod="$pod"}' } }), 'nobody says what $pod is'],
  ['one in braces', curves({ queries: { a: 'up{pod=~"${pod:regex}"}' } }), 'nobody says what $pod is'],
  ['one as it was written once', curves({ queries: { a: 'up{pod="[[pod]]"}' } }), 'nobody says what $pod is'],
  ['a query that ends too early', curves({ queries: { a: 'sum(up' } }), 'its ( is not closed: sum(up'],
  ['lines of no workload', { lines: { namespace: 'shop', workloads: [] as never } }, 'it has the lines of nobody'],
  ['lines of who has no name', { lines: { namespace: 'shop', workloads: ['a"}'] } }, 'it has the lines of "a\\"}"'],
  ['lines of no namespace', { lines: { namespace: '' } }, 'it has the lines of ""'],
  ['traces of nobody', { traces: '' }, 'it has the traces of nobody'],
  ['an option that is misspelt', { row: [] } as never, 'it has no option row'],
  ['one of a row that is', { rows: [{ title: 'Now', nows: [panel] }] } as never, 'it has no option nows'],
  ['one of a panel that is', figure({ units: 's' } as never), 'it has no option units'],
  ['rows that are no list', { rows: { now: [panel] } as never }, 'rows is no list'],
  ['figures that are no list', rows({ now: panel as never }), 'now is no list'],
  ['a unit that nobody knows', figure({ unit: 'orders' as never }), 'its unit is "orders"'],
  ['a bound of no side', figure({ bad: 1 as never }), 'it is bad at 1'],
  ['a bound of another one', figure({ bad: { under: 1 } as never }), 'it is bad at {"under":1}'],
  ['a query without a name', figure({ queries: 'up' as never }), 'its queries are "up"'],
  ['queries that are a list', figure({ queries: ['up'] as never }), 'its queries are ["up"]'],
  ['two panels of one title', rows({ now: [panel], curves: [panel] }), 'two of its panels are called Pods'],
])('%s is refused', (_, changes, what) => {
  expect(refusal(() => make(changes)).map((finding) => finding.what)).toEqual([what]);
});

test('what Grafana itself puts in is no variable, nor is an end of a line, a window or a range', () => {
  const queries = {
    a: 'rate(up{pod=~"a$"}[$__rate_interval])',
    b: 'max_over_time(up[$__range])',
    c: 'rate(up[5m:1m])',
  };
  expect(make(curves({ queries })).props.name).toBe('board');
});

test('everything that is wrong is told at once', () => {
  const findings = refusal(() => make({ name: '!', ...rows({ now: titles(5), curves: [{ ...panel, queries: {} }] }) }));
  expect(findings).toHaveLength(3);
});
