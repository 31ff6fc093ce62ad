import { Chart } from 'cdk8s';
import type { App } from 'cdk8s';
import type { Construct } from 'constructs';
import { checkName } from './names.ts';
import type { NamespaceDefinition } from './namespace.ts';

/** The order in which Argo CD walks the platform on first install. */
export const layers = [
  'foundations',
  'controllers',
  'data',
  'identity',
  'edge',
  'observability',
  'applications',
] as const;

export type Layer = (typeof layers)[number];

export interface ApplicationChartProps {
  readonly layer: Layer;
  readonly namespace: NamespaceDefinition;
  /** How many nodes carry pods. */
  readonly workers: number;
}

/** The objects of one Argo CD application: one folder of `dist/`. */
export class ApplicationChart extends Chart {
  readonly application: string;
  readonly layer: Layer;
  /** The namespace of its objects. cdk8s is not told: it would write a namespace on cluster-scoped objects too. */
  readonly destination: NamespaceDefinition;
  readonly workers: number;

  constructor(scope: App, application: string, { layer, namespace, workers }: ApplicationChartProps) {
    super(scope, checkName('application', application), { disableResourceNameHashes: true });
    this.application = application;
    this.layer = layer;
    this.destination = namespace;
    this.workers = workers;
  }
}

/** The application a construct belongs to. */
export function applicationOf(construct: Construct): ApplicationChart {
  const chart = Chart.of(construct);
  if (!isApplicationChart(chart)) throw new TypeError(`${construct.node.path} is in no ApplicationChart`);
  return chart;
}

/** cdk8s makes `instanceof` of any subclass of Chart true for every Chart. */
export function isApplicationChart(chart: Chart): chart is ApplicationChart {
  return 'application' in chart;
}
