import { Size } from 'cdk8s';
import { Cpu } from '../core/cpu.ts';
import { archiveDefaults } from '../stateful/index.ts';

/** What the tests and the documentation take for the defaults. */
export const redisSentinelDefaults = {
  engine: 'redis',
  use: 'sessions',
  size: { cpuRequest: Cpu.millicores(50), memory: Size.mebibytes(512) },
  storageClass: 'local-path',
  sentinels: 3,
  /** With 5, clients of the plain address were without writes for up to 8.2 s after a deleted pod; 8 is promised. */
  downAfterSeconds: 4,
  failoverTimeoutSeconds: 10,
  repairKibibytes: 1024,
} as const;

export const redisBackupDefaults = { keepDays: 7, ...archiveDefaults } as const;

/** Of a member's memory, for keys and values. */
export const maxMemoryPercent = 60;

/** What is given up when the memory is full, by what is kept. */
export const policies = {
  /** All of it can be had again: what was not asked for the longest goes. */
  cache: { usual: 'allkeys-lru', allowed: ['allkeys-lru', 'allkeys-lfu', 'allkeys-random'] },
  /** Whoever is signed in stays so: a write is refused in words rather than a session forgotten without any. */
  sessions: { usual: 'noeviction', allowed: ['noeviction'] },
  /** Both in one: what has an end may go before it, and what has none stays. */
  mixed: { usual: 'volatile-ttl', allowed: ['volatile-ttl', 'volatile-lru', 'volatile-lfu', 'volatile-random'] },
} as const;
