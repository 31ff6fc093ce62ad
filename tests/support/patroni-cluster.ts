import { Size } from 'cdk8s';
import { load } from 'js-yaml';
import { apiServer } from '../../apps/cluster.ts';
import type { ApplicationChart } from '../../constructs/core/application-chart.ts';
import type { Image } from '../../constructs/core/environment.ts';
import type { Manifest } from '../../constructs/core/manifest.ts';
import { Schedule } from '../../constructs/core/schedule.ts';
import { PatroniCluster } from '../../constructs/patroni-cluster/index.ts';
import type { BackupProps, PatroniClusterProps } from '../../constructs/patroni-cluster/index.ts';
import { built } from './constructs.ts';
import type { Built, Servers } from './constructs.ts';
import { at, image, only, testEnvironment } from './harness.ts';

const environment = testEnvironment();

const imageNamed = (name: string): Image => ({ ...image, name, reference: `registry.example/${name}:1.2.3` });

export const backups: BackupProps = {
  store: environment.objectStore('backups'),
  schedule: Schedule.utc('0 2 * * *'),
  restoreTestSchedule: Schedule.utc('0 4 * * 0'),
};

/** Only what has to be given. */
export const minimal: PatroniClusterProps = {
  image: imageNamed('spilo'),
  exporter: false,
  kubernetesApi: apiServer(environment),
  databases: [{ name: 'shop' }],
  storage: Size.gibibytes(10),
  authority: environment.authority('postgres-ca'),
  backups: false,
};

export type Changes = (servers: Servers, scope: ApplicationChart) => Partial<PatroniClusterProps>;

/** A cluster `postgres` in the namespace `test` with these options beside the minimal ones. */
export function cluster(changes: Changes = () => ({}), id = 'postgres'): Built<PatroniCluster> {
  return built((scope, servers) => new PatroniCluster(scope, id, { ...minimal, ...changes(servers, scope) }));
}

export function clusterWith(changes: Partial<PatroniClusterProps>): Built<PatroniCluster> {
  return cluster(() => changes);
}

export const statefulSet = (manifests: readonly Manifest[]): Manifest => only(manifests, 'StatefulSet');

/** The files of the members, without the scripts. */
export function files(manifests: readonly Manifest[], scope = 'postgres'): Readonly<Record<string, string>> {
  return at(only(manifests, 'ConfigMap', `${scope}-configuration`), 'data') as Record<string, string>;
}

interface PatroniFile {
  readonly scope: string;
  readonly kubernetes: Readonly<Record<string, unknown>>;
  readonly bootstrap: {
    readonly dcs: DynamicConfiguration;
    readonly method?: string;
    readonly empty?: Readonly<Record<string, unknown>>;
    readonly walg?: Readonly<Record<string, unknown>>;
  };
  readonly postgresql: Readonly<Record<string, unknown>> & {
    readonly pg_hba: readonly string[];
    readonly authentication: Readonly<Record<string, Readonly<Record<string, string>>>>;
  };
}

export interface DynamicConfiguration extends Readonly<Record<string, unknown>> {
  readonly postgresql: { readonly parameters: Readonly<Record<string, string | number>> };
}

export function patroniFile(manifests: readonly Manifest[], scope = 'postgres'): PatroniFile {
  return load(files(manifests, scope)['patroni.yml'] ?? '') as PatroniFile;
}

export function agentFile(manifests: readonly Manifest[]): Readonly<Record<string, unknown>> {
  return JSON.parse(files(manifests)['agent.json'] ?? '') as Record<string, unknown>;
}
