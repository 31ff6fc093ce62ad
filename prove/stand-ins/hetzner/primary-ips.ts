import { entryOf } from './catalogue.ts';
import { ApiError, invalid } from './world.ts';
import type { Action, Body, Thing, World } from './world.ts';

// Public addresses that are things of their own, and may outlive the servers that have them.

export function makePrimaryIp(world: World, body: Body): Body {
  if (body.type !== 'ipv4' && body.type !== 'ipv6') throw invalid('type', 'has to be ipv4 or ipv6');
  const { assignee_type: assignee } = body;
  if (assignee !== undefined && assignee !== 'server') throw invalid('assignee_type', 'has to be server');
  if (body.datacenter !== undefined) throw invalid('datacenter', 'is gone: location says where');
  const location = entryOf(world.catalogue.locations, body.location);
  if (location === undefined) throw invalid('location', `location ${String(body.location)} not found`);
  const primary_ip = world.make('primary_ips', body, {
    ...{ type: body.type, location, assignee_type: 'unassigned', assignee_id: null, blocked: false, dns_ptr: [] },
    auto_delete: body.auto_delete === true,
  });
  const { id } = primary_ip;
  primary_ip.ip = body.type === 'ipv4' ? `198.51.100.${id % 250}` : `2001:db8:${id.toString(16)}::/64`;
  return { primary_ip, action: null };
}

/** What nobody has is of nobody's kind, since August 2026. */
export function assign(address: Thing, server?: Thing): void {
  address.assignee_id = server?.id ?? null;
  address.assignee_type = server === undefined ? 'unassigned' : 'server';
}

export function actOnPrimaryIp(world: World, address: Thing, command: string, body: Body): Action | undefined {
  const of = [['primary_ip', address]] as const;
  switch (command) {
    case 'assign': {
      const server = world.find('servers', body.assignee_id);
      checkFree(address);
      checkOff(server);
      return world.begin(command, of, () => assign(address, server));
    }
    case 'unassign': {
      const server = world.all('servers').find(({ id }) => id === address.assignee_id);
      if (server !== undefined) checkOff(server);
      return world.begin(command, of, () => assign(address));
    }
    default:
      return undefined;
  }
}

export function removePrimaryIp(_: World, address: Thing): undefined {
  if (address.assignee_id !== null) throw new ApiError(409, 'resource_in_use', `${address.name} is assigned`);
}

/** One that a server is to have. @throws ApiError where it can't */
export function givenAddress(world: World, type: 'ipv4' | 'ipv6', id: unknown, location: string): Thing {
  const address = world.find('primary_ips', id);
  if (address.type !== type) throw new ApiError(422, 'primary_ip_version_mismatch', `${address.name} is no ${type}`);
  if ((address.location as { name: string }).name !== location) {
    throw new ApiError(422, 'primary_ip_datacenter_mismatch', `${address.name} is elsewhere`);
  }
  checkFree(address);
  return address;
}

/** Of a server that goes: its addresses stay, or go with it. */
export function releaseAddresses(world: World, server: Thing): void {
  for (const address of world.all('primary_ips').filter(({ assignee_id }) => assignee_id === server.id)) {
    assign(address);
    if (address.auto_delete === true) world.forget('primary_ips', address);
  }
}

function checkFree({ name, assignee_id }: Thing): void {
  if (assignee_id !== null) throw new ApiError(409, 'primary_ip_assigned', `${name} is assigned already`);
}

function checkOff({ name, status }: Thing): void {
  if (status !== 'off') throw new ApiError(422, 'server_not_stopped', `server ${name} is not stopped`);
}
