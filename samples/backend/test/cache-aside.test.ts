import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import * as v from 'valibot';
import { CacheAside } from '../src/cache/cache-aside.js';
import { Metrics } from '../src/platform/metrics.js';
import { readableLog } from './support/application.js';
import { startRedis, withoutRedis } from './support/redis-server.js';
import type { RunningRedis } from './support/redis-server.js';

const schema = v.object({ text: v.string(), version: v.number() });

describe('the cache', { skip: withoutRedis }, () => {
  let redis: RunningRedis;
  let cache: CacheAside;
  const { log, lines } = readableLog();
  before(async () => {
    redis = await startRedis();
    cache = new CacheAside(redis.client, log, new Metrics(), 30);
  });
  after(() => redis.stop());

  test('forgets after its time', async () => {
    await cache.put('a', { text: 'old', version: 1 } as never);
    const left = await redis.client.pttl('a');
    assert.ok(left > 29_000 && left <= 30_000);
  });

  test('is not set back by a reader who is late', async () => {
    const slow = cache.get('b', schema, async () => {
      // Meanwhile somebody writes.
      await cache.put('b', { text: 'new', version: 2 } as never);
      return { text: 'old', version: 1 };
    });
    assert.equal((await slow)?.text, 'old');
    const found = await cache.get('b', schema, () => assert.fail('it is in the cache'));
    assert.equal(found?.text, 'new');
  });

  test('asks the database once for many who miss at the same time', async () => {
    let asked = 0;
    const load = async () => {
      asked += 1;
      return { text: 'x', version: 1 };
    };
    await Promise.all(Array.from({ length: 20 }, () => cache.get('c', schema, load)));
    assert.equal(asked, 1);
  });

  test('takes what another version left in another shape for a miss', async () => {
    await redis.client.set('d', '1:{"words":"x"}');
    assert.equal((await cache.get('d', schema, async () => ({ text: 'y', version: 2 })))?.text, 'y');
    await redis.client.set('e', 'no JSON');
    assert.equal((await cache.get('e', schema, async () => ({ text: 'z', version: 2 })))?.text, 'z');
  });

  test('keeps nothing of what is not there', async () => {
    assert.equal(await cache.get('f', schema, async () => undefined), undefined);
    assert.equal(await redis.client.exists('f'), 0);
  });

  test('is not needed: the database answers while it is away', async () => {
    const other = await startRedis();
    const client = other.client.duplicate({ maxRetriesPerRequest: 1 });
    client.on('error', () => undefined);
    const lone = new CacheAside(client, log, new Metrics(), 30);
    await other.stop();
    assert.equal((await lone.get('a', schema, async () => ({ text: 'y', version: 1 })))?.text, 'y');
    client.disconnect();
    assert.ok(lines.some(({ event }) => event === 'cache.failed'));
  });
});
