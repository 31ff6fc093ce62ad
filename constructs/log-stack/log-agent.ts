import { Construct } from 'constructs';
import { Alert } from '../core/alert.ts';
import { authoritiesOf } from '../core/authority-files.ts';
import { ConfigFiles } from '../core/config-files.ts';
import { checkOptions } from '../core/option-names.ts';
import { tcpProbes } from '../core/probes.ts';
import { Scrape } from '../core/scrape.ts';
import { Service } from '../core/service.ts';
import { Workload } from '../core/workload.ts';
import { sized } from '../core/workload-size.ts';
import { agentAlerts } from './alerts.ts';
import { alloyConfiguration, nodeVariable } from './alloy-configuration.ts';
import { agentOptionNames, checkLogAgent } from './checks.ts';
import { logAgentDefaults } from './defaults.ts';
import { podLogs } from './pipeline.ts';
import type { LogAgentProps } from './props.ts';

const name = 'alloy';
const port = 12_345;
const settingsPath = '/etc/alloy';

/** On the node, because another pod goes on where this one was. */
const positions = '/var/lib/alloy';

/** The day of the next look at what it may. */
const until = '2027-11-30';

/**
 * Reads the lines of every container of every node, by Alloy, and sends them on. It asks no API and has no token: what it knows
 * of a pod is in the path of the file. Its namespace has to be of Pod Security's level `privileged`.
 */
export class LogAgent extends Construct {
  readonly workload: Workload;

  /** @throws InputError with everything that is wrong */
  constructor(scope: Construct, id: string, props: LogAgentProps) {
    super(scope, id);
    checkOptions('LogAgent', props, agentOptionNames);
    checkLogAgent(props);
    const settings = new ConfigFiles(this, 'settings', {
      name: `${name}-settings`,
      data: { 'config.alloy': alloyConfiguration(props.to) },
    });
    this.workload = new Workload(this, 'agent', {
      name,
      program: name,
      component: 'log-agent',
      controller: { kind: 'DaemonSet' },
      containers: [
        {
          name,
          image: props.image,
          command: [
            '/bin/alloy',
            'run',
            `--server.http.listen-addr=0.0.0.0:${port}`,
            `--storage.path=${positions}`,
            '--stability.level=generally-available',
            '--disable-reporting',
            `${settingsPath}/config.alloy`,
          ],
          podFields: { [nodeVariable]: 'spec.nodeName' },
          ports: [{ name: 'http', port }],
          resources: sized(
            props.size,
            logAgentDefaults.size,
            'Measured: 240 MB of version 1.11 with one file, most of it the program; the CPU is an estimate for some lines a second.',
          ),
          // Its own health is that of each part of it, and a part that waits for Loki is no reason to start again.
          probes: tcpProbes('http'),
          files: { [settingsPath]: settings },
          authorities: authoritiesOf(props.to),
          privileges: [
            { user: 0, because: "files of containers' logs are root's, and nobody else may read them", until },
            { hostPath: podLogs, because: 'the kubelet has the logs of containers there', until },
            {
              hostPath: positions,
              writable: true,
              because: 'another pod goes on reading where this one was, and sends no line twice',
              until,
            },
          ],
        },
      ],
      priority: 'observability',
      spread: 'everywhere',
    });
    this.workload.observes(props.to, 'sends it the lines of containers');
    const service = new Service(this, 'service', {
      name,
      pods: this.workload,
      ports: [{ name: 'http' }],
      headless: true,
    });
    const targets = [{ peer: this.workload, host: service.host, port }];
    new Scrape(this, 'scrape', { endpoint: { name, path: '/metrics', targets }, mostSeries: 2000 });
    for (const alert of agentAlerts) new Alert(this, alert.name, alert);
  }
}
