import { dump } from 'js-yaml';
import type { TraceStoreOptions } from './options.ts';
import { paths, ports } from './paths.ts';

/** Seconds after its first span in which a trace has to be whole: then it is decided whether it is kept. */
export const decisionSeconds = 10;

/** Traces that wait for their decision, and those whose decision is still known when a late span comes. */
const waiting = 5000;
const known = 50_000;

/** Numbers are called as the makers' pages call them; where a reader is named, others are the default. */
const plainNames = { without_scope_info: true, without_type_suffix: true, without_units: true };

const everywhere = (port: number): string => `0.0.0.0:${port}`;

type Facts = Pick<
  TraceStoreOptions,
  'keepHours' | 'sharePercent' | 'slowMilliseconds' | 'mostSpansPerSecond' | 'resources'
>;

/**
 * One process with all parts, which keeps traces in files of its own.
 * @see https://www.jaegertracing.io/docs/2.20/deployment/configuration/
 */
export function jaegerConfiguration(options: Facts): string {
  return dump(
    {
      service: {
        extensions: ['jaeger_storage', 'jaeger_query', 'healthcheckv2'],
        pipelines: {
          traces: {
            receivers: ['otlp'],
            processors: ['memory_limiter', 'tail_sampling', 'batch'],
            exporters: ['jaeger_storage_exporter'],
          },
        },
        telemetry: {
          resource: { 'service.name': 'jaeger' },
          metrics: {
            level: 'normal',
            readers: [{ pull: { exporter: { prometheus: { host: '0.0.0.0', port: ports.metrics, ...plainNames } } } }],
          },
          logs: { level: 'warn', encoding: 'json' },
        },
      },
      extensions: {
        healthcheckv2: { use_v2: true, http: { endpoint: everywhere(ports.health) } },
        jaeger_query: {
          storage: { traces: 'files' },
          http: { endpoint: everywhere(ports.queries) },
          grpc: { endpoint: `127.0.0.1:${ports.queriesGrpc}` },
        },
        jaeger_storage: {
          backends: {
            files: {
              badger: {
                ephemeral: false,
                directories: { keys: `${paths.data}/traces`, values: `${paths.data}/traces` },
                ttl: { spans: `${options.keepHours}h` },
              },
            },
          },
        },
      },
      receivers: {
        otlp: {
          protocols: {
            http: { endpoint: everywhere(ports.otlp) },
            grpc: { endpoint: everywhere(ports.otlpGrpc) },
          },
        },
      },
      processors: {
        // What does not fit is refused, and whoever sent it sends it again or drops it.
        memory_limiter: { check_interval: '1s', limit_percentage: 75, spike_limit_percentage: 15 },
        tail_sampling: {
          decision_wait: `${decisionSeconds}s`,
          num_traces: waiting,
          decision_cache: { sampled_cache_size: known, non_sampled_cache_size: known },
          policies: [policy(options)],
        },
        batch: { timeout: '1s', send_batch_size: 1000 },
      },
      exporters: { jaeger_storage_exporter: { trace_storage: 'files' } },
    },
    { lineWidth: -1, noRefs: true, skipInvalid: true },
  );
}

/**
 * A client's refusal is no failure: a firewall that refuses an attack, or a page that nobody has, is told by the span of
 * whoever asked, as an error.
 */
const failed =
  'status.code == STATUS_CODE_ERROR and not (kind == SPAN_KIND_CLIENT and attributes["http.response.status_code"] != nil ' +
  'and attributes["http.response.status_code"] < 500)';

/** What is kept, in this order, each within its part of what is kept at most. */
function policy({ sharePercent, slowMilliseconds, mostSpansPerSecond }: Facts): object {
  const kinds = [
    { name: 'failed', percent: 50, type: 'ottl_condition', ottl_condition: { error_mode: 'ignore', span: [failed] } },
    ...(slowMilliseconds === false
      ? []
      : [{ name: 'slow', percent: 25, type: 'latency', latency: { threshold_ms: slowMilliseconds } }]),
    ...(sharePercent === 0
      ? []
      : [
          {
            name: 'ordinary',
            percent: slowMilliseconds === false ? 50 : 25,
            type: 'probabilistic',
            probabilistic: { sampling_percentage: sharePercent },
          },
        ]),
  ];
  return {
    name: 'kept',
    type: 'composite',
    composite: {
      max_total_spans_per_second: mostSpansPerSecond,
      policy_order: kinds.map(({ name }) => name),
      composite_sub_policy: kinds.map((kind) => ({ ...kind, percent: undefined })),
      rate_allocation: kinds.map(({ name, percent }) => ({ policy: name, percent })),
    },
  };
}
