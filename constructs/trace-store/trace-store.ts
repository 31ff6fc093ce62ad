import path from 'node:path';
import { Size } from 'cdk8s';
import { Construct } from 'constructs';
import { Alert } from '../core/alert.ts';
import { ConfigFiles } from '../core/config-files.ts';
import type { Endpoint, HttpEndpoint, TraceEndpoint } from '../core/endpoint.ts';
import { checkOptions } from '../core/option-names.ts';
import { persistentVolumeClaim } from '../core/pod-volume.ts';
import { execProbes, httpProbes } from '../core/probes.ts';
import type { Probes } from '../core/probes.ts';
import { Scrape } from '../core/scrape.ts';
import { Service } from '../core/service.ts';
import { Workload } from '../core/workload.ts';
import { storeAlerts } from './alerts.ts';
import { checkTraceStore } from './checks.ts';
import { fullAt } from './defaults.ts';
import { jaegerConfiguration } from './jaeger-configuration.ts';
import { optionNames, resolveOptions } from './options.ts';
import type { TraceStoreOptions } from './options.ts';
import { paths, ports } from './paths.ts';
import type { TraceStoreProps } from './props.ts';

const name = 'jaeger';

/** Takes all spans, decides which traces are kept, and keeps those for their time: by Jaeger, on a volume that it can't fill. */
export class TraceStore extends Construct {
  readonly workload: Workload;
  /** Where spans are sent. It asks nobody who they are: network policies do. */
  readonly traces: TraceEndpoint;
  /** The same for who speaks OTLP over gRPC. */
  readonly tracesByGrpc: Endpoint;
  /** Where traces are looked for, by its page and its API. */
  readonly queries: HttpEndpoint;

  /** @throws InputError with everything that is wrong */
  constructor(scope: Construct, id: string, props: TraceStoreProps) {
    super(scope, id);
    checkOptions('TraceStore', props, optionNames);
    const options = resolveOptions(props);
    checkTraceStore(options);
    this.workload = this.pods(options);
    const { host } = new Service(this, 'service', {
      name,
      pods: this.workload,
      ports: [{ name: 'otlp-http' }, { name: 'otlp-grpc' }, { name: 'queries' }, { name: 'metrics' }],
      headless: true,
    });
    const targets = (port: number) => [{ peer: this.workload, host, port }];
    this.traces = { name: 'Jaeger', url: `http://${host}:${ports.otlp}`, targets: targets(ports.otlp) };
    this.tracesByGrpc = { name: 'Jaeger by gRPC', targets: targets(ports.otlpGrpc) };
    this.queries = { name: 'traces', url: `http://${host}:${ports.queries}`, targets: targets(ports.queries) };
    const endpoint = { name, path: '/metrics', targets: targets(ports.metrics) };
    new Scrape(this, 'scrape', { endpoint, mostSeries: 2000 });
    for (const alert of storeAlerts) new Alert(this, alert.name, alert);
  }

  private pods(options: TraceStoreOptions): Workload {
    const { image, resources, storage, storageClass } = options;
    const settings = new ConfigFiles(this, 'settings', {
      name: `${name}-settings`,
      data: { 'jaeger.yaml': jaegerConfiguration(options) },
    });
    const scripts = new ConfigFiles(this, 'scripts', {
      name: `${name}-scripts`,
      folder: path.join(import.meta.dirname, 'files'),
      executable: true,
    });
    return new Workload(this, 'jaeger', {
      name,
      program: name,
      component: 'traces',
      controller: {
        kind: 'StatefulSet',
        replicas: 1,
        serviceName: name,
        volumeClaims: [persistentVolumeClaim('data', storage, storageClass)],
      },
      containers: [
        {
          name,
          image,
          command: [
            ...['sh', `${paths.scripts}/start.sh`],
            ...['/cmd/jaeger/jaeger-linux', `--config=${paths.settings}/jaeger.yaml`],
          ],
          environment: {
            TRACES: `${paths.data}/traces`,
            MOST_KIBIBYTES: String(Math.floor(storage.toKibibytes() * fullAt)),
            HEALTH: `http://127.0.0.1:${ports.health}/status`,
            // Else it keeps traces of its own: each question and each compaction of its files is one.
            OTEL_TRACES_SAMPLER: 'always_off',
            GOMEMLIMIT: `${Math.floor(resources.memory.toMebibytes() * 0.8)}MiB`,
          },
          ports: [
            { name: 'otlp-http', port: ports.otlp },
            { name: 'otlp-grpc', port: ports.otlpGrpc },
            { name: 'queries', port: ports.queries },
            { name: 'metrics', port: ports.metrics },
            { name: 'health', port: ports.health },
          ],
          resources,
          probes: probes(),
          files: { [paths.settings]: settings, [paths.scripts]: scripts },
          mounts: [{ volume: 'data', path: paths.data }],
          writableDirectories: [{ name: 'tmp', path: '/tmp', sizeLimit: Size.mebibytes(64) }],
        },
      ],
      priority: 'observability',
      spread: 'servers-first',
      // What it kept is on its node.
      leaveLostNodeAfterSeconds: false,
    });
  }
}

/** It is started anew where it takes more of the disk than it may, too: half a minute later at the latest. */
function probes(): Probes {
  const asked = httpProbes('health', { live: '/status' }, { startup: { periodSeconds: 5, withinSeconds: 300 } });
  const { liveness } = execProbes(
    { live: ['sh', `${paths.scripts}/alive.sh`] },
    { liveness: { periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 3 } },
  );
  return { ...asked, liveness };
}
