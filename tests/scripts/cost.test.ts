import { PassThrough } from 'node:stream';
import { environments } from '../../config/index.ts';
import { prices } from '../../config/prices.ts';
import { Hetzner } from '../../prove/stand-ins/hetzner/index.ts';
import { billOf } from '../../scripts/cost/bill.ts';
import { costCommand } from '../../scripts/cost/command.ts';
import { itemsOf } from '../../scripts/cost/items.ts';
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

/** What an environment costs by the table. */
const billed = (environment: string) => {
  const values = machineValues(environment)!;
  return billOf(itemsOf(environment, values), writtenPrices(values.location));
};

describe('npm run cost', () => {
  test('has a line for each machine, volume, load balancer, address and bucket', async () => {
    const { code, printed } = await cost();
    expect(code).toBe(0);
    const { nodes, load_balancers } = machineValues('production')!;
    const names = [
      ...Object.keys(nodes).map((name) => `server ${name}`),
      ...Object.keys(load_balancers).map((name) => `load balancer ${name}`),
      ...Object.values(nodes).flatMap(({ volumes }) =>
        Object.entries(volumes).map(([name, size]) => `volume ${name}, ${size} GB`),
      ),
      ...['IPv4', 'IPv6'].map((kind) => `public ${kind} of ${Object.keys(nodes).length} servers`),
      'floating IPv4',
      ...Object.values(environments.production!.objectStores).map(({ bucket }) => `bucket ${bucket}`),
    ];
    expect(names.filter((name) => !printed.includes(`\n${name}`))).toEqual([]);
  });

  test('tells without a token what the table has, of when, and what is unknown', async () => {
    const { printed } = await cost();
    const { lines, total, unknown } = billed('production');
    const amounts = lines.map(({ what, month, atMost, price }) => {
      if (month === undefined) return `${what} unknown`;
      return `${what} ${month.toFixed(2)}${atMost ? ` at most, ${price!.hourly} an hour` : ''}`;
    });
    const told = printed.split('\n').map((line) => line.replaceAll(/ +/g, ' '));
    expect(told).toEqual(expect.arrayContaining(amounts));
    expect(told).toContainEqual(
      expect.stringMatching(`^together ${total.toFixed(2)}.*, and ${unknown.length} that are`),
    );
    expect(told).toEqual(
      expect.arrayContaining(lines.flatMap(({ price }) => (price ? `prices of ${price.source}` : []))),
    );
  });

  test('asks Hetzner with a token', async () => {
    const { code, printed } = await cost([], { token: hetzner.readOnlyToken });
    expect(code).toBe(0);
    const { nodes } = machineValues('production')!;
    for (const [name, size] of Object.values(nodes).flatMap(({ volumes }) => Object.entries(volumes)))
      expect(printed).toMatch(new RegExp(`^volume ${name}, ${size} GB .* ${(size * 0.05).toFixed(2)}$`, 'm'));
    const buckets = Object.keys(environments.production!.objectStores).length;
    expect(printed).toMatch(new RegExp(`^together .*, and ${buckets} that are unknown$`, 'm'));
    expect(printed).toContain(`prices of 2026-11-30: ${hetzner.endpoint}/pricing`);
  });

  test('tells of another environment', async () => {
    const others = Object.keys(environments).filter((name) => machineValues(name) !== undefined);
    for (const name of others) {
      const servers = Object.entries(machineValues(name)!.nodes).map(([node, each]) => `${node}, ${each.server_type}`);
      const { printed } = await cost([name]);
      expect(servers.filter((server) => !printed.includes(`\nserver ${server} `))).toEqual([]);
    }
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

  test('of a month go before those of an hour', () => {
    const known = new Map([['server a', { monthly: 40.5, hourly: 0.1, source: 'x' }]]);
    expect(billOf([{ what: 'a', price: 'server a', count: 2 }], known)).toMatchObject({ total: 81, atMost: false });
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
