import type { OptionNames } from '../core/option-names.ts';
import { sized } from '../core/workload-size.ts';
import { patroniClusterDefaults } from './defaults.ts';
import { postgresqlParameters } from './parameters.ts';
import { preloadParameters } from './preload.ts';
import type { PatroniClusterProps } from './props.ts';
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
  storage: 'required',
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
