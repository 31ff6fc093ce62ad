export type { Database } from './databases.ts';
export { backupDefaults, patroniClusterDefaults, poolerDefaults } from './defaults.ts';
export { PatroniCluster } from './patroni-cluster.ts';
export type { PoolerProps } from './pooler.ts';
export type { BackupProps, PatroniClusterProps } from './props.ts';
