import { Size } from 'cdk8s';
import type { Image } from '../../constructs/core/environment.ts';
import { Schedule } from '../../constructs/core/schedule.ts';
import { RedisSentinel } from '../../constructs/redis-sentinel/index.ts';
import type { RedisBackupProps, RedisSentinelProps } from '../../constructs/redis-sentinel/index.ts';
import { built } from './constructs.ts';
import type { Built } from './constructs.ts';
import { image, testEnvironment } from './harness.ts';

const environment = testEnvironment();

export const imageNamed = (name: string, tag = '8.2.3'): Image => ({
  ...image,
  name,
  tag,
  version: tag,
  reference: `registry.example/${name}:${tag}`,
});

/** Only what has to be given. */
export const minimalRedis: RedisSentinelProps = {
  image: imageNamed('redis'),
  exporter: false,
  proxy: false,
  storage: Size.gibibytes(5),
  backups: false,
  authority: environment.authority('redis-ca'),
};

/** Of a store that has them; only what has to be given. */
export const backups: RedisBackupProps = {
  store: environment.objectStore('backups'),
  rclone: imageNamed('rclone'),
  schedule: Schedule.utc('5 * * * *'),
  restoreTestSchedule: Schedule.utc('30 4 * * 0'),
};

/** A store `redis` in the namespace `test` with these options beside the minimal ones. */
export function redisWith(changes: Partial<RedisSentinelProps> = {}, id = 'redis'): Built<RedisSentinel> {
  return built((scope) => new RedisSentinel(scope, id, { ...minimalRedis, ...changes }));
}
