import { Construct } from 'constructs';
import type { IConstruct } from 'constructs';
import { applicationOf } from './application-chart.ts';
import type { Endpoint, Peer, PodPeer } from './endpoint.ts';
import { checkName } from './names.ts';
import type { Admission, Wire } from './wire.ts';

/** Whatever has pods in a namespace of ours: it is wired, and its network policy follows from the wires. */
export abstract class PodOwner extends Construct implements PodPeer {
  readonly name: string;
  readonly namespace: string;
  readonly application: string;
  abstract readonly selector: Readonly<Record<string, string>>;
  readonly wires: Wire[] = [];
  readonly admissions: Admission[] = [];

  constructor(scope: Construct, id: string, name: string) {
    super(scope, id);
    const { destination, application } = applicationOf(scope);
    this.name = checkName(`workload ${name}`, name, 'workload');
    this.namespace = destination.name;
    this.application = application;
  }

  /** Uses the endpoint and can't do its work without it: it is there in an earlier wave. */
  needs(endpoint: Endpoint, reason: string): void {
    this.wires.push({ client: this, endpoint, reason, strength: 'needs' });
  }

  /** Uses the endpoint without waiting for it: scrapes, traces, probes. */
  observes(endpoint: Endpoint, reason: string): void {
    this.wires.push({ client: this, endpoint, reason, strength: 'observes' });
  }

  /** Lets somebody outside our pods connect, such as the API server to a webhook. */
  admits(from: Peer, port: number, reason: string, protocol: 'TCP' | 'UDP' = 'TCP'): void {
    this.admissions.push({ server: this, from, port, protocol, reason });
  }
}

/** A construct that needs to know every pod owner: it is told when the tree is complete. */
export interface Completes extends Construct {
  complete(owners: readonly PodOwner[]): void;
}

export function completes(construct: IConstruct): construct is Completes {
  return 'complete' in construct;
}
