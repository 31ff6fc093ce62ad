import os from 'node:os';
import process from 'node:process';
import { context, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { Attributes, Span } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import {
  detectResources,
  resourceAttributesEnvDetector,
  resourceFromAttributes,
  serviceNameEnvDetector,
} from '@opentelemetry/resources';
import {
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import type { Sampler, SpanProcessor } from '@opentelemetry/sdk-trace';
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
    resource: resourceFromAttributes({ 'service.name': 'backend', 'service.instance.id': os.hostname() }).merge(
      detectResources({ detectors: [resourceAttributesEnvDetector, serviceNameEnvDetector] }),
    ),
    sampler: samplerOf(process.env),
    spanLimits: { attributeValueLengthLimit: Number(process.env.OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT ?? 'Infinity') },
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

/** Those that the platform names: this package reads no variables of its own. */
function samplerOf({ OTEL_TRACES_SAMPLER: name, OTEL_TRACES_SAMPLER_ARG: share }: NodeJS.ProcessEnv): Sampler {
  if (name === 'parentbased_traceidratio') {
    return new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(Number(share ?? '1')) });
  }
  // Whatever the caller says of its own trace.
  return new AlwaysOnSampler();
}

export const tracer = () => trace.getTracer(name);

/**
 * Asks another server as a span of the request that is being answered.
 * @param attributes which, and for what: never a value
 */
export function inSpan<Result>(
  label: string,
  attributes: Attributes,
  action: (span: Span) => Promise<Result>,
): Promise<Result> {
  return tracer().startActiveSpan(label, { kind: SpanKind.CLIENT, attributes }, async (span) => {
    try {
      return await action(span);
    } catch (error) {
      span.recordException(error as Error);
      // Whoever keeps traces keeps those in which something failed.
      span.setStatus({ code: SpanStatusCode.ERROR });
      throw error;
    } finally {
      span.end();
    }
  });
}
