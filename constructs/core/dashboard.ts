import { Construct } from 'constructs';
import { checkDashboard } from './dashboard-checks.ts';
import { refuseLateConstruct } from './phase.ts';

export const units = ['count', 'cores', 'percentunit', 's', 'bytes', 'Bps', 'reqps', 'ops', 'none'] as const;

/** How numbers are written: whole ones as they are, processors as cores, all else by Grafana's name of it. */
export type Unit = (typeof units)[number];

export interface PanelProps {
  /** Of a figure at most 36 characters, of curves 72: what is longer is cut on a small screen. */
  readonly title: string;
  /** One sentence: what it shows, and what is good. */
  readonly description: string;
  /** PromQL by what its lines are called, such as `{{pod}}`; of a figure one, with one answer. */
  readonly queries: Readonly<Record<string, string>>;
  readonly unit: Unit;
  /** From which value on, or below which one, it is bad: it is red there. @default never */
  readonly bad?: { readonly from: number } | { readonly below: number };
  /** What stands in the place of a number, such as `{ 0: 'no', 1: 'yes' }`. @default the number */
  readonly words?: Readonly<Record<number, string>>;
  /** Whether there are more lines than names fit below: they stand beside them, each with its last number. @default false */
  readonly many?: boolean;
  /** What it says where nothing is told, because all is well then. @default not known: there has to be a number */
  readonly empty?: string;
}

export interface RowProps {
  readonly title: string;
  /** What is so now, as figures in one line: at most four. @default none */
  readonly now?: readonly PanelProps[];
  /** How it went, as curves. @default none */
  readonly curves?: readonly PanelProps[];
}

/** Whose lines of logs: of workloads of a namespace, or of all that is in it. */
export interface LinesOf {
  readonly namespace: string;
  /**
   * Names of workloads.
   * @default all of the namespace
   */
  readonly workloads?: readonly [string, ...string[]];
}

export interface DashboardProps {
  /** Of its file and its address, such as `postgres`. */
  readonly name: string;
  readonly title: string;
  /** One sentence: which question it answers. */
  readonly description: string;
  readonly rows: readonly RowProps[];
  /**
   * Whose lines belong to it, `all` for everybody's: they are below its rows where logs are kept.
   * @default nobody's
   */
  readonly lines?: LinesOf | 'all';
  /**
   * What spans call whose traces belong to it, such as `backend`: they are below its rows where traces are kept.
   * @default nobody
   */
  readonly traces?: string;
}

/** What somebody looks at. The platform collects them for whoever shows them. */
export class Dashboard extends Construct {
  readonly props: DashboardProps;

  /** @throws InputError with everything of it that nobody could read */
  constructor(scope: Construct, id: string, props: DashboardProps) {
    super(scope, id);
    refuseLateConstruct(this, `dashboard ${props.name}`);
    checkDashboard(props);
    this.props = props;
  }
}
