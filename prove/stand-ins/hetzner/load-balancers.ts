import { entryOf } from './catalogue.ts';
import { attach, detach } from './networks.ts';
import { ApiError, invalid, selects } from './world.ts';
import type { Action, Body, Thing, World } from './world.ts';

interface Service {
  listen_port: number;
  protocol: string;
  destination_port: number;
  proxyprotocol: boolean;
  http: Body | null;
  health_check: Body;
}

type Target = Body & { readonly type: string };

export function makeLoadBalancer(world: World, body: Body): Body {
  const load_balancer_type = entryOf(world.catalogue.load_balancer_types, body.load_balancer_type);
  if (load_balancer_type === undefined)
    throw invalid('load_balancer_type', `${String(body.load_balancer_type)} not found`);
  const location = entryOf(world.catalogue.locations, body.location);
  if (location === undefined) throw invalid('location', `location ${String(body.location)} not found`);
  const load_balancer = world.make('load_balancers', body, {
    ...{ load_balancer_type, location, private_net: [], services: [], targets: [] },
    ...{ algorithm: body.algorithm ?? { type: 'round_robin' } },
    ...{ included_traffic: 0, outgoing_traffic: 0, ingoing_traffic: 0 },
  });
  const { id } = load_balancer;
  const [ipv4, ipv6] = [`192.0.2.${id % 250}`, `2001:db8:1b::${id.toString(16)}`];
  load_balancer.public_net = { enabled: true, ipv4: { ip: ipv4, dns_ptr: 'x' }, ipv6: { ip: ipv6, dns_ptr: 'x' } };
  return { load_balancer, action: world.begin('create_load_balancer', [['load_balancer', load_balancer]]) };
}

export function actOnLoadBalancer(world: World, balancer: Thing, command: string, body: Body): Action | undefined {
  const of = [['load_balancer', balancer]] as const;
  // As they are when something is asked; what ends later finds them as they are then.
  const services = () => balancer.services as Service[];
  const targets = () => balancer.targets as Target[];
  const service = services().find(({ listen_port }) => listen_port === body.listen_port);
  switch (command) {
    case 'attach_to_network': {
      const network = world.find('networks', body.network);
      return world.begin(command, of, () => attach(world, balancer, 'load_balancers', network, body.ip));
    }
    case 'detach_from_network': {
      const network = world.find('networks', body.network);
      return world.begin(command, of, () => detach(balancer, 'load_balancers', network));
    }
    case 'add_service': {
      if (service !== undefined)
        throw new ApiError(409, 'source_port_already_used', `port ${service.listen_port} is used`);
      const added = serviceOf(body);
      return world.begin(command, of, () => void (balancer.services = [...services(), added]));
    }
    case 'update_service': {
      if (service === undefined) throw new ApiError(404, 'not_found', 'service not found');
      const check = { ...service.health_check, ...(body.health_check as Body | undefined) };
      const changed = serviceOf({ ...service, ...body, health_check: check });
      return world.begin(command, of, () => void Object.assign(service, changed));
    }
    case 'delete_service':
      return world.begin(command, of, () => void (balancer.services = services().filter((each) => each !== service)));
    case 'add_target':
      checkTarget(world, balancer, body);
      if (targets().some((each) => isSame(each, body)))
        throw new ApiError(409, 'target_already_defined', 'it is one already');
      return world.begin(command, of, () => void (balancer.targets = [...targets(), targetOf(body)]));
    case 'remove_target':
      return world.begin(command, of, () => void (balancer.targets = targets().filter((each) => !isSame(each, body))));
    case 'change_algorithm':
      return world.begin(command, of, () => void (balancer.algorithm = { type: body.type }));
    case 'disable_public_interface':
    case 'enable_public_interface':
      return world.begin(command, of);
    default:
      return undefined;
  }
}

/** @throws ApiError for a health check by https, which is http with tls */
function serviceOf(body: Body): Service {
  const { listen_port, destination_port } = body;
  if (typeof listen_port !== 'number' || typeof destination_port !== 'number')
    throw invalid('listen_port', 'is missing');
  const check = (body.health_check ?? {}) as Body;
  const protocol = check.protocol ?? 'tcp';
  if (protocol !== 'tcp' && protocol !== 'http') throw invalid('health_check.protocol', 'has to be tcp or http');
  const http =
    protocol === 'tcp' ? null : { domain: '', path: '/', response: '', status_codes: ['2??', '3??'], tls: false };
  const defaults = { port: destination_port, interval: 15, timeout: 10, retries: 3 };
  const health_check = {
    ...defaults,
    ...check,
    protocol,
    http: http && { ...http, ...(check.http as Body | undefined) },
  };
  const proxyprotocol = body.proxyprotocol === true;
  return { listen_port, destination_port, protocol: String(body.protocol), proxyprotocol, http: null, health_check };
}

/** @throws ApiError where it could not be reached by its private address */
function checkTarget(world: World, balancer: Thing, { use_private_ip, server }: Body): void {
  if (use_private_ip !== true) return;
  const networks = (balancer.private_net as { network: number }[]).map(({ network }) => network);
  if (networks.length === 0) {
    throw new ApiError(409, 'load_balancer_not_attached_to_network', 'the load balancer is in no network');
  }
  if (server === undefined) return;
  const { private_net } = world.find('servers', (server as { id: number }).id);
  if ((private_net as { network: number }[]).some(({ network }) => networks.includes(network))) return;
  throw new ApiError(409, 'server_not_attached_to_network', "the server is not in the load balancer's network");
}

function targetOf({ type, server, label_selector, ip, use_private_ip }: Body): Target {
  const rest = { server: server ?? null, label_selector: label_selector ?? null, ip: ip ?? null, health_status: [] };
  return { type: String(type), use_private_ip: use_private_ip === true, ...rest };
}

function isSame(target: Target, body: Body): boolean {
  const fields = ['type', 'server', 'label_selector', 'ip'];
  return fields.every((field) => JSON.stringify(target[field] ?? null) === JSON.stringify(body[field] ?? null));
}

/** The servers that a load balancer leads to, as it finds them by their labels. */
export function targetsOf(world: World, balancer: Thing): Thing[] {
  return (balancer.targets as Target[]).flatMap(({ server, label_selector }) => {
    const [one, labels] = [server as { id: number } | null, label_selector as { selector: string } | null];
    return world
      .all('servers')
      .filter((each) => each.id === one?.id || (labels && selects(labels.selector, each.labels)));
  });
}
