import { Construct } from 'constructs';
import type { MetricsEndpoint } from './endpoint.ts';
import { InputError } from './error.ts';
import { checkOptions } from './option-names.ts';
import type { OptionNames } from './option-names.ts';
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
   * @default 1500
   */
  readonly mostSeries?: number;
}

const whom: readonly string[] = ['itself', 'others'] satisfies ScrapeProps['about'][];

export const scrapeDefaults = { about: 'itself', mostSeries: 1500 } as const;

const optionNames: OptionNames<ScrapeProps> = { endpoint: 'required', about: true, mostSeries: true };

/** More of one pod is a label that has no end. */
const largest = 50_000;

/** Numbers that somebody should read. The platform collects them for whoever watches it, which wires itself to them. */
export class Scrape extends Construct {
  readonly endpoint: MetricsEndpoint;
  readonly about: 'itself' | 'others';
  readonly mostSeries: number;

  /** @throws InputError with what is wrong */
  constructor(scope: Construct, id: string, props: ScrapeProps) {
    super(scope, id);
    checkOptions(`scrape of ${props.endpoint.name}`, props, optionNames);
    const { endpoint, about, mostSeries } = { ...scrapeDefaults, ...props };
    const where = `scrape of ${endpoint.name}`;
    refuseLateConstruct(this, where);
    if (!whom.includes(about)) {
      throw new InputError({
        where,
        what: `about: ${about}`,
        allowed: whom.join(', '),
        remedy: 'change it where the scrape is made',
      });
    }
    if (!Number.isInteger(mostSeries) || mostSeries < 1 || mostSeries > largest) {
      throw new InputError({
        where,
        what: `mostSeries: ${mostSeries}`,
        allowed: `a whole number from 1 to ${largest}; to Prometheus 0 is no limit at all`,
        remedy: 'change it where the scrape is made',
      });
    }
    this.endpoint = endpoint;
    this.about = about;
    this.mostSeries = mostSeries;
  }
}
