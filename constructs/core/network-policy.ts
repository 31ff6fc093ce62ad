import type { Construct } from 'constructs';
import { clusterDns, describePeer, isAnyone, isPodPeer } from './endpoint.ts';
import type { Anyone, Peer, PodPeer } from './endpoint.ts';
import { kubeObject } from './kube-object.ts';
import { IntOrString, KubeNetworkPolicy } from './level1.ts';
import type { NetworkPolicyPeer } from './level1.ts';
import type { PodOwner } from './pod-owner.ts';
import { needsNames } from './wire.ts';
import type { Connection, Wire } from './wire.ts';

/** Clients that reach a server by name ask CoreDNS first. */
export function nameLookups(wires: readonly Wire[]): Connection[] {
  const clients = new Set(wires.filter(({ endpoint }) => needsNames(endpoint)).map(({ client }) => client));
  return [...clients].flatMap((from) =>
    (['UDP', 'TCP'] as const).map((protocol) => ({
      from,
      to: clusterDns,
      port: 53,
      protocol,
      reason: 'resolves names',
    })),
  );
}

/**
 * Adds one policy for a workload: exactly the egress of its own connections and the ingress of those that end at it.
 * Without any, the namespace's default-deny is all there is to say.
 */
export function networkPolicy(
  owner: PodOwner,
  connections: readonly Connection[],
  annotations?: Record<string, string>,
): void {
  const egress = rules(
    owner,
    connections.filter(({ from }) => from === owner),
    ({ to }) => to,
  );
  const ingress = rules(
    owner,
    connections.filter(({ to }) => to === owner),
    ({ from }) => from,
  );
  if (egress.length + ingress.length === 0) return;
  kubeObject(owner, 'network-policy', KubeNetworkPolicy, {
    metadata: { name: owner.name, ...(annotations ? { annotations } : {}) },
    spec: {
      podSelector: { matchLabels: { ...owner.selector } },
      policyTypes: ['Ingress', 'Egress'],
      ...(ingress.length > 0
        ? { ingress: ingress.map(({ peers, ports }) => ({ ...(peers ? { from: peers } : {}), ports })) }
        : {}),
      ...(egress.length > 0
        ? { egress: egress.map(({ peers, ports }) => ({ ...(peers ? { to: peers } : {}), ports })) }
        : {}),
    },
  });
}

/** The refusal of everything that no other policy of the namespace allows. */
export function defaultDeny(scope: Construct, namespace: string): void {
  kubeObject(scope, `default-deny-${namespace}`, KubeNetworkPolicy, {
    metadata: { name: 'default-deny', namespace },
    spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] },
  });
}

interface Rule {
  /** Absent for anyone. */
  readonly peers: NetworkPolicyPeer[] | undefined;
  readonly ports: { readonly protocol: string; readonly port: IntOrString }[];
}

/**
 * One rule a peer, with all of its ports, in the order of the peers' names: code may move, the output stays. Peers that
 * are the same addresses under several names share a rule.
 */
function rules(
  owner: PodPeer,
  connections: readonly Connection[],
  other: (connection: Connection) => Peer | Anyone,
): Rule[] {
  const byPeer = new Map<
    string,
    { name: string; readonly peers: Rule['peers']; readonly ports: Map<string, Connection> }
  >();
  for (const connection of connections) {
    const peers = selectors(owner, other(connection));
    const key = JSON.stringify(peers ?? 'anyone');
    const name = describePeer(other(connection));
    const rule = byPeer.get(key) ?? { name, peers, ports: new Map<string, Connection>() };
    if (name < rule.name) rule.name = name;
    rule.ports.set(`${String(connection.port).padStart(5, '0')}/${connection.protocol}`, connection);
    byPeer.set(key, rule);
  }
  return [...byPeer.values()]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ peers, ports }) => ({
      peers,
      ports: [...ports]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([, { protocol, port }]) => ({ protocol, port: IntOrString.fromNumber(port) })),
    }));
}

function selectors(owner: PodPeer, peer: Peer | Anyone): NetworkPolicyPeer[] | undefined {
  if (isAnyone(peer)) return undefined;
  if (!isPodPeer(peer)) {
    return peer.cidrs.map(({ cidr, except }) => ({ ipBlock: { cidr, ...(except ? { except: [...except] } : {}) } }));
  }
  const podSelector = { matchLabels: { ...peer.selector } };
  if (peer.namespace === owner.namespace) return [{ podSelector }];
  return [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': peer.namespace } }, podSelector }];
}
