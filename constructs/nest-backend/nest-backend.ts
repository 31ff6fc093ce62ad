import path from 'node:path';
import { Duration, Size } from 'cdk8s';
import { Construct } from 'constructs';
import { ConfigFiles } from '../core/config-files.ts';
import { Cpu } from '../core/cpu.ts';
import type { DirectoryEndpoint, HttpEndpoint, PostgresEndpoint, RedisEndpoint } from '../core/endpoint.ts';
import { InputError } from '../core/error.ts';
import { ldapsFindings } from '../core/ldaps.ts';
import { checkOptions } from '../core/option-names.ts';
import type { OptionNames, OptionParts } from '../core/option-names.ts';
import { composed } from '../core/variables.ts';
import { Workload } from '../core/workload.ts';
import { webProbes, WebWorkload, webWorkloadOptions, webWorkloadParts } from '../web-workload/index.ts';
import type { WebWorkloadProps } from '../web-workload/index.ts';
import { cacheContract, contractOptions, databaseContract, directoryContract, mergeContracts } from './contract.ts';
import { ticketOptions, ticketsFor } from './kerberos.ts';

export interface NestBackendProps extends WebWorkloadProps {
  /**
   * The database it works on: the variables `DATABASE_*`.
   * @default none
   */
  readonly database?: PostgresEndpoint;
  /**
   * The cache it works with: the variables `REDIS_*`.
   * @default none
   */
  readonly cache?: RedisEndpoint;
  /**
   * The directory it authenticates users against: the variables `LDAP_*`, `KERBEROS_REALM`, and `KRB5*` where it takes tickets.
   * @default none
   */
  readonly directory?: DirectoryEndpoint;
  /**
   * The command that brings the database up to date before a new version starts; it has to be safe to run twice.
   * `false` for none.
   * @default node dist/migrate.js when there is a database
   */
  readonly migrations?: readonly string[] | false;
  /**
   * Paths the kubelet asks: `live` answers while the process works, `ready` also asks database, cache and directory.
   * @default /health/live and /health/ready
   */
  readonly healthPaths?: { readonly live: string; readonly ready: string };
  /**
   * Seconds the first start may take.
   * @default 60
   */
  readonly startupSeconds?: number;
}

export const nestBackendDefaults = {
  size: { minReplicas: 3, maxReplicas: 6, cpuRequest: Cpu.millicores(250), memory: Size.mebibytes(512) },
  migrations: ['node', 'dist/migrate.js'],
  healthPaths: { live: '/health/live', ready: '/health/ready' },
  startupSeconds: 60,
} as const;

const because =
  'Estimate for a NestJS API until a load test says better: 250m carries its usual load so that the autoscaler has room ' +
  'above it; 512Mi hold a heap of 384Mi with buffers beside it.';

const options: OptionNames<NestBackendProps> = {
  ...webWorkloadOptions,
  database: true,
  cache: true,
  directory: true,
  migrations: true,
  healthPaths: true,
  startupSeconds: true,
};

const parts: OptionParts<NestBackendProps> = {
  ...webWorkloadParts,
  healthPaths: { live: 'required', ready: 'required' },
};

/** A NestJS API with its migrations. */
export class NestBackend extends Construct {
  readonly workload: Workload;
  readonly http: HttpEndpoint;

  constructor(scope: Construct, id: string, props: NestBackendProps) {
    super(scope, id);
    const name = props.name ?? id;
    checkOptions(`NestBackend ${name}`, props, options, parts);
    checkDirectory(`NestBackend ${name}: directory`, props.directory);
    const { live, ready } = props.healthPaths ?? nestBackendDefaults.healthPaths;
    const startupSeconds = props.startupSeconds ?? nestBackendDefaults.startupSeconds;
    const contract = mergeContracts([
      ...(props.database ? [databaseContract(props.database, props.database.credentials)] : []),
      ...(props.cache ? [cacheContract(props.cache)] : []),
      ...(props.directory ? [directoryContract(props.directory)] : []),
    ]);
    const tickets = props.directory && ticketsFor(this, name, props.image, props.directory);
    const web = new WebWorkload(this, 'web', name, props, {
      program: 'nest-backend',
      component: 'api',
      size: nestBackendDefaults.size,
      because,
      probes: webProbes({ live, ready }, startupSeconds),
      ...contract,
      ...tickets,
      environment: { ...contract.environment, ...tickets?.environment },
      options: { ...contractOptions, ...ticketOptions },
      writableDirectories: [],
    });
    this.workload = web.workload;
    this.http = web.http;
    if (props.database) this.workload.needs(props.database, 'reads and writes its data');
    if (props.cache) this.workload.needs(props.cache, 'caches answers and keeps sessions');
    if (props.directory) this.workload.needs(props.directory, 'authenticates users');
    const migrations = props.migrations ?? nestBackendDefaults.migrations;
    if (migrations && migrations.length === 0) {
      throw new InputError({
        where: `NestBackend ${name}: migrations`,
        what: 'a command of nothing',
        allowed: "a program and its arguments, such as ['node', 'dist/migrate.js'], or false for none",
        remedy: 'write one of the two',
      });
    }
    if (props.database && migrations) migrationJob(this, name, props, props.database, migrations);
  }
}

/** @throws InputError for one that people's passwords would go to in the clear */
function checkDirectory(where: string, directory: DirectoryEndpoint | undefined): void {
  const findings = directory ? ldapsFindings(where, directory) : [];
  if (findings.length > 0) throw new InputError(findings);
}

/** Where the migrations have what starts them. */
const startPath = '/opt/migrations';

/**
 * Argo CD runs the Job before it applies anything else of the application, and stops there when it fails: the old
 * version goes on serving. On first install nothing else of the application exists yet, so what the Job needs (account,
 * network policy, secret, files) are hooks as well and its own.
 */
function migrationJob(
  scope: Construct,
  name: string,
  { image }: NestBackendProps,
  database: PostgresEndpoint,
  command: readonly string[],
): void {
  const { environment, ...files } = databaseContract(database, database.migrationCredentials);
  const annotations = {
    'argocd.argoproj.io/hook': 'PreSync',
    'argocd.argoproj.io/hook-delete-policy': 'BeforeHookCreation',
  };
  const start = new ConfigFiles(scope, 'migrations-start', {
    name: `${name}-migrations-start`,
    folder: path.join(import.meta.dirname, 'files'),
    pick: ['let-in.mjs'],
    annotations,
  });
  const job = new Workload(scope, 'migrations', {
    name: `${name}-migrations`,
    program: 'nest-backend',
    component: 'migrations',
    controller: { kind: 'Job', retries: 5, deadline: Duration.minutes(10) },
    priority: 'applications',
    spread: 'anywhere',
    annotations,
    containers: [
      {
        name: 'migrations',
        image,
        command: ['node', `${startPath}/let-in.mjs`, '60', ...command],
        files: { [startPath]: start },
        environment: composed(`migrations of ${name}`, { NODE_ENV: 'production', ...environment }),
        ...files,
        resources: {
          cpuRequest: Cpu.millicores(100),
          memory: Size.mebibytes(256),
          because: 'Estimate: a migration waits for the database most of its time.',
        },
        probes: 'none',
        writableDirectories: [{ name: 'tmp', path: '/tmp', sizeLimit: Size.mebibytes(64) }],
      },
    ],
  });
  job.needs(database, 'brings the tables up to date');
}
