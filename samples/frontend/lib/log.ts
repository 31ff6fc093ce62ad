import { context, trace } from '@opentelemetry/api';
import { requestIdOf } from './request-ids.ts';

/** One line of JSON, with the ids by which it is found beside those of the backend. */
export function logLine(
  level: 'info' | 'warn' | 'error',
  fields: Readonly<Record<string, unknown>>,
  msg: string,
): void {
  const span = trace.getActiveSpan()?.spanContext();
  // JSON leaves out what isn't there.
  const ids = { trace_id: span?.traceId, span_id: span?.spanId, request_id: requestIdOf(context.active()) };
  const service = process.env.OTEL_SERVICE_NAME ?? 'frontend';
  const line = { level, time: new Date().toISOString(), service, ...ids, ...fields, msg };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
