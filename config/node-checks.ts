import { contains, overlap, parseCidr } from '../constructs/core/cidr.ts';
import type { Cidr } from '../constructs/core/cidr.ts';
import type { Finding } from '../constructs/core/error.ts';
import { serverTypes } from './server-types.ts';
import type { Values } from './untyped.ts';

export function overlappingNetworks(file: string, networks: readonly [string, string][]): Finding[] {
  const ranges = networks.flatMap(([name, text]) => {
    const range = parseCidr(text);
    return range === undefined ? [] : [{ name, text, range }];
  });
  return ranges.flatMap((a, index) =>
    ranges
      .slice(index + 1)
      .filter((b) => overlap(a.range, b.range))
      .map((b) => ({
        where: `${file}: networks.${b.name}`,
        what: `${b.text} overlaps ${a.name} (${a.text})`,
        allowed: 'networks that share no address: routes and firewall rules tell them apart by address alone',
        remedy: 'move one of them to a range of its own',
      })),
  );
}

const privateRanges = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10'];

/** K3s gives each node a network of that length. */
const podsOfNode = 24;

/** What may reach the internet is kept from private ranges, so what has to stay out of reach lies in one. */
export function networkFindings(file: string, networks: readonly [string, string][], nodes: number): Finding[] {
  const ranges = privateRanges.flatMap((text) => parseCidr(text) ?? []);
  return networks.flatMap(([name, text]) => {
    const range = parseCidr(text);
    if (range === undefined) return [];
    const where = `${file}: networks.${name}`;
    const remedy = 'move it to a range that is';
    if (!ranges.some((each) => contains(each, range))) {
      const what = `${text} is no private network, and pods that may reach the internet could reach it`;
      return { where, what, allowed: `a part of ${privateRanges.join(', ')}`, remedy };
    }
    if (name !== 'pods' || 2 ** (podsOfNode - range.prefix) >= nodes) return [];
    const what = `${text} has no /${podsOfNode} for each of ${nodes} nodes`;
    return { where, what, allowed: `K3s gives each node a /${podsOfNode} of it`, remedy: 'take a larger network' };
  });
}

export function nodeFindings(file: string, nodes: readonly Values[], wireguard: unknown): Finding[] {
  const network = typeof wireguard === 'string' ? parseCidr(wireguard) : undefined;
  return nodes.flatMap((node, index) => {
    const where = `${file}: nodes.${index}`;
    const twins = nodes.slice(0, index);
    const findings: Finding[] = (['name', 'address'] as const)
      .filter((field) => node[field] !== undefined && twins.some((other) => other[field] === node[field]))
      .map((field) => ({
        where: `${where}.${field}`,
        what: `${String(node[field])} is another node's ${field} already`,
        allowed: 'each node its own name and address',
        remedy: `change the ${field}`,
      }));
    const address = typeof node.address === 'string' ? parseCidr(`${node.address}/32`) : undefined;
    if (address !== undefined && network !== undefined && !contains(network, address)) {
      findings.push({
        where: `${where}.address`,
        what: `${String(node.address)} is outside networks.wireguard (${String(wireguard)})`,
        allowed: 'an address of the WireGuard network, where the Kubernetes API and the kubelets listen',
        remedy: 'change the address or the network',
      });
    }
    if (address !== undefined && network !== undefined && isNoHost(network, address)) {
      findings.push({
        where: `${where}.address`,
        what: `${String(node.address)} is the first or the last address of networks.wireguard (${String(wireguard)})`,
        allowed: 'an address between them: the first is the network itself, the last reaches all of it',
        remedy: 'change the address',
      });
    }
    return findings;
  });
}

function isNoHost(network: Cidr, { address }: Cidr): boolean {
  const last = network.address + 2n ** BigInt(32 - network.prefix) - 1n;
  return network.prefix < 31 && (address === network.address || address === last);
}

/** Who keeps the state of the Kubernetes API, of nodes whose roles are right each for itself. */
export function quorumFindings(file: string, nodes: readonly Values[]): Finding[] {
  const roles = nodes.map(({ role }) => role);
  const count = (role: string): number => roles.filter((each) => each === role).length;
  const [servers, agents, witnesses] = [count('server'), count('agent'), count('witness')];
  if (nodes.length === 0 || servers + agents + witnesses < nodes.length) return [];
  const what = `${counted(servers, 'server')}, ${counted(witnesses, 'witness')}, ${counted(agents, 'agent')}`;
  const where = `${file}: nodes`;
  if (servers === 0) {
    const allowed = 'at least one server: without one there is no Kubernetes API';
    return [{ where, what, allowed, remedy: 'change the role of one of them to server' }];
  }
  if ((servers + witnesses) % 2 === 1) return [];
  return [
    {
      where,
      what,
      allowed:
        'an odd number of servers and witnesses: etcd needs a majority of them, and two are less available than one',
      remedy: 'add a witness, or make one of them an agent',
    },
  ];
}

function counted(count: number, role: string): string {
  const plural = role === 'witness' ? 'witnesses' : `${role}s`;
  return `${count} ${count === 1 ? role : plural}`;
}

export function reservedFindings(
  file: string,
  { cpuMillicores, memoryMebibytes }: Values,
  nodes: readonly Values[],
): Finding[] {
  return nodes.flatMap(({ name, serverType }) => {
    const has = typeof serverType === 'string' ? serverTypes[serverType] : undefined;
    if (has === undefined) return [];
    const kept = [
      ['cpuMillicores', cpuMillicores, has.vcpu * 1000],
      ['memoryMebibytes', memoryMebibytes, has.memoryGibibytes * 1024],
    ] as const;
    return kept
      .filter(([, reserved, all]) => typeof reserved === 'number' && reserved >= all)
      .map(([field, reserved, all]) => ({
        where: `${file}: reserved.${field}`,
        what: `${String(reserved)} of each node leaves nothing of ${String(name)} for pods`,
        allowed: `less than the ${all} that ${String(serverType)} has`,
        remedy: 'lower it, or choose a larger serverType',
      }));
  });
}
