import fs from 'node:fs';
import pg from 'pg';
import type { Logger } from '../platform/log.js';
import { inSpan } from '../platform/tracing.js';
import { readSecret } from '../settings.js';
import type { DatabaseSettings } from '../settings.js';

const milliseconds = { connect: 3000, query: 5000, idle: 30_000 };

/** Options of every connection. The password is read at each one, because rotation changes the file. */
export function connection(settings: DatabaseSettings) {
  const { DATABASE_SSLMODE: mode, DATABASE_CA_FILE: authority } = settings;
  return {
    host: settings.DATABASE_HOST,
    port: settings.DATABASE_PORT,
    database: settings.DATABASE_NAME,
    user: settings.DATABASE_USER,
    password: () => readSecret(settings.DATABASE_PASSWORD_FILE),
    // Verified by authority and by the name of the host; without a file, by the authorities that the world trusts.
    ssl:
      mode === 'disable'
        ? false
        : mode === 'require'
          ? { rejectUnauthorized: false }
          : { rejectUnauthorized: true, ...(authority ? { ca: fs.readFileSync(authority, 'utf8') } : {}) },
    connectionTimeoutMillis: milliseconds.connect,
    application_name: 'backend',
  };
}

export class Database {
  private readonly pool: pg.Pool;

  constructor(
    settings: DatabaseSettings,
    private readonly log: Logger,
  ) {
    this.pool = new pg.Pool({
      ...connection(settings),
      max: 10,
      idleTimeoutMillis: milliseconds.idle,
      query_timeout: milliseconds.query,
    });
    // An idle connection that ends, as at a failover, would end the process otherwise.
    this.pool.on('error', (error) => log.warn({ event: 'database.connection', reason: error.message }, 'ended'));
  }

  /** @param name what the log calls it; values are never in a log */
  query<Row extends pg.QueryResultRow>(name: string, text: string, values: readonly unknown[] = []): Promise<Row[]> {
    return inSpan(`database ${name}`, { 'db.system.name': 'postgresql', 'db.query.summary': name }, async () => {
      const { rows } = await this.pool.query<Row>(text, [...values]);
      this.log.info({ event: 'database.query', query: name, rows: rows.length }, 'asked the database');
      return rows;
    });
  }

  async ping(): Promise<void> {
    await this.pool.query('SELECT 1');
  }

  async close(): Promise<void> {
    await this.pool.end();
  }
}
