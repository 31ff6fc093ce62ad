// Runs before a new version is applied, in a Job of its own: npm run migrate
import { migrate } from './database/migrate.js';
import { makeLog } from './platform/log.js';
import { readDatabaseSettings } from './settings.js';

const log = makeLog('info');
try {
  const done = await migrate(readDatabaseSettings(process.env), log);
  log.info({ event: 'migrations', done }, done.length > 0 ? 'brought up to date' : 'nothing to do');
} catch (error) {
  log.error({ event: 'migrations', reason: (error as Error).message }, 'failed');
  process.exitCode = 1;
}
