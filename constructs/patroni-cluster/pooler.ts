import path from 'node:path';
import { Size } from 'cdk8s';
import type { Construct } from 'constructs';
import { authorityFile } from '../core/authority-files.ts';
import { ConfigFiles } from '../core/config-files.ts';
import type { Endpoint } from '../core/endpoint.ts';
import type { Image, WorkloadSize } from '../core/environment.ts';
import { tcpProbes } from '../core/probes.ts';
import type { PodVolume } from '../core/pod-volume.ts';
import type { certificateKeys } from '../core/secret.ts';
import type { SecretKeyReference } from '../core/secret-ref.ts';
import { Service } from '../core/service.ts';
import { Workload } from '../core/workload.ts';
import type { CompleteDatabase } from './databases.ts';
import { poolerDefaults } from './defaults.ts';
import { passwordFiles } from './endpoints.ts';
import { ports, tlsPath } from './paths.ts';
import { serviceNames } from './services.ts';

export interface PoolerProps {
  /** Image of PgBouncer, 1.21 or newer: `environment.image('pgbouncer')`. */
  readonly image: Image;
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
const because =
  'Estimate: a client takes 2 to 10 KiB, with TLS some 40; one core serves tens of thousands of queries a second.';

/** PgBouncer in front of the primary: clients keep their connections while the primary moves, and share its few. */
export function pooler(construct: Construct, settings: PoolerSettings): Workload {
  const { scope, image, size, certificate, passwords, primary } = settings;
  const name = serviceNames(scope).pooler;
  const configuration = new ConfigFiles(construct, 'pooler-configuration', {
    name,
    folder: path.join(import.meta.dirname, 'files', 'pooler'),
    data: { 'cluster.ini': clusterIni(settings) },
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
        command: ['bash', `${configurationPath}/start.sh`],
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
          ...(certificate ? [{ volume: 'tls', path: tlsPath, readOnly: true }] : []),
        ],
      },
    ],
    volumes: {
      users: { sizeLimit: Size.mebibytes(1), inMemory: true },
      ...(certificate ? { tls: certificate } : {}),
    },
    priority: 'critical-data',
    spread: 'strict',
    user,
    group,
    // Transactions that run may end.
    terminationGracePeriodSeconds: 60,
  });
  new Service(construct, 'pooler-service', { name, pods: workload, ports: [{ name: 'postgres', target: 'pooler' }] });
  workload.observes(primary, 'lends its connections to many clients');
  return workload;
}

/** It has no page to ask for; whether the primary answers is not its fault. */
const poolerProbes = tcpProbes('pooler', {
  startup: { periodSeconds: 1, timeoutSeconds: 1 },
  readiness: { periodSeconds: 5, timeoutSeconds: 1 },
  liveness: { failureThreshold: 3 },
});

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
