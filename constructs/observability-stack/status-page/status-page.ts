import path from 'node:path';
import { Size } from 'cdk8s';
import { Construct } from 'constructs';
import { ConfigFiles } from '../../core/config-files.ts';
import { serverEndpoint } from '../../core/endpoint.ts';
import type { HttpEndpoint } from '../../core/endpoint.ts';
import type { ObjectStore } from '../../core/environment.ts';
import { InputError } from '../../core/error.ts';
import { checkOptions } from '../../core/option-names.ts';
import type { OptionNames } from '../../core/option-names.ts';
import type { Collects, Found } from '../../core/phase.ts';
import { execProbes } from '../../core/probes.ts';
import { composed } from '../../core/variables.ts';
import { sized } from '../../core/workload-size.ts';
import { Workload } from '../../core/workload.ts';
import { Bucket } from '../../stateful/index.ts';
import { publicPathFindings } from '../checks.ts';
import { statusPageDefaults as defaults } from '../defaults.ts';
import { publicPathDown, publicPathsJob } from '../own-alerts.ts';
import type { StatusPageProps } from '../props.ts';
import { statusLines } from './lines.ts';

const name = 'status-page';
const folder = path.join(import.meta.dirname, '..', 'files', 'status-page');
const paths = { scripts: '/opt/status-page', page: '/opt/page', lines: '/opt/lines', work: '/tmp' } as const;
const looked = `${paths.work}/looked`;

/** How often it is written: the page calls the platform silent after five times as long. */
const everySeconds = 60;

const optionNames: OptionNames<StatusPageProps> = {
  image: 'required',
  store: 'required',
  numbers: 'required',
  platform: 'required',
  publicPaths: true,
  size: true,
};

/**
 * Tells users whether the platform works: a page in a public bucket, which stays when both servers are gone, and says by itself
 * that nobody reports any more. Each objective with `forUsers` is on it; whoever operates the platform adds words of their own,
 * from anywhere, by `npm run status`.
 */
export class StatusPage extends Construct implements Collects {
  readonly workload: Workload;
  private readonly publicPaths: readonly string[];
  private lines = '';

  /** @throws InputError with everything that is wrong */
  constructor(scope: Construct, id: string, props: StatusPageProps) {
    super(scope, id);
    checkOptions('StatusPage', props, optionNames);
    checkStatusPage(props);
    const { image, store, numbers, platform, size } = props;
    this.publicPaths = props.publicPaths ?? [];
    const bucket = new Bucket(this, {
      name,
      store,
      purpose: `writes what users are told in the bucket ${store.bucket}`,
    });
    this.workload = new Workload(this, 'feeder', {
      name,
      program: 'rclone',
      component: 'status-page',
      controller: { kind: 'Deployment', replicas: 1 },
      containers: [
        {
          name: 'rclone',
          image,
          command: ['sh', `${paths.scripts}/feed.sh`],
          environment: composed('StatusPage', {
            ...bucket.variables,
            GOMEMLIMIT: '64MiB',
            TMPDIR: paths.work,
            STORE_ENDPOINT: store.endpoint,
            STORE_REGION: store.region,
            STORE_BUCKET: store.bucket,
            PLATFORM: platform,
            NUMBERS: question(numbers.url),
            PAGE: paths.page,
            LINES_FILE: `${paths.lines}/lines.txt`,
            EVERY_SECONDS: String(everySeconds),
            LOOKED: looked,
          }),
          secretFiles: { ACCESS_KEY_ID_FILE: bucket.accessKeyId, SECRET_ACCESS_KEY_FILE: bucket.secretAccessKey },
          files: {
            [paths.scripts]: new ConfigFiles(this, 'scripts', { name: `${name}-scripts`, folder, pick: ['feed.sh'] }),
            [paths.page]: new ConfigFiles(this, 'page', { name: `${name}-page`, folder, pick: pageFiles }),
            [paths.lines]: new ConfigFiles(this, 'lines', {
              name: `${name}-lines`,
              data: () => ({ 'lines.txt': this.lines }),
            }),
          },
          resources: sized(size, defaults.size, 'Measured: 67 MB while rclone writes, and 0.2 s of CPU a minute.'),
          // Whether the bucket takes it is asked from outside: a provider that is away is no reason to start anew.
          probes: execProbes(
            { live: ['sh', '-c', `test -n "$(find ${looked} -mmin -5)"`] },
            { liveness: { periodSeconds: 60 }, readiness: { periodSeconds: 60 } },
          ),
          writableDirectories: [{ name: 'tmp', path: paths.work, sizeLimit: Size.mebibytes(16) }],
        },
      ],
      priority: 'observability',
      spread: 'servers-first',
    });
    this.workload.observes(numbers, 'asks what people are woken for');
    this.workload.observes(bucket.endpoint, 'tells the world');
  }

  /** @throws InputError where no objective is for users */
  collect({ objectives }: Found): void {
    this.lines = statusLines(objectives, this.publicPaths);
  }
}

/** What a StatusPage writes, as everybody reads it. */
export function statusFile(store: ObjectStore): HttpEndpoint {
  return {
    ...serverEndpoint(`status page ${store.bucket}`, store),
    url: `${store.endpoint}/${store.bucket}/status.json`,
  };
}

const pageFiles = ['index.html', 'status.js', 'style.css'];

/** All that it has to know: what wakes people now, and what is measured at all. In lines, which a shell reads. */
function question(url: string): string {
  const firing = (labels: string): string => `ALERTS{alertstate="firing",${labels}}`;
  const asked = [
    firing('sloth_severity="page"'),
    firing(`alertname="${publicPathDown}"`),
    'slo:sli_error:ratio_rate5m',
    `probe_success{job="${publicPathsJob}"}`,
  ];
  return `${url}/federate?${asked.map((each) => `${encodeURIComponent('match[]')}=${encodeURIComponent(each)}`).join('&')}`;
}

function checkStatusPage({ store, platform, publicPaths = [] }: StatusPageProps): void {
  const where = 'StatusPage';
  const findings = [
    ...publicPathFindings(publicPaths).map((finding) => ({ where, ...finding })),
    ...(store.public === true
      ? []
      : [
          {
            where,
            what: `nobody may read what is in the bucket ${store.bucket}`,
            allowed: 'a bucket that everybody may read, and that holds nothing else',
            remedy: 'set public: true in objectStores of a bucket of its own, and make it by npm run buckets',
          },
        ]),
    ...(/^[a-z0-9][a-z0-9.-]*$/.test(platform)
      ? []
      : [{ where, what: `platform: ${platform}`, allowed: 'a name such as example.com', remedy: 'change platform' }]),
  ];
  if (findings.length > 0) throw new InputError(findings);
}
