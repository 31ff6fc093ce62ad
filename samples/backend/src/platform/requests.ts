import { context, propagation, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { Context, Span } from '@opentelemetry/api';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Logger } from './log.js';
import type { Metrics } from './metrics.js';
import { tracer } from './tracing.js';

interface Followed {
  readonly span: Span;
  readonly context: Context;
}

const followed = new WeakMap<FastifyRequest, Followed>();

/** Of probes there is one every few seconds: no line and no span. */
const isProbe = (request: FastifyRequest): boolean => request.url.startsWith('/health/');

/** Each request is a span, which continues the caller's trace, a line of the log, and a number of the metrics. */
export function followRequests(server: FastifyInstance, log: Logger, metrics: Metrics): void {
  server.addHook('onRequest', (request, _reply, done) => {
    if (isProbe(request)) {
      done();
      return;
    }
    const parent = propagation.extract(ROOT_CONTEXT, request.headers);
    const span = tracer().startSpan(request.method, { kind: SpanKind.SERVER }, parent);
    const own = { span, context: trace.setSpan(parent, span) };
    followed.set(request, own);
    context.with(own.context, done);
  });
  // Reading the body ends in an event of the connection, which belongs to no request.
  server.addHook('preValidation', (request, _reply, done) => {
    const own = followed.get(request);
    if (own) context.with(own.context, done);
    else done();
  });
  server.addHook('onResponse', (request, reply, done) => {
    const own = followed.get(request);
    if (!own) {
      done();
      return;
    }
    // The pattern, never the path: each product would be a series of its own.
    const route = request.routeOptions.url ?? 'none';
    const { method } = request;
    const status = reply.statusCode;
    own.span.updateName(`${method} ${route}`);
    own.span.setAttributes({ 'http.request.method': method, 'http.route': route, 'http.response.status_code': status });
    if (status >= 500) own.span.setStatus({ code: SpanStatusCode.ERROR });
    const milliseconds = Math.round(reply.elapsedTime);
    metrics.requests.observe({ method, route, status }, reply.elapsedTime / 1000);
    context.with(own.context, () => log.info({ event: 'request', method, route, status, milliseconds }, 'answered'));
    own.span.end();
    done();
  });
}
