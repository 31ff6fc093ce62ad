import crypto from 'node:crypto';
import { entryOf } from './catalogue.ts';
import { attach, detach } from './networks.ts';
import { assign, givenAddress, releaseAddresses } from './primary-ips.ts';
import { ApiError, invalid } from './world.ts';
import type { Action, Body, Thing, World } from './world.ts';

interface PublicNet {
  readonly firewalls: { readonly id: number; readonly status: string }[];
  readonly [field: string]: unknown;
}

export function makeServer(world: World, body: Body): Body {
  const { catalogue } = world;
  const type = entryOf(catalogue.server_types, body.server_type);
  if (type === undefined) throw invalid('server_type', `server type ${String(body.server_type)} not found`);
  const location = entryOf(catalogue.locations, body.location ?? 'fsn1');
  if (location === undefined) throw invalid('location', `location ${String(body.location)} not found`);
  const sold = type.locations.find(({ name }) => name === location.name);
  if (sold === undefined) throw invalid('server_type', `unsupported location for server type ${type.name}`);
  checkStock(world, type.name, location.name);
  const image = entryOf(catalogue.images, body.image);
  if (image === undefined) throw invalid('image', `image ${String(body.image)} not found`);
  const group = body.placement_group === undefined ? null : world.find('placement_groups', body.placement_group);
  const networks = ((body.networks ?? []) as number[]).map((id) => world.find('networks', id));
  const firewalls = ((body.firewalls ?? []) as { firewall: number }[]).map(({ firewall }) =>
    world.find('firewalls', firewall),
  );
  const asked = (body.public_net ?? {}) as Readonly<Record<string, unknown>>;
  const [ipv4, ipv6] = (['ipv4', 'ipv6'] as const).map((type) =>
    asked[`enable_${type}`] === false ? null : publicAddress(world, type, asked[type], location.name),
  );
  const server = world.make('servers', body, {
    ...{ status: 'initializing', server_type: type, location, image, private_net: [], volumes: [], load_balancers: [] },
    ...{ backup_window: null, rescue_enabled: false, iso: null, locked: false, primary_disk_size: type.disk },
    ...{ included_traffic: 0, outgoing_traffic: 0, ingoing_traffic: 0, placement_group: group },
    protection: { delete: false, rebuild: false },
    public_net: {
      ipv4: ipv4?.shown ?? null,
      ipv6: ipv6?.shown ?? null,
      floating_ips: [],
      firewalls: firewalls.map(({ id }) => ({ id, status: 'applied' })),
    },
  });
  for (const address of [ipv4?.address, ipv6?.address]) if (address) assign(address, server);
  world.userData.set(server.id, typeof body.user_data === 'string' ? body.user_data : '');
  if (group !== null) (group.servers as number[]).push(server.id);
  for (const firewall of firewalls) {
    (firewall.applied_to as object[]).push({ type: 'server', server: { id: server.id } });
  }
  const of = [['server', server]] as const;
  const action = world.begin(
    'create_server',
    of,
    () => void (server.status = body.start_after_create === false ? 'off' : 'running'),
  );
  const attached = networks.map((network) =>
    world.begin('attach_to_network', of, () => attach(world, server, 'servers', network, undefined)),
  );
  return { server, action, next_actions: attached, root_password: null };
}

/** One that was made before, or one that goes with the server. @throws ApiError where it can't be had */
function publicAddress(world: World, type: 'ipv4' | 'ipv6', id: unknown, location: string) {
  const address = id === undefined ? undefined : givenAddress(world, type, id, location);
  const number = address?.id ?? world.nextId();
  const made = type === 'ipv4' ? `198.51.100.${number % 250}` : `2001:db8:${number.toString(16)}::/64`;
  const dns_ptr = type === 'ipv4' ? 'x' : [];
  return { address, shown: { id: number, ip: address?.ip ?? made, blocked: false, dns_ptr } };
}

