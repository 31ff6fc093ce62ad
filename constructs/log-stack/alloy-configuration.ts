import { authorityFile } from '../core/authority-files.ts';
import type { HttpEndpoint } from '../core/endpoint.ts';
import { delivery, podLogFiles, stages } from './pipeline.ts';
import type { Stage } from './pipeline.ts';

/** The variable with the node's name. */
export const nodeVariable = 'NODE_NAME';

/**
 * In Alloy's language. It discovers by paths and asks no API.
 * @param to whoever takes lines
 * @see https://grafana.com/docs/alloy/v1.21/reference/components/loki/
 */
export function alloyConfiguration({ url, authority }: Pick<HttpEndpoint, 'url' | 'authority'>): string {
  return `logging {
  level  = "warn"
  format = "json"
}

local.file_match "pods" {
  path_targets = [{ "__path__" = ${text(podLogFiles)} }]
  sync_period  = "5s"
}

loki.source.file "pods" {
  targets    = local.file_match.pods.targets
  forward_to = [loki.process.pods.receiver]
}

loki.process "pods" {
  forward_to = [loki.write.store.receiver]
${stages.map(stage).join('')}}

loki.write "store" {
  endpoint {
    url                 = ${text(`${url}/loki/api/v1/push`)}
    batch_wait          = ${text(delivery.batchWait)}
    min_backoff_period  = ${text(delivery.backoffLeast)}
    max_backoff_period  = ${text(delivery.backoffMost)}
    max_backoff_retries = 0
${authority ? `    tls_config {\n      ca_file = ${text(authorityFile(authority))}\n    }\n` : ''}  }
  external_labels = { "node" = sys.env(${text(nodeVariable)}) }
}
`;
}

function stage(given: Stage): string {
  return Object.entries(given)
    .map(([name, settings]) => {
      const lines = Object.entries(settings).map(([key, value]) => `    ${key} = ${valueText(value)}\n`);
      return `\n  stage.${name} {${lines.length > 0 ? `\n${lines.join('')}  ` : ''}}\n`;
    })
    .join('');
}

function valueText(value: Stage[string][string]): string {
  if (typeof value === 'string') return text(value);
  if (isList(value)) return `[${value.map(text).join(', ')}]`;
  return `{ ${Object.entries(value)
    .map(([key, each]) => `${text(key)} = ${text(each)}`)
    .join(', ')} }`;
}

/** Array.isArray doesn't know of lists that nobody may change. */
function isList(value: Stage[string][string]): value is readonly string[] {
  return Array.isArray(value);
}

/** Its strings have the escapes of JSON. */
const text = (value: string): string => JSON.stringify(value);
