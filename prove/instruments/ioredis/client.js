// A client of ioredis 6, by the variables of the backend.
import fs from 'node:fs';
import process from 'node:process';
import { Redis } from 'ioredis';

const { REDIS_SENTINELS, REDIS_PRIMARY_NAME, REDIS_USER, REDIS_PASSWORD_FILE, REDIS_CA_FILE, REDIS_TLS_NAME } =
  process.env;
const password = fs.readFileSync(REDIS_PASSWORD_FILE, 'utf8').trim();
// The certificate is for a name, and Sentinels tell addresses.
const tls = { ca: fs.readFileSync(REDIS_CA_FILE), servername: REDIS_TLS_NAME };
// By itself the first of the two grows to 2 s.
const retry = (times) => Math.min(times * 50, 500);

export const redis = new Redis({
  sentinels: REDIS_SENTINELS.split(',').map((each) => {
    const [host, port] = each.split(':');
    return { host, port: Number(port) };
  }),
  name: REDIS_PRIMARY_NAME,
  username: REDIS_USER,
  password,
  tls,
  enableTLSForSentinelMode: true,
  // Sentinels ask for the same user, and show the same authority's certificate.
  sentinelUsername: REDIS_USER,
  sentinelPassword: password,
  sentinelTLS: tls,
  // The address of a lost pod or node answers nothing; else 10 s, several times.
  connectTimeout: 1000,
  // A connection whose server is silent is closed, and commands are sent again.
  socketTimeout: 2000,
  // The next Sentinel is asked.
  sentinelCommandTimeout: 1000,
  retryStrategy: retry,
  sentinelRetryStrategy: retry,
  // It was demoted, or is back and not sure yet whether it is the primary: connect again, and send the command to who is.
  reconnectOnError: (error) => (/^(READONLY|NOREPLICAS)/.test(error.message) ? 2 : false),
});
