import { dnsAddress } from '../../apps/cluster.ts';
import { parseCidr } from '../../constructs/core/cidr.ts';
import type { Environment, NodeRole, ObjectStore } from '../../constructs/core/environment.ts';
import { InputError } from '../../constructs/core/error.ts';

/** A node of the cluster: namespaces of its own that behave like a machine. */
export interface NodePlan {
  readonly name: string;
  readonly role: NodeRole;
  readonly serverType: string;
  /** On the network between the nodes, the WireGuard network of the environment. */
  readonly address: string;
  /** Its pods' addresses: one /24 of the pod network, in the order of the configuration. */
  readonly podCidr: string;
  /** The first address of `podCidr`: what the node speaks as to other nodes' pods. */
  readonly podNetwork: string;
  /** The node's own address in `podCidr`, on the bridge of its pods. */
  readonly podGateway: string;
  /** Of that bridge; fixed, because plugins that set it at the same time fail. */
  readonly bridgeMac: string;
  /** The end of its cable in the fabric. */
  readonly port: string;
}

/** A bucket of the configuration, as the stand-in for its provider has it. */
export interface StorePlan extends Pick<ObjectStore, 'name' | 'host' | 'region' | 'bucket' | 'holdsCopies'> {
  /** Of its provider: a public one, as network policies see it, of the range that is kept for documentation. */
  readonly address: string;
}

/** Addresses and shape of a cluster. The same environment always gives the same plan. */
export interface ClusterPlan {
  readonly name: string;
  readonly nodes: readonly NodePlan[];
  readonly networks: { readonly nodes: string; readonly pods: string; readonly services: string };
  /** The fabric's own address in the nodes' network: their default route, and where drills speak as the outside world. */
  readonly outside: string;
  /** Of the service `kubernetes`. */
  readonly apiService: string;
  /** Of the service `kube-dns`. */
  readonly dnsService: string;
  readonly stores: readonly StorePlan[];
  /** Hosts that people open, where there is a way in. */
  readonly publicHosts: readonly string[];
  /** Hosts of whoever is told of alerts, or misses a sign of life. */
  readonly toldHosts: readonly string[];
}

/** @throws InputError where the networks have no room for the nodes */
export function planCluster(
  environment: Pick<Environment, 'name' | 'nodes' | 'networks' | 'objectStores' | 'hosts' | 'edge' | 'observability'>,
): ClusterPlan {
  const { name, nodes, networks, objectStores, hosts, edge, observability } = environment;
  const pods = parseNetwork('pods', networks.pods, 24 - Math.ceil(Math.log2(nodes.length)));
  const between = parseNetwork('wireguard', networks.wireguard, 29);
  const services = parseNetwork('services', networks.services, 24);
  const outside = formatAddress(between.address + 2 ** (32 - between.prefix) - 2);
  const taken = nodes.find(({ address }) => address === outside);
  if (taken !== undefined) {
    throw new InputError({
      where: `nodes.${taken.name}.address`,
      what: `${outside} is the address from which drills speak as the outside world`,
      allowed: `any other address of ${networks.wireguard}`,
      remedy: 'give the node another address',
    });
  }
  return {
    name,
    networks: { nodes: networks.wireguard, pods: networks.pods, services: networks.services },
    outside,
    apiService: formatAddress(services.address + 1),
    dnsService: dnsAddress({ networks }),
    stores: planStores(objectStores),
    publicHosts: edge === undefined ? [] : Object.values(hosts),
    toldHosts: [observability?.onCall, observability?.heartbeat].flatMap((host) =>
      host === false ? [] : (host ?? []),
    ),
    nodes: nodes.map((node, index) => {
      const base = pods.address + index * 256;
      return {
        name: node.name,
        role: node.role,
        serverType: node.serverType,
        address: node.address,
        podCidr: `${formatAddress(base)}/24`,
        podNetwork: formatAddress(base),
        podGateway: formatAddress(base + 1),
        bridgeMac: `02:00:${bytesOf(base + 1)
          .map((byte) => byte.toString(16).padStart(2, '0'))
          .join(':')}`,
        port: `port${index + 1}`,
      };
    }),
  };
}

