import { Construct } from 'constructs';
import type { MetricsEndpoint } from './endpoint.ts';
import { refuseLateConstruct } from './phase.ts';

export interface ScrapeProps {
  readonly endpoint: MetricsEndpoint;
  /**
   * Whom the numbers are about: the pod that tells them, whose labels they get, or `others`, such as those of all objects of
   * the cluster. Labels of those are kept as they are, `namespace` and `pod` among them.
   * @default itself
   */
  readonly about?: 'itself' | 'others';
  /**
   * Numbers that one pod may tell at a time. With more, nothing of it is read: a label whose values have no end, such as a path
   * or a person, would fill the memory of whoever reads it.
   * @default 5000
   */
  readonly mostSeries?: number;
}

export const scrapeDefaults = { about: 'itself', mostSeries: 5000 } as const;

/** Numbers that somebody should read. The platform collects them for whoever watches it, which wires itself to them. */
export class Scrape extends Construct {
  readonly endpoint: MetricsEndpoint;
  readonly about: 'itself' | 'others';
  readonly mostSeries: number;

  constructor(scope: Construct, id: string, props: ScrapeProps) {
    super(scope, id);
    const { endpoint, about, mostSeries } = { ...scrapeDefaults, ...props };
    refuseLateConstruct(this, `scrape of ${endpoint.name}`);
    this.endpoint = endpoint;
    this.about = about;
    this.mostSeries = mostSeries;
  }
}
