import { addressIn, contains, parseCidr } from '../constructs/core/cidr.ts';
import type { Finding } from '../constructs/core/error.ts';
import { locations, serverTypes } from './server-types.ts';
import { values } from './untyped.ts';
import type { Values } from './untyped.ts';

/** What can't be made at Hetzner, though each value is right for itself. */
export function machineFindings(file: string, input: Values): Finding[] {
  const nodes = Array.isArray(input.nodes) ? input.nodes.map(values) : [];
  if (input.hetzner === undefined) {
    return nodes.flatMap(({ machine }, index) =>
      machine === undefined
        ? []
        : {
            where: `${file}: nodes.${index}.machine`,
            what: 'there is no hetzner that says where it is made',
            allowed: 'machines where hetzner is given',
            remedy: 'add hetzner with locations and subnet, or remove the machine',
          },
    );
  }
  const hetzner = values(input.hetzner);
  const machines = nodes.map(({ machine }) => machine);
  return [
    ...machines.flatMap((machine, index) => (machine === undefined ? missing(file, index) : [])),
    ...locationFindings(`${file}: hetzner.locations`, hetzner.locations),
    ...subnetFindings(file, hetzner.subnet, values(input.networks).private),
    ...addressFindings(file, input, machines.map(values)),
    ...typeFindings(file, nodes),
    ...zoneFindings(`${file}: hetzner.zone`, hetzner.zone, input.domain),
    ...volumeFindings(file, machines.map(values)),
  ];
}

/** The floating IP is Hetzner's, there is one, and it leads where Traefik runs. */
export function breakGlassFindings(file: string, input: Values): Finding[] {
  const { breakGlass } = values(input.edge);
  if (breakGlass === undefined) return [];
  const where = `${file}: edge.breakGlass`;
  if (input.hetzner === undefined) {
    return [
      {
        where,
        what: 'there is no hetzner, which has the floating IP',
        allowed: 'broken glass where hetzner is given',
        remedy: 'add hetzner, or remove it',
      },
    ];
  }
  const nodes = Array.isArray(input.nodes) ? input.nodes.map(values) : [];
  const names = nodes.flatMap(({ name, role }) => (typeof name === 'string' && role !== 'witness' ? name : []));
  const { node } = values(breakGlass);
  if (typeof node !== 'string' || names.includes(node)) return [];
  return [
    {
      where: `${where}.node`,
      what: `no node ${node} runs what answers`,
      allowed: names.join(', ') || 'none yet',
      remedy: 'name one of these',
    },
  ];
}

function missing(file: string, index: number): Finding {
  return {
    where: `${file}: nodes.${index}.machine`,
    what: 'there is none, and Terraform is to make it',
    allowed: 'an object with address, otherTypes, volumesGibibytes',
    remedy: 'add it, with an address of hetzner.subnet',
  };
}

function locationFindings(where: string, given: unknown): Finding[] {
  const names: unknown[] = Array.isArray(given) ? given : [];
  const known = names.flatMap((name) => (typeof name === 'string' && Object.hasOwn(locations, name) ? name : []));
  const twice = known.filter((name, index) => known.indexOf(name) !== index);
  const zones = [...new Set(known.map((name) => locations[name]))];
  return [
    ...twice.map((name) => ({
      where,
      what: `${name} is there twice`,
      allowed: 'each location once',
      remedy: 'remove one of them',
    })),
    ...(zones.length < 2
      ? []
      : [
          {
            where,
            what: `they are in several zones of the network: ${zones.join(', ')}`,
            allowed: 'locations of one zone: the private network lies in one',
            remedy: 'keep those of one zone',
          },
        ]),
  ];
}

function subnetFindings(file: string, subnet: unknown, network: unknown): Finding[] {
  const [inner, outer] = [subnet, network].map((text) => (typeof text === 'string' ? parseCidr(text) : undefined));
  if (inner === undefined || outer === undefined || contains(outer, inner)) return [];
  return [
    {
      where: `${file}: hetzner.subnet`,
      what: `${String(subnet)} is no part of networks.private (${String(network)})`,
      allowed: 'a part of it, or all of it',
      remedy: 'change the subnet or the network',
    },
  ];
}

