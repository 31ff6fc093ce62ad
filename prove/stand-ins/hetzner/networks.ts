import { contains, overlap, parseCidr, addressIn } from '../../../constructs/core/cidr.ts';
import { ApiError, invalid } from './world.ts';
import type { Action, Body, Thing, World } from './world.ts';

interface Subnet {
  readonly type: string;
  readonly ip_range: string;
  readonly network_zone: string;
  readonly gateway: string;
  readonly vswitch_id: null;
}

export function makeNetwork(world: World, body: Body): Body {
  const range = String(body.ip_range);
  if (parseCidr(range) === undefined) throw invalid('ip_range', 'is not a network');
  const rest = { ip_range: range, subnets: [], routes: [], servers: [], load_balancers: [] };
  return { network: world.make('networks', body, { ...rest, expose_routes_to_vswitch: false }) };
}

export function actOnNetwork(world: World, network: Thing, command: string, body: Body): Action | undefined {
  const of = [['network', network]] as const;
  const subnets = network.subnets as Subnet[];
  switch (command) {
    case 'add_subnet': {
      const range = String(body.ip_range);
      const [outer, inner] = [parseCidr(String(network.ip_range)), parseCidr(range)];
      if (outer === undefined || inner === undefined || !contains(outer, inner)) {
        throw invalid('ip_range', `is outside of ${String(network.ip_range)}`);
      }
      const twin = subnets.find((each) => overlap(parseCidr(each.ip_range) ?? inner, inner));
      if (twin !== undefined) throw invalid('ip_range', `overlaps ${twin.ip_range}`);
      const gateway = addressIn(String(network.ip_range), 1);
      const subnet = { type: String(body.type), network_zone: String(body.network_zone), gateway, vswitch_id: null };
      return world.begin(command, of, () => void subnets.push({ ...subnet, ip_range: range }));
    }
    case 'delete_subnet':
      return world.begin(command, of, () => {
        network.subnets = subnets.filter((each) => each.ip_range !== body.ip_range);
      });
    default:
      return undefined;
  }
}

export function removeNetwork(_: World, network: Thing): undefined {
  if ((network.servers as number[]).length + (network.load_balancers as number[]).length > 0) {
    throw new ApiError(409, 'resource_in_use', `network ${network.name} has servers or load balancers`);
  }
}

/** Puts a server or a load balancer into a network. @throws ApiError where the address can't be had */
export function attach(
  world: World,
  thing: Thing,
  list: 'servers' | 'load_balancers',
  network: Thing,
  wanted: unknown,
): void {
  const subnets = network.subnets as Subnet[];
  const [subnet] = subnets;
  if (subnet === undefined) throw new ApiError(409, 'no_subnet_available', `network ${network.name} has no subnet`);
  const used = ['servers', 'load_balancers'].flatMap((kind) =>
    world
      .all(kind)
      .flatMap(({ private_net }) =>
        (private_net as { network: number; ip: string }[])
          .filter((each) => each.network === network.id)
          .map(({ ip }) => ip),
      ),
  );
  const taken = new Set([...used, ...subnets.map(({ gateway }) => gateway)]);
  const free = (number: number): string => {
    const candidate = addressIn(subnet.ip_range, number);
    return taken.has(candidate) ? free(number + 1) : candidate;
  };
  const ip = typeof wanted === 'string' ? wanted : free(1);
  const inside = subnets.some((each) => {
    const [outer, inner] = [parseCidr(each.ip_range), parseCidr(`${ip}/32`)];
    return outer !== undefined && inner !== undefined && contains(outer, inner);
  });
  if (!inside) throw invalid('ip', `${ip} is in no subnet`);
  if (taken.has(ip)) throw new ApiError(409, 'ip_not_available', `${ip} is not available`);
  const own = {
    network: network.id,
    ip,
    alias_ips: [],
    mac_address: `86:00:00:00:00:${(thing.id % 256).toString(16).padStart(2, '0')}`,
  };
  thing.private_net = [...(thing.private_net as object[]), own];
  network[list] = [...(network[list] as number[]), thing.id];
}

export function detach(thing: Thing, list: 'servers' | 'load_balancers', network: Thing): void {
  thing.private_net = (thing.private_net as { network: number }[]).filter((each) => each.network !== network.id);
  network[list] = (network[list] as number[]).filter((id) => id !== thing.id);
}
