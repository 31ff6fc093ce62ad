import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import type { Cluster } from '../../../prove/cluster/handle.ts';
import { askedAt, toldTo } from '../../../prove/components/observability/told.ts';
import { Refused, selectors } from '../../../prove/components/observability/prometheus.ts';
import type { Sample } from '../../../prove/components/observability/prometheus.ts';
import { told, whileLost } from '../../../prove/drills/observability/alerts.ts';
import { survived, untold } from '../../../prove/drills/observability/numbers.ts';
import { panelQueries, showAll } from '../../../prove/drills/observability/panels.ts';
import { readDeliveries, recordDeliveries } from '../../../prove/results/deliveries.ts';
import { toldFile } from '../../../prove/stand-ins/internet/names.ts';
import { alertsCommand } from '../../../prove/verbs/alerts.ts';
import { root as repository } from '../../support/committed.ts';
import { metricsIn } from '../../support/dashboards.ts';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'diptych-test-'));
const cluster = { folder } as Cluster;
const at = (minute: number): string => `2026-11-30T12:0${minute}:00.000Z`;
const request = (minute: number, hostname: string, body: object | string): string =>
  JSON.stringify({
    at: at(minute),
    hostname,
    pathname: '/x',
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

beforeAll(() => {
  fs.mkdirSync(path.join(folder, 'world'));
  const lost = { alertname: 'NodeLost', severity: 'page' };
  const lines = [
    request(0, 'alerts.example.net', {
      alerts: [{ status: 'firing', labels: { alertname: 'Early' }, startsAt: at(0) }],
    }),
    request(1, 'heartbeat.example.net', ''),
    request(2, 'alerts.example.net', {
      alerts: [
        { status: 'firing', labels: lost, startsAt: at(1) },
        { status: 'resolved', labels: { alertname: 'TargetDown' }, startsAt: at(0) },
      ],
    }),
  ];
  fs.writeFileSync(path.join(folder, 'world', toldFile), `${lines.join('\n')}\n`);
});
afterAll(() => fs.rmSync(folder, { recursive: true }));

test('what somebody is told since a moment is each alert of each message', () => {
  const since = toldTo(cluster, 'alerts.example.net', new Date(at(1)));
  expect(since.map(({ alert, status, at: when }) => [alert, status, when.toISOString()])).toEqual([
    ['NodeLost', 'firing', at(2)],
    ['TargetDown', 'resolved', at(2)],
  ]);
});

test('a query asks for names of now and of a time', () => {
  const over = { type: 'matrixSelector', name: 'orders_total', range: 300_000 };
  const rate = { type: 'call', func: { name: 'rate' }, args: [over] };
  const rhs = { type: 'vectorSelector', name: 'up' };
  expect(selectors({ type: 'binaryExpr', op: 'and', lhs: rate, rhs })).toEqual(['orders_total', 'up']);
});

test('a sign of life counts whatever it says', () => {
  expect(askedAt(cluster, 'heartbeat.example.net', new Date(at(0))).map((when) => when.toISOString())).toEqual([at(1)]);
});

test('nobody was told anything before the first message', () => {
  expect(toldTo({ folder: path.join(folder, 'none') } as Cluster, 'alerts.example.net', new Date(0))).toEqual([]);
});

test('each delivered alert is two figures, in seconds', () => {
  const quiet = { figures: { quiet: 300 }, checks: [] };
  const deliveries = [{ alert: 'NodeLost' as const, told: 130.2, resolved: 80 }];
  expect(told(quiet, { deliveries, figures: {}, checks: [] })).toEqual({
    figures: { quiet: 300, 'NodeLost told': 130.2, 'NodeLost over': 80 },
    units: { quiet: 's', 'NodeLost told': 's', 'NodeLost over': 's' },
    checks: [],
  });
});

describe('after Prometheus was killed', () => {
  const moments = (from: number, to: number): number[] =>
    Array.from({ length: (to - from) / 30 + 1 }, (_, index) => from + 30 * index);

  test('all is there that is asked for still, whatever is too old by then', () => {
    expect(survived(moments(0, 600), [...moments(60, 600), ...moments(660, 690)])).toEqual({
      gap: 60,
      kept: 19,
      lost: 0,
    });
  });

  test('what was written last is gone', () => {
    expect(survived(moments(0, 600), [...moments(60, 540), 660])).toEqual({ gap: 120, kept: 17, lost: 2 });
  });

  test('nothing of it is there', () => {
    expect(survived(moments(0, 600), [660, 690])).toEqual({ gap: 30, kept: 0, lost: 0 });
  });
});

test('of what is told while a node is lost, what is right on this ground alone does not count, and pages do not', () => {
  const of = (alert: string, severity: string) => ({
    ...{ at: new Date(), alert, fired: new Date(), status: 'firing' as const },
    labels: { severity },
  });
  const got = (...all: readonly ReturnType<typeof of>[]) => whileLost(all).map((check) => check.got);
  expect(got(of('NodeLost', 'page'), of('LogAgentSilent', 'ticket'))).toEqual(['nothing']);
  expect(got(of('PodNotReady', 'ticket'), of('PodNotReady', 'ticket'))).toEqual(['PodNotReady']);
});

describe('what was told in a drill', () => {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'diptych-test-'));
  afterAll(() => fs.rmSync(root, { recursive: true }));
  const day = (date: number) => new Date(`2026-11-${date}T12:00:00Z`);
  const nodeLost = (second: number) => ({
    alert: 'NodeLost',
    fired: new Date(at(1)),
    at: new Date(new Date(at(1)).getTime() + second * 1000),
  });

  beforeAll(() => {
    fs.mkdirSync(path.join(root, 'prove'));
  });

  test('is kept by alert, the first of a drill, in the place of earlier ones', () => {
    recordDeliveries(root, 'failures', [nodeLost(9)], day(29));
    recordDeliveries(root, 'observability', [nodeLost(12.34), nodeLost(99)], day(30));
    expect(readDeliveries(root)).toEqual({ NodeLost: { area: 'observability', date: '2026-11-30', seconds: 12.3 } });
  });

  test('stays where a drill told nothing', () => {
    recordDeliveries(root, 'verify', [], day(30));
    expect(Object.keys(readDeliveries(root))).toEqual(['NodeLost']);
  });
});

