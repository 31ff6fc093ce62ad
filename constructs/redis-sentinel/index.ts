export { backupName } from './backup.ts';
export { redisBackupDefaults, redisSentinelDefaults } from './defaults.ts';
export type { RedisBackupProps, RedisSentinelProps, RedisUser } from './props.ts';
export { RedisSentinel } from './redis-sentinel.ts';
