import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { environmentInput, environments } from '../../config/index.ts';
import { readJson } from '../../config/json.ts';
import type { EnvironmentInput, StockInput } from '../../config/schema.ts';
import { stockFile } from '../../config/stock.ts';
import { InputError } from '../../constructs/core/error.ts';
import { parseArguments } from '../../synth/arguments.ts';
import { runCommand } from '../../synth/command.ts';
import type { Output } from '../../synth/command.ts';
import { chooseStock } from './choose.ts';
import type { TriedLocation } from './choose.ts';
import { serversOf, soldTypes } from './hetzner.ts';
import type { HetznerContext } from './hetzner.ts';

const help = `npm run stock -- [OPTION...]

Asks Hetzner what can be ordered now, and writes into ${stockFile} the first location of an environment where each of
its nodes can be had as one of its types, the most wanted first. Servers that there are stay as they are. Then npm run synth
hands it to Terraform.

  --environment NAME  which environment             [production]
  --check             only tell; exit code 1 if it is another choice than the one that Terraform has
  --help              this text

HCLOUD_TOKEN is a token of the project, which need only read; HCLOUD_ENDPOINT another address than Hetzner's.
`;

export interface StockContext extends HetznerContext {
  /** Folder that holds `config/stock.json`. */
  readonly root: string;
}

/** Runs `npm run stock`. @returns the exit code: 0 done, 1 refused or not current, 2 called wrongly */
export function stockCommand(
  context: StockContext,
  args: readonly string[],
  output: Output = process,
): Promise<number> {
  return runCommand(
    help,
    async () => {
      const { values } = parseArguments({
        args: [...args],
        options: {
          environment: { type: 'string', default: 'production' },
          check: { type: 'boolean', default: false },
          help: { type: 'boolean', default: false },
        },
      });
      if (values.help) return 'help';
      return stock(context, values, output);
    },
    output,
  );
}

async function stock(
  context: StockContext,
  { environment, check }: { readonly environment: string; readonly check: boolean },
  { stdout }: Output,
): Promise<number> {
  const input = machinesOf(environment);
  const [sold, existing] = await Promise.all([soldTypes(context), serversOf(context, environment)]);
  const { chosen, tried } = chooseStock(environment, input, sold, existing, context.now);
  for (const line of tried.flatMap(linesOf)) stdout.write(`${line}\n`);
  if (chosen === undefined) throw nothingFound(environment, input, tried);
  const file = path.join(context.root, stockFile);
  const table = readJson(stockFile, file) as StockInput;
  const wanted = isFirst(input, chosen) ? undefined : chosen;
  const current = JSON.stringify(table[environment]) === JSON.stringify(wanted);
  if (current) {
    stdout.write(`${environment} is to be made of that already\n`);
    return 0;
  }
  if (check) {
    stdout.write(`${environment} is to be made of something else: run npm run stock -- --environment ${environment}\n`);
    return 1;
  }
  const others = Object.entries(table).filter(([name]) => name !== environment);
  const all = [...others, ...(wanted === undefined ? [] : [[environment, wanted] as const])];
  const sorted = Object.fromEntries(all.sort(([a], [b]) => a.localeCompare(b, 'en')));
  fs.writeFileSync(`${file}.new`, `${JSON.stringify(sorted, undefined, 2)}\n`);
  fs.renameSync(`${file}.new`, file);
  stdout.write(`written to ${stockFile}; now run npm run synth\n`);
  return 0;
}

/** @throws InputError for an environment that Terraform doesn't make */
function machinesOf(name: string): EnvironmentInput {
  const input = environmentInput(name);
  if (input.hetzner !== undefined && input.shares === undefined) return input;
  const made = Object.entries(environments).filter(
    ([, each]) => each.hetzner !== undefined && each.shares === undefined,
  );
  throw new InputError({
    where: `config/environments/${name}.ts`,
    what: input.shares === undefined ? 'it has no hetzner' : `its machines are those of ${input.shares}`,
    allowed: made.map(([each]) => each).join(', ') || 'an environment with hetzner',
    remedy: 'name one of these by --environment',
  });
}

/** Whether everything is what the configuration wants most: nothing has to be written down then. */
function isFirst({ hetzner, nodes }: EnvironmentInput, { location, serverTypes }: StockInput[string]): boolean {
  return hetzner?.locations[0] === location && nodes.every(({ name, serverType }) => serverTypes[name] === serverType);
}

function linesOf({ location, nodes }: TriedLocation): string[] {
  return nodes.map(({ node, type, reasons }) => {
    const why = reasons.length === 0 ? '' : ` (${reasons.join(', ')})`;
    return `${location}  ${node.padEnd(8)} ${type ?? 'nothing'}${why}`;
  });
}

function nothingFound(environment: string, { hetzner }: EnvironmentInput, tried: readonly TriedLocation[]): InputError {
  const lacking = tried.map(({ location, nodes }) => {
    const without = nodes.filter(({ type }) => type === undefined).map(({ node }) => node);
    return `${location} has nothing for ${without.join(', ')}`;
  });
  return new InputError({
    where: `config/environments/${environment}.ts`,
    what: `no location has machines for every node: ${lacking.join('; ')}`,
    allowed: `one of ${(hetzner?.locations ?? []).join(', ')} where each node can be had as its serverType or one of its otherTypes`,
    remedy: 'add otherTypes or locations, or try again later: stock changes by the hour',
  });
}
