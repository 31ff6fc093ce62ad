import process from 'node:process';
import { setTimeout as wait } from 'node:timers/promises';
import { createApplication } from './app.js';
import { KeytabTickets, NoTickets } from './auth/tickets.js';
import { connectRedis } from './cache/redis.js';
import { Database } from './database/database.js';
import { LdapDirectory } from './directory/ldap-directory.js';
import { Readiness } from './health/readiness.js';
import { makeLog } from './platform/log.js';
import { Metrics } from './platform/metrics.js';
import { startTracing } from './platform/tracing.js';
import { DatabaseProducts } from './products/product-store.js';
import { readSettings } from './settings.js';

async function run(): Promise<void> {
  const settings = readSettings(process.env);
  const log = makeLog(settings.LOG_LEVEL);
  const endTracing = startTracing(settings.OTEL_TRACES_EXPORTER);
  const metrics = new Metrics();
  const database = new Database(settings, log);
  const redis = connectRedis(settings, log);
  const application = await createApplication({
    settings,
    log,
    metrics,
    redis,
    products: new DatabaseProducts(database),
    directory: new LdapDirectory(settings, log),
    tickets: settings.KRB5_KTNAME === undefined ? new NoTickets() : await KeytabTickets.load(log),
  });
  // The first connection of a new pod may be refused; ioredis tries again by itself.
  redis.connect().catch((error: unknown) => log.warn({ event: 'cache.connection', reason: String(error) }, 'failed'));
  const metricsServer = settings.METRICS_PORT ? metrics.serve(settings.METRICS_PORT, settings.METRICS_PATH) : undefined;
  await application.listen(settings.PORT, '0.0.0.0');
  log.info({ event: 'started', port: settings.PORT }, 'listens');

  async function stop(signal: string): Promise<void> {
    log.info({ event: 'stopping', signal }, 'finishes what has begun');
    application.get(Readiness).leave();
    const ended = endAll().then(() => true);
    // What is left of the time is for the exit itself.
    const inTime = await Promise.race([ended, wait(settings.SHUTDOWN_TIMEOUT_MS, false, { ref: false })]);
    log.info({ event: 'stopped', inTime }, 'leaves');
    process.exit(inTime ? 0 : 1);
  }

  async function endAll(): Promise<void> {
    await application.close();
    metricsServer?.close();
    await Promise.allSettled([database.close(), redis.quit(), endTracing()]);
  }

  process.once('SIGTERM', (signal) => void stop(signal));
  process.once('SIGINT', (signal) => void stop(signal));
}

run().catch((error: unknown) => {
  makeLog('error').error({ event: 'start', reason: (error as Error).message }, 'cannot start');
  // What is connected already would keep the process, which answers nobody.
  process.exit(1);
});
