import { Size } from 'cdk8s';
import { Construct } from 'constructs';
import { checkOptions } from '../core/option-names.ts';
import type { OptionNames } from '../core/option-names.ts';
import { httpProbes } from '../core/probes.ts';
import { Scrape } from '../core/scrape.ts';
import { Service } from '../core/service.ts';
import { Workload } from '../core/workload.ts';
import { sized } from '../core/workload-size.ts';
import { nodeExporterDefaults } from './defaults.ts';
import type { NodeExporterProps } from './props.ts';

const optionNames: OptionNames<NodeExporterProps> = { image: 'required', size: true };

const name = 'node-exporter';
const port = 9100;

/**
 * What of /proc is the node's in every container, and no more: its own network is that of the pod, so the node's interfaces come
 * from cAdvisor.
 */
const collectors = [
  ...['cpu', 'diskstats', 'filefd', 'filesystem', 'loadavg', 'meminfo', 'pressure', 'stat', 'time', 'timex'],
  ...['uname', 'vmstat'],
];

/** A folder of the disk that the node's containers, volumes and logs are on: its size and its room are the disk's. */
const disk = '/disk';

/** Numbers of each node's processors, memory, disk and clock, by a pod without any privilege. */
export class NodeExporter extends Construct {
  readonly workload: Workload;

  constructor(scope: Construct, id: string, props: NodeExporterProps) {
    super(scope, id);
    checkOptions('NodeExporter', props, optionNames);
    this.workload = new Workload(this, 'exporter', {
      name,
      program: name,
      component: 'exporter',
      controller: { kind: 'DaemonSet' },
      containers: [
        {
          name,
          image: props.image,
          command: [
            '/bin/node_exporter',
            `--web.listen-address=:${port}`,
            '--web.disable-exporter-metrics',
            '--collector.disable-defaults',
            ...collectors.map((collector) => `--collector.${collector}`),
            `--collector.filesystem.mount-points-include=^${disk}$`,
          ],
          ports: [{ name: 'metrics', port }],
          resources: sized(
            props.size,
            nodeExporterDefaults.size,
            'Estimate: twelve files of the kernel, read twice a minute; its makers say a few milliseconds of it, and 20 MiB.',
          ),
          probes: httpProbes('metrics', { live: '/' }),
          writableDirectories: [{ name: 'disk', path: disk, sizeLimit: Size.mebibytes(1) }],
        },
      ],
      priority: 'observability',
      spread: 'everywhere',
    });
    const service = new Service(this, 'service', {
      name,
      pods: this.workload,
      ports: [{ name: 'metrics' }],
      headless: true,
    });
    const targets = [{ peer: this.workload, host: service.host, port }];
    new Scrape(this, 'scrape', { endpoint: { name: 'node-exporter', path: '/metrics', targets }, mostSeries: 1000 });
  }
}
