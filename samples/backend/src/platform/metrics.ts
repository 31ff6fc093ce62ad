import http from 'node:http';
import { collectDefaultMetrics, Counter, Histogram, Registry } from 'prom-client';

/** What Prometheus reads; one for each application, so that tests have their own. */
export class Metrics {
  readonly registry = new Registry();
  readonly requests = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time from a request to the end of its answer.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers: [this.registry],
  });
  readonly cache = new Counter({
    name: 'cache_requests_total',
    help: 'Questions to the cache, by what came of them.',
    labelNames: ['outcome'],
    registers: [this.registry],
  });
  readonly signIns = new Counter({
    name: 'sign_ins_total',
    help: 'Attempts to sign in, by way and by what came of them.',
    labelNames: ['way', 'outcome'],
    registers: [this.registry],
  });

  constructor() {
    collectDefaultMetrics({ register: this.registry });
  }

  /** A server of its own, because nobody but Prometheus reaches its port. */
  serve(port: number, path: string): http.Server {
    const server = http.createServer((request, response) => {
      if (request.method !== 'GET' || request.url !== path) {
        response.writeHead(404).end();
        return;
      }
      this.registry.metrics().then(
        (text) => response.writeHead(200, { 'Content-Type': this.registry.contentType }).end(text),
        () => response.writeHead(500).end(),
      );
    });
    return server.listen(port);
  }
}
