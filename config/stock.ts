import path from 'node:path';
import { InputError } from '../constructs/core/error.ts';
import type { Finding } from '../constructs/core/error.ts';
import { environments } from './environment-files.ts';
import { schemaFindings } from './findings.ts';
import { readJson } from './json.ts';
import { stockSchema } from './schema.ts';
import type { EnvironmentInput, StockInput } from './schema.ts';

export const stockFile = 'config/stock.json';

/** What `npm run stock` chose for an environment; undefined where it has the first of everything. @throws InputError */
export function chosenStock(name: string): StockInput[string] | undefined {
  const table = readJson(stockFile, path.join(import.meta.dirname, 'stock.json'));
  const findings = stockFindings(table, environments);
  if (findings.length > 0) throw new InputError(findings);
  return (table as StockInput)[name];
}

/** What was chosen of a configuration that has changed since. */
export function stockFindings(table: unknown, all: Readonly<Record<string, EnvironmentInput>>): Finding[] {
  const malformed = schemaFindings(stockFile, stockSchema, table);
  if (malformed.length > 0) return malformed;
  return Object.entries(table as StockInput).flatMap(([name, { location, serverTypes }]) => {
    const where = `${stockFile}: ${name}`;
    const { hetzner, nodes = [] } = all[name] ?? {};
    const remedy = `remove "${name}" there and run npm run stock -- --environment ${name}, or mend config/environments/${name}.ts`;
    if (hetzner === undefined) {
      const [what, allowed] = ['there is no such environment with hetzner', 'environments that Terraform makes'];
      return [{ where, what, allowed, remedy: `remove "${name}" there` }];
    }
    const strangers = Object.entries(serverTypes).flatMap(([node, type]): Finding[] => {
      const found = nodes.find((each) => each.name === node);
      const types = found === undefined ? [] : [found.serverType, ...(found.machine?.otherTypes ?? [])];
      if (types.includes(type)) return [];
      const what = found === undefined ? 'there is no such node' : `${type} is none of its types`;
      return [
        {
          where: `${where}.serverTypes.${node}`,
          what,
          allowed: types.join(', ') || 'nodes of the environment',
          remedy,
        },
      ];
    });
    if (hetzner.locations.includes(location)) return strangers;
    const misplaced = { where: `${where}.location`, what: `${location} is none of its locations` };
    return [{ ...misplaced, allowed: hetzner.locations.join(', '), remedy }, ...strangers];
  });
}
