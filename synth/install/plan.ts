import { dnsAddress } from '../../apps/cluster.ts';
import { environmentInput, neighboursOf, whoseDns } from '../../config/index.ts';
import type { EnvironmentInput } from '../../config/schema.ts';
import { traefikWafDefaults } from '../../constructs/traefik-waf/index.ts';

/** A machine as install/ makes a node of it. */
export interface NodePlan {
  readonly name: string;
  readonly role: EnvironmentInput['nodes'][number]['role'];
  readonly serverType: string;
  /** In the network of WireGuard, where Kubernetes listens. */
  readonly address: string;
  /** In Hetzner's private network, which only WireGuard and the load balancers use. */
  readonly privateAddress: string;
}

/** Whom a load balancer asks for. */
export interface WayIn {
  readonly name: string;
  /** In the private network. */
  readonly address: string;
  /** Ports of the nodes. */
  readonly ports: readonly number[];
}

/** What install/ knows of an environment. */
export interface InstallPlan {
  readonly environment: string;
  readonly nodes: readonly NodePlan[];
  readonly networks: EnvironmentInput['networks'];
  readonly reserved: EnvironmentInput['reserved'];
  readonly waysIn: readonly WayIn[];
  /** The node that lets in at 80 and 443 who comes past the load balancer, and where these lead; undefined for none. */
  readonly breakGlass: { readonly node: string; readonly web: number; readonly websecure: number } | undefined;
  /** Of the service of the cluster's DNS. */
  readonly dnsAddress: string;
  /** Whether the platform brings it, in the place of K3s. */
  readonly bringsDns: boolean;
  readonly k3s: NonNullable<EnvironmentInput['k3s']>;
  /** The bucket of the snapshots; undefined where none are kept elsewhere. */
  readonly store: EnvironmentInput['objectStores'][string] | undefined;
}

/** What it is to install of an environment; undefined for one without machines of Terraform's, and in another one's cluster. */
export function installPlan(name: string, input: EnvironmentInput = environmentInput(name)): InstallPlan | undefined {
  const { hetzner, k3s, networks, reserved, objectStores, edge } = input;
  if (hetzner === undefined || k3s === undefined || input.shares !== undefined) return undefined;
  const environments = [
    [name, input] as const,
    ...neighboursOf(name).map((other) => [other, environmentInput(other)] as const),
  ];
  return {
    environment: name,
    networks,
    reserved,
    k3s,
    dnsAddress: dnsAddress({ networks }),
    bringsDns: whoseDns(input) === 'ours',
    nodes: input.nodes.map(({ name: node, role, serverType, address, machine }) => {
      return { name: node, role, serverType, address, privateAddress: machine?.address ?? '' };
    }),
    waysIn: environments.flatMap(([each, { edge }]) =>
      edge === undefined
        ? []
        : {
            name: each,
            address: edge.loadBalancer,
            ports: Object.values(edge.nodePorts ?? traefikWafDefaults.nodePorts).sort((a, b) => a - b),
          },
    ),
    breakGlass: edge?.breakGlass && { ...(edge.nodePorts ?? traefikWafDefaults.nodePorts), ...edge.breakGlass },
    store: k3s.snapshots ? objectStores[k3s.snapshots.store] : undefined,
  };
}

/** The one that the others join. */
export function firstServer({ nodes }: Pick<InstallPlan, 'nodes'>): NodePlan {
  const server = nodes.find(({ role }) => role === 'server');
  if (server === undefined) throw new TypeError('the configuration passed its checks without a server');
  return server;
}
