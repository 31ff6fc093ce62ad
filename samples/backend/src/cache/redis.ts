import fs from 'node:fs';
import { Redis } from 'ioredis';
import type { RedisOptions } from 'ioredis';
import type { Logger } from '../platform/log.js';
import { readSecret } from '../settings.js';
import type { Settings } from '../settings.js';

const delay = (times: number): number => Math.min(times * 50, 500);

/**
 * What makes ioredis follow a failover within seconds: the platform's page of RedisSentinel has the reasons and figures.
 * `failoverDetector` stays off: with it a client may end for good while it is connecting.
 */
export function redisOptions(settings: Settings): RedisOptions {
  const { REDIS_SENTINELS: sentinels, REDIS_PRIMARY_NAME: name, REDIS_CA_FILE: authority } = settings;
  const { REDIS_USER: username, REDIS_TLS_NAME: servername } = settings;
  const password = readSecret(settings.REDIS_PASSWORD_FILE);
  const tls = authority ? { ca: fs.readFileSync(authority, 'utf8'), ...(servername ? { servername } : {}) } : undefined;
  const common: RedisOptions = {
    username,
    password,
    lazyConnect: true,
    connectTimeout: 1000,
    socketTimeout: 2000,
    // Somebody waits for the answer: an error after two tries, never a request that stands until the proxy gives up.
    maxRetriesPerRequest: 2,
    retryStrategy: delay,
    reconnectOnError: (error) => (/^(READONLY|NOREPLICAS)/.test(error.message) ? 2 : false),
    ...(tls ? { tls } : {}),
  };
  if (!sentinels || name === undefined) return { ...common, host: settings.REDIS_HOST, port: settings.REDIS_PORT };
  return {
    ...common,
    sentinels,
    name,
    sentinelUsername: username,
    sentinelPassword: password,
    sentinelCommandTimeout: 1000,
    sentinelRetryStrategy: delay,
    ...(tls ? { sentinelTLS: tls, enableTLSForSentinelMode: true } : {}),
  };
}

export function connectRedis(settings: Settings, log: Logger): Redis {
  const redis = new Redis(redisOptions(settings));
  redis.on('error', (error: Error) => log.warn({ event: 'cache.connection', reason: error.message }, 'failed'));
  // The file may have another password by now.
  redis.on('reconnecting', () => {
    const password = readSecret(settings.REDIS_PASSWORD_FILE);
    Object.assign(redis.options, { password }, redis.options.sentinels ? { sentinelPassword: password } : {});
  });
  return redis;
}
