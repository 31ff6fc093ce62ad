import diagnostics from 'node:diagnostics_channel';
import http from 'node:http';
import os from 'node:os';
import { context, propagation, trace } from '@opentelemetry/api';
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
  SamplingDecision,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import type { Sampler } from '@opentelemetry/sdk-trace';
import { collectDefaultMetrics, Histogram, Registry } from 'prom-client';
import { logLine } from './log.ts';
import { RequestIds } from './request-ids.ts';

/** Next.js makes the spans itself; here they get ids, the caller's trace, and somewhere to go. */
export function startTracing(): void {
  const spanProcessors =
    process.env.OTEL_TRACES_EXPORTER === 'otlp' ? [new BatchSpanProcessor({ exporter: new OTLPTraceExporter() })] : [];
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'frontend', 'service.instance.id': os.hostname() }).merge(
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
  process.once('SIGTERM', () => void provider.forceFlush());
}

/** As the platform says: this package reads no variables of its own. Of probes there is one every few seconds: none of them is told. */
function samplerOf({ OTEL_TRACES_SAMPLER: name, OTEL_TRACES_SAMPLER_ARG: share }: NodeJS.ProcessEnv): Sampler {
  const all = new AlwaysOnSampler();
  const others =
    name === 'parentbased_traceidratio'
      ? new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(Number(share ?? '1')) })
      : // Whatever the caller says of its own trace.
        new ParentBasedSampler({ root: all, remoteParentNotSampled: all });
  return {
    shouldSample: (...question) =>
      question[4]['http.target'] === '/api/health'
        ? { decision: SamplingDecision.NOT_RECORD }
        : others.shouldSample(...question),
    toString: () => `without probes: ${others.toString()}`,
  };
}

/** Kinds of paths: each product as a series of its own would be too many. */
export function routeOf(url: string): string {
  const path = url.split('?', 1)[0] ?? '';
  if (path.startsWith('/_next/')) return '/_next';
  if (path.startsWith('/products/')) return '/products/[id]';
  return ['/', '/sign-in', '/sign-in/kerberos', '/api/health'].includes(path) ? path : 'other';
}

/** Counts and tells what was answered, by what Node.js says of its own servers. */
export function startMetrics(port: number, path: string): void {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const requests = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time from a request to the end of its answer.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers: [registry],
  });
  const own = http.createServer((request, response) => {
    if (request.method !== 'GET' || request.url !== path) {
      response.writeHead(404).end();
      return;
    }
    registry.metrics().then(
      (text) => response.writeHead(200, { 'Content-Type': registry.contentType }).end(text),
      () => response.writeHead(500).end(),
    );
  });
  const begun = new WeakMap<object, number>();
  diagnostics.subscribe('http.server.request.start', (message) => {
    const { request, server } = message as { request: http.IncomingMessage; server: http.Server };
    if (server !== own) begun.set(request, performance.now());
  });
  diagnostics.subscribe('http.server.response.finish', (message) => {
    const { request, response } = message as { request: http.IncomingMessage; response: http.ServerResponse };
    const start = begun.get(request);
    if (start === undefined) return;
    const route = routeOf(request.url ?? '');
    const { method = 'GET' } = request;
    const milliseconds = performance.now() - start;
    const status = response.statusCode;
    requests.observe({ method, route, status }, milliseconds / 1000);
    if (route === '/api/health' || route === '/_next') return;
    logLine('info', { event: 'request', method, route, status, milliseconds: Math.round(milliseconds) }, 'answered');
  });
  own.listen(port);
  process.once('SIGTERM', () => own.close());
}
