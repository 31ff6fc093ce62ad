import { authorityFile } from '../core/authority-files.ts';
import { longestTraceValue } from '../core/endpoint.ts';
import type { TraceEndpoint } from '../core/endpoint.ts';
import type { Image } from '../core/environment.ts';

/** @see https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/ (1.50) */
export function tracing(
  name: string,
  namespace: string,
  { tag }: Image,
  { url, sharePercent, authority }: TraceEndpoint,
): Readonly<Record<string, string>> {
  const attributes = { 'service.namespace': namespace, 'service.version': tag };
  return {
    OTEL_SERVICE_NAME: name,
    OTEL_RESOURCE_ATTRIBUTES: Object.entries(attributes)
      .map(([key, value]) => `${key}=${encodeURIComponent(value)}`)
      .join(','),
    OTEL_TRACES_EXPORTER: 'otlp',
    OTEL_EXPORTER_OTLP_ENDPOINT: url,
    ...(authority ? { OTEL_EXPORTER_OTLP_CERTIFICATE: authorityFile(authority) } : {}),
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
    OTEL_PROPAGATORS: 'tracecontext,baggage',
    OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT: String(longestTraceValue),
    // Where others choose, whatever a caller says of its own trace: what failed here is to be told in any case.
    ...(sharePercent === undefined
      ? { OTEL_TRACES_SAMPLER: 'always_on' }
      : { OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: String(sharePercent / 100) }),
  };
}
