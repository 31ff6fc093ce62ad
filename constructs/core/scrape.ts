import { Construct } from 'constructs';
import type { MetricsEndpoint } from './endpoint.ts';
import { refuseLateConstruct } from './phase.ts';

export interface ScrapeProps {
  readonly endpoint: MetricsEndpoint;
}

/** Numbers that somebody should read. The platform collects them for whoever watches it, which wires itself to them. */
export class Scrape extends Construct {
  readonly endpoint: MetricsEndpoint;

  constructor(scope: Construct, id: string, { endpoint }: ScrapeProps) {
    super(scope, id);
    refuseLateConstruct(this, `scrape of ${endpoint.name}`);
    this.endpoint = endpoint;
  }
}
