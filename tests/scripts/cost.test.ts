import { PassThrough } from 'node:stream';
import { environments } from '../../config/index.ts';
import { prices } from '../../config/prices.ts';
import { Hetzner } from '../../prove/stand-ins/hetzner/index.ts';
import { billOf } from '../../scripts/cost/bill.ts';
import { costCommand } from '../../scripts/cost/command.ts';
import { writtenPrices } from '../../scripts/cost/prices.ts';
import { machineValues } from '../../synth/machines.ts';

let hetzner: Hetzner;
beforeEach(async () => (hetzner = await Hetzner.start({ actionMilliseconds: 0 })));
afterEach(() => hetzner.stop());

async function cost(args: readonly string[] = [], { token = '', endpoint = hetzner.endpoint } = {}) {
  const output = new PassThrough();
  const context = { now: new Date('2026-11-30'), token, endpoint, timeoutMilliseconds: 5000 };
  const code = await costCommand(context, args, { stdout: output, stderr: output });
  return { code, printed: String(output.read() ?? '') };
}

describe('npm run cost', () => {
  test('has a line for each machine, volume, load balancer, address and bucket', async () => {
    const { code, printed } = await cost();
    expect(code).toBe(0);
    const { nodes, load_balancers } = machineValues('production')!;
    const names = [
      ...Object.keys(nodes).map((name) => `server ${name}`),
      ...Object.keys(load_balancers).map((name) => `load balancer ${name}`),
      ...['volume directory, 10 GB', 'public IPv4 of 2 servers', 'public IPv6 of 2 servers', 'floating IPv4'],
      ...Object.values(environments.production!.objectStores).map(({ bucket }) => `bucket ${bucket}`),
    ];
    expect(names.filter((name) => !printed.includes(`\n${name}`))).toEqual([]);
  });

  test('tells without a token what the table has, of when, and what is unknown', async () => {
    const { printed } = await cost();
    expect(printed).toMatch(/^server node1, ccx33 .* 138\.49$/m);
    expect(printed).toMatch(/^server node2, ccx23 .* 102\.52 {2}at most, 0\.1378 an hour$/m);
    expect(printed).toMatch(/^load balancer production, lb11 .* unknown$/m);
    expect(printed).toMatch(/^together .* 241\.58 {2}at most, and 6 that are unknown$/m);
    expect(printed).toContain('prices of 2026-08: ');
  });

  test('asks Hetzner with a token', async () => {
    const { code, printed } = await cost([], { token: hetzner.readOnlyToken });
    expect(code).toBe(0);
    expect(printed).toMatch(/^volume directory, 10 GB .* 0\.50$/m);
    expect(printed).toMatch(/^public IPv4 of 2 servers .* 1\.25$/m);
    expect(printed).toMatch(/^together .*, and 2 that are unknown$/m);
    expect(printed).toContain(`prices of 2026-11-30: ${hetzner.endpoint}/pricing`);
  });

  test('tells of another environment', async () => {
    expect((await cost(['three-node'])).printed).toMatch(/^server witness, cx23 .* unknown$/m);
  });

  const refusals: readonly [string, readonly string[], object, string][] = [
    ['an environment that there is not', ['nowhere'], {}, 'there is none called "nowhere"'],
    ['two environments', ['production', 'three-node'], {}, 'one environment at a time'],
    ['an option that there is not', ['--all'], {}, "Unknown option '--all'"],
    ['a wrong token', [], { token: 'wrong' }, 'it takes no such token'],
    ['an address where nobody is', [], { token: 'x', endpoint: 'http://127.0.0.1:1/v1' }, 'it could not be reached'],
  ];
  test.each(refusals)('refuses %s', async (_, args, context, what) => {
    const { code, printed } = await cost(args, context);
    expect(code).toBeGreaterThan(0);
    expect(printed.replace(/\s+/g, ' ')).toContain(what);
  });
});

describe('prices', () => {
  test('have a day and a source each', () => {
    const bare = Object.entries(prices).filter(
      ([, { date, source }]) => !/^2\d{3}-\d\d(-\d\d)?$/.test(date) || source === '',
    );
    expect(bare).toEqual([]);
  });

  test('are unknown where the table does not hold', () => {
    expect(writtenPrices('ash').size).toBe(0);
  });

  test('by the hour are no more than the longest month has, and none where they are unknown', () => {
    const known = new Map([['server a', { hourly: 0.1, source: 'x' }]]);
    const items = ['server a', 'server b'].map((price) => ({ what: price, price, count: 2 }));
    expect(billOf(items, known)).toMatchObject({ total: 148.8, atMost: true, unknown: ['server b'] });
  });
});
