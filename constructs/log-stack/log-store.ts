import path from 'node:path';
import { Size } from 'cdk8s';
import { Construct } from 'constructs';
import { Alert } from '../core/alert.ts';
import { ConfigFiles } from '../core/config-files.ts';
import { Cpu } from '../core/cpu.ts';
import { Dashboard } from '../core/dashboard.ts';
import type { HttpEndpoint } from '../core/endpoint.ts';
import { checkOptions } from '../core/option-names.ts';
import type { Collects, Found } from '../core/phase.ts';
import { persistentVolumeClaim } from '../core/pod-volume.ts';
import { httpProbes } from '../core/probes.ts';
import { Scrape } from '../core/scrape.ts';
import { Service } from '../core/service.ts';
import { Workload } from '../core/workload.ts';
import { Bucket } from '../stateful/index.ts';
import { storeAlerts } from './alerts.ts';
import { checkLogStore, storeOptionNames } from './checks.ts';
import { logsDashboard } from './dashboard.ts';
import { logRuleFiles } from './log-rules.ts';
import { lokiConfiguration } from './loki-configuration.ts';
import { resolveOptions } from './options.ts';
import type { LogStoreOptions } from './options.ts';
import { onlyTenant, paths, ports } from './paths.ts';
import type { LogStoreProps } from './props.ts';

const name = 'loki';
const handOver = '/opt/keys';

/** Keeps lines of logs in a bucket, removes them after their time, and looks at what components declare of them. */
export class LogStore extends Construct implements Collects {
  readonly workload: Workload;
  readonly bucket: Bucket;
  /** Where agents send lines. It asks nobody who they are: network policies do. */
  readonly push: HttpEndpoint;
  /** Where lines are looked for. */
  readonly queries: HttpEndpoint;
  private readonly options: LogStoreOptions;
  private ruleFiles: Readonly<Record<string, string>> = {};

  /** @throws InputError with everything that is wrong */
  constructor(scope: Construct, id: string, props: LogStoreProps) {
    super(scope, id);
    checkOptions('LogStore', props, storeOptionNames);
    const options = resolveOptions(props);
    this.options = options;
    checkLogStore(options);
    this.bucket = new Bucket(this, {
      name: 'log-store',
      store: options.store,
      purpose: `writes, reads and deletes logs in the bucket ${options.store.bucket}`,
    });
    this.workload = this.pods(options, this.bucket);
    this.workload.needs(this.bucket.endpoint, 'keeps the logs');
    this.workload.observes(options.alertmanagers, 'hands it what lines say that somebody has to know');
    const service = new Service(this, 'service', {
      name,
      pods: this.workload,
      ports: [{ name: 'http' }],
      headless: true,
    });
    const url = `http://${service.host}:${ports.http}`;
    const targets = [{ peer: this.workload, host: service.host, port: ports.http }];
    this.push = { name: 'Loki', url, targets };
    this.queries = { name: 'Loki', url, targets };
    new Scrape(this, 'scrape', { endpoint: { name, path: '/metrics', targets }, mostSeries: 4000 });
    for (const alert of storeAlerts) new Alert(this, alert.name, alert);
    new Dashboard(this, 'dashboard', logsDashboard);
  }

  collect({ logAlerts }: Found): void {
    this.ruleFiles = logRuleFiles(logAlerts, this.options.runbooks);
  }

  private pods(options: LogStoreOptions, bucket: Bucket): Workload {
    const settings = new ConfigFiles(this, 'settings', {
      name: `${name}-settings`,
      data: { 'loki.yaml': lokiConfiguration(options) },
    });
    const rules = new ConfigFiles(this, 'rules', { name: `${name}-rules`, data: () => this.ruleFiles });
    const scripts = new ConfigFiles(this, 'scripts', {
      name: `${name}-keys`,
      folder: path.join(import.meta.dirname, 'files'),
      executable: true,
    });
    const credentials = `${paths.keys}/credentials`;
    return new Workload(this, 'loki', {
      name,
      program: name,
      component: 'logs',
      controller: {
        kind: 'StatefulSet',
        replicas: 1,
        serviceName: name,
        volumeClaims: [persistentVolumeClaim('data', options.storage, options.storageClass)],
      },
      volumes: { keys: { sizeLimit: Size.mebibytes(1), inMemory: true } },
      initContainers: [
        {
          // Loki's image has no shell, and reads keys from a file of Amazon's format or from its configuration.
          name: 'keys',
          image: options.keysImage,
          command: ['sh', `${handOver}/write-credentials.sh`],
          environment: { CREDENTIALS: credentials },
          secretFiles: {
            ACCESS_KEY_ID_FILE: bucket.accessKeyId,
            SECRET_ACCESS_KEY_FILE: bucket.secretAccessKey,
          },
          files: { [handOver]: scripts },
          mounts: [{ volume: 'keys', path: paths.keys }],
          resources: {
            cpuRequest: Cpu.millicores(5),
            memory: Size.mebibytes(16),
            because: 'A shell that writes a file.',
          },
          probes: 'none',
        },
      ],
      containers: [
        {
          name,
          image: options.image,
          command: ['/usr/bin/loki', `-config.file=${paths.settings}/loki.yaml`, '-target=all'],
          environment: {
            ...bucket.variables,
            AWS_SHARED_CREDENTIALS_FILE: credentials,
            GOMEMLIMIT: `${Math.floor(options.resources.memory.toMebibytes() * 0.9)}MiB`,
          },
          ports: [{ name: 'http', port: ports.http }],
          resources: options.resources,
          // What it reads again after a crash: some hours of lines, from a disk that others use too.
          probes: httpProbes(
            'http',
            { live: '/loki/api/v1/status/buildinfo', ready: '/ready' },
            { startup: { periodSeconds: 5, withinSeconds: 600 } },
          ),
          files: { [paths.settings]: settings, [`${paths.rules}/${onlyTenant}`]: rules },
          mounts: [
            { volume: 'data', path: paths.data },
            { volume: 'keys', path: paths.keys, readOnly: true },
          ],
          writableDirectories: [{ name: 'tmp', path: '/tmp', sizeLimit: Size.mebibytes(64) }],
        },
      ],
      priority: 'observability',
      spread: 'servers-first',
      // It writes what it has into the bucket before it ends.
      terminationGracePeriodSeconds: 300,
      // What isn't in the bucket yet is on its node.
      leaveLostNodeAfterSeconds: false,
    });
  }
}
