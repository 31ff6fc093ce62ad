import { Construct } from 'constructs';
import { Alert } from '../core/alert.ts';
import { checkOptions } from '../core/option-names.ts';
import type { Collects, Found } from '../core/phase.ts';
import { Scrape } from '../core/scrape.ts';
import { Service } from '../core/service.ts';
import type { Workload } from '../core/workload.ts';
import { alertmanager } from './alertmanager.ts';
import { checkObservability, checkReceivers, optionNames, optionParts } from './checks.ts';
import { jobAlerts } from './job-alerts.ts';
import { componentJobs, kubernetesJobs } from './jobs.ts';
import { kubeStateMetrics } from './kube-state-metrics.ts';
import { kubernetesAlerts } from './kubernetes-alerts.ts';
import { nodeAlerts } from './node-alerts.ts';
import { resolveOptions } from './options.ts';
import type { ObservabilityOptions } from './options.ts';
import { ownAlerts } from './own-alerts.ts';
import { prometheus, prometheusName, prometheusPort } from './prometheus.ts';
import type { Watched } from './prometheus.ts';
import type { ObservabilityStackProps } from './props.ts';
import { publicPaths } from './public-paths.ts';
import { ruleFiles } from './rules.ts';

/**
 * Who watches: Prometheus reads whatever declares a scrape, beside Kubernetes itself, looks at every alert that somebody declared,
 * and Alertmanager tells people. It names no component.
 */
export class ObservabilityStack extends Construct implements Collects {
  readonly prometheus: Workload;
  readonly alertmanager: Workload;
  private readonly options: ObservabilityOptions;
  private watched: Watched = { jobs: [], rules: {} };

  /** @throws InputError with everything that is wrong */
  constructor(scope: Construct, id: string, props: ObservabilityStackProps) {
    super(scope, id);
    checkOptions('ObservabilityStack', props, optionNames, optionParts);
    checkReceivers(props.receivers);
    const options = resolveOptions(props);
    this.options = options;
    checkObservability(options);
    kubeStateMetrics(this, options);
    const told = alertmanager(this, options);
    this.alertmanager = told.workload;
    const asked = options.publicPaths.length > 0 ? publicPaths(this, options) : undefined;
    const more = [...kubernetesJobs(options.nodes), ...(asked ? [asked.job] : [])];
    this.prometheus = prometheus(this, options, told.endpoint, () => ({
      ...this.watched,
      jobs: [...more, ...this.watched.jobs],
    }));
    if (asked) this.prometheus.observes(asked.endpoint, 'asks whether public paths answer');
    const service = new Service(this, 'service', {
      name: prometheusName,
      pods: this.prometheus,
      ports: [{ name: 'http' }],
      headless: true,
    });
    const targets = [{ peer: this.prometheus, host: service.host, port: prometheusPort }];
    new Scrape(this, 'scrape', { endpoint: { name: prometheusName, path: '/metrics', targets } });
    const own = ownAlerts({ heartbeat: options.heartbeat !== false, publicPaths: asked !== undefined });
    for (const alert of [...nodeAlerts, ...kubernetesAlerts, ...jobAlerts, ...own]) new Alert(this, alert.name, alert);
  }

  collect({ scrapes, alerts }: Found): void {
    this.watched = { jobs: componentJobs(scrapes), rules: ruleFiles(alerts, this.options.runbooks) };
    for (const { endpoint } of scrapes) this.prometheus.observes(endpoint, 'reads its numbers');
  }
}
