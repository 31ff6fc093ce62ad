import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Readiness } from '../src/health/readiness.js';
import { readableLog, startApplication } from './support/application.js';
import { withoutRedis } from './support/redis-server.js';

const up = () => Promise.resolve();
const down = () => Promise.reject(new Error('ECONNREFUSED 10.0.0.7:5432'));

describe('readiness', () => {
  const report = (...dependencies: ConstructorParameters<typeof Readiness>[0][number][]) => {
    const { log, lines } = readableLog();
    const readiness = new Readiness(dependencies, log);
    return { readiness, lines };
  };

  test('names the one that is away', async () => {
    const { readiness } = report(
      { name: 'database', isNeeded: true, fresh: 0, ping: down },
      { name: 'cache', isNeeded: true, fresh: 0, ping: up },
    );
    const { status, dependencies } = await readiness.report();
    assert.equal(status, 'not ready');
    assert.deepEqual(dependencies, { database: 'down: ECONNREFUSED 10.0.0.7:5432', cache: 'up' });
  });

  test('goes on without what only a part needs', async () => {
    const { readiness } = report({ name: 'directory', isNeeded: false, fresh: 0, ping: down });
    assert.equal((await readiness.report()).status, 'degraded');
  });

  test('waits for nobody longer than the kubelet waits', async () => {
    const { readiness } = report({
      name: 'database',
      isNeeded: true,
      fresh: 0,
      ping: () => new Promise(() => undefined),
    });
    const start = Date.now();
    assert.match((await readiness.report()).dependencies.database ?? '', /no answer in time/);
    assert.ok(Date.now() - start < 5000);
  });

  test('asks again when an answer is old, and not before', async () => {
    let asked = 0;
    const ping = async (): Promise<void> => void (asked += 1);
    const fresh = report({ name: 'a', isNeeded: true, fresh: 60_000, ping }).readiness;
    await fresh.report();
    await fresh.report();
    assert.equal(asked, 1);
    const old = report({ name: 'a', isNeeded: true, fresh: 0, ping }).readiness;
    await old.report();
    await old.report();
    assert.equal(asked, 3);
  });

  test('is told to the log once for each change', async () => {
    const { readiness, lines } = report({ name: 'a', isNeeded: true, fresh: 0, ping: up });
    await readiness.report();
    await readiness.report();
    readiness.leave();
    await readiness.report();
    assert.deepEqual(
      lines.map(({ status }) => status),
      ['ready', 'leaving'],
    );
  });
});

describe('the health paths', { skip: withoutRedis }, () => {
  test('need no session; only readiness asks the others, and tells no address', async () => {
    const running = await startApplication({});
    const get = (url: string) => running.application.inject({ url });
    assert.deepEqual((await get('/health/ready')).json(), {
      status: 'ready',
      dependencies: { database: 'up', cache: 'up', directory: 'up' },
    });
    running.products.isAway = true;
    await new Promise((resolve) => setTimeout(resolve, 1100));
    const response = await get('/health/ready');
    assert.equal(response.statusCode, 503);
    assert.deepEqual(response.json(), {
      status: 'not ready',
      dependencies: { database: 'down', cache: 'up', directory: 'up' },
    });
    assert.equal((await get('/health/live')).statusCode, 200);
    await running.stop();
  });
});
