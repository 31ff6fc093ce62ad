import fs from 'node:fs';
import path from 'node:path';
import { environmentInput, neighboursOf } from '../config/index.ts';
import type { EnvironmentInput, StockInput } from '../config/schema.ts';
import { locations } from '../config/server-types.ts';
import { chosenStock } from '../config/stock.ts';
import { traefikWafDefaults } from '../constructs/traefik-waf/index.ts';

/** Folder of what Terraform reads of each environment. */
export const valuesFolder = 'terraform/environments';

/** A committed file of Terraform's values, as it is and as it should be. */
export interface ValuesFile {
  /** Path from the root, with slashes. */
  readonly file: string;
  readonly then: string | undefined;
  /** Undefined where there is nothing to make. */
  readonly now: string | undefined;
}

/** Terraform's variables that the environments decide: terraform/variables.tf says what they are. */
export function machineValues(
  name: string,
  stock: StockInput[string] | undefined = chosenStock(name),
  input: EnvironmentInput = environmentInput(name),
) {
  const { hetzner } = input;
  if (hetzner === undefined || input.shares !== undefined) return undefined;
  const location = stock?.location ?? hetzner.locations[0] ?? '';
  const beside = neighboursOf(name).map((other) => [other, environmentInput(other)] as const);
  const nodes = input.nodes.map((node) => {
    const { address = '', volumesGibibytes = {} } = node.machine ?? {};
    const server_type = stock?.serverTypes[node.name] ?? node.serverType;
    return [node.name, { role: node.role, server_type, address, volumes: volumesGibibytes }] as const;
  });
  return {
    environment: name,
    location,
    network: { zone: locations[location], range: input.networks.private, subnet: hetzner.subnet },
    nodes: Object.fromEntries(nodes),
    load_balancers: Object.fromEntries(
      [[name, input] as const, ...beside].flatMap(([each, { edge, hosts }]) =>
        edge === undefined ? [] : [[each, loadBalancer(edge, hosts)] as const],
      ),
    ),
    break_glass: { open: input.edge?.breakGlass !== undefined, ...input.edge?.breakGlass },
    dns: {
      provider: input.edge?.dns ?? 'none',
      zone: hetzner.zone ?? input.domain,
      domain: input.domain,
    },
  };
}

function loadBalancer(edge: NonNullable<EnvironmentInput['edge']>, hosts: EnvironmentInput['hosts']) {
  const ports = edge.nodePorts ?? traefikWafDefaults.nodePorts;
  return { address: edge.loadBalancer, ports, hosts: Object.values(hosts).sort() };
}

/** Environments whose machines' values these environments are part of: their own, or whose cluster they share. */
export function homesOf(names: readonly string[]): string[] {
  return [...new Set(names.map((name) => environmentInput(name).shares ?? name))];
}

/** The values of these environments, compared with what is there. */
export function valuesFiles(root: string, names: readonly string[]): ValuesFile[] {
  return names.map((name) => {
    const file = `${valuesFolder}/${name}.tfvars.json`;
    const full = path.join(root, file);
    const then = fs.existsSync(full) ? fs.readFileSync(full, 'utf8') : undefined;
    const wanted = machineValues(name);
    return { file, then, now: wanted === undefined ? undefined : `${JSON.stringify(wanted, undefined, 2)}\n` };
  });
}

/** Brings the values of these environments up to date. @returns what is told of those that weren't */
export function writeValues(
  root: string,
  names: readonly string[],
  { dryRun }: { readonly dryRun: boolean },
): string[] {
  const stale = valuesFiles(root, names).filter(({ then, now }) => then !== now);
  for (const { file, now } of dryRun ? [] : stale) {
    const full = path.join(root, file);
    if (now === undefined) {
      fs.rmSync(full);
      continue;
    }
    fs.mkdirSync(path.dirname(full), { recursive: true });
    // Whole or not at all: Terraform may be reading it.
    fs.writeFileSync(`${full}.new`, now);
    fs.renameSync(`${full}.new`, full);
  }
  return stale.map(({ file, then, now }) => `${now === undefined ? '-' : then === undefined ? '+' : '~'} ${file}`);
}
