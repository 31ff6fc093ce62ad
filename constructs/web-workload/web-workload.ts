import { Size } from 'cdk8s';
import type { JsonPatch } from 'cdk8s';
import { Construct } from 'constructs';
import { applicationOf } from '../core/application-chart.ts';
import { authoritiesOf } from '../core/authority-files.ts';
import type { Autoscaling } from '../core/availability.ts';
import type { ContainerProps } from '../core/container.ts';
import type { Cpu } from '../core/cpu.ts';
import { Dashboard } from '../core/dashboard.ts';
import type { HttpEndpoint, TraceEndpoint, TrustedAuthority } from '../core/endpoint.ts';
import type { Image, WorkloadSize } from '../core/environment.ts';
import { InputError } from '../core/error.ts';
import { checkHost } from '../core/names.ts';
import type { Completes } from '../core/phase.ts';
import type { Spread } from '../core/pod-template.ts';
import { httpProbes } from '../core/probes.ts';
import type { Probes } from '../core/probes.ts';
import { Scrape, scrapeDefaults } from '../core/scrape.ts';
import type { SecretKeyReference } from '../core/secret-ref.ts';
import { Service } from '../core/service.ts';
import { composed } from '../core/variables.ts';
import { Workload } from '../core/workload.ts';
import type { WorkloadProps } from '../core/workload.ts';
import { sized } from '../core/workload-size.ts';
import { webDashboard } from './dashboard.ts';
import { fitHeap, heapOption, heapVariable } from './heap.ts';
import { tracing } from './tracing.ts';
import { checkVariables, withNodeOptions } from './variables.ts';

/** What backends and frontends have in common. */
export interface WebWorkloadProps {
  /**
   * Name of every object.
   * @default the construct's id
   */
  readonly name?: string;
  /** What runs: `environment.image(name)`. */
  readonly image: Image;
  /** The host under which browsers reach it, such as `api.example.com`: the variable `PUBLIC_URL`. */
  readonly host: string;
  /**
   * Replicas, CPU and memory where they differ from the defaults; usually `environment.size(name)`.
   * @default the construct's own
   */
  readonly size?: WorkloadSize;
  /**
   * Mean CPU use in percent of the request that the autoscaler steers for; `false` keeps the least number of replicas.
   * @default 70
   */
  readonly autoscaleAtCpuPercent?: number | false;
  /**
   * Port of the HTTP server: the variable `PORT`.
   * @default 3000
   */
  readonly port?: number;
  /**
   * Path and port of Prometheus metrics (`METRICS_PATH`, `METRICS_PORT`), and `mostSeries`, that one pod may tell (1500): with more,
   * none of it are read; `false` for none.
   * @default /metrics on 9464
   */
  readonly metrics?: { readonly path: string; readonly port: number; readonly mostSeries?: number } | false;
  /**
   * Where traces go (OTLP over HTTP); sets the variables of OpenTelemetry's specification.
   * @default no traces
   * @see https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/ (1.50)
   */
  readonly traces?: TraceEndpoint | false;
  /**
   * Further variables. One that an option sets is refused, naming the option; `NODE_OPTIONS` are added to the size of the heap, or give one.
   * @default none
   */
  readonly environment?: Readonly<Record<string, string>>;
  /**
   * Further variables that hold the path of a file with a secret's value.
   * @default none
   */
  readonly secretFiles?: Readonly<Record<string, SecretKeyReference>>;
  /**
   * How pods share the nodes.
   * @default preferred
   */
  readonly spread?: Spread;
  /**
   * Seconds between the order to stop and SIGTERM, in which the edge learns that the pod is leaving.
   * @default 5
   */
  readonly preStopSleepSeconds?: number;
  /**
   * Seconds the server has to finish its requests after SIGTERM: the variable `SHUTDOWN_TIMEOUT_MS`.
   * @default 20
   */
  readonly shutdownSeconds?: number;
  /**
   * Seconds the server keeps an idle connection open (`KEEP_ALIVE_TIMEOUT_MS`). Longer than the proxy in front of it
   * keeps one (60), or the proxy sends a request into a connection that is just being closed.
   * @default 65
   */
  readonly keepAliveSeconds?: number;
  /**
   * Changes to the finished Deployment, for what no option reaches; checked against the schema like all else.
   * @default none
   */
  readonly patches?: readonly JsonPatch[];
}

export const webWorkloadDefaults = {
  autoscaleAtCpuPercent: 70,
  port: 3000,
  metrics: { path: '/metrics', port: 9464 },
  spread: 'preferred',
  preStopSleepSeconds: 5,
  shutdownSeconds: 20,
  keepAliveSeconds: 65,
} as const;

