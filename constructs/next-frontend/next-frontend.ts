import { Size } from 'cdk8s';
import { Construct } from 'constructs';
import { Cpu } from '../core/cpu.ts';
import type { HttpEndpoint } from '../core/endpoint.ts';
import { refuseUnknownOptions } from '../core/option-names.ts';
import type { OptionNames } from '../core/option-names.ts';
import type { Workload } from '../core/workload.ts';
import { webProbes, WebWorkload, webWorkloadDefaults, webWorkloadOptions } from '../web-workload/index.ts';
import type { WebWorkloadProps } from '../web-workload/index.ts';

export interface NextFrontendProps extends WebWorkloadProps {
  /**
   * The API that pages are rendered from: the variable `API_URL`, reached inside the cluster.
   * @default none
   */
  readonly api?: HttpEndpoint;
  /**
   * Most the image and page cache in `.next/cache` may hold.
   * @default 256 MiB
   */
  readonly cacheSize?: Size;
  /**
   * Directory of the built application in the image.
   * @default /app
   */
  readonly directory?: string;
  /**
   * Path the kubelet asks; it renders nothing and asks no API.
   * @default /api/health
   */
  readonly healthPath?: string;
  /**
   * Seconds the first start may take.
   * @default 60
   */
  readonly startupSeconds?: number;
}

export const nextFrontendDefaults = {
  size: { minReplicas: 2, maxReplicas: 4, cpuRequest: Cpu.millicores(200), memory: Size.mebibytes(512) },
  cacheSize: Size.mebibytes(256),
  directory: '/app',
  healthPath: '/api/health',
  startupSeconds: 60,
} as const;

const because =
  'Estimate for a Next.js server until a load test says better: 200m render its usual pages; 512Mi hold a heap of 384Mi ' +
  'with rendered pages and images beside it.';

const options: OptionNames<NextFrontendProps> = {
  ...webWorkloadOptions,
  api: true,
  cacheSize: true,
  directory: true,
  healthPath: true,
  startupSeconds: true,
};

/** A Next.js server (`output: 'standalone'`). */
export class NextFrontend extends Construct {
  readonly workload: Workload;
  readonly http: HttpEndpoint;

  constructor(scope: Construct, id: string, props: NextFrontendProps) {
    super(scope, id);
    refuseUnknownOptions(`NextFrontend ${props.name ?? id}`, props, options);
    const path = props.healthPath ?? nextFrontendDefaults.healthPath;
    const directory = props.directory ?? nextFrontendDefaults.directory;
    const startupSeconds = props.startupSeconds ?? nextFrontendDefaults.startupSeconds;
    const web = new WebWorkload(this, 'web', props.name ?? id, props, {
      program: 'next-frontend',
      component: 'web',
      size: nextFrontendDefaults.size,
      because,
      probes: webProbes({ live: path }, startupSeconds),
      environment: {
        // Next.js binds to the pod's host name unless it is told otherwise.
        HOSTNAME: '0.0.0.0',
        // What Next.js' own server calls it.
        KEEP_ALIVE_TIMEOUT: String((props.keepAliveSeconds ?? webWorkloadDefaults.keepAliveSeconds) * 1000),
        NEXT_TELEMETRY_DISABLED: '1',
        ...(props.api ? { API_URL: props.api.url } : {}),
      },
      options: { HOSTNAME: false, KEEP_ALIVE_TIMEOUT: 'keepAliveSeconds', API_URL: 'api' },
      secretFiles: {},
      writableDirectories: [
        {
          name: 'next-cache',
          path: `${directory}/.next/cache`,
          sizeLimit: props.cacheSize ?? nextFrontendDefaults.cacheSize,
        },
      ],
    });
    this.workload = web.workload;
    this.http = web.http;
    if (props.api) this.workload.needs(props.api, 'renders pages from it');
  }
}
