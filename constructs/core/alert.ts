import { Construct } from 'constructs';
import { InputError } from './error.ts';
import { called, checkOptions } from './option-names.ts';
import type { OptionNames } from './option-names.ts';
import { refuseLateConstruct } from './phase.ts';

/** How urgent it is: `page` wakes somebody up, `ticket` waits for the morning, `note` is written down. */
export const severities = ['page', 'ticket', 'note'] as const;
export type Severity = (typeof severities)[number];

export interface AlertProps {
  /** In upper camel case, such as `PostgresNoLeader`. */
  readonly name: string;
  /** PromQL that gives a series while it holds. */
  readonly expression: string;
  /** Minutes it has to hold before anybody is told: a whole number, 0 for at once. */
  readonly forMinutes: number;
  /** `page` wakes somebody up, `ticket` waits for the morning, `note` is written down. */
  readonly severity: Severity;
  /** One sentence for whoever is told. */
  readonly summary: string;
  /** File in docs/runbooks/ without its ending. */
  readonly runbook: string;
}

const options: OptionNames<AlertProps> = {
  name: 'required',
  expression: 'required',
  forMinutes: 'required',
  severity: 'required',
  summary: 'required',
  runbook: 'required',
};

/** A condition that somebody has to know of. The platform collects them for whoever watches it. */
export class Alert extends Construct {
  readonly props: AlertProps;

  /** @throws InputError with everything that is wrong */
  constructor(scope: Construct, id: string, props: AlertProps) {
    super(scope, id);
    refuseLateConstruct(this, `alert ${props.name}`);
    checkOptions(`alert ${called(props, id)}`, props, options);
    checkSeverity(`alert ${props.name}`, props.severity);
    this.props = props;
  }
}

/** Receivers are told by severity: of another one nobody is. @throws InputError */
export function checkSeverity(where: string, severity: Severity): void {
  if (severities.includes(severity)) return;
  throw new InputError({
    where,
    what: `its severity is ${JSON.stringify(severity)}`,
    allowed: 'page, which wakes somebody up, ticket, which waits for the morning, or note, which is written down',
    remedy: 'change it where the alert is made',
  });
}
