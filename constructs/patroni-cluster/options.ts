import type { Backups } from '../core/environment.ts';
import type { OptionNames, OptionParts } from '../core/option-names.ts';
import { sized } from '../core/workload-size.ts';
import type { Database } from './databases.ts';
import { patroniClusterDefaults } from './defaults.ts';
import { postgresqlParameters } from './parameters.ts';
import type { PoolerProps } from './pooler.ts';
import { preloadParameters } from './preload.ts';
import type { BackupProps, PatroniClusterProps } from './props.ts';
import { volumeShares } from './volume.ts';

const because =
  'Estimate until a load test says better: half a core carries its usual load; 2Gi are 512Mi of shared buffers, the ' +
  'page cache and what 100 connections sort in.';

export type PatroniOptions = ReturnType<typeof resolveOptions>;

/** What was given, and the defaults of what wasn't. */
export function resolveOptions(props: PatroniClusterProps) {
  const { size, storage } = props;
  const resources = sized(size, patroniClusterDefaults.size, because);
  // PostgreSQL and Patroni take every spelling of a name for the same parameter.
  const given = Object.fromEntries(
    Object.entries(props.parameters ?? {}).map(([name, value]) => [name.toLowerCase(), value]),
  );
  return {
    sslMode: props.sslMode ?? patroniClusterDefaults.sslMode,
    ...resources,
    version: props.version ?? patroniClusterDefaults.version,
    // One that follows another reads that one's archive, and makes no backups.
    backups: props.standbyOf === undefined && props.backups,
    members: props.members ?? patroniClusterDefaults.members,
    synchronous: props.synchronous ?? patroniClusterDefaults.synchronous,
    consensus: props.consensus ?? patroniClusterDefaults.consensus,
    volume: volumeShares(storage),
    storageClass: props.storageClass ?? patroniClusterDefaults.storageClass,
    parameters: {
      ...postgresqlParameters(resources.memory, storage, props.authority !== false),
      ...given,
      ...preloadParameters(props.databases, given),
    },
  };
}

export const optionNames: OptionNames<PatroniClusterProps> = {
  image: 'required',
  exporter: 'required',
  kubernetesApi: 'required',
  databases: 'required',
  storage: 'required size',
  authority: 'required',
  backups: 'required',
  name: true,
  storageClass: true,
  version: true,
  members: true,
  size: true,
  synchronous: true,
  sslMode: true,
  consensus: true,
  generation: true,
  copyOf: true,
  standbyOf: true,
  pooler: true,
  parameters: true,
  patches: true,
};

const databaseNames: OptionNames<Database> = {
  name: 'required',
  owner: true,
  user: true,
  extensions: true,
  connections: true,
  ownerConnections: true,
};

const poolerNames: OptionNames<PoolerProps> = {
  image: 'required',
  exporter: 'required',
  mode: true,
  poolSize: true,
  maxClients: true,
  size: true,
};

/** As a configuration gives them: what is for stores of another kind, and what is missing, is refused with reasons of its own. */
const backupNames: Readonly<Record<keyof (Backups & BackupProps), true | 'required'>> = {
  store: true,
  schedule: 'required',
  restoreTestSchedule: 'required',
  keepDays: true,
  keepFullDays: true,
  keepWalDays: true,
  offsite: true,
  compression: true,
  encryption: true,
  networkLimitMebibytes: true,
  diskLimitMebibytes: true,
};

export const optionParts: OptionParts<PatroniClusterProps> = {
  databases: databaseNames,
  pooler: poolerNames,
  backups: backupNames,
};
