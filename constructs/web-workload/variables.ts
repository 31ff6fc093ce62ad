import { InputError } from '../core/error.ts';
import type { WebWorkloadKind, WebWorkloadProps } from './web-workload.ts';

/** The option that sets a variable of every web application: objects follow from it too. */
const optionOf: Readonly<Record<string, string | false>> = {
  PORT: 'port',
  PUBLIC_URL: 'host',
  KEEP_ALIVE_TIMEOUT_MS: 'keepAliveSeconds',
  SHUTDOWN_TIMEOUT_MS: 'shutdownSeconds',
  METRICS_PATH: 'metrics',
  METRICS_PORT: 'metrics',
  OTEL_SERVICE_NAME: 'name',
  OTEL_TRACES_EXPORTER: 'traces',
  OTEL_EXPORTER_OTLP_ENDPOINT: 'traces',
  OTEL_EXPORTER_OTLP_CERTIFICATE: 'traces',
  OTEL_EXPORTER_OTLP_PROTOCOL: 'traces',
  OTEL_PROPAGATORS: 'traces',
  OTEL_RESOURCE_ATTRIBUTES: 'traces',
  OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT: 'traces',
  OTEL_TRACES_SAMPLER: 'traces',
  OTEL_TRACES_SAMPLER_ARG: 'traces',
};

/** Of Node.js, which takes both spellings. */
const heapSize = /--max[-_]old[-_]space[-_]size/;

/** @throws InputError for a variable that would contradict the objects, naming the option to use */
export function checkVariables(name: string, props: WebWorkloadProps, kind: WebWorkloadKind): void {
  const { environment = {}, secretFiles = {} } = props;
  const options = { ...optionOf, ...kind.options };
  const where = (variable: string): string => `workload ${name}: the variable ${variable}`;
  const owned = Object.keys({ ...environment, ...secretFiles })
    .filter((variable) => Object.hasOwn(options, variable))
    .map((variable) => {
      const option = options[variable];
      return {
        where: where(variable),
        what: 'the platform sets it, and its objects follow',
        allowed: option
          ? `the option ${option}`
          : 'the value it has: the server has to be reached from outside its pod',
        remedy: option ? `remove it, and set ${option}` : 'remove it',
      };
    });
  if (owned.length > 0) throw new InputError(owned);
}

/** The platform's variables with the user's; what both say of Node.js stands in one, but for a heap of the user's own. */
export function withNodeOptions(
  own: Readonly<Record<string, string>> & { readonly NODE_OPTIONS: string },
  given: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const { NODE_OPTIONS: more = '' } = given;
  return { ...own, ...given, NODE_OPTIONS: heapSize.test(more) ? more : `${own.NODE_OPTIONS} ${more}`.trim() };
}
