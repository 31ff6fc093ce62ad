import type { Size } from 'cdk8s';
import type { Construct } from 'constructs';
import type { Cpu } from './cpu.ts';
import { PodOwner } from './pod-owner.ts';

export interface ForeignWorkloadProps {
  /** Name in messages and of its network policy. */
  readonly name: string;
  /** Who makes the pods, such as `chart cert-manager v1.21.2`. */
  readonly madeBy: string;
  /** The labels by which the pods are selected. */
  readonly podLabels: Readonly<Record<string, string>>;
  /**
   * What the pods listen on.
   * @default nothing
   */
  readonly ports?: readonly { readonly name: string; readonly port: number; readonly protocol?: 'TCP' | 'UDP' }[];
  /**
   * What the pods request, for the budget.
   * @default nothing is counted
   */
  readonly requests?: { readonly replicas: number; readonly cpu: Cpu; readonly memory: Size };
}

/** Pods that somebody else's chart makes; we wire them and write their network policy. */
export class ForeignWorkload extends PodOwner {
  readonly selector: Readonly<Record<string, string>>;
  readonly madeBy: string;
  readonly ports: NonNullable<ForeignWorkloadProps['ports']>;
  readonly requests: ForeignWorkloadProps['requests'];

  constructor(scope: Construct, id: string, props: ForeignWorkloadProps) {
    super(scope, id, props.name);
    this.selector = props.podLabels;
    this.madeBy = props.madeBy;
    this.ports = props.ports ?? [];
    this.requests = props.requests;
    // Whoever counts them does so in whole ones: what is none is refused here, where it is given.
    this.requests?.memory.toMebibytes();
  }
}
