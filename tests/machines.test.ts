import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { environments, parseEnvironment } from '../config/index.ts';
import { locations } from '../config/server-types.ts';
import { chosenStock, stockFindings } from '../config/stock.ts';
import type { EnvironmentInput, StockInput } from '../config/schema.ts';
import { homesOf, machineValues, valuesFiles, writeValues } from '../synth/machines.ts';
import { refusal, testImages, testInput } from './support/harness.ts';
import { threeMachines, twoMachines } from './support/machines.ts';

const [first, second] = testInput.nodes;
const hetzner = { locations: ['fsn1', 'nbg1'], subnet: '10.10.0.0/24' };
const made = (changes: object = {}, ...machines: readonly object[]) => ({
  ...testInput,
  hetzner,
  edge: { loadBalancer: '10.10.0.2', dns: 'hetzner', certificates: 'staging' } as const,
  nodes: [first, second].map((node, index) => {
    return { ...node, machine: { address: `10.10.0.${11 + index}`, ...machines[index] } };
  }),
  ...changes,
});
const parse = (input: object) => parseEnvironment('test', input as typeof testInput, testImages, {});

describe('machines', () => {
  test('are taken as they are meant', () => {
    const volumes = { otherTypes: ['ccx43'], volumesGibibytes: { data: 10 } };
    expect(() => parse(made({}, volumes, { volumesGibibytes: { more: 10 } }))).not.toThrow();
  });

  const wrong: readonly [string, object, string, string][] = [
    [
      'without a place',
      { ...made(), hetzner: undefined },
      'nodes.0.machine',
      'there is no hetzner that says where it is made',
    ],
    [
      'that one node lacks',
      made({ nodes: testInput.nodes }),
      'nodes.0.machine',
      'there is none, and Terraform is to make it',
    ],
    [
      'of a location that is none',
      made({ hetzner: { ...hetzner, locations: ['fra1'] } }),
      'hetzner.locations.0',
      'got "fra1"',
    ],
    [
      'of a location twice',
      made({ hetzner: { ...hetzner, locations: ['fsn1', 'fsn1'] } }),
      'hetzner.locations',
      'fsn1 is there twice',
    ],
    [
      'in two zones of the network',
      made({ hetzner: { ...hetzner, locations: ['fsn1', 'ash'] } }),
      'hetzner.locations',
      'they are in several zones of the network: eu-central, us-east',
    ],
    [
      'in a subnet elsewhere',
      made({ hetzner: { ...hetzner, subnet: '10.11.0.0/24' } }),
      'hetzner.subnet',
      '10.11.0.0/24 is no part of networks.private (10.10.0.0/16)',
    ],
    [
      'outside of the subnet',
      made({}, { address: '10.10.1.11' }),
      'nodes.0.machine.address',
      '10.10.1.11 is outside of hetzner.subnet',
    ],
    [
      'at the gateway',
      made({}, { address: '10.10.0.1' }),
      'nodes.0.machine.address',
      "10.10.0.1 is the network's gateway",
    ],
    [
      'at the last address',
      made({}, { address: '10.10.0.255' }),
      'nodes.0.machine.address',
      '10.10.0.255 is the first or the last',
    ],
    [
      'at the same address',
      made({}, {}, { address: '10.10.0.11' }),
      'nodes.1.machine.address',
      '10.10.0.11 is that of nodes.0.machine.address already',
    ],
    [
      "at the load balancer's",
      made({}, { address: '10.10.0.2' }),
      'nodes.0.machine.address',
      '10.10.0.2 is that of edge.loadBalancer already',
    ],
    [
      'that may become too small',
      made({}, { otherTypes: ['ccx43', 'ccx23'] }),
      'nodes.0.machine.otherTypes.1',
      'ccx23 has less than ccx33: vcpu 4 of 8',
    ],
    ['of a type that is none', made({}, { otherTypes: ['cx22'] }), 'nodes.0.machine.otherTypes.0', 'got "cx22"'],
    [
      'with a volume too small',
      made({}, { volumesGibibytes: { data: 5 } }),
      'nodes.0.machine.volumesGibibytes.data',
      'got 5',
    ],
    [
      'with a volume of the same name',
      made({}, { volumesGibibytes: { data: 10 } }, { volumesGibibytes: { data: 10 } }),
      'nodes.1.machine.volumesGibibytes.data',
      'another node has a volume of that name',
    ],
    [
      'with a floating IP at none of them',
      made({ edge: { ...made().edge, breakGlass: { node: 'node3' } } }),
      'edge.breakGlass.node',
      'no node node3 runs what answers',
    ],
    [
      "of somebody else's, with a floating IP",
      { ...testInput, edge: { ...made().edge, breakGlass: { node: 'node1' } } },
      'edge.breakGlass',
      'there is no hetzner, which has the floating IP',
    ],
    [
      'of a zone elsewhere',
      made({ hetzner: { ...hetzner, zone: 'example.org' } }),
      'hetzner.zone',
      'example.com is not in the zone example.org',
    ],
  ];
  test.each(wrong)('%s are refused by name', (_, input, where, what) => {
    const findings = refusal(() => parse(input));
    expect(findings.map((finding) => finding.where)).toContain(`config/environments/test.ts: ${where}`);
    expect(findings.map((finding) => finding.what).join('\n')).toContain(what);
  });
});

