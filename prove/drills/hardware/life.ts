import fs from 'node:fs';
import path from 'node:path';
import type { machineValues } from '../../../synth/machines.ts';
import { ProvingError } from '../../machine/error.ts';
import type { Result } from '../../machine/run.ts';
import type { Part } from '../../results/index.ts';
import type { Hetzner } from '../../stand-ins/hetzner/index.ts';
import { targetsOf } from '../../stand-ins/hetzner/load-balancers.ts';
import type { Thing, World } from '../../stand-ins/hetzner/world.ts';
import { Checks } from './checks.ts';
import { publicKey } from './public-key.ts';
import type { Change, Tofu, Variables } from './tofu.ts';

export type Values = NonNullable<ReturnType<typeof machineValues>>;

/** What Hetzner then has of each kind. */
const kinds = [
  ...['servers', 'networks', 'firewalls', 'volumes', 'floating_ips', 'primary_ips', 'placement_groups'],
  ...['load_balancers', 'zones', 'ssh_keys'],
] as const;

/** Of these, what is protected. */
const guardedKinds = [
  ...['servers', 'networks', 'volumes', 'floating_ips', 'primary_ips', 'load_balancers', 'zones'],
] as const;

/**
 * From nothing to machines and back: what is made, what stays as it is, and what refuses to go.
 * @param meanwhile what is done while everything is there, and leaves it so
 */
export async function lifeOf(
  tofu: Tofu,
  hetzner: Hetzner,
  values: Values,
  report: (line: string) => void,
  meanwhile: (variables: Variables) => Promise<void>,
): Promise<Part> {
  const checks = new Checks();
  const { world } = hetzner;
  const names = Object.keys(values.nodes);
  const user_data = Object.fromEntries(names.map((name) => [name, `#cloud-config\n# first ${name}\n`]));
  const given = { user_data, ssh_keys: { first: publicKey(1) } };

  report('applying to nothing');
  const start = performance.now();
  const applied = await tofu.apply(given);
  // Nothing of what follows can be asked then.
  if (applied.status !== 0) throw new ProvingError(`tofu apply, from nothing: ${applied.stderr.trim()}`);
  const seconds = (performance.now() - start) / 1000;
  made(checks, world, values);

  report('planning again');
  checks.same('a second plan', list(await tofu.changes(given)), 'nothing');

  await meanwhile(given);

  report('changing what a machine is made with');
  const servers = world.all('servers').map(({ id }) => id);
  const changed = {
    user_data: { ...user_data, [names[0] ?? '']: '#cloud-config\n# second\n' },
    ssh_keys: { first: publicKey(2), second: publicKey(3) },
    image: 'debian-12',
  };
  const planned = await tofu.plan(changed);
  checks.same(
    'a plan with other user_data, keys and image',
    list(await tofu.changes(changed)),
    'delete and create hcloud_ssh_key.operator["first"], create hcloud_ssh_key.operator["second"]',
  );
  checks.says('that plan warns', planned.stdout + planned.stderr, 'A machine was made with other user_data');
  checks.succeeds('apply with other user_data, keys and image', await tofu.apply(changed));
  checks.same('servers after it', String(world.all('servers').map(({ id }) => id)), String(servers));
  checks.succeeds('apply as it was', await tofu.apply(given));

  report('planning what would make other machines');
  const refused = async (what: string, wrong: object, because: string): Promise<Result> => {
    tofu.values = { ...values, ...wrong };
    const result = await tofu.plan({ ssh_keys: given.ssh_keys });
    checks.fails(`a plan with ${what}`, result, because);
    return result;
  };
  for (const [what, wrong] of Object.entries(otherMachines(values))) {
    await refused(what, wrong, 'has prevent_destroy set');
  }
  const renamed = await refused('a node of another name', ofAnotherName(values), 'a node that is renamed is another');
  checks.same('errors of that plan', String(renamed.stderr.split('Error: ').length - 1), '1');
  tofu.values = values;

  report('growing a volume, and moving the floating IP');
  const last = names.at(-1) ?? '';
  const grown = {
    ...values,
    nodes: Object.fromEntries(
      Object.entries(values.nodes).map(([name, node]) => [name, { ...node, volumes: larger(node.volumes) }]),
    ),
  };
  tofu.values = grown;
  const moved = { ...given, break_glass: { open: true, node: last } };
  checks.succeeds('apply with larger volumes and the glass broken', await tofu.apply(moved));
  checks.same(
    'sizes of the volumes',
    String(world.all('volumes').map(({ size }) => size)),
    String(volumesOf(grown).map(([, size]) => size)),
  );
  const holder = world.all('servers').find(({ id }) => id === world.all('floating_ips')[0]?.server);
  checks.same('the floating IP is at', String(holder?.name), `${values.environment}-${last}`);
  checks.same('ports that the world reaches', ports(world), '80, 443');
  if (values.dns.provider === 'hetzner') {
    const floating = String(world.all('floating_ips')[0]?.ip);
    checks.same('names lead to the floating IP', namesLeadTo(world).join(), floating);
  }
  checks.succeeds('apply with the glass whole again', await tofu.apply(given));
  checks.same('ports that the world reaches then', ports(world), 'none');

  report('destroying what is protected');
  const before = counts(world);
  checks.fails('tofu destroy', await tofu.destroy(given), 'has prevent_destroy set');
  checks.same('what there is after it', counts(world), before);
  await askedDirectly(checks, hetzner);
  checks.same('what there is after that', counts(world), before);

  report('destroying on purpose');
  fs.copyFileSync(path.join(tofu.folder, 'teardown.tf.example'), path.join(tofu.folder, 'teardown_override.tf'));
  const still = await tofu.destroy(given);
  checks.fails('tofu destroy, with teardown_override.tf alone', still, 'is protected from deletion (protected)');
  const unprotected = { ...given, protect: false };
  checks.succeeds('apply without protection', await tofu.apply(unprotected));
  checks.succeeds('tofu destroy after it', await tofu.destroy(unprotected));
  checks.same('what is left', counts(world), kinds.map((kind) => `${kind} 0`).join(', '));
  fs.rmSync(path.join(tofu.folder, 'teardown_override.tf'));
  tofu.values = values;
  return { figures: { apply: Math.round(seconds * 10) / 10 }, checks: checks.all };
}

