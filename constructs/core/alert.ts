import { Construct } from 'constructs';
import { refuseLateConstruct } from './phase.ts';

export interface AlertProps {
  /** In upper camel case, such as `PostgresNoLeader`. */
  readonly name: string;
  /** PromQL that gives a series while it holds. */
  readonly expression: string;
  /** Minutes it has to hold before anybody is told. */
  readonly forMinutes: number;
  /** `page` wakes somebody up, `ticket` waits for the morning, `note` is written down. */
  readonly severity: 'page' | 'ticket' | 'note';
  /** One sentence for whoever is told. */
  readonly summary: string;
  /** File in docs/runbooks/ without its ending. */
  readonly runbook: string;
}

/** A condition that somebody has to know of. The platform collects them for whoever watches it. */
export class Alert extends Construct {
  readonly props: AlertProps;

  constructor(scope: Construct, id: string, props: AlertProps) {
    super(scope, id);
    refuseLateConstruct(this, `alert ${props.name}`);
    this.props = props;
  }
}
