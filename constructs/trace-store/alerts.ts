import type { AlertProps } from '../core/alert.ts';

const arrived = 'otelcol_receiver_accepted_spans';

/**
 * More than a while ago, or there now and not then: a counter that begins with its first event has no increase in Prometheus'
 * eyes.
 */
const grown = (counter: string, within: string): string =>
  `sum(increase(${counter}[${within}])) > 0 or sum(${counter}) > 0 unless sum(${counter} offset ${within})`;

/** Of what keeps the traces, as PromQL over the numbers of Jaeger 2.13 and later. */
export const storeAlerts: readonly AlertProps[] = [
  {
    name: 'TraceStoreDown',
    expression: 'absent(up{job="jaeger"} == 1)',
    forMinutes: 15,
    severity: 'ticket',
    summary: 'Jaeger can not be asked: no trace can be looked for, and those of this time are lost',
    runbook: 'traces',
  },
  {
    name: 'TracesNotArriving',
    // Of the counter alone nobody would know when it is gone, and before the first span it isn't there.
    expression: `sum(rate(${arrived}[30m])) == 0 or absent(${arrived}) and on () max(up{job="jaeger"}) == 1`,
    forMinutes: 30,
    severity: 'ticket',
    summary: 'no span has arrived in Jaeger for an hour: nobody sends any, or they can not reach it',
    runbook: 'traces',
  },
  {
    name: 'TracesRefused',
    expression: ['otelcol_receiver_refused_spans', 'otelcol_processor_tail_sampling_sampling_trace_dropped_too_early']
      .map((counter) => grown(counter, '15m'))
      .join(' or '),
    forMinutes: 5,
    severity: 'note',
    summary:
      'Jaeger has refused spans, or let go of traces before it had decided, because they were more than it holds',
    runbook: 'traces',
  },
  {
    name: 'TracesNotKept',
    expression: grown('otelcol_exporter_send_failed_spans', '15m'),
    forMinutes: 5,
    severity: 'ticket',
    summary: 'Jaeger can not write traces onto its volume: they are lost',
    runbook: 'traces',
  },
];
