import { Injectable } from '@nestjs/common';
import { SpanStatusCode } from '@opentelemetry/api';
import type { Span } from '@opentelemetry/api';
import { Redis } from 'ioredis';
import * as v from 'valibot';
import type { Logger } from '../platform/log.js';
import { Metrics } from '../platform/metrics.js';
import { inSpan } from '../platform/tracing.js';

const attributes = { 'db.system.name': 'redis' };

/** Stores unless what is there is of the same version or newer: a slow reader must not undo a write. */
const storeNewer = `
local there = redis.call('GET', KEYS[1])
if there and tonumber(string.match(there, '^%d+')) >= tonumber(ARGV[1]) then return 0 end
redis.call('SET', KEYS[1], ARGV[1] .. ':' .. ARGV[2], 'PX', ARGV[3])
return 1`;

interface Versioned {
  readonly version: number;
}

/**
 * Asks the cache, on a miss the database, and stores what that said. Without its cache it is slower and right: a cache
 * that doesn't answer is a miss.
 */
@Injectable()
export class CacheAside {
  private readonly underWay = new Map<string, Promise<unknown>>();

  constructor(
    private readonly redis: Redis,
    private readonly log: Logger,
    private readonly metrics: Metrics,
    private readonly seconds: number,
  ) {}

  /** @param load asks the database; undefined for what isn't there, which is not stored */
  async get<Value extends Versioned>(
    key: string,
    schema: v.GenericSchema<unknown, Value>,
    load: () => Promise<Value | undefined>,
  ): Promise<Value | undefined> {
    const found = await this.read(key, schema);
    if (found) return found;
    // Of many who miss at once, one asks the database.
    const other = this.underWay.get(key) as Promise<Value | undefined> | undefined;
    if (other) return other;
    const own = this.loadAndStore(key, load);
    this.underWay.set(key, own);
    try {
      return await own;
    } finally {
      this.underWay.delete(key);
    }
  }

  /** Of a value that was just written. */
  async put(key: string, value: Versioned): Promise<void> {
    await inSpan('cache store', attributes, async (span) => {
      try {
        const milliseconds = this.seconds * 1000;
        await this.redis.eval(storeNewer, 1, key, value.version, JSON.stringify(value), milliseconds);
        this.count('stored', key);
      } catch (error) {
        this.fail(key, error, span);
      }
    });
  }

  private async loadAndStore<Value extends Versioned>(
    key: string,
    load: () => Promise<Value | undefined>,
  ): Promise<Value | undefined> {
    const value = await load();
    if (value) await this.put(key, value);
    return value;
  }

  private async read<Value>(key: string, schema: v.GenericSchema<unknown, Value>): Promise<Value | undefined> {
    return inSpan('cache get', attributes, async (span) => {
      try {
        const text = await this.redis.get(key);
        // What another version stored in another shape is a miss.
        const stored = text === null ? undefined : v.safeParse(schema, JSON.parse(text.slice(text.indexOf(':') + 1)));
        this.count(stored?.success ? 'hit' : 'miss', key);
        return stored?.success ? stored.output : undefined;
      } catch (error) {
        this.fail(key, error, span);
        return undefined;
      }
    });
  }

  private count(outcome: 'hit' | 'miss' | 'stored', key: string): void {
    this.metrics.cache.inc({ outcome });
    this.log.info({ event: `cache.${outcome}`, key }, 'asked the cache');
  }

  private fail(key: string, error: unknown, span: Span): void {
    span.setStatus({ code: SpanStatusCode.ERROR });
    this.metrics.cache.inc({ outcome: 'failed' });
    this.log.warn({ event: 'cache.failed', key, reason: (error as Error).message }, 'the cache does not answer');
  }
}