describe('what Terraform reads', () => {
  const valuesOf = (input: EnvironmentInput, stock?: StockInput[string]) => machineValues('production', stock, input);
  const values = valuesOf(twoMachines);

  test('is of every environment with machines of its own', () => {
    const own = Object.entries(environments)
      .filter(([, input]) => input.hetzner && input.shares === undefined)
      .map(([name]) => name);
    expect(own).toContain('production');
    expect(Object.keys(environments).filter((name) => machineValues(name) !== undefined)).toEqual(own);
    expect(valuesOf({ ...twoMachines, hetzner: undefined })).toBeUndefined();
    expect(valuesOf({ ...twoMachines, shares: 'another' })).toBeUndefined();
  });

  test('has the first location and server type, the nodes by name, and what leads to their ports', () => {
    const { nodes, edge, hosts } = twoMachines;
    // What npm run stock wrote for production goes before.
    const { location = 'fsn1', serverTypes = {} } = chosenStock('production') ?? {};
    expect(values).toMatchObject({ environment: 'production', location, network: { zone: locations[location] } });
    expect(Object.entries(values?.nodes ?? {}).map(([name, { server_type }]) => [name, server_type])).toEqual(
      nodes.map(({ name, serverType }) => [name, serverTypes[name] ?? serverType]),
    );
    expect(values?.load_balancers.production).toEqual({
      address: edge.loadBalancer,
      ports: { web: 30080, websecure: 30443, health: 30081 },
      hosts: Object.values(hosts).sort(),
    });
  });

  test('opens nothing past the load balancer, and else at one node what the configuration says', () => {
    expect(values?.break_glass).toEqual({ open: false });
    const broken = { ...twoMachines, edge: { ...twoMachines.edge, breakGlass: { node: 'node2' } } };
    expect(valuesOf(broken)?.break_glass).toEqual({ open: true, node: 'node2' });
  });

  test('has what npm run stock chose instead', () => {
    expect(valuesOf(twoMachines, { location: 'nbg1', serverTypes: { node1: 'ccx43' } })).toMatchObject({
      location: 'nbg1',
      nodes: { node1: { server_type: 'ccx43' }, node2: { server_type: 'ccx33' } },
    });
  });

  test('of an environment in a zone of another one names that zone', () => {
    expect(valuesOf(threeMachines)?.dns).toEqual({
      provider: 'cloudflare',
      zone: 'example.com',
      domain: 'three.example.com',
    });
  });

  test('is written where it differs, told of by a dry run, and left alone where it is the same', () => {
    const root = fs.mkdtempSync(path.join(os.tmpdir(), 'diptych-machines-'));
    const file = 'terraform/environments/production.tfvars.json';
    const told = [true, false, false].map((dryRun) => writeValues(root, homesOf(['production']), { dryRun }));
    expect(told).toEqual([[`+ ${file}`], [`+ ${file}`], []]);
    fs.writeFileSync(path.join(root, file), '{}');
    expect(writeValues(root, ['production'], { dryRun: true })).toEqual([`~ ${file}`]);
    fs.rmSync(root, { recursive: true });
  });

  test('is committed as it should be', () => {
    const files = valuesFiles(path.join(import.meta.dirname, '..'), Object.keys(environments));
    expect(files.filter(({ then, now }) => then !== now)).toEqual([]);
  });
});

describe('what Terraform has made', () => {
  const folder = path.join(import.meta.dirname, '../terraform');
  const blocks = (text: string): Map<string, string> =>
    new Map(
      [...text.matchAll(/^resource "(\w+)" "(\w+)" \{\n([\s\S]*?)^\}/gm)].map(([, kind, name, body]) => [
        `${kind}.${name}`,
        body ?? '',
      ]),
    );
  const read = (file: string) => blocks(fs.readFileSync(path.join(folder, file), 'utf8'));
  const all = new Map(
    fs
      .readdirSync(folder)
      .filter((file) => file.endsWith('.tf'))
      .flatMap((file) => [...read(file)]),
  );

  test('refuses to go where it holds what can not be made again, until the example of the teardown lets it', () => {
    const kept = [...all].filter(([, body]) => body.includes('prevent_destroy = true')).map(([name]) => name);
    expect(kept.sort()).toEqual([...read('teardown.tf.example').keys()].sort());
    expect(kept).toContain('hcloud_server.node');
  });

  // Of the provider: what it would make another machine for.
  test.each(['image', 'ssh_keys', 'user_data'])('is no other machine for a changed %s', (attribute) => {
    expect(/ignore_changes += \[(.*)\]/.exec(all.get('hcloud_server.node') ?? '')?.[1]?.split(', ')).toContain(
      attribute,
    );
  });
});

describe('what was in stock', () => {
  const all = { test: made({}, { otherTypes: ['ccx43'] }) as typeof testInput };
  const chosen = (stock: object) => stockFindings(stock, all).map(({ where, what }) => `${where}: ${what}`);

  test('is one of what the environment names', () => {
    expect(chosen({ test: { location: 'nbg1', serverTypes: { node1: 'ccx43', node2: 'ccx33' } } })).toEqual([]);
  });

  test('is refused where the configuration has changed since', () => {
    expect(
      chosen({
        test: { location: 'hel1', serverTypes: { node2: 'ccx43', node3: 'ccx33' } },
        gone: { location: 'fsn1', serverTypes: {} },
      }),
    ).toEqual([
      'config/stock.json: test.location: hel1 is none of its locations',
      'config/stock.json: test.serverTypes.node2: ccx43 is none of its types',
      'config/stock.json: test.serverTypes.node3: there is no such node',
      'config/stock.json: gone: there is no such environment with hetzner',
    ]);
  });

  test('is refused where it is malformed', () => {
    expect(chosen({ test: { location: 'fsn1' } })).toEqual([
      'config/stock.json: test.serverTypes: the value is missing',
    ]);
  });
});
