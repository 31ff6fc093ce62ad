import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { environmentInput } from '../../config/index.ts';
import { Hetzner } from '../../prove/stand-ins/hetzner/index.ts';
import { stockCommand } from '../../scripts/stock/command.ts';

let hetzner: Hetzner;
let root: string;
beforeEach(async () => {
  hetzner = await Hetzner.start({ actionMilliseconds: 0 });
  root = fs.mkdtempSync(path.join(os.tmpdir(), 'diptych-stock-'));
  fs.mkdirSync(path.join(root, 'config'));
  fs.writeFileSync(path.join(root, 'config/stock.json'), '{}\n');
});
afterEach(async () => {
  await hetzner.stop();
  fs.rmSync(root, { recursive: true });
});

async function stock(
  args: readonly string[] = [],
  { token = hetzner.readOnlyToken, endpoint = hetzner.endpoint } = {},
) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const context = { root, now: new Date(), token, endpoint, timeoutMilliseconds: 5000 };
  const code = await stockCommand(context, args, { stdout, stderr });
  const written = JSON.parse(fs.readFileSync(path.join(root, 'config/stock.json'), 'utf8')) as unknown;
  return { code, written, printed: String(stdout.read() ?? ''), refused: String(stderr.read() ?? '') };
}

describe('npm run stock', () => {
  const { hetzner: wanted, nodes } = environmentInput('production');
  const [first = '', second = ''] = wanted?.locations ?? [];
  const types = Object.fromEntries(nodes.map(({ name, serverType }) => [name, serverType]));

  const makeServer = async (server_type: string, location: string): Promise<void> => {
    const post = { method: 'POST', headers: { authorization: `Bearer ${hetzner.token}` } };
    const server = { name: 'production-node1', server_type, location, image: 'debian-13' };
    const body = JSON.stringify({ ...server, labels: { environment: 'production' } });
    await fetch(`${hetzner.endpoint}/servers`, { ...post, body });
  };

  test('writes nothing where everything wanted most can be ordered', async () => {
    expect(await stock()).toMatchObject({
      code: 0,
      written: {},
      printed: expect.stringContaining('of that already') as string,
    });
  });

  test('takes the next type of a node that is out of stock', async () => {
    hetzner.sellOut('ccx33', first);
    const { code, written, printed } = await stock();
    expect({ code, written }).toEqual({
      code: 0,
      written: { production: { location: first, serverTypes: { ...types, node1: 'ccx43' } } },
    });
    expect(printed).toContain('ccx33 is out of stock');
  });

  test('takes the next location where one node can be had as nothing', async () => {
    for (const type of ['ccx33', 'ccx43']) hetzner.sellOut(type, first);
    expect((await stock()).written).toEqual({ production: { location: second, serverTypes: types } });
  });

  test('never takes a type that is not sold any more', async () => {
    hetzner.withdraw('ccx33');
    const { written, printed } = await stock();
    expect(written).toMatchObject({ production: { serverTypes: { node1: 'ccx43' } } });
    expect(printed).toContain('ccx33 is not sold any more');
  });

  test('takes a type that is announced to leave until its day, as a plan does, and tells the day', async () => {
    hetzner.announce('ccx33', new Date('2999-01-31T10:00:00Z'));
    const { code, written, printed } = await stock();
    expect({ code, written }).toEqual({ code: 0, written: {} });
    expect(printed).toMatch(/node1 +ccx33 \(sold there until 2999-01-31\)/);
    hetzner.announce('ccx33', new Date('2020-01-31T10:00:00Z'));
    expect((await stock()).printed).toContain('ccx43 (ccx33 is not sold there any more)');
  });

  test('tells it of a server that there is too', async () => {
    await makeServer('ccx33', first);
    hetzner.announce('ccx33', new Date('2999-01-31T10:00:00Z'));
    expect((await stock()).printed).toMatch(/node1 +ccx33 \(it is there, sold there until 2999-01-31\)/);
  });

  test('forgets its choice once everything wanted most can be ordered again', async () => {
    hetzner.sellOut('ccx33', first);
    await stock();
    hetzner.sellOut('ccx33', first, false);
    expect((await stock()).written).toEqual({});
  });

  test('says of a server that there is that another one could not be made in its place', async () => {
    await makeServer('ccx33', first);
    expect((await stock()).printed).not.toContain('another one could not be made now');
    hetzner.sellOut('ccx33', first);
    const { code, written, printed } = await stock();
    expect({ code, written }).toEqual({ code: 0, written: {} });
    expect(printed).toContain('it is there, another one could not be made now: ccx33 is out of stock');
  });

  test('takes the type that a server is to become, where what it is is none of its types any more', async () => {
    await makeServer('ccx23', first);
    expect((await stock()).written).toEqual({});
    hetzner.sellOut('ccx33', first);
    expect((await stock()).written).toMatchObject({ production: { serverTypes: { node1: 'ccx43' } } });
  });

  test('leaves servers as they are, where they are', async () => {
    await makeServer('ccx43', second);
    expect((await stock()).written).toEqual({
      production: { location: second, serverTypes: { ...types, node1: 'ccx43' } },
    });
  });

  test('says which node is the trouble where no location has all', async () => {
    for (const location of wanted?.locations ?? [])
      for (const type of ['ccx33', 'ccx43']) hetzner.sellOut(type, location);
    const { code, refused } = await stock();
    expect(code).toBe(1);
    expect(refused).toContain(`no location has machines for every node: ${first} has nothing for node1`);
  });

  test('only tells with --check', async () => {
    expect((await stock(['--check'])).code).toBe(0);
    hetzner.sellOut('ccx33', first);
    expect(await stock(['--check'])).toMatchObject({ code: 1, written: {} });
  });

  const refusals: readonly [string, readonly string[], object, string][] = [
    ['a missing token', [], { token: '' }, 'HCLOUD_TOKEN: it is not set'],
    ['a wrong token', [], { token: 'wrong' }, 'it takes no such token'],
    ['an address where nobody is', [], { endpoint: 'http://127.0.0.1:1/v1' }, 'it could not be reached'],
    ['an environment that there is not', ['--environment', 'nowhere'], {}, 'there is none called "nowhere"'],
  ];
  test.each(refusals)('refuses %s', async (_, args, context, what) => {
    const { code, refused } = await stock(args, context);
    expect(code).toBe(1);
    expect(refused.replace(/\s+/g, ' ')).toContain(what);
  });

  test('says that it was asked too often', async () => {
    hetzner.limited = 2;
    expect((await stock()).refused).toContain('it was asked too often');
  });
});
