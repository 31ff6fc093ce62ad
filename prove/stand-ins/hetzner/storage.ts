import { isIP } from 'node:net';
import { entryOf } from './catalogue.ts';
import { applyFirewall } from './servers.ts';
import { ApiError, invalid } from './world.ts';
import type { Action, Body, Thing, World } from './world.ts';

// Kinds that are simple each: volumes, floating IPs, placement groups, firewalls.

export function makeVolume(world: World, body: Body): Body {
  const location = entryOf(world.catalogue.locations, body.location);
  if (location === undefined) throw invalid('location', `location ${String(body.location)} not found`);
  if (Number(body.size) < 10 || Number(body.size) > 10_240) throw invalid('size', 'has to be 10 to 10240');
  const volume = world.make('volumes', body, {
    ...{ server: null, size: body.size, format: body.format ?? null, status: 'creating', location },
  });
  volume.linux_device = `/dev/disk/by-id/scsi-0HC_Volume_${volume.id}`;
  const made = world.begin('create_volume', [['volume', volume]], () => void (volume.status = 'available'));
  return { volume, action: made, next_actions: [] };
}

export function actOnVolume(world: World, volume: Thing, command: string, body: Body): Action | undefined {
  const of = [['volume', volume]] as const;
  switch (command) {
    case 'attach': {
      const server = world.find('servers', body.server);
      if (volume.server !== null)
        throw new ApiError(409, 'volume_already_attached', `volume ${volume.name} is attached`);
      const place = (thing: Thing): string => (thing.location as { name: string }).name;
      if (place(server) !== place(volume)) throw invalid('server', 'is in another location');
      world.checkUnlocked('server', server);
      return world.begin(command, [...of, ['server', server]], () => {
        volume.server = server.id;
        server.volumes = [...(server.volumes as number[]), volume.id];
      });
    }
    case 'detach':
      return world.begin(command, of, () => {
        const server = world.all('servers').find(({ id }) => id === volume.server);
        if (server) server.volumes = (server.volumes as number[]).filter((id) => id !== volume.id);
        volume.server = null;
      });
    case 'resize':
      if (Number(body.size) <= Number(volume.size)) throw invalid('size', 'can only become larger');
      return world.begin(command, of, () => void (volume.size = body.size));
    default:
      return undefined;
  }
}

export function removeVolume(_: World, volume: Thing): undefined {
  if (volume.server !== null) throw new ApiError(423, 'locked', `volume ${volume.name} is attached to a server`);
}

export function makeFloatingIp(world: World, body: Body): Body {
  const home_location = entryOf(world.catalogue.locations, body.home_location);
  if (home_location === undefined) throw invalid('home_location', `location ${String(body.home_location)} not found`);
  const floating_ip = world.make('floating_ips', body, {
    ...{
      type: body.type,
      description: body.description ?? null,
      server: null,
      dns_ptr: [],
      blocked: false,
      home_location,
    },
  });
  floating_ip.ip = `203.0.113.${floating_ip.id % 250}`;
  return { floating_ip, action: null };
}

export function actOnFloatingIp(world: World, address: Thing, command: string, body: Body): Action | undefined {
  const of = [['floating_ip', address]] as const;
  if (command === 'assign') {
    const server = world.find('servers', body.server);
    return world.begin(command, [...of, ['server', server]], () => void (address.server = server.id));
  }
  return command === 'unassign' ? world.begin(command, of, () => void (address.server = null)) : undefined;
}

export function makePlacementGroup(world: World, body: Body): Body {
  if (body.type !== 'spread') throw invalid('type', 'has to be spread');
  return { placement_group: world.make('placement_groups', body, { type: body.type, servers: [] }), action: null };
}

export function removePlacementGroup(_: World, group: Thing): undefined {
  if ((group.servers as number[]).length > 0) throw new ApiError(409, 'resource_in_use', `${group.name} has servers`);
}

export function makeFirewall(world: World, body: Body): Body {
  const firewall = world.make('firewalls', body, { rules: rulesOf(body.rules), applied_to: [] });
  return { firewall, actions: [world.begin('set_firewall_rules', [['firewall', firewall]])] };
}

function rulesOf(rules: unknown): Body[] {
  return ((rules ?? []) as Body[]).map((rule) => {
    const from = (rule.source_ips ?? []) as string[];
    if (from.some((each) => isIP(each.split('/')[0] ?? '') === 0)) throw invalid('rules', 'source_ips are networks');
    return { source_ips: [], destination_ips: [], port: null, description: null, ...rule };
  });
}

export function actOnFirewall(world: World, firewall: Thing, command: string, body: Body): Action | undefined {
  const of = [['firewall', firewall]] as const;
  if (command === 'set_rules') {
    firewall.rules = rulesOf(body.rules);
    return world.begin(command, of);
  }
  if (command !== 'apply_to_resources' && command !== 'remove_from_resources') return undefined;
  const isOn = command === 'apply_to_resources';
  const resources = ((isOn ? body.apply_to : body.remove_from) ?? []) as { server?: { id: number } }[];
  const servers = resources.flatMap(({ server }) => (server === undefined ? [] : world.find('servers', server.id)));
  return world.begin(command, of, () => {
    for (const server of servers) applyFirewall(firewall, server, isOn);
  });
}

export function removeFirewall(_: World, firewall: Thing): undefined {
  if ((firewall.applied_to as object[]).length > 0)
    throw new ApiError(409, 'resource_in_use', `${firewall.name} is in use`);
}