function ofAnotherName(values: Values): object {
  const [first, ...others] = Object.entries(values.nodes);
  return { nodes: Object.fromEntries([['renamed', first?.[1]], ...others]) as object };
}

/** What no machine that there is can become. */
function otherMachines(values: Values): Readonly<Record<string, object>> {
  const elsewhere = (address: string): string => address.replace(/^10\.10\.0\./, '10.10.9.');
  const moved = <Placed extends { readonly address: string }>(placed: Readonly<Record<string, Placed>>) =>
    Object.fromEntries(
      Object.entries(placed).map(([key, each]) => [key, { ...each, address: elsewhere(each.address) }]),
    );
  return {
    'another location': { location: values.location === 'nbg1' ? 'hel1' : 'nbg1' },
    'a node less': { nodes: Object.fromEntries(Object.entries(values.nodes).slice(0, -1)) as object },
    'another subnet': {
      network: { ...values.network, subnet: '10.10.9.0/24' },
      nodes: moved(values.nodes),
      load_balancers: moved(values.load_balancers),
    },
  };
}

function larger(volumes: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(volumes).map(([name, size]) => [name, size + 10]));
}

function volumesOf({ nodes }: Values): [string, number][] {
  return Object.values(nodes).flatMap(({ volumes }) => Object.entries(volumes));
}

function counts(world: World): string {
  return kinds.map((kind) => `${kind} ${world.all(kind).length}`).join(', ');
}

export function list(changes: readonly Change[]): string {
  return changes.map(({ address, actions }) => `${actions.join(' and ')} ${address}`).join(', ') || 'nothing';
}

/** Those that are opened to somebody: a rule without a port is the one that is always there. */
function ports(world: World): string {
  const rules = world.all('firewalls').flatMap(({ rules }) => rules as { port: string | null }[]);
  const numbers = rules.flatMap(({ port }) => (port === null ? [] : Number(port)));
  return numbers.sort((a, b) => a - b).join(', ') || 'none';
}

/** Addresses that names of the zone have. */
function namesLeadTo(world: World): string[] {
  const [zone] = world.all('zones');
  const sets = zone === undefined ? [] : (world.records.get(zone.id) ?? []);
  const addresses = sets.filter(({ type }) => type === 'A' || type === 'AAAA');
  return [...new Set(addresses.flatMap(({ records }) => records.map(({ value }) => value)))].sort();
}