const leastMemoryMebibytes = 128;
const leastCpuMillicores = 10;

/** Room between the end of the server's own shutdown and SIGKILL, for the runtime to leave. */
const exitSeconds = 5;

/** What a kind of web application adds to the options its user gives: also files, and volumes that it shares with what runs before it. */
export interface WebWorkloadKind
  extends Pick<ContainerProps, 'files' | 'mounts'>, Pick<WorkloadProps, 'volumes' | 'initContainers'> {
  readonly program: string;
  readonly component: string;
  readonly size: {
    readonly minReplicas: number;
    readonly maxReplicas: number;
    readonly cpuRequest: Cpu;
    readonly memory: Size;
  };
  /** Where the numbers of `size` come from. */
  readonly because: string;
  readonly probes: Probes;
  readonly environment: Readonly<Record<string, string>>;
  /** The option of each variable that only this kind has; false where there is none to change it by. */
  readonly options: Readonly<Record<string, string | false>>;
  readonly secretFiles: Readonly<Record<string, SecretKeyReference>>;
  /** Whose certificates it verifies servers by. */
  readonly authorities?: readonly TrustedAuthority[];
  /** Written to besides `/tmp`. */
  readonly writableDirectories: readonly { readonly name: string; readonly path: string; readonly sizeLimit: Size }[];
}

/** A server that is busy for two answers gets no traffic; one that is stuck for half a minute is restarted. */
export function webProbes(paths: { readonly live: string; readonly ready?: string }, startupSeconds: number): Probes {
  return httpProbes('http', paths, {
    startup: { timeoutSeconds: 2, withinSeconds: startupSeconds },
    readiness: { periodSeconds: 5, failureThreshold: 2 },
    liveness: { failureThreshold: 3 },
  });
}

/** A Deployment of a Node.js server with its Service, autoscaler and endpoints. */
export class WebWorkload extends Construct implements Completes {
  readonly workload: Workload;
  /** The server's own API, for other workloads. */
  readonly http: HttpEndpoint;

  constructor(scope: Construct, id: string, name: string, props: WebWorkloadProps, kind: WebWorkloadKind) {
    super(scope, id);
    checkHost(`${name}: host`, props.host);
    checkNumbers(name, props);
    checkVariables(name, props, kind);
    const settings = resolve(name, applicationOf(this).destination.name, props, kind);
    const { port, metrics, preStopSleepSeconds, shutdownSeconds } = settings;
    this.workload = new Workload(this, 'workload', {
      name,
      program: kind.program,
      component: kind.component,
      controller: { kind: 'Deployment', replicas: settings.replicas },
      priority: 'applications',
      spread: settings.spread,
      ...(kind.volumes ? { volumes: kind.volumes } : {}),
      ...(kind.initContainers ? { initContainers: kind.initContainers } : {}),
      terminationGracePeriodSeconds: preStopSleepSeconds + shutdownSeconds + exitSeconds,
      containers: [
        {
          name,
          image: props.image,
          environment: settings.environment,
          secretFiles: { ...kind.secretFiles, ...props.secretFiles },
          authorities: [...(kind.authorities ?? []), ...(props.traces ? authoritiesOf(props.traces) : [])],
          ...(kind.files ? { files: kind.files } : {}),
          ...(kind.mounts ? { mounts: kind.mounts } : {}),
          ports: [{ name: 'http', port }, ...(metrics ? [{ name: 'metrics', port: metrics.port }] : [])],
          resources: { cpuRequest: settings.cpuRequest, memory: settings.memory, because: settings.because },
          probes: kind.probes,
          preStopSleepSeconds,
          writableDirectories: [
            { name: 'tmp', path: '/tmp', sizeLimit: Size.mebibytes(64) },
            ...kind.writableDirectories,
          ],
        },
      ],
    });
    this.workload.object.addJsonPatch(...(props.patches ?? []));
    if (props.traces) this.workload.observes(props.traces, 'sends traces');

    const { namespace } = this.workload;
    new Dashboard(this, 'dashboard', {
      ...webDashboard(name, namespace),
      lines: { namespace, workloads: [name] },
      ...(props.traces ? { traces: name } : {}),
    });
    const service = new Service(this, 'service', { name, pods: this.workload, ports: [{ name: 'http' }] });
    const { host } = service;
    const { targets } = service.endpoint('http', name);
    this.http = { name: `HTTP ${name}`, url: `http://${host}:${port}`, targets };
    if (metrics) {
      const targets = [{ peer: this.workload, host, port: metrics.port }];
      const { path, mostSeries = scrapeDefaults.mostSeries } = metrics;
      new Scrape(this, 'scrape', { endpoint: { name: `metrics of ${name}`, path, targets }, mostSeries });
    }
  }

