import { Construct } from 'constructs';
import { bracketProblem } from './brackets.ts';
import { InputError } from './error.ts';
import type { Finding } from './error.ts';
import { called, checkOptions } from './option-names.ts';
import type { OptionNames } from './option-names.ts';
import { refuseLateConstruct } from './phase.ts';

export interface ObjectiveProps {
  /** Whose it is, such as `edge`. */
  readonly service: string;
  /** What of it, such as `availability`. With the service it is the id, which there is once: `edge-availability`. */
  readonly name: string;
  /** How many of a hundred events have to be good, over 30 days, such as 99.9. */
  readonly percent: number;
  /** One sentence: what a good event is. */
  readonly description: string;
  /**
   * PromQL that counts the bad events within `{{.window}}`, without labels; with `or vector(0)` where their series begins with the
   * first of them. What is missing is told as not measured.
   */
  readonly bad: string;
  /** PromQL that counts all events within `{{.window}}`, without labels. */
  readonly all: string;
  /**
   * Events that a window has at least: with fewer it counts as having had that many, because of three requests one that fails
   * is no incident.
   * @default as many as may have two bad ones
   */
  readonly leastEvents?: number;
  /** Of its alerts, in upper camel case, such as `EdgeAvailabilityBurns`. Objectives of one kind have one name. */
  readonly alert: string;
  /**
   * Whether somebody is woken where the budget is used up within days; else it waits for the morning.
   * @default true
   */
  readonly pages?: boolean;
  /** File in docs/runbooks/ without its ending. */
  readonly runbook: string;
  /**
   * What it is about to the users of the platform, such as `Signing in`: the status page says whether that works. Objectives of
   * one name are one line there.
   * @default it is not there
   */
  readonly forUsers?: string;
}

const options: OptionNames<ObjectiveProps> = {
  service: 'required',
  name: 'required',
  percent: 'required',
  description: 'required',
  bad: 'required',
  all: 'required',
  leastEvents: true,
  alert: 'required',
  pages: true,
  runbook: 'required',
  forUsers: true,
};

/** The share of events that have to be good. The platform collects them for whoever watches it, who makes rules of them. */
export class Objective extends Construct {
  readonly props: Required<Omit<ObjectiveProps, 'forUsers'>> & Pick<ObjectiveProps, 'forUsers'>;

  /** @throws InputError with everything that is wrong */
  constructor(scope: Construct, id: string, props: ObjectiveProps) {
    super(scope, id);
    refuseLateConstruct(this, `objective ${objectiveId(props)}`);
    checkOptions(`objective ${called(props, id)}`, props, options);
    checkObjective(props);
    this.props = { leastEvents: Math.round(200 / (100 - props.percent)), pages: true, ...props };
  }

  get id(): string {
    return objectiveId(this.props);
  }
}

function objectiveId({ service, name }: Pick<ObjectiveProps, 'service' | 'name'>): string {
  return `${service}-${name}`;
}

/** More leaves less than five minutes of a month, which one restart takes. */
const most = 99.99;

/** Whether it means the same in a page, in JSON and in a line of a file. */
function isShown(name: unknown): boolean {
  return typeof name === 'string' && /^[\p{L}\p{N}][\p{L}\p{N} .,'()/_~-]{0,199}$/u.test(name);
}

function checkObjective(props: ObjectiveProps): void {
  const { service, name, percent, description, bad, all, leastEvents, alert, pages, runbook, forUsers } = props;
  const findings: Omit<Finding, 'where' | 'remedy'>[] = [
    ...[service, name]
      .filter((each) => !/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(each))
      .map((each) => ({ what: `it is called "${each}"`, allowed: 'lower-case letters, digits, dots and dashes' })),
    ...(typeof percent === 'number' && percent >= 50 && percent <= most
      ? []
      : [
          {
            what: typeof percent === 'number' ? `${percent} %` : `percent: ${JSON.stringify(percent)}`,
            allowed: `a number, 50 to ${most}: at 100 nothing may ever fail, and there is no budget`,
          },
        ]),
    ...(description.length < 10
      ? [{ what: `it says "${description}"`, allowed: 'a sentence: what a good event is' }]
      : []),
    ...Object.entries({ bad, all })
      .filter(([, query]) => !query.includes('{{.window}}'))
      .map(([key, query]) => ({
        what: `${key}: ${query}`,
        allowed: 'PromQL with {{.window}}, which each rule has its own of',
      })),
    ...Object.entries({ bad, all }).flatMap(([key, query]) => {
      const bracket = bracketProblem(query);
      return bracket === undefined ? [] : [{ what: `${key}: ${bracket}: ${query}`, allowed: 'PromQL' }];
    }),
    ...(leastEvents === undefined || (Number.isInteger(leastEvents) && leastEvents >= 1)
      ? []
      : [{ what: `leastEvents: ${JSON.stringify(leastEvents)}`, allowed: 'a whole number from 1 on' }]),
    ...(/^[A-Z][A-Za-z0-9]+$/.test(alert)
      ? []
      : [{ what: `its alert is called ${alert}`, allowed: 'upper camel case, such as EdgeAvailabilityBurns' }]),
    ...(/^[a-z0-9-]+$/.test(runbook)
      ? []
      : [{ what: 'it has no runbook', allowed: 'a file of docs/runbooks/ without its ending' }]),
    ...(forUsers === undefined || isShown(forUsers)
      ? []
      : [
          {
            what: `forUsers: ${JSON.stringify(forUsers)}`,
            allowed: "words of letters, digits and . , ' ( ) / _ ~ -, at most 200 characters together",
          },
        ]),
    ...(forUsers === undefined || pages !== false
      ? []
      : [{ what: `users are told of "${forUsers}", and nobody is woken`, allowed: 'forUsers of what pages alone' }]),
  ];
  if (findings.length === 0) return;
  const where = `objective ${objectiveId(props)}`;
  throw new InputError(findings.map((each) => ({ where, ...each, remedy: 'change it where the objective is made' })));
}
