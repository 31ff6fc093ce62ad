import { context, propagation, trace } from '@opentelemetry/api';
import type { Span } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import type { SpanProcessor } from '@opentelemetry/sdk-trace';
import { RequestIds } from './request-ids.js';

const name = 'sample-backend';

/**
 * Begins tracing. Ids are made in any case, because they tie the lines of the log together; spans are sent where the
 * platform's variables say (`OTEL_*`, which the exporter reads itself).
 * @param processors instead of those of the variables
 * @returns what sends the last spans
 */
export function startTracing(exporter: string | undefined, processors?: SpanProcessor[]): () => Promise<void> {
  const spanProcessors =
    processors ?? (exporter === 'otlp' ? [new BatchSpanProcessor({ exporter: new OTLPTraceExporter() })] : []);
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': process.env.OTEL_SERVICE_NAME ?? 'backend' }),
    spanProcessors,
  });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(
    new CompositePropagator({
      propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator(), new RequestIds()],
    }),
  );
  trace.setGlobalTracerProvider(provider);
  return () => provider.shutdown();
}

export const tracer = () => trace.getTracer(name);

/** Does something as a span of the request that is being answered. */
export function inSpan<Result>(label: string, action: (span: Span) => Promise<Result>): Promise<Result> {
  return tracer().startActiveSpan(label, async (span) => {
    try {
      return await action(span);
    } catch (error) {
      span.recordException(error as Error);
      throw error;
    } finally {
      span.end();
    }
  });
}
