import fs from 'node:fs';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import type { StockInput } from '../../../config/schema.ts';
import { stockCommand } from '../../../scripts/stock/command.ts';
import { machineValues } from '../../../synth/machines.ts';
import { ProvingError } from '../../machine/error.ts';
import type { Part } from '../../results/index.ts';
import type { Hetzner } from '../../stand-ins/hetzner/index.ts';
import { Checks } from './checks.ts';
import { list } from './life.ts';
import type { Values } from './life.ts';
import type { Tofu } from './tofu.ts';

/** What goes wrong at Hetzner: nothing in stock, a type withdrawn, an action that fails, too many requests, two at once. */
export async function troubleOf(
  tofu: Tofu,
  hetzner: Hetzner,
  values: Values,
  { folder, report }: { readonly folder: string; readonly report: (line: string) => void },
): Promise<Part> {
  const checks = new Checks();
  const { world } = hetzner;
  const [node, { server_type: type }] = Object.entries(values.nodes)[0] ?? ['', { server_type: '' }];

  report(`nothing of ${type} in stock`);
  hetzner.sellOut(type, values.location);
  tofu.values = values;
  checks.fails('apply while a type is out of stock', await tofu.apply(), 'resource_unavailable');
  const stocked = await stock(hetzner, values.environment, folder);
  const other = machineValues(values.environment, stocked[values.environment]);
  if (other === undefined) throw new ProvingError(`${values.environment} has no machines`);
  tofu.values = { ...other, dns: values.dns };
  checks.same(
    'npm run stock then takes',
    other.nodes[node]?.server_type === type ? type : 'another type',
    'another type',
  );
  checks.succeeds('apply with that one, on what the first left half done', await tofu.apply());
  const server = world.all('servers').find(({ name }) => name === `${values.environment}-${node}`);
  checks.same(
    `${node} is`,
    (server?.server_type as { name: string } | undefined)?.name ?? 'missing',
    other.nodes[node]?.server_type ?? '',
  );
  checks.same('a plan after it', list(await tofu.changes()), 'nothing');

  report('a type that is announced to leave');
  hetzner.announce(other.nodes[node]?.server_type ?? '', new Date('2999-01-01T00:00:00Z'));
  checks.same('a plan once its type is announced to leave', list(await tofu.changes()), 'nothing');
  checks.says('that plan warns', (await tofu.plan()).stdout, 'for some time yet');

  report('a type that is withdrawn');
  hetzner.withdraw(other.nodes[node]?.server_type ?? '');
  checks.same('a plan once its type is no longer sold', list(await tofu.changes()), 'nothing');
  checks.says('that plan warns', (await tofu.plan()).stdout, 'could not be made again');

  report('two at once');
  const slow = { open_ports: { drill: { protocol: 'udp', port: 51_820, from: ['203.0.113.7/32'] } } };
  const both = await Promise.all([tofu.apply(slow), tofu.apply(slow)]);
  const loser = both.find(({ status }) => status !== 0);
  checks.same('applies at the same time that were done', String(both.filter(({ status }) => status === 0).length), '1');
  checks.says('the other one is told', loser?.stderr ?? '', 'Error acquiring the state lock');

  report('too many requests, and an action that fails');
  hetzner.limited = 3;
  checks.succeeds('apply while the API says that there were too many requests', await tofu.apply());
  world.failing.add('set_rules');
  const failed = await tofu.apply(slow);
  checks.fails('apply while an action fails', failed, 'failed');
  checks.succeeds('apply again after it', await tofu.apply(slow));
  checks.same('a plan after that', list(await tofu.changes(slow)), 'nothing');
  return { figures: {}, checks: checks.all };
}

/** Asks by the command what can be ordered. @returns what it wrote. @throws ProvingError where it is refused */
async function stock(hetzner: Hetzner, environment: string, folder: string): Promise<StockInput> {
  const root = path.join(folder, 'stock');
  fs.mkdirSync(path.join(root, 'config'), { recursive: true });
  const file = path.join(root, 'config/stock.json');
  fs.writeFileSync(file, '{}\n');
  const output = new PassThrough();
  const { endpoint, readOnlyToken: token } = hetzner;
  const context = { root, now: new Date(), token, endpoint, timeoutMilliseconds: 10_000 };
  const code = await stockCommand(context, ['--environment', environment], { stdout: output, stderr: output });
  if (code !== 0) throw new ProvingError(`npm run stock: exit code ${code}\n${String(output.read())}`);
  return JSON.parse(fs.readFileSync(file, 'utf8')) as StockInput;
}
