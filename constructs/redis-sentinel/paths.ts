/** Where things are in the pods. */
export const dataPath = '/data';
export const runPath = '/run/redis';
export const configurationPath = '/etc/redis';
export const scriptsPath = '/opt/redis';
export const tlsPath = '/run/tls';

export const script = (name: string): string => `${scriptsPath}/${name}`;

/** Number of `redis` in the official image of Debian. */
export const redisUser = 999;
/** Number of `haproxy` in its official image. */
export const proxyUser = 99;

export const ports = { redis: 6379, sentinel: 26379, metrics: 9121, proxyMetrics: 8404 } as const;