/** Addresses of the private network, which Hetzner hands out once. */
function addressFindings(file: string, input: Values, machines: readonly Values[]): Finding[] {
  const { subnet } = values(input.hetzner);
  const network = values(input.networks).private;
  const inner = typeof subnet === 'string' ? parseCidr(subnet) : undefined;
  if (typeof subnet !== 'string' || inner?.family !== 4 || inner.prefix > 30) return [];
  const gateway = typeof network === 'string' && parseCidr(network)?.family === 4 ? addressIn(network, 1) : undefined;
  const edges = [addressIn(subnet, 0), addressIn(subnet, 2 ** (32 - inner.prefix) - 1)];
  const all = [
    ['edge.loadBalancer', values(input.edge).loadBalancer] as const,
    ...machines.map(({ address }, index) => [`nodes.${index}.machine.address`, address] as const),
  ];
  return all.flatMap(([path, address], index) => {
    const one = typeof address === 'string' ? parseCidr(`${address}/32`) : undefined;
    if (typeof address !== 'string' || one === undefined) return [];
    const [where, remedy] = [`${file}: ${path}`, 'take another address of hetzner.subnet'];
    const told = (what: string, allowed: string): Finding => ({
      where,
      what: `${address} is ${what}`,
      allowed,
      remedy,
    });
    const twin = all.slice(0, index).find(([, other]) => other === address);
    return [
      ...(contains(inner, one) ? [] : [told(`outside of hetzner.subnet (${subnet})`, 'an address of it')]),
      ...(address === gateway ? [told("the network's gateway", 'an address that Hetzner leaves free')] : []),
      ...(address !== gateway && edges.includes(address)
        ? [told('the first or the last address of hetzner.subnet', 'an address between them')]
        : []),
      ...(twin === undefined ? [] : [told(`that of ${twin[0]} already`, 'each its own')]),
    ];
  });
}

/** What was computed for a node has to fit onto any machine that it may become. */
function typeFindings(file: string, nodes: readonly Values[]): Finding[] {
  return nodes.flatMap(({ serverType, machine }, index) => {
    const { otherTypes } = values(machine);
    const asked = typeof serverType === 'string' ? serverTypes[serverType] : undefined;
    if (asked === undefined || !Array.isArray(otherTypes)) return [];
    return otherTypes.flatMap((other: unknown, position) => {
      const type = typeof other === 'string' ? serverTypes[other] : undefined;
      if (type === undefined) return [];
      const fields = ['vcpu', 'memoryGibibytes', 'diskGigabytes'] as const;
      const less = fields.find((field) => type[field] < asked[field]);
      if (less === undefined) return [];
      return {
        where: `${file}: nodes.${index}.machine.otherTypes.${position}`,
        what: `${String(other)} has less than ${String(serverType)}: ${less} ${type[less]} of ${asked[less]}`,
        allowed: 'types with as much as serverType: what pods request is computed from it',
        remedy: 'name a larger one, or make the smaller one the serverType',
      };
    });
  });
}

function zoneFindings(where: string, zone: unknown, domain: unknown): Finding[] {
  if (typeof zone !== 'string' || typeof domain !== 'string') return [];
  if (domain === zone || domain.endsWith(`.${zone}`)) return [];
  const [what, allowed] = [`${domain} is not in the zone ${zone}`, 'the domain, or a name that it ends with'];
  return [{ where, what, allowed, remedy: 'change the zone or the domain' }];
}

/** A volume is found by its name where it is attached. */
function volumeFindings(file: string, machines: readonly Values[]): Finding[] {
  const seen = new Set<string>();
  return machines.flatMap(({ volumesGibibytes }, index) =>
    Object.keys(values(volumesGibibytes)).flatMap((name) => {
      if (!seen.has(name)) {
        seen.add(name);
        return [];
      }
      return {
        where: `${file}: nodes.${index}.machine.volumesGibibytes.${name}`,
        what: 'another node has a volume of that name',
        allowed: 'each volume its own name: it may move to another node',
        remedy: 'rename one of them',
      };
    }),
  );
}
