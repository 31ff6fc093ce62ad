import { runner } from 'node-pg-migrate';
import pg from 'pg';
import type { Logger } from '../platform/log.js';
import type { DatabaseSettings } from '../settings.js';
import { connection } from './database.js';

/**
 * Brings the tables up to date; a second run finds nothing to do, and one beside it waits for the first.
 * @returns the names of the migrations that ran
 */
export async function migrate(
  settings: DatabaseSettings,
  log: Logger,
  folder = 'migrations',
): Promise<readonly string[]> {
  const client = new pg.Client({ ...connection(settings), application_name: 'migrations' });
  await client.connect();
  try {
    await client.query("SET lock_timeout = '120s'");
    const done = await runner({
      dbClient: client,
      dir: folder,
      direction: 'up',
      migrationsTable: 'migrations',
      singleTransaction: true,
      // A second pod of the Job waits for the first one, for as long as lock_timeout says.
      advisoryLockMode: 'wait',
      logger: { debug: quiet, info: quiet, warn: (text) => log.warn(text), error: (text) => log.error(text) },
    });
    return done.map(({ name }) => name);
  } finally {
    await client.end();
  }
}

const quiet = (): void => undefined;
