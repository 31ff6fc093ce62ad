import { dump } from 'js-yaml';
import type { HttpEndpoint } from '../../core/endpoint.ts';
import type { GrafanaProps, Numbers } from '../props.ts';

/** How panels find numbers, lines and traces, whatever their address. */
export const sources = {
  numbers: { type: 'prometheus', uid: 'prometheus' },
  lines: { type: 'loki', uid: 'loki' },
  traces: { type: 'jaeger', uid: 'jaeger' },
} as const;

/**
 * A trace's id in a line of JSON: as OpenTelemetry calls it, and as Traefik does. The trace it leads to is the first group.
 * @see https://opentelemetry.io/docs/specs/otel/compatibility/logging_trace_context/ (1.50)
 */
export const traceInLine = '"(?:trace_id|TraceId)"\\s*:\\s*"([0-9a-f]{32})"';

/** What lines of a trace are looked for in, beside its own time: clocks differ, and some are written before and after it. */
const around = '5m';

/**
 * A file of each place that Grafana asks; lines lead to the traces that they name, and traces to the lines that name them.
 * @see https://grafana.com/docs/grafana/latest/administration/provisioning/#data-sources (13.1)
 */
export function sourceFiles({
  numbers,
  logs,
  traces,
}: Pick<GrafanaProps, 'numbers' | 'logs' | 'traces'>): Readonly<Record<string, string>> {
  return {
    'prometheus.yaml': file('Prometheus', sources.numbers, numbers, numbersData(numbers), true),
    ...(logs ? { 'loki.yaml': file('Loki', sources.lines, logs, linesData(traces !== undefined)) } : {}),
    ...(traces ? { 'jaeger.yaml': file('Jaeger', sources.traces, traces, tracesData(logs !== undefined)) } : {}),
  };
}

function file(
  name: string,
  { type, uid }: { readonly type: string; readonly uid: string },
  { url }: Pick<HttpEndpoint, 'url'>,
  jsonData: object,
  isDefault = false,
): string {
  const source = { name, type, uid, access: 'proxy', url, isDefault, editable: false, jsonData };
  return dump({ apiVersion: 1, datasources: [source] }, { lineWidth: -1 });
}

const numbersData = ({ scrapeSeconds }: Numbers): object => ({ timeInterval: `${scrapeSeconds}s` });

/** Grafana takes a variable out of what it reads: `$$` is one `$`, which is its own. */
const traceOfField = '$${__value.raw}';
const traceOfSpan = '$${__trace.traceId}';

function linesData(withTraces: boolean): object {
  const link = { name: 'Trace', matcherRegex: traceInLine, url: traceOfField, urlDisplayLabel: 'its trace' };
  return {
    // As long as Loki itself takes for an answer.
    timeout: 60,
    maxLines: 1000,
    ...(withTraces ? { derivedFields: [{ ...link, datasourceUid: sources.traces.uid }] } : {}),
  };
}

function tracesData(withLines: boolean): object {
  return {
    nodeGraph: { enabled: true },
    ...(withLines
      ? {
          tracesToLogsV2: {
            datasourceUid: sources.lines.uid,
            spanStartTimeShift: `-${around}`,
            spanEndTimeShift: around,
            // Of everybody it went through: labels say nothing of a trace.
            customQuery: true,
            query: `{namespace=~".+"} |= "${traceOfSpan}"`,
          },
        }
      : {}),
  };
}
