export type { RedisBackupProps } from './archive.ts';
export { backupName } from './backup.ts';
export { redisBackupDefaults, redisSentinelDefaults } from './defaults.ts';
export type { RedisSentinelProps, RedisUser } from './props.ts';
export { RedisSentinel } from './redis-sentinel.ts';
