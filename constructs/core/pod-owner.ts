import { Construct } from 'constructs';
import { applicationOf } from './application-chart.ts';
import { describePeer } from './endpoint.ts';
import type { Anyone, Endpoint, Peer, PodPeer } from './endpoint.ts';
import { checkName } from './names.ts';
import { refuseLateConstruct, refuseLateWire } from './phase.ts';
import type { Admission, Wire } from './wire.ts';

/** Whatever has pods in a namespace of ours: it is wired, and its network policy follows from the wires. */
export abstract class PodOwner extends Construct implements PodPeer {
  readonly name: string;
  readonly namespace: string;
  readonly application: string;
  abstract readonly selector: Readonly<Record<string, string>>;
  private readonly ownWires: Wire[] = [];
  private readonly ownAdmissions: Admission[] = [];

  constructor(scope: Construct, id: string, name: string) {
    super(scope, id);
    refuseLateConstruct(this, `workload ${name}`);
    const { destination, application } = applicationOf(scope);
    this.name = checkName(`workload ${name}`, name, 'workload');
    this.namespace = destination.name;
    this.application = application;
  }

  get wires(): readonly Wire[] {
    return this.ownWires;
  }

  get admissions(): readonly Admission[] {
    return this.ownAdmissions;
  }

  /** Uses the endpoint and can't do its work without it: it is there in an earlier wave. */
  needs(endpoint: Endpoint, reason: string): void {
    this.wire({ client: this, endpoint, reason, strength: 'needs' });
  }

  /** Uses the endpoint without waiting for it: scrapes, traces, probes. */
  observes(endpoint: Endpoint, reason: string): void {
    this.wire({ client: this, endpoint, reason, strength: 'observes' });
  }

  /** Lets somebody outside our pods connect, such as the API server to a webhook. */
  admits(from: Peer | Anyone, port: number, reason: string, protocol: 'TCP' | 'UDP' = 'TCP'): void {
    refuseLateWire(this, `admits ${describePeer(from)}`);
    this.ownAdmissions.push({ server: this, from, port, protocol, reason });
  }

  private wire(wire: Wire): void {
    refuseLateWire(this, `${wire.strength} ${wire.endpoint.name}`);
    this.ownWires.push(wire);
  }
}
