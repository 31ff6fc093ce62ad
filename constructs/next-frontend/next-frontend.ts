import { Size } from 'cdk8s';
import { Construct } from 'constructs';
import { Cpu } from '../core/cpu.ts';
import type { HttpEndpoint } from '../core/endpoint.ts';
import type { Image } from '../core/environment.ts';
import { InputError } from '../core/error.ts';
import { checkOptions } from '../core/option-names.ts';
import type { OptionNames } from '../core/option-names.ts';
import { isSecretKey } from '../core/secret-ref.ts';
import type { SecretKeyReference } from '../core/secret-ref.ts';
import type { SecretSource } from '../core/secret.ts';
import type { Workload } from '../core/workload.ts';
import {
  webProbes,
  WebWorkload,
  webWorkloadDefaults,
  webWorkloadOptions,
  webWorkloadParts,
} from '../web-workload/index.ts';
import type { WebWorkloadProps } from '../web-workload/index.ts';

export interface NextFrontendProps extends WebWorkloadProps {
  /**
   * The API that pages are rendered from: the variable `API_URL`, reached inside the cluster.
   * @default none
   */
  readonly api?: HttpEndpoint;
  /**
   * Encrypts what forms of Server Actions carry, 16, 24 or 32 bytes in base64 or base64url: the variable
   * `NEXT_SERVER_ACTIONS_ENCRYPTION_KEY_FILE`. With one key, a form that one pod has rendered is read by every other one, of the next version too.
   * @default that of the build, which whoever has the image can read, and which is another one at the next build
   * @see https://nextjs.org/docs/app/guides/data-security#overwriting-encryption-keys-advanced (16.4)
   */
  readonly encryptionKey?: SecretKeyReference;
  /**
   * What browsers know a version by, to load their page anew when there is another one: letters, digits, dashes and
   * underscores, the variable `NEXT_DEPLOYMENT_ID`; `false` for that of the build.
   * @default the image's tag, and the beginning of its digest
   * @see https://nextjs.org/docs/app/api-reference/config/next-config-js/deploymentId (16.4)
   */
  readonly deploymentId?: string | false;
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
  encryptionKey: true,
  deploymentId: true,
  cacheSize: 'size',
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
    checkOptions(`NextFrontend ${props.name ?? id}`, props, options, webWorkloadParts);
    const path = props.healthPath ?? nextFrontendDefaults.healthPath;
    const directory = props.directory ?? nextFrontendDefaults.directory;
    const startupSeconds = props.startupSeconds ?? nextFrontendDefaults.startupSeconds;
    const deploymentId = props.deploymentId ?? deploymentOf(props.image);
    if (deploymentId !== false) checkDeployment(props.name ?? id, deploymentId);
    if (isSecretKey(props.encryptionKey)) checkKey(props.name ?? id, props.encryptionKey);
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
        ...(deploymentId === false ? {} : { NEXT_DEPLOYMENT_ID: deploymentId }),
        ...(props.api ? { API_URL: props.api.url } : {}),
      },
      options: {
        HOSTNAME: false,
        KEEP_ALIVE_TIMEOUT: 'keepAliveSeconds',
        API_URL: 'api',
        NEXT_DEPLOYMENT_ID: 'deploymentId',
        NEXT_SERVER_ACTIONS_ENCRYPTION_KEY: 'encryptionKey',
        NEXT_SERVER_ACTIONS_ENCRYPTION_KEY_FILE: 'encryptionKey',
      },
      secretFiles: props.encryptionKey ? { NEXT_SERVER_ACTIONS_ENCRYPTION_KEY_FILE: props.encryptionKey } : {},
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

const longestId = 64;

/** The same for all pods of a version, and another one for the next: by the end of a tag that is longer, such as a branch and a commit. */
function deploymentOf({ tag, digest }: Image): string {
  const end = digest === undefined ? '' : `-${digest.replace('sha256:', '').slice(0, 12)}`;
  return `${tag.slice(end.length - longestId)}${end}`.replaceAll(/[^\w-]/g, '-');
}

/** Bytes that a value in base64 stands for; undefined for what is asked for when it is sealed. */
function bytesOf(source: SecretSource | undefined): number | undefined {
  if (source?.kind === 'human') return undefined;
  if (source?.kind === 'fixed') return Buffer.from(source.value, 'base64').length;
  if (source?.kind !== 'random') return 0;
  // Hexadecimal is read as if it were base64: three bytes of each four signs.
  return source.encoding === 'hex' ? Math.floor((source.bytes * 2 * 3) / 4) : source.bytes;
}

/** One of another size would only show in pods, which don't begin with it. */
function checkKey(name: string, { secret, key }: SecretKeyReference): void {
  const bytes = bytesOf(secret.inventoryEntry().keys[key]);
  if (bytes === undefined || [16, 24, 32].includes(bytes)) return;
  throw new InputError({
    where: `NextFrontend ${name}: encryptionKey`,
    what: `the key ${key} of the secret ${secret.name} has ${bytes === 0 ? 'no such bytes' : `${bytes} bytes`}`,
    allowed: '16, 24 or 32 bytes in base64url, which AES takes',
    remedy: `write { kind: 'random', bytes: 32, encoding: 'base64url' } where the secret is declared`,
  });
}

/** It is a part of addresses and of a header. */
function checkDeployment(name: string, deploymentId: string): void {
  if (/^[\w-]{1,64}$/.test(deploymentId)) return;
  throw new InputError({
    where: `NextFrontend ${name}: deploymentId`,
    what: `got "${deploymentId}"`,
    allowed: '1 to 64 letters, digits, dashes and underscores, or false for that of the build',
    remedy: 'change it, or leave it out: it follows from the image',
  });
}
