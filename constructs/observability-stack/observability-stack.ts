import { Construct } from 'constructs';
import { Alert } from '../core/alert.ts';
import { ConfigFiles } from '../core/config-files.ts';
import { Dashboard } from '../core/dashboard.ts';
import type { Endpoint } from '../core/endpoint.ts';
import { checkOptions } from '../core/option-names.ts';
import type { Collects, Found } from '../core/phase.ts';
import { Scrape } from '../core/scrape.ts';
import { Service } from '../core/service.ts';
import type { Workload } from '../core/workload.ts';
import { alertmanager } from './alertmanager.ts';
import { checkObservability, checkReceivers, optionNames, optionParts } from './checks.ts';
import { ownDashboards } from './dashboards.ts';
import { jobAlerts } from './job-alerts.ts';
import { componentJobs, kubernetesJobs } from './jobs.ts';
import type { Job } from './jobs.ts';
import { kubeStateMetrics } from './kube-state-metrics.ts';
import { kubernetesAlerts } from './kubernetes-alerts.ts';
import { nodeAlerts } from './node-alerts.ts';
import { checkObjectives, objectiveFiles, specificationFiles } from './objective-rules.ts';
import { resolveOptions } from './options.ts';
import type { ObservabilityOptions } from './options.ts';
import { ownAlerts } from './own-alerts.ts';
import { prometheus, prometheusName, prometheusPort } from './prometheus.ts';
import type { Watched } from './prometheus.ts';
import type { Numbers, ObservabilityStackProps } from './props.ts';
import { publicPaths } from './public-paths.ts';
import { ruleFiles } from './rules.ts';
import { seriesBudget } from './series-budget.ts';
import type { SeriesBudget } from './series-budget.ts';

/**
 * Who watches: Prometheus reads whatever declares a scrape, beside Kubernetes itself, looks at every alert and keeps the
 * budget of every objective that somebody declared, and Alertmanager tells people. It names no component.
 */
export class ObservabilityStack extends Construct implements Collects {
  readonly prometheus: Workload;
  readonly alertmanager: Workload;
  /** Every Alertmanager, for others that have something to tell. */
  readonly alerts: Endpoint;
  /** Where numbers are asked for: Grafana's source of them. */
  readonly numbers: Numbers;
  private readonly options: ObservabilityOptions;
  private readonly jobs: readonly Job[];
  private watched: Watched = { jobs: [], rules: {} };
  private series: SeriesBudget | undefined;

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
    this.alerts = told.endpoint;
    const hasPaths = options.publicPaths.length > 0;
    const asked = hasPaths || options.statusPage ? publicPaths(this, options) : undefined;
    this.jobs = [...kubernetesJobs(options.nodes), ...(asked?.jobs ?? [])];
    this.prometheus = prometheus(this, options, told.endpoint, () => ({
      ...this.watched,
      jobs: [...this.jobs, ...this.watched.jobs],
    }));
    if (asked) this.prometheus.observes(asked.endpoint, 'asks whether public paths answer');
    const service = new Service(this, 'service', {
      name: prometheusName,
      pods: this.prometheus,
      ports: [{ name: 'http' }],
      headless: true,
    });
    const targets = [{ peer: this.prometheus, host: service.host, port: prometheusPort }];
    const url = `http://${service.host}:${prometheusPort}`;
    this.numbers = { name: 'numbers', url, targets, scrapeSeconds: options.scrapeSeconds };
    new Scrape(this, 'scrape', { endpoint: { name: prometheusName, path: '/metrics', targets }, mostSeries: 4000 });
    const own = ownAlerts({
      heartbeat: options.heartbeat !== false,
      publicPaths: hasPaths,
      statusPage: options.statusPage !== undefined,
    });
    for (const alert of [...nodeAlerts, ...kubernetesAlerts, ...jobAlerts, ...own]) new Alert(this, alert.name, alert);
    for (const each of ownDashboards) new Dashboard(this, `dashboard-${each.name}`, each);
  }

  /** What is read, once everything is built; undefined before. */
  get budget(): SeriesBudget | undefined {
    return this.series;
  }

  collect({ scrapes, alerts, objectives }: Found): void {
    const { runbooks, retentionDays, nodes, resources, scrapeSeconds } = this.options;
    checkObjectives(objectives, retentionDays);
    const jobs = componentJobs(scrapes, this.jobs);
    const { memory } = resources;
    this.series = seriesBudget({ jobs: this.jobs, scrapes, nodes: nodes.length, memory, scrapeSeconds });
    this.watched = {
      jobs,
      rules: { ...ruleFiles(alerts, runbooks), ...objectiveFiles(objectives, runbooks) },
    };
    if (objectives.length > 0) {
      // Nobody mounts them: whoever wants to see that these are the rules of Sloth gives them to it.
      const data = specificationFiles(objectives, runbooks);
      new ConfigFiles(this, 'objectives', { name: 'objectives', data });
    }
    for (const { endpoint } of scrapes) this.prometheus.observes(endpoint, 'reads its numbers');
  }
}
