import path from 'node:path';
import type { Construct } from 'constructs';
import { ConfigFiles } from '../core/config-files.ts';
import { publicEndpoint } from '../core/endpoint.ts';
import type { Endpoint } from '../core/endpoint.ts';
import { httpProbes } from '../core/probes.ts';
import { Service } from '../core/service.ts';
import { Workload } from '../core/workload.ts';
import type { Job } from './jobs.ts';
import type { ObservabilityOptions } from './options.ts';
import { publicPathsJob, statusPageJob } from './own-alerts.ts';

const name = 'blackbox-exporter';
const port = 9115;
const settingsPath = '/etc/blackbox';

export interface PublicPaths {
  readonly endpoint: Endpoint;
  readonly jobs: readonly Job[];
}

/** Asks for pages as people do, by their public names: what is wrong with the way there is seen too. */
export function publicPaths(construct: Construct, options: ObservabilityOptions): PublicPaths {
  const workload = new Workload(construct, 'blackbox-exporter', {
    name,
    program: name,
    component: 'exporter',
    controller: { kind: 'Deployment', replicas: 1 },
    containers: [
      {
        name,
        image: options.blackboxImage,
        command: ['/bin/blackbox_exporter', `--config.file=${settingsPath}/blackbox.yaml`],
        ports: [{ name: 'http', port }],
        resources: options.blackboxResources,
        probes: httpProbes('http', { live: '/-/healthy' }),
        files: {
          [settingsPath]: new ConfigFiles(construct, 'blackbox-settings', {
            name: `${name}-settings`,
            folder: path.join(import.meta.dirname, 'files', 'blackbox'),
          }),
        },
      },
    ],
    priority: 'observability',
    spread: 'servers-first',
  });
  for (const url of options.publicPaths) {
    const { hostname } = new URL(url);
    workload.observes(publicEndpoint(hostname, hostname), 'asks whether it answers');
  }
  const { publicPaths: urls, statusPage } = options;
  if (statusPage !== undefined) workload.observes(statusPage, 'asks how old it is');
  const service = new Service(construct, 'blackbox-service', { name, pods: workload, ports: [{ name: 'http' }] });
  const address = `${service.host}:${port}`;
  return {
    endpoint: service.endpoint('http', name),
    jobs: [
      ...(urls.length > 0 ? [jobOf(publicPathsJob, urls, address)] : []),
      ...(statusPage === undefined ? [] : [jobOf(statusPageJob, [statusPage.url], address)]),
    ],
  };
}

function jobOf(job: string, urls: readonly string[], address: string): Job {
  return {
    job_name: job,
    metrics_path: '/probe',
    params: { module: ['public'] },
    sample_limit: 100,
    scrape_timeout: '12s',
    metric_relabel_configs: [{ source_labels: ['__name__'], regex: 'probe_.*', action: 'keep' }],
    static_configs: [{ targets: [...urls] }],
    relabel_configs: [
      { source_labels: ['__address__'], target_label: '__param_target' },
      { source_labels: ['__param_target'], target_label: 'instance' },
      { target_label: '__address__', replacement: address },
    ],
  };
}
