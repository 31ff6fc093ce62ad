import fs from 'node:fs';
import path from 'node:path';
import { Writable } from 'node:stream';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Redis } from 'ioredis';
import { createApplication } from '../../src/app.js';
import { NoTickets } from '../../src/auth/tickets.js';
import type { Tickets } from '../../src/auth/tickets.js';
import { LdapDirectory } from '../../src/directory/ldap-directory.js';
import { makeLog } from '../../src/platform/log.js';
import type { Logger } from '../../src/platform/log.js';
import { Metrics } from '../../src/platform/metrics.js';
import { startTracing } from '../../src/platform/tracing.js';
import type { Product } from '../../src/products/product.js';
import { ProductStore } from '../../src/products/product-store.js';
import { readSettings } from '../../src/settings.js';
import type { Settings } from '../../src/settings.js';
import { certificate, temporaryFolder } from './certificate.js';
import { base, LdapServer } from './ldap-server.js';
import type { Person } from './ldap-server.js';
import { startRedis } from './redis-server.js';

export const publicUrl = 'https://api.example.com';

export type Line = Readonly<Record<string, unknown>>;

/** A log that a test reads. */
export function readableLog(): { readonly log: Logger; readonly lines: Line[]; readonly text: () => string } {
  const lines: Line[] = [];
  let text = '';
  const destination = new Writable({
    write(chunk: Buffer, _encoding, done) {
      text += chunk.toString();
      lines.push(JSON.parse(chunk.toString()) as Line);
      done();
    },
  });
  return { log: makeLog('debug', destination), lines, text: () => text };
}

/** In place of the database, and counts what it is asked. */
export class MemoryProducts extends ProductStore {
  asked = 0;
  isAway = false;
  readonly rows = new Map<number, Product>([
    [1, { id: 1, name: 'Hinge', priceCents: 450, version: 1 }],
    [2, { id: 2, name: 'Panel', priceCents: 12900, version: 1 }],
  ]);

  override async list(): Promise<readonly Product[]> {
    return [...this.rows.values()];
  }

  override async find(id: number): Promise<Product | undefined> {
    this.asked += 1;
    return this.rows.get(id);
  }

  override async setPrice(id: number, priceCents: number): Promise<Product | undefined> {
    const old = this.rows.get(id);
    if (!old) return undefined;
    const changed = { ...old, priceCents, version: old.version + 1 };
    this.rows.set(id, changed);
    return changed;
  }

  override async ping(): Promise<void> {
    if (this.isAway) throw new Error('ECONNREFUSED');
  }
}

export function settingsFor(
  folder: string,
  ldap: string,
  authority: string,
  more: Record<string, string> = {},
): Settings {
  const secret = (name: string, value: string): string => {
    fs.writeFileSync(path.join(folder, name), `${value}\n`);
    return path.join(folder, name);
  };
  return readSettings({
    PORT: '3000',
    PUBLIC_URL: publicUrl,
    KEEP_ALIVE_TIMEOUT_MS: '65000',
    SHUTDOWN_TIMEOUT_MS: '20000',
    DATABASE_HOST: 'postgres',
    DATABASE_PORT: '5432',
    DATABASE_NAME: 'shop',
    DATABASE_USER: 'shop',
    DATABASE_SSLMODE: 'disable',
    DATABASE_PASSWORD_FILE: secret('database', 'of the database'),
    REDIS_HOST: 'redis',
    REDIS_PORT: '6379',
    REDIS_USER: 'app',
    REDIS_PASSWORD_FILE: secret('redis', 'of redis'),
    LDAP_URL: ldap,
    LDAP_BASE_DN: base,
    LDAP_BIND_USER: 'service',
    LDAP_BIND_PASSWORD_FILE: secret('ldap', 'of the service'),
    LDAP_CA_FILE: authority,
    KERBEROS_REALM: 'AD.EXAMPLE.COM',
    SESSION_KEY_FILE: secret('session', 'of sessions'),
    ...more,
  });
}

export interface Running {
  readonly application: NestFastifyApplication;
  readonly ldap: LdapServer;
  readonly redis: Redis;
  readonly products: MemoryProducts;
  readonly lines: Line[];
  readonly text: () => string;
  readonly settings: Settings;
  readonly login: (username: string, password: string) => ReturnType<typeof post>;
  readonly stop: () => Promise<void>;
}

const post = (
  application: NestFastifyApplication,
  url: string,
  payload: object,
  headers: Record<string, string> = {},
) => application.inject({ method: 'POST', url, payload, headers });

let isTraced = false;

/** The application with a directory that has these people, a Redis, and products in memory. */
export async function startApplication(
  people: Readonly<Record<string, Person>>,
  options: {
    readonly tickets?: Tickets;
    readonly variables?: Record<string, string>;
    readonly groupsOf?: Readonly<Record<string, readonly string[]>>;
  } = {},
): Promise<Running> {
  // Once for the process: of the second one, nothing would be told.
  if (!isTraced) startTracing(undefined);
  isTraced = true;
  const folder = temporaryFolder();
  const files = certificate(folder);
  const ldap = new LdapServer({ service: { password: 'of the service' }, ...people }, files, options.groupsOf);
  const redis = await startRedis();
  const { log, lines, text } = readableLog();
  const settings = settingsFor(folder, await ldap.listen(), files.file, options.variables);
  const products = new MemoryProducts();
  const application = await createApplication({
    settings,
    log,
    metrics: new Metrics(),
    redis: redis.client,
    products,
    directory: new LdapDirectory(settings, log),
    tickets: options.tickets ?? new NoTickets(),
  });
  const stop = async (): Promise<void> => {
    await application.close();
    await ldap.close();
    await redis.stop();
  };
  const login = (username: string, password: string) => post(application, '/auth/login', { username, password });
  return { application, ldap, redis: redis.client, products, lines, text, settings, login, stop };
}

/** `name=value` of the cookie that an answer set. */
export const cookieOf = (response: { readonly headers: Record<string, unknown> }): string =>
  String(response.headers['set-cookie']).split(';')[0] ?? '';