/** Nodes with an API server. The committed policies let pods connect to exactly these. */
export function serversOf({ nodes }: ClusterPlan): readonly NodePlan[] {
  return nodes.filter(({ role }) => role === 'server');
}

/** The one that others start from. The configuration's schema asks for at least one. */
export function firstServer(plan: ClusterPlan): NodePlan {
  const [server] = serversOf(plan);
  if (server === undefined) throw new TypeError(`${plan.name} has no node with the role "server"`);
  return server;
}

/** What of a cluster is not the real thing. */
export function standInOf({ nodes }: Pick<ClusterPlan, 'nodes'>): string {
  const count = ['no', 'one', 'two', 'three', 'four', 'five'][nodes.length] ?? String(nodes.length);
  const alone = nodes.some(({ role }) => role === 'witness')
    ? ', of which the witness asks the first server alone'
    : '';
  return `${count} network namespaces of one machine for ${count} nodes${alone}`;
}

/** Nodes that pods run on: all but those that only vote. */
export function workersOf({ nodes }: ClusterPlan): readonly NodePlan[] {
  return nodes.filter(({ role }) => role !== 'witness');
}

/** The worker whose loss costs the API the least: one without a server, else the last one. */
export function expendableOf(plan: ClusterPlan): NodePlan {
  const workers = workersOf(plan);
  const node = workers.find(({ role }) => role === 'agent') ?? workers.at(-1);
  if (node === undefined) throw new TypeError(`${plan.name} has no node for pods`);
  return node;
}

/** Nodes that keep the cluster's state: a witness votes, but serves no API. */
export function etcdMembersOf({ nodes }: ClusterPlan): readonly NodePlan[] {
  return nodes.filter(({ role }) => role !== 'agent');
}

/** Where a node finds the API: on itself if it has one. */
export function apiServerFor(plan: ClusterPlan, node: NodePlan): string {
  if (node.role === 'server') return 'https://127.0.0.1:6443';
  return `https://${firstServer(plan).address}:6443`;
}

/** @throws InputError for a name that no node has */
export function nodeOf({ nodes }: ClusterPlan, name: string): NodePlan {
  const node = nodes.find((candidate) => candidate.name === name);
  if (node === undefined) {
    throw new InputError({
      where: 'node',
      what: `there is none called "${name}"`,
      allowed: nodes.map((candidate) => candidate.name).join(', '),
      remedy: 'name one of these',
    });
  }
  return node;
}

export function prefixOf(network: string): number {
  return Number(network.split('/')[1]);
}

/** Providers have an address each, so that one of them can fail. */
function planStores(stores: readonly ObjectStore[]): StorePlan[] {
  const hosts = [...new Set(stores.map(({ host }) => host))];
  return stores.map(({ name, host, region, bucket, holdsCopies }) => ({
    ...{ name, host, region, bucket, holdsCopies },
    address: `203.0.113.${11 + hosts.indexOf(host)}`,
  }));
}

/** @throws InputError for a name that the configuration doesn't have */
export function storeOf({ stores }: Pick<ClusterPlan, 'stores'>, name: string): StorePlan {
  const store = stores.find((candidate) => candidate.name === name);
  if (store === undefined) {
    throw new InputError({
      where: 'object storage',
      what: `there is none called "${name}"`,
      allowed: stores.map((candidate) => candidate.name).join(', '),
      remedy: 'name one of these',
    });
  }
  return store;
}

function parseNetwork(name: string, text: string, longest: number): { address: number; prefix: number } {
  const cidr = parseCidr(text);
  if (cidr?.family !== 4 || cidr.prefix > longest) {
    throw new InputError({
      where: `networks.${name}`,
      what: text,
      allowed: `an IPv4 network with at most ${longest} bits, such as 10.42.0.0/16`,
      remedy: 'choose a larger network',
    });
  }
  return { address: Number(cidr.address), prefix: cidr.prefix };
}

function bytesOf(address: number): readonly number[] {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256);
}

function formatAddress(address: number): string {
  return bytesOf(address).join('.');
}
