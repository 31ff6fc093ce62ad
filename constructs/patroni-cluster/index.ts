export type { Database } from './databases.ts';
export type { DatabaseEndpoints } from './endpoints.ts';
export { claimName } from './member.ts';
export { backupDefaults, patroniClusterDefaults, poolerDefaults } from './defaults.ts';
export { PatroniCluster } from './patroni-cluster.ts';
export { dataDirectory, socketDirectory } from './paths.ts';
export type { PoolerProps } from './pooler.ts';
export type { BackupProps, PatroniClusterProps } from './props.ts';
