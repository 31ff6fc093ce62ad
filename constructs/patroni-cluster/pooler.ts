import path from 'node:path';
import { Size } from 'cdk8s';
import type { Construct } from 'constructs';
import { authorityFile } from '../core/authority-files.ts';
import { ConfigFiles } from '../core/config-files.ts';
import type { ContainerProps } from '../core/container.ts';
import { Cpu } from '../core/cpu.ts';
import type { Endpoint } from '../core/endpoint.ts';
import type { Image, WorkloadSize } from '../core/environment.ts';
import { httpProbes, tcpProbes } from '../core/probes.ts';
import type { PodVolume } from '../core/pod-volume.ts';
import { Scrape } from '../core/scrape.ts';
import type { certificateKeys } from '../core/secret.ts';
import type { SecretKeyReference } from '../core/secret-ref.ts';
import { Service } from '../core/service.ts';
import { Workload } from '../core/workload.ts';
import type { CompleteDatabase } from './databases.ts';
import { poolerDefaults } from './defaults.ts';
import { passwordFiles } from './endpoints.ts';
import { exporterUser, ports, tlsPath } from './paths.ts';
import { serviceNames } from './services.ts';

export interface PoolerProps {
  /** Image of PgBouncer, 1.21 or newer, with bash and psql: `environment.image('pgbouncer')`. */
  readonly image: Image;
  /** Image of the exporter: `environment.image('pgbouncer-exporter')`; `false` for none. */
  readonly exporter: Image | false;
  /**
   * When a connection goes back to the pool. `transaction` serves many clients with few connections, but nothing outlives
   * a transaction: no LISTEN, no SET, no advisory lock of a session. Roles that own a database always get `session`, for
   * migrations.
   * @default transaction
   */
  readonly mode?: 'transaction' | 'session';
  /**
   * Connections to PostgreSQL that a pod opens for each database at most.
   * @default 20
   */
  readonly poolSize?: number;
  /**
   * Clients that a pod takes at most.
   * @default 1000
   */
  readonly maxClients?: number;
  /**
   * Pods (`minReplicas`), each on a node of its own, and CPU and memory of each.
   * @default 2 pods, 100m and 128 MiB
   */
  readonly size?: Pick<WorkloadSize, 'minReplicas' | 'cpuRequest' | 'memory'>;
}

export interface PoolerSettings extends PoolerProps {
  /** Patroni's scope. */
  readonly scope: string;
  readonly databases: readonly CompleteDatabase[];
  /** Of each role. */
  readonly passwords: Readonly<Record<string, SecretKeyReference>>;
  /** The pooler's certificate; undefined without TLS. */
  readonly certificate: PodVolume | undefined;
  /** Where it connects to: the Service of the primary. */
  readonly primary: Endpoint & { readonly host: string; readonly port: number };
}

/** Numbers of the user and the group in CloudNativePG's image. */
const user = 998;
const group = 996;
const configurationPath = '/etc/pgbouncer';
/** PgBouncer's socket. Whoever comes by it as PgBouncer's own user is its administrator; the exporter's may look. */
const consolePath = '/run/console';
const because =
  'Estimate: a client takes 2 to 10 KiB, with TLS some 40; one core serves tens of thousands of queries a second.';

/** PgBouncer in front of the primary: clients keep their connections while the primary moves, and share its few. */
export function pooler(construct: Construct, settings: PoolerSettings): Workload {
  const { scope, image, exporter, size, certificate, databases, passwords, primary } = settings;
  const name = serviceNames(scope).pooler;
  const configuration = new ConfigFiles(construct, 'pooler-configuration', {
    name,
    folder: path.join(import.meta.dirname, 'files', 'pooler'),
    data: { 'cluster.ini': clusterIni(settings), 'services.conf': psqlServices(settings) },
  });
  const workload = new Workload(construct, 'pooler', {
    name,
    program: 'pgbouncer',
    component: 'pooler',
    controller: { kind: 'Deployment', replicas: size?.minReplicas ?? poolerDefaults.size.minReplicas },
    containers: [
      {
        name: 'pgbouncer',
        image,
        command: ['bash', `${configurationPath}/start.sh`, ...databases.map((database) => database.name)],
        secretFiles: passwordFiles(passwords),
        authorities: primary.authority ? [primary.authority] : [],
        ports: [{ name: 'pooler', port: ports.pooler }],
        resources: {
          cpuRequest: size?.cpuRequest ?? poolerDefaults.size.cpuRequest,
          memory: size?.memory ?? poolerDefaults.size.memory,
          because,
        },
        probes: poolerProbes,
        // Until clients' nodes know that it is leaving.
        preStopSleepSeconds: 5,
        files: { [configurationPath]: configuration },
        mounts: [
          { volume: 'users', path: '/run/pgbouncer' },
          { volume: 'console', path: consolePath },
          ...(certificate ? [{ volume: 'tls', path: tlsPath, readOnly: true }] : []),
        ],
      },
      ...(exporter ? [exporterContainer(exporter)] : []),
    ],
    volumes: {
      users: { sizeLimit: Size.mebibytes(1), inMemory: true },
      console: { sizeLimit: Size.mebibytes(1) },
      ...(certificate ? { tls: certificate } : {}),
    },
    priority: 'critical-data',
    spread: 'strict',
    user,
    group,
    // Transactions that run may end.
    terminationGracePeriodSeconds: 60,
  });
  const ofPods = { name, pods: workload, ports: [{ name: 'postgres', target: 'pooler' }] };
  const { host } = new Service(construct, 'pooler-service', ofPods);
  if (exporter) {
    const targets = [{ peer: workload, host, port: workload.port('metrics') }];
    new Scrape(construct, 'scrape-pooler', { endpoint: { name: `PgBouncer of ${scope}`, path: '/metrics', targets } });
  }
  workload.observes(primary, 'lends its connections to many clients');
  return workload;
}

