import { storeAlerts } from '../../../constructs/trace-store/alerts.ts';
import { promtool, Rules } from '../../support/promtool.ts';

type Series = Readonly<Record<string, string>>;

interface Case {
  /** Minutes after the first sample at which it is looked at. */
  readonly at: number;
  readonly fires: readonly Series[];
  readonly quiet: readonly Series[];
  /** What is there while every series of it is missing, and what fires then. */
  readonly missing: { readonly while: Series; readonly fires: string };
}

const store: Series = { 'up{job="jaeger"}': '1x200' };
const arrived = 'otelcol_receiver_accepted_spans{transport="http"}';
const refused = 'otelcol_receiver_refused_spans{transport="http"}';
const early = 'otelcol_processor_tail_sampling_sampling_trace_dropped_too_early{}';
const failed = 'otelcol_exporter_send_failed_spans{exporter="jaeger_storage_exporter"}';
/** That nothing was ever refused is no series at all; who counts is watched by another number of it. */
const never = { while: store, fires: 'TracesNotArriving' };

const cases: Readonly<Record<string, Case>> = {
  TraceStoreDown: {
    at: 20,
    fires: [{ 'up{job="jaeger"}': '1x2 0x30' }],
    quiet: [{ 'up{job="jaeger"}': '0x4 1x30' }],
    missing: { while: {}, fires: 'TraceStoreDown' },
  },
  TracesNotArriving: {
    at: 80,
    fires: [{ ...store, [arrived]: '0+5x5 25x120' }],
    quiet: [{ ...store, [arrived]: '0+1x120' }, { [arrived]: '0+5x120' }],
    missing: { while: store, fires: 'TracesNotArriving' },
  },
  TracesRefused: {
    at: 30,
    // Its first event is the first that anybody hears of it.
    fires: [{ [refused]: '0+1x60' }, { [refused]: '_x22 7x60' }, { [refused]: '0x60', [early]: '0+1x60' }],
    quiet: [{ [refused]: '5x60', [early]: '5x60' }],
    missing: never,
  },
  TracesNotKept: {
    at: 30,
    fires: [{ [failed]: '0+1x60' }, { [failed]: '_x22 7x60' }],
    quiet: [{ [failed]: '5x60' }],
    missing: never,
  },
};

/** A minute between two samples. */
const look = (name: string, at: number) => (series: Series, fires: boolean) => ({
  ...{ step: 1, name, series, fires: new Map([[at, fires]]) },
  ...(fires ? { labels: {} } : {}),
});

const rules = new Rules(storeAlerts);
afterAll(() => rules.remove());

(promtool === undefined ? describe.skip : describe)('alerts on traces, by promtool', () => {
  test('are PromQL', () => {
    expect(rules.check()).toMatch(/SUCCESS: \d+ rules found/);
  });

  test.each(Object.entries(cases))('%s fires, and keeps quiet', (name, { at, fires, quiet }) => {
    const one = look(name, at);
    const tests = [...fires.map((series) => one(series, true)), ...quiet.map((series) => one(series, false))];
    expect(rules.complaints(...tests)).toBe('');
  });

  test.each(Object.entries(cases))('somebody is told where the numbers of %s are missing', (_, { missing }) => {
    expect(rules.complaints(look(missing.fires, 90)(missing.while, true))).toBe('');
  });
});

test('every alert has a case', () => {
  expect(Object.keys(cases).sort()).toEqual(storeAlerts.map(({ name }) => name).sort());
});
