import type { Anyone, Endpoint, Peer, PodPeer } from './endpoint.ts';

/** `needs` orders the waves: the server is there first. `observes` only opens the network: scrapes, traces, probes. */
export type Strength = 'needs' | 'observes';

/** A workload uses an endpoint. The only source of network rules, waves and the picture. */
export interface Wire {
  readonly client: PodPeer;
  readonly endpoint: Endpoint;
  /** A short sentence: why the connection exists. */
  readonly reason: string;
  readonly strength: Strength;
}

/** Somebody outside the pod network connects to a workload, such as the API server to a webhook. */
export interface Admission {
  readonly server: PodPeer;
  readonly from: Peer | Anyone;
  readonly port: number;
  readonly protocol: 'TCP' | 'UDP';
  readonly reason: string;
}

/** One permitted connection, as network rules see it. */
export interface Connection {
  readonly from: Peer | Anyone;
  readonly to: Peer;
  readonly port: number;
  readonly protocol: 'TCP' | 'UDP';
  readonly reason: string;
}

export function connectionsOf(wires: readonly Wire[], admissions: readonly Admission[]): Connection[] {
  return [
    ...wires.flatMap(({ client, endpoint, reason }) =>
      endpoint.targets.map(({ peer, port, podPort, protocol }) => ({
        from: client,
        to: peer,
        port: podPort ?? port,
        protocol: protocol ?? ('TCP' as const),
        reason,
      })),
    ),
    ...admissions.map(({ server, from, port, protocol, reason }) => ({ from, to: server, port, protocol, reason })),
  ];
}

/** True when a client has to resolve a name to get there. */
export function needsNames(endpoint: Endpoint): boolean {
  return endpoint.targets.some(({ host }) => isName(host));
}

/** A name, not an address. */
export function isName(host: string): boolean {
  return !/^[0-9.]+$/.test(host);
}
