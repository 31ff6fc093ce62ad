import { Size } from 'cdk8s';
import type { Construct } from 'constructs';
import { authoritiesOf } from '../core/authority-files.ts';
import { ConfigFiles } from '../core/config-files.ts';
import { serverEndpoint } from '../core/endpoint.ts';
import type { Endpoint } from '../core/endpoint.ts';
import { persistentVolumeClaim } from '../core/pod-volume.ts';
import { httpProbes } from '../core/probes.ts';
import { Scrape } from '../core/scrape.ts';
import type { SecretKeyReference } from '../core/secret-ref.ts';
import { Service } from '../core/service.ts';
import { Workload } from '../core/workload.ts';
import { alertmanagerConfiguration } from './alertmanager-configuration.ts';
import type { ObservabilityOptions } from './options.ts';
import type { AlertReceiver } from './props.ts';

const name = 'alertmanager';
const ports = { http: 9093, peers: 9094 } as const;
const paths = { settings: '/etc/alertmanager', data: '/alertmanager' } as const;

export interface Alertmanager {
  readonly workload: Workload;
  /** Every one of them: alerts go to all, and they agree on who tells. */
  readonly endpoint: Endpoint;
}

/** Tells people of alerts: once, not of what follows from another one, and again while it goes on. */
export function alertmanager(construct: Construct, options: ObservabilityOptions): Alertmanager {
  const { replicas, receivers, heartbeat } = options;
  const settings = new ConfigFiles(construct, 'alertmanager-settings', {
    name: `${name}-settings`,
    data: { 'alertmanager.yaml': alertmanagerConfiguration(options) },
  });
  const hosts = Array.from({ length: replicas }, (_, index) => `${name}-${index}.${name}`);
  const workload = new Workload(construct, 'alertmanager', {
    name,
    program: name,
    component: 'alerts',
    controller: {
      kind: 'StatefulSet',
      replicas,
      serviceName: name,
      // What was told, and what is silenced: one that forgot it would wake everybody again.
      volumeClaims: [persistentVolumeClaim('data', Size.gibibytes(1), options.storageClass)],
    },
    containers: [
      {
        name,
        image: options.alertmanagerImage,
        command: [
          '/bin/alertmanager',
          `--config.file=${paths.settings}/alertmanager.yaml`,
          `--storage.path=${paths.data}`,
          '--log.format=json',
          ...(replicas > 1
            ? [
                `--cluster.listen-address=0.0.0.0:${ports.peers}`,
                ...hosts.map((host) => `--cluster.peer=${host}:${ports.peers}`),
              ]
            : ['--cluster.listen-address=']),
        ],
        ports: [
          { name: 'http', port: ports.http },
          ...(replicas > 1
            ? [
                { name: 'peers', port: ports.peers },
                { name: 'peers-udp', port: ports.peers, protocol: 'UDP' as const },
              ]
            : []),
        ],
        resources: options.alertmanagerResources,
        probes: httpProbes('http', { live: '/-/healthy', ready: '/-/ready' }),
        files: { [paths.settings]: settings },
        mounts: [{ volume: 'data', path: paths.data }],
        authorities: authoritiesOf(
          ...receivers.flatMap((receiver) => (receiver.kind === 'mail' ? [] : receiver.endpoint)),
          ...(heartbeat ? [heartbeat.endpoint] : []),
        ),
        secretFiles: {
          ...Object.fromEntries(receivers.map((receiver) => [variable(receiver.name), secretOf(receiver)])),
          ...(heartbeat ? { [variable('heartbeat')]: heartbeat.url } : {}),
        },
      },
    ],
    priority: 'observability',
    spread: replicas > 1 ? 'strict' : 'servers-first',
    leaveLostNodeAfterSeconds: false,
  });
  for (const receiver of receivers) {
    const to = receiver.kind === 'mail' ? serverEndpoint(receiver.name, receiver.server) : receiver.endpoint;
    workload.observes(to, `tells ${receiver.name} of alerts`);
  }
  if (heartbeat) workload.observes(heartbeat.endpoint, 'says that it is there');
  const service = new Service(construct, 'alertmanager-service', {
    name,
    pods: workload,
    ports: [{ name: 'http' }],
    headless: true,
    publishNotReady: true,
  });
  const target = { peer: workload, host: service.host, port: ports.http };
  new Scrape(construct, 'scrape-alertmanager', { endpoint: { name, path: '/metrics', targets: [target] } });
  if (replicas > 1) {
    const peers = (['TCP', 'UDP'] as const).map((protocol) => ({ ...target, port: ports.peers, protocol }));
    workload.observes({ name: 'the other Alertmanager', targets: peers }, 'agrees with the other on who tells');
  }
  const targets = hosts.map((host) => ({ ...target, host: `${host}.${workload.namespace}.svc.cluster.local` }));
  return { workload, endpoint: { name: 'Alertmanager', targets } };
}

/** Names of files only: nobody reads these variables. */
function variable(receiver: string): string {
  return `${receiver.toUpperCase().replaceAll('-', '_')}_SECRET_FILE`;
}

function secretOf(receiver: AlertReceiver): SecretKeyReference {
  return receiver.kind === 'mail' ? receiver.credentials.password : receiver.url;
}
