import process from 'node:process';
import { environments } from '../../config/index.ts';
import { InputError } from '../../constructs/core/error.ts';
import { parseArguments } from '../../synth/arguments.ts';
import { runCommand, UsageError } from '../../synth/command.ts';
import type { Output } from '../../synth/command.ts';
import { machineValues } from '../../synth/machines.ts';
import type { HetznerContext } from '../stock/hetzner.ts';
import { billOf } from './bill.ts';
import type { Bill, BillLine } from './bill.ts';
import { itemsOf } from './items.ts';
import { askedPrices, writtenPrices } from './prices.ts';

const help = `npm run cost -- [ENVIRONMENT]

What the machines of an environment cost in a month, in EUR and net of VAT: servers, volumes, load balancers, addresses.
With HCLOUD_TOKEN by what Hetzner asks for now, else by the dated table of config/prices.ts. What is unknown is told, and
in no sum: traffic beyond what is included, and what buckets hold.

  ENVIRONMENT  of config/environments/   [production]
  --help       this text

HCLOUD_TOKEN is a token of the project, which need only read; HCLOUD_ENDPOINT another address than Hetzner's.
`;

/** Runs `npm run cost`. @returns the exit code: 0 told, 1 refused, 2 called wrongly */
export function costCommand(
  context: HetznerContext,
  args: readonly string[],
  output: Output = process,
): Promise<number> {
  return runCommand(
    help,
    async () => {
      const { values, positionals } = parseArguments({
        args: [...args],
        allowPositionals: true,
        options: { help: { type: 'boolean', default: false } },
      });
      if (values.help) return 'help';
      if (positionals.length > 1) throw new UsageError('one environment at a time');
      await cost(context, positionals[0] ?? 'production', output);
      return 0;
    },
    output,
  );
}

async function cost(context: HetznerContext, environment: string, { stdout }: Output): Promise<void> {
  const values = machineValues(environment);
  if (values === undefined) throw notMade(environment);
  const { location } = values;
  const isAsked = context.token !== '';
  const prices = isAsked ? await askedPrices(context, location) : writtenPrices(location);
  const bill = billOf(itemsOf(environment, values), prices);
  stdout.write(`${environment} in ${location}, EUR a month, net of VAT\n\n`);
  const width = Math.max(...bill.lines.map(({ what }) => what.length));
  for (const line of bill.lines) stdout.write(`${line.what.padEnd(width)}  ${amountOf(line)}\n`);
  stdout.write(`${'together'.padEnd(width)}  ${totalOf(bill)}\n\n`);
  for (const source of sourcesOf(bill)) stdout.write(`prices of ${source}\n`);
  if (!isAsked) stdout.write("they change; with HCLOUD_TOKEN it asks Hetzner's own\n");
}

function amountOf({ month, atMost, price }: BillLine): string {
  if (month === undefined) return '    unknown';
  const hourly = atMost ? `  at most, ${price?.hourly ?? 0} an hour` : '';
  return `${month.toFixed(2).padStart(11)}${hourly}`;
}

function totalOf({ total, atMost, unknown }: Bill): string {
  const more = unknown.length === 0 ? '' : `, and ${unknown.length} that are unknown`;
  return `${total.toFixed(2).padStart(11)}${atMost ? '  at most' : ''}${more}`;
}

function sourcesOf({ lines }: Bill): string[] {
  return [...new Set(lines.flatMap(({ price }) => price?.source ?? []))].sort();
}

function notMade(environment: string): InputError {
  const made = Object.keys(environments).filter((name) => machineValues(name) !== undefined);
  return new InputError({
    where: `config/environments/${environment}.ts`,
    what: 'Terraform makes no machines of it: they are those of another environment, or of others',
    allowed: made.join(', ') || 'an environment with hetzner',
    remedy: 'name one of these',
  });
}