  /** The heap follows the memory that patches have left. */
  complete(): void {
    fitHeap(this.workload);
  }
}

function resolve(name: string, namespace: string, props: WebWorkloadProps, kind: WebWorkloadKind) {
  const port = props.port ?? webWorkloadDefaults.port;
  const metrics: WebWorkloadProps['metrics'] = props.metrics ?? webWorkloadDefaults.metrics;
  const shutdownSeconds = props.shutdownSeconds ?? webWorkloadDefaults.shutdownSeconds;
  const keepAliveSeconds = props.keepAliveSeconds ?? webWorkloadDefaults.keepAliveSeconds;
  const resources = sized(props.size, kind.size, kind.because);
  const own = {
    NODE_ENV: 'production',
    [heapVariable]: heapOption(resources.memory.toMebibytes()),
    PORT: String(port),
    PUBLIC_URL: `https://${props.host}`,
    KEEP_ALIVE_TIMEOUT_MS: String(keepAliveSeconds * 1000),
    SHUTDOWN_TIMEOUT_MS: String(shutdownSeconds * 1000),
    ...(metrics ? { METRICS_PATH: metrics.path, METRICS_PORT: String(metrics.port) } : {}),
    ...(props.traces ? tracing(name, namespace, props.image, props.traces) : {}),
    ...kind.environment,
  };
  return {
    port,
    metrics,
    shutdownSeconds,
    ...resources,
    environment: withNodeOptions(composed(`workload ${name}`, own), props.environment),
    preStopSleepSeconds: props.preStopSleepSeconds ?? webWorkloadDefaults.preStopSleepSeconds,
    spread: props.spread ?? webWorkloadDefaults.spread,
    replicas: replicas(props, kind),
  };
}

/** What the proxies in front keep an idle connection open for; a server has to keep it longer. */
const proxyIdleSeconds = 60;

function checkNumbers(name: string, props: WebWorkloadProps): void {
  const { port, metrics, preStopSleepSeconds, shutdownSeconds, keepAliveSeconds, autoscaleAtCpuPercent } = props;
  const rules: readonly (readonly [string, number | false | undefined, number, number])[] = [
    ['port', port, 1, 65_535],
    ['metrics.port', metrics ? metrics.port : undefined, 1, 65_535],
    ['metrics.mostSeries', metrics ? metrics.mostSeries : undefined, 1, 50_000],
    ['preStopSleepSeconds', preStopSleepSeconds, 0, 3600],
    ['shutdownSeconds', shutdownSeconds, 1, 3600],
    ['keepAliveSeconds', keepAliveSeconds, proxyIdleSeconds + 1, 3600],
    ['autoscaleAtCpuPercent', autoscaleAtCpuPercent, 1, 1000],
  ];
  const findings = rules.flatMap(([option, value, least, most]) =>
    typeof value !== 'number' || (Number.isInteger(value) && value >= least && value <= most)
      ? []
      : {
          where: `workload ${name}: ${option}`,
          what: `got ${value}`,
          allowed: `a whole number from ${least} to ${most}`,
          remedy: 'change the option',
        },
  );
  const { memory, cpuRequest } = props.size ?? {};
  const small = [
    ['memory', memory?.toMebibytes(), leastMemoryMebibytes, 'mebibytes: Node.js takes 40 before there is a heap'],
    ['cpuRequest', cpuRequest?.millicores, leastCpuMillicores, 'millicores: the autoscaler measures by them'],
  ] as const;
  for (const [option, value, least, why] of small) {
    if (value === undefined || value >= least) continue;
    const remedy = 'raise it in sizes of the configuration';
    findings.push({
      where: `workload ${name}: size.${option}`,
      what: `got ${value}`,
      allowed: `${least} or more ${why}`,
      remedy,
    });
  }
  if (findings.length > 0) throw new InputError(findings);
}

function replicas({ size, autoscaleAtCpuPercent }: WebWorkloadProps, kind: WebWorkloadKind): number | Autoscaling {
  const minimum = size?.minReplicas ?? kind.size.minReplicas;
  const targetCpuPercent = autoscaleAtCpuPercent ?? webWorkloadDefaults.autoscaleAtCpuPercent;
  if (targetCpuPercent === false) return minimum;
  return { minimum, maximum: size?.maxReplicas ?? Math.max(minimum, kind.size.maxReplicas), targetCpuPercent };
}
