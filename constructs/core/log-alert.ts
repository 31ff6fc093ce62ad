import { Construct } from 'constructs';
import { checkSeverity } from './alert.ts';
import type { AlertProps } from './alert.ts';
import { called, checkOptions } from './option-names.ts';
import type { OptionNames } from './option-names.ts';
import { refuseLateConstruct } from './phase.ts';
import type { PodOwner } from './pod-owner.ts';

/** Of alerts that count lines: without lines they keep quiet. */
export const ofLogs = { source: 'logs' } as const;

export interface LogAlertProps extends Pick<AlertProps, 'name' | 'severity' | 'summary' | 'runbook'> {
  /** Whose lines are counted. */
  readonly of: Pick<PodOwner, 'name' | 'namespace'>;
  /** What is in each line that counts, such as `"waf":"blocked"`: all of it, in any order. */
  readonly contains: readonly [string, ...string[]];
  /**
   * A field of lines of JSON: lines are counted for each of its values, which the summary may name, such as
   * `{{ $labels.client }}`.
   * @default all of them are one number
   */
  readonly by?: string;
  /** Lines at which nobody has to know yet. */
  readonly moreThan: number;
  /** Within how many minutes. */
  readonly withinMinutes: number;
}

const options: OptionNames<LogAlertProps> = {
  name: 'required',
  of: 'required',
  contains: 'required',
  by: true,
  moreThan: 'required',
  withinMinutes: 'required',
  severity: 'required',
  summary: 'required',
  runbook: 'required',
};

/** Lines of a log that somebody has to know of when they are many. Collected for whoever keeps the logs, where somebody does. */
export class LogAlert extends Construct {
  readonly props: LogAlertProps;

  /** @throws InputError with everything that is wrong */
  constructor(scope: Construct, id: string, props: LogAlertProps) {
    super(scope, id);
    refuseLateConstruct(this, `log alert ${props.name}`);
    checkOptions(`log alert ${called(props, id)}`, props, options);
    checkSeverity(`log alert ${props.name}`, props.severity);
    this.props = props;
  }
}
