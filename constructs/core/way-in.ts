import { Construct } from 'constructs';
import type { Endpoint } from './endpoint.ts';
import type { PodOwner } from './pod-owner.ts';
import { refuseLateConstruct } from './phase.ts';

export interface WayInProps {
  /** Who may be reached from outside of the cluster. */
  readonly pods: PodOwner;
  /** The only pods that what comes in is led to; undefined where it ends there. */
  readonly leadsTo?: PodOwner;
  /**
   * Where these pods themselves tell what they did, such as traces: no route may lead there.
   * @default nowhere
   */
  readonly tells?: Endpoint;
  /** Why it has to be. */
  readonly because: string;
}

/** Pods that the world may reach. Synth refuses every route, port and rule from outside that leads to others. */
export class WayIn extends Construct {
  readonly props: WayInProps;

  constructor(scope: Construct, id: string, props: WayInProps) {
    super(scope, id);
    refuseLateConstruct(this, `way in to ${props.pods.name}`);
    this.props = props;
  }
}