/** A public key, which servers made afterwards let in. */
export function makeSshKey(world: World, body: Body): Body {
  const text = typeof body.public_key === 'string' ? body.public_key : '';
  const [, key] = /^ssh-\S+ (\S+)/.exec(text) ?? [];
  if (key === undefined) throw invalid('public_key', 'is no public key');
  const sum = crypto.createHash('md5').update(Buffer.from(key, 'base64')).digest('hex');
  const fingerprint = sum.replace(/..(?=.)/g, '$&:');
  return { ssh_key: world.make('ssh_keys', body, { public_key: text, fingerprint }) };
}

/** @throws ApiError where none can be ordered there now */
function checkStock(world: World, type: string, location: string): void {
  if (!world.soldOut.has(`${type} ${location}`)) return;
  throw new ApiError(412, 'resource_unavailable', `no ${type} can be ordered in ${location} at the moment`);
}

export function actOnServer(world: World, server: Thing, command: string, body: Body): Action | undefined {
  world.checkUnlocked('server', server);
  const of = [['server', server]] as const;
  const become = (status: string) => world.begin(command, of, () => void (server.status = status));
  switch (command) {
    case 'poweron':
    case 'reboot':
    case 'reset':
      return become('running');
    case 'poweroff':
    case 'shutdown':
      return become('off');
    case 'attach_to_network': {
      const network = world.find('networks', body.network);
      return world.begin(command, of, () => attach(world, server, 'servers', network, body.ip));
    }
    case 'detach_from_network': {
      const network = world.find('networks', body.network);
      return world.begin(command, of, () => detach(server, 'servers', network));
    }
    case 'change_alias_ips':
      return world.begin(command, of);
    case 'change_type': {
      if (server.status !== 'off')
        throw new ApiError(422, 'server_not_stopped', `server ${server.name} is not stopped`);
      const type = entryOf(world.catalogue.server_types, body.server_type);
      if (type === undefined) throw invalid('server_type', `server type ${String(body.server_type)} not found`);
      if (type.disk < Number(server.primary_disk_size)) {
        throw new ApiError(422, 'invalid_server_type', `the disk of ${type.name} is too small`);
      }
      checkStock(world, type.name, (server.location as { name: string }).name);
      return world.begin(command, of, () => {
        server.server_type = type;
        if (body.upgrade_disk === true) server.primary_disk_size = type.disk;
        // Its disk is copied, and it is started: the provider of Terraform leaves that to Hetzner.
        server.status = 'running';
      });
    }
    case 'change_protection': {
      const [deleted, rebuilt] = [body.delete ?? server.protection.delete, body.rebuild ?? server.protection.rebuild];
      if (deleted !== rebuilt) throw invalid('rebuild', 'has to be what delete is');
      const protection = { delete: deleted === true, rebuild: rebuilt === true };
      return world.begin(command, of, () => void Object.assign(server.protection, protection));
    }
    default:
      return undefined;
  }
}

/** It is gone when the action ends: its address in the network is not free before. */
export function removeServer(world: World, server: Thing): Body {
  world.checkUnlocked('server', server);
  server.status = 'deleting';
  const action = world.begin('delete_server', [['server', server]], () => {
    for (const volume of world.all('volumes')) if (volume.server === server.id) volume.server = null;
    for (const address of world.all('floating_ips')) if (address.server === server.id) address.server = null;
    releaseAddresses(world, server);
    for (const network of world.all('networks')) detach(server, 'servers', network);
    for (const firewall of world.all('firewalls')) applyFirewall(firewall, server, false);
    for (const group of world.all('placement_groups')) {
      group.servers = (group.servers as number[]).filter((id) => id !== server.id);
    }
    world.forget('servers', server);
  });
  return { action };
}

export function applyFirewall(firewall: Thing, server: Thing, isOn: boolean): void {
  const others = (firewall.applied_to as { server?: { id: number } }[]).filter((each) => each.server?.id !== server.id);
  firewall.applied_to = isOn ? [...others, { type: 'server', server: { id: server.id } }] : others;
  const net = server.public_net as PublicNet;
  const rest = net.firewalls.filter(({ id }) => id !== firewall.id);
  server.public_net = { ...net, firewalls: isOn ? [...rest, { id: firewall.id, status: 'applied' }] : rest };
}