/** It has no page to ask for; whether the primary answers is not its fault. */
const poolerProbes = tcpProbes('pooler', {
  startup: { periodSeconds: 1, timeoutSeconds: 1 },
  readiness: { periodSeconds: 5, timeoutSeconds: 1 },
  liveness: { failureThreshold: 3 },
});

function exporterContainer(image: Image): ContainerProps {
  return {
    name: 'exporter',
    image,
    // Not PgBouncer's, which it lets in as administrator.
    user: exporterUser.number,
    command: ['/bin/pgbouncer_exporter'],
    environment: {
      PGBOUNCER_EXPORTER_CONNECTION_STRING: connectionString({ ...consoleConnection, user: exporterUser.name }),
    },
    ports: [{ name: 'metrics', port: ports.poolerExporter }],
    resources: {
      cpuRequest: Cpu.millicores(10),
      memory: Size.mebibytes(64),
      because: 'Estimate: the exporter of PostgreSQL takes 14Mi, and PgBouncer has less to tell.',
    },
    probes: httpProbes('metrics', { live: '/' }),
    mounts: [{ volume: 'console', path: consolePath, readOnly: true }],
  };
}

const consoleConnection = { host: consolePath, port: ports.pooler, dbname: 'pgbouncer', user: 'pgbouncer' };

function connectionString(connection: Readonly<Record<string, string | number>>): string {
  return Object.entries(connection)
    .map(([key, value]) => `${key}=${value}`)
    .join(' ');
}

/** How start.sh reaches the databases, past PgBouncer and as their users, and PgBouncer itself. */
function psqlServices({ databases, primary }: PoolerSettings): string {
  const { host, port, authority } = primary;
  const verified = authority
    ? { sslmode: 'verify-full', ssl_min_protocol_version: 'TLSv1.3', sslrootcert: authorityFile(authority) }
    : { sslmode: 'disable' };
  const services = {
    ...Object.fromEntries(
      databases.map(({ name, user }) => [
        name,
        { host, port, dbname: name, user, application_name: 'pooler', connect_timeout: 3, ...verified },
      ]),
    ),
    pgbouncer: consoleConnection,
  };
  return Object.entries(services)
    .map(([service, connection]) => `[${service}]\n${connectionString(connection).replaceAll(' ', '\n')}\n`)
    .join('\n');
}

/** What pgbouncer.ini includes at the end of its section. */
function clusterIni(settings: PoolerSettings): string {
  const { databases, primary } = settings;
  const { mode = poolerDefaults.mode, poolSize = poolerDefaults.poolSize } = settings;
  const file = (key: (typeof certificateKeys)[number]): string => `${tlsPath}/${key}`;
  const tls =
    primary.authority === undefined
      ? { client_tls_sslmode: 'disable', server_tls_sslmode: 'disable' }
      : {
          client_tls_sslmode: 'require',
          client_tls_protocols: 'tlsv1.3',
          client_tls_cert_file: file('tls.crt'),
          client_tls_key_file: file('tls.key'),
          server_tls_sslmode: 'verify-full',
          server_tls_protocols: 'tlsv1.3',
          server_tls_ca_file: authorityFile(primary.authority),
        };
  const settled = {
    listen_port: ports.pooler,
    pool_mode: mode,
    default_pool_size: poolSize,
    // Both roles of a database together: an idle connection of one makes room for the other.
    max_db_connections: poolSize,
    max_client_conn: settings.maxClients ?? poolerDefaults.maxClients,
    ...tls,
  };
  return [
    ...Object.entries(settled).map(([key, value]) => `${key} = ${value}`),
    '\n[databases]',
    ...databases.map(({ name }) => `${name} = host=${primary.host} port=${primary.port}`),
    '\n[users]',
    ...databases.map(({ owner }) => `${owner} = pool_mode=session`),
    '',
  ].join('\n');
}
