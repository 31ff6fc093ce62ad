import type { Part } from '../../results/index.ts';
import type { Hetzner } from '../../stand-ins/hetzner/index.ts';
import { Checks } from './checks.ts';
import type { Values } from './life.ts';
import type { Tofu, Variables } from './tofu.ts';

interface Refusal {
  readonly what: string;
  readonly values?: object;
  readonly variables?: Variables;
  readonly because: string;
}

/** What is refused before anything is asked of Hetzner that would change it. */
export async function refusalsOf(tofu: Tofu, hetzner: Hetzner, values: Values): Promise<Part> {
  const checks = new Checks();
  const before = hetzner.calls.filter(({ method }) => method !== 'GET').length;
  for (const { what, values: wrong = {}, variables, because } of refusals(values)) {
    tofu.values = { ...values, ...wrong };
    const result = await tofu.plan(variables);
    checks.fails(`a plan with ${what}`, result, because);
    checks.same(`errors of a plan with ${what}`, String(result.stderr.split('Error: ').length - 1), '1');
  }
  tofu.values = values;
  checks.fails(
    'a plan without a token',
    await tofu.run(['plan', '-input=false', ...tofu.given({})], { HCLOUD_TOKEN: '' }),
    'token',
  );
  const stranger = { HCLOUD_TOKEN: 'y'.repeat(64) };
  checks.fails(
    'a plan with a wrong token',
    await tofu.run(['plan', '-input=false', ...tofu.given({})], stranger),
    'unauthorized',
  );
  const after = hetzner.calls.filter(({ method }) => method !== 'GET').length;
  checks.same('requests to change something meanwhile', String(after - before), '0');
  return { figures: {}, checks: checks.all };
}

function refusals(values: Values): readonly Refusal[] {
  const [first, node] = Object.entries(values.nodes)[0] ?? ['', undefined];
  const [balancer, way] = Object.entries(values.load_balancers)[0] ?? ['', undefined];
  const withNode = (changes: object) => ({ nodes: { ...values.nodes, [first]: { ...node, ...changes } } });
  const withWay = (changes: object) => ({
    load_balancers: { ...values.load_balancers, [balancer]: { ...way, ...changes } },
  });
  const others = Object.fromEntries(Object.entries(values.nodes).filter(([name]) => name !== first));
  return [
    {
      what: 'the values of another environment',
      values: { environment: 'other' },
      because: 'These are the values of other',
    },
    {
      what: 'a type that is not sold',
      values: withNode({ server_type: 'cx22' }),
      because: 'Hetzner sells no server type cx22',
    },
    {
      what: 'a location that is none',
      values: { location: 'fra1' },
      because: 'Hetzner sells nothing in fra1',
    },
    {
      what: 'a subnet outside of the network',
      values: {
        network: { ...values.network, subnet: '10.99.0.0/24' },
        nodes: moved(values.nodes),
        load_balancers: {},
      },
      because: 'has to be a part of the network',
    },
    {
      what: 'a node outside of the subnet',
      values: withNode({ address: '10.10.9.9' }),
      because: 'has to be one of the subnet',
    },
    {
      what: 'two nodes at one address',
      values: withNode({ address: Object.values(others)[0]?.address }),
      because: 'Two nodes have the same address',
    },
    { what: 'a node at the gateway', values: withNode({ address: '10.10.0.1' }), because: "is the network's gateway" },
    {
      what: 'a load balancer at the address of a node',
      values: withWay({ address: node?.address }),
      because: 'has the address of a node',
    },
    {
      what: 'a volume that is too small',
      values: withNode({ volumes: { small: 5 } }),
      because: 'A volume has 10 to 10240',
    },
    {
      what: 'a host of another zone',
      values: withWay({ hosts: ['shop.example.org'] }),
      because: 'Every host has to be in the zone',
    },
    {
      what: 'a health check by https',
      variables: { health_check: { protocol: 'https' } },
      because: 'A health check is tcp or http',
    },
    {
      what: 'a health check that notices too late',
      variables: { health_check: { interval_seconds: 15 } },
      because: 'A node that stops takes requests for 20 s',
    },
    {
      what: 'SSH open to the world',
      variables: { open_ports: { ssh: { protocol: 'tcp', port: 22, from: ['0.0.0.0/0'] } } },
      because: 'A port of TCP is not opened to the whole world',
    },
    {
      what: 'machines that let nobody in',
      variables: { ssh_keys: {} },
      because: 'Nobody could log in at',
    },
    {
      what: 'user_data of a node that is none',
      variables: { user_data: { nobody: '' } },
      because: 'user_data is by the names of nodes',
    },
    {
      what: 'the floating IP at a node that is none',
      variables: { break_glass: { open: false, node: 'nobody' } },
      because: 'The floating IP goes to a node',
    },
  ];
}

function moved(nodes: Values['nodes']): object {
  return Object.fromEntries(
    Object.entries(nodes).map(([name, node], index) => [name, { ...node, address: `10.99.0.${index + 11}` }]),
  );
}