test('the page of runbooks has every alert, with when it was last told', () => {
  const output = new PassThrough();
  expect(alertsCommand(['--check'], { stdout: output, stderr: output }, repository)).toBe(0);
});

describe('what panels ask for', () => {
  const metric = {};
  const one: readonly Sample[] = [{ metric, value: [0, '1'] }];
  const curve: readonly Sample[] = [{ metric, values: [[0, '1']] }];
  const noNumber: readonly Sample[] = [{ metric, value: [0, 'NaN'] }];
  const [stoodIn] = Object.keys(untold);
  /** A Prometheus that knows these answers, and refuses whatever else is asked. */
  const knowing = (answers: Readonly<Record<string, readonly Sample[]>>, names: readonly string[] = []) => {
    const asked: string[] = [];
    const answer = (how: string) => (expression: string) => {
      asked.push(`${how} ${expression}`);
      const found = answers[expression];
      return found ? Promise.resolve(found) : Promise.reject(new Refused(`no ${expression}`));
    };
    return {
      asked,
      prometheus: {
        query: answer('now'),
        range: answer('over minutes'),
        names: () => Promise.resolve(names),
        namesIn: (expression: string) => Promise.resolve(metricsIn(expression)),
      },
    };
  };
  const panel = (expression: string, empty?: string) => ({
    title: expression,
    description: 'the tests',
    unit: 'count' as const,
    queries: { a: expression },
    ...(empty === undefined ? {} : { empty }),
  });
  const queries = (now: readonly string[], curves: readonly string[] = []) =>
    panelQueries(
      [
        {
          name: 'board',
          title: 'Board',
          description: 'the tests',
          rows: [{ title: 'row', now: now.map((each) => panel(each)), curves: curves.map((each) => panel(each)) }],
        },
      ],
      30,
    );

  test('is asked as Grafana does: figures now, curves over minutes, rates over four looks', async () => {
    const { asked, prometheus } = knowing({ a: one, 'rate(b[120s])': curve });
    const shown = await showAll(prometheus, queries(['a'], ['rate(b[$__rate_interval])']), { atMost: 0 });
    expect(asked).toEqual(['now a', 'over minutes rate(b[120s])']);
    expect(shown).toEqual({ shown: 2, excused: [], wrong: [] });
  });

  test('is wrong where it is refused, where nothing answers, and where several answer for one figure', async () => {
    const { prometheus } = knowing({ none: [], nan: noNumber, many: [...one, ...one] }, ['none', 'nan', 'many']);
    const { shown, wrong } = await showAll(prometheus, queries(['refused', 'none', 'nan', 'many']), { atMost: 0 });
    expect([shown, wrong]).toEqual([
      0,
      [
        'board: refused: a (no refused)',
        'board: none: a (nothing)',
        'board: nan: a (nothing)',
        'board: many: a (2 numbers for one figure)',
      ],
    ]);
  });

  test('may show nothing where the panel says so, or where whoever tells it is stood in for', async () => {
    const [first] = queries(['none']);
    const { prometheus } = knowing({ none: [], [stoodIn!]: [] });
    const { excused, wrong } = await showAll(prometheus, [{ ...first!, mayBeEmpty: true }, ...queries([stoodIn!])], {
      atMost: 0,
    });
    expect([excused.map(([, reason]) => reason), wrong]).toEqual([
      ['there is nothing of it, which is well', untold[stoodIn!]],
      [],
    ]);
  });

  test('has no excuse where its number is told all the same', async () => {
    const { prometheus } = knowing({ [stoodIn!]: [] }, [stoodIn!]);
    expect((await showAll(prometheus, queries([stoodIn!]), { atMost: 0 })).wrong).toHaveLength(1);
  });

  test('that fails otherwise stops the drill', async () => {
    const failing = { ...knowing({}).prometheus, query: () => Promise.reject(new Error('no cluster')) };
    await expect(showAll(failing, queries(['a']), { atMost: 0 })).rejects.toThrow('no cluster');
  });
});
