import type { Construct } from 'constructs';
import { dump } from 'js-yaml';
import { authoritiesOf, authorityFile } from '../core/authority-files.ts';
import { ConfigFiles } from '../core/config-files.ts';
import { secretFile } from '../core/container.ts';
import { persistentVolumeClaim } from '../core/pod-volume.ts';
import { httpProbes } from '../core/probes.ts';
import { Workload } from '../core/workload.ts';
import type { Endpoint } from '../core/endpoint.ts';
import type { Job } from './jobs.ts';
import type { ObservabilityOptions } from './options.ts';

export const prometheusPort = 9090;
export const prometheusName = 'prometheus';

const paths = { settings: '/etc/prometheus', rules: '/etc/prometheus-rules', data: '/prometheus' } as const;

/** By which whoever keeps numbers elsewhere tells two from each other: what both write would be one thing twice. */
const replica = { label: 'replica', variable: 'POD_NAME' } as const;

/** What is known when everything is built. */
export interface Watched {
  readonly jobs: readonly Job[];
  /** Rules by the name of their file. */
  readonly rules: Readonly<Record<string, string>>;
}

/** Reads the numbers, keeps them, and looks at them. */
export function prometheus(
  construct: Construct,
  options: ObservabilityOptions,
  alertmanagers: Endpoint,
  watched: () => Watched,
): Workload {
  const { remoteWrite, nodes } = options;
  const settings = new ConfigFiles(construct, 'settings', {
    name: `${prometheusName}-settings`,
    data: () => ({ 'prometheus.yaml': configuration(options, alertmanagers, watched().jobs) }),
  });
  const rules = new ConfigFiles(construct, 'rules', { name: `${prometheusName}-rules`, data: () => watched().rules });
  const workload = new Workload(construct, 'prometheus', {
    name: prometheusName,
    program: prometheusName,
    component: 'metrics',
    controller: {
      kind: 'StatefulSet',
      replicas: options.replicas,
      serviceName: prometheusName,
      volumeClaims: [persistentVolumeClaim('data', options.storage, options.storageClass)],
    },
    containers: [
      {
        name: prometheusName,
        image: options.image,
        command: [
          '/bin/prometheus',
          `--config.file=${paths.settings}/prometheus.yaml`,
          `--storage.tsdb.path=${paths.data}`,
          `--storage.tsdb.retention.time=${options.retentionDays}d`,
          `--storage.tsdb.retention.size=${options.retentionSize.toMebibytes()}MB`,
          '--log.format=json',
        ],
        ports: [{ name: 'http', port: prometheusPort }],
        resources: options.resources,
        // What it reads again after a crash: some hours of numbers, from a disk that others use too.
        probes: httpProbes(
          'http',
          { live: '/-/healthy', ready: '/-/ready' },
          { startup: { periodSeconds: 5, withinSeconds: 900 } },
        ),
        files: { [paths.settings]: settings, [paths.rules]: rules },
        mounts: [{ volume: 'data', path: paths.data }],
        ...(isToldApart(options) ? { podFields: { [replica.variable]: 'metadata.name' } } : {}),
        ...(remoteWrite
          ? {
              secretFiles: { REMOTE_WRITE_PASSWORD_FILE: remoteWrite.credentials.password },
              authorities: authoritiesOf(remoteWrite.to),
            }
          : {}),
      },
    ],
    priority: 'observability',
    spread: options.replicas > 1 ? 'strict' : 'servers-first',
    terminationGracePeriodSeconds: 120,
    // Its numbers are on its node.
    leaveLostNodeAfterSeconds: false,
    api: {
      endpoint: options.kubernetesApi,
      reason: 'finds the pods that tell numbers',
      containers: [prometheusName],
      clusterRules: [
        {
          apiGroups: [''],
          resources: ['pods'],
          verbs: ['list', 'watch'],
          unnamedBecause: 'it finds every pod that tells numbers, and lists and watches them',
        },
        {
          apiGroups: [''],
          // Never nodes/proxy: whoever may get that has a shell in every pod.
          resources: ['nodes/metrics'],
          resourceNames: nodes.map(({ name }) => name),
          verbs: ['get'],
        },
      ],
      paths: ['/metrics'],
    },
  });
  workload.observes(alertmanagers, 'hands it what somebody has to know');
  workload.observes(options.kubelets, 'reads what nodes and containers use');
  if (remoteWrite) workload.observes(remoteWrite.to, 'keeps numbers elsewhere too');
  return workload;
}

function isToldApart({ remoteWrite, replicas }: ObservabilityOptions): boolean {
  return remoteWrite !== false && replicas > 1;
}

/** @see https://prometheus.io/docs/prometheus/3.15/configuration/configuration/ */
function configuration(options: ObservabilityOptions, alertmanagers: Endpoint, jobs: readonly Job[]): string {
  const { cluster, scrapeSeconds, remoteWrite } = options;
  const interval = `${scrapeSeconds}s`;
  return dump(
    {
      global: {
        scrape_interval: interval,
        evaluation_interval: interval,
        // How near each is to its limit: somebody is told before nothing of it is read.
        extra_scrape_metrics: true,
        external_labels: {
          cluster,
          ...(isToldApart(options) ? { [replica.label]: `\${${replica.variable}}` } : {}),
        },
      },
      rule_files: [`${paths.rules}/*.yaml`],
      alerting: {
        // An alert of both is one.
        ...(isToldApart(options) ? { alert_relabel_configs: [{ regex: replica.label, action: 'labeldrop' }] } : {}),
        alertmanagers: [
          { static_configs: [{ targets: alertmanagers.targets.map(({ host, port }) => `${host}:${port}`) }] },
        ],
      },
      scrape_configs: jobs,
      ...(remoteWrite
        ? {
            remote_write: [
              {
                url: remoteWrite.to.url,
                basic_auth: {
                  username: remoteWrite.credentials.user,
                  password_file: secretFile(remoteWrite.credentials.password),
                },
                ...(remoteWrite.to.authority
                  ? { tls_config: { ca_file: authorityFile(remoteWrite.to.authority) } }
                  : {}),
              },
            ],
          }
        : {}),
    },
    { lineWidth: -1, noRefs: true },
  );
}