/** Whether Hetzner then has what was asked for. */
function made(checks: Checks, world: World, values: Values): void {
  const nodes = Object.entries(values.nodes);
  const balancers = Object.entries(values.load_balancers);
  const servers = world.all('servers');
  const addressesOf = (thing: Thing): string => (thing.private_net as { ip: string }[]).map(({ ip }) => ip).join();
  const typeOf = (thing: Thing): string => (thing.server_type as { name: string }).name;
  const all = (things: readonly Thing[], tell: (thing: Thing) => string): string => things.map(tell).sort().join(', ');
  checks.same(
    'servers, their types and addresses',
    all(servers, (server) => `${server.name} ${typeOf(server)} ${addressesOf(server)}`),
    nodes
      .map(([name, { server_type, address }]) => `${values.environment}-${name} ${server_type} ${address}`)
      .sort()
      .join(', '),
  );
  checks.same(
    'servers that run',
    String(servers.filter(({ status }) => status === 'running').length),
    String(nodes.length),
  );
  checks.same(
    'servers in the placement group',
    String((world.all('placement_groups')[0]?.servers as unknown[]).length),
    String(nodes.length),
  );
  checks.same('ports that the world reaches', ports(world), 'none');
  const workers = nodes.filter(([, { role }]) => role !== 'witness').map(([name]) => `${values.environment}-${name}`);
  for (const [name, { address, ports: asked }] of balancers) {
    const balancer = world.all('load_balancers').find((each) => each.name === `${values.environment}-${name}`);
    if (balancer === undefined) continue;
    const services = balancer.services as {
      listen_port: number;
      destination_port: number;
      proxyprotocol: boolean;
      health_check: { protocol: string; port: number };
    }[];
    checks.same(`address of the load balancer ${name}`, addressesOf(balancer), address);
    checks.same(
      `services of ${name}`,
      services
        .map(
          ({ listen_port, destination_port, proxyprotocol, health_check: { protocol, port } }) =>
            `${listen_port} to ${destination_port}${proxyprotocol ? ' with PROXY' : ''}, asks ${protocol} ${port}`,
        )
        .sort()
        .join('; '),
      `443 to ${asked.websecure} with PROXY, asks http ${asked.health}; 80 to ${asked.web} with PROXY, asks http ${asked.health}`,
    );
    checks.same(
      `targets of ${name}`,
      all(targetsOf(world, balancer), (server) => server.name),
      workers.sort().join(', '),
    );
    const [target] = balancer.targets as { use_private_ip: boolean }[];
    checks.same(`${name} reaches them by private addresses`, String(target?.use_private_ip), 'true');
  }
  const volumes = volumesOf(values).map(([name, size]) => `${values.environment}-${name} ${size} attached`);
  checks.same(
    'volumes',
    all(
      world.all('volumes'),
      ({ name, size, server }) => `${name} ${String(size)} ${server === null ? 'free' : 'attached'}`,
    ),
    volumes.sort().join(', '),
  );
  checks.same(
    'floating IPs that are assigned',
    String(world.all('floating_ips').filter(({ server }) => server !== null).length),
    '1',
  );
  checks.same(
    'public addresses of the servers, each a thing of its own',
    servers
      .flatMap(({ public_net }) => Object.values(public_net as Record<'ipv4' | 'ipv6', { id: number }>))
      .filter(({ id }) => world.all('primary_ips').some((address) => address.id === id && !address.auto_delete))
      .length.toString(),
    String(2 * nodes.length),
  );
  const guarded = guardedKinds.flatMap((kind) => world.all(kind));
  checks.same(
    'of these, unprotected',
    guarded
      .filter(({ protection }) => !protection.delete)
      .map(({ name }) => name)
      .join() || 'none',
    'none',
  );
  if (values.dns.provider !== 'hetzner') return;
  const [zone] = world.all('zones');
  const sets = zone === undefined ? [] : (world.records.get(zone.id) ?? []);
  const hosts = balancers.flatMap(([, each]) => each.hosts.map((host) => host.replace(`.${values.dns.zone}`, '')));
  checks.same(
    'records of the zone',
    sets
      .map(({ name, type }) => `${name} ${type}`)
      .sort()
      .join(', '),
    [...hosts.flatMap((host) => [`${host} A`, `${host} AAAA`]), '@ CAA'].sort().join(', '),
  );
}

/** Somebody asks the API itself, as by its console. */
async function askedDirectly(checks: Checks, { endpoint, token, world }: Hetzner): Promise<void> {
  for (const kind of guardedKinds) {
    for (const { id, name } of world.all(kind)) {
      const options = { method: 'DELETE', headers: { authorization: `Bearer ${token}` } };
      const answer = (await (await fetch(`${endpoint}/${kind}/${id}`, options)).json()) as { error?: { code: string } };
      checks.same(`deleting ${kind} ${name} at the API`, answer.error?.code ?? 'done', 'protected');
    }
  }
}
