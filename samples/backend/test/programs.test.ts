import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import process from 'node:process';
import { after, before, describe, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { certificate, temporaryFolder } from './support/certificate.js';
import { base, LdapServer } from './support/ldap-server.js';
import { startPostgres, withoutPostgres } from './support/postgres-server.js';
import type { RunningPostgres } from './support/postgres-server.js';
import { startRedis, withoutRedis } from './support/redis-server.js';
import type { RunningRedis } from './support/redis-server.js';

const root = path.resolve(import.meta.dirname, '../..');

interface Program {
  readonly child: ChildProcess;
  readonly output: () => string;
  readonly ended: Promise<number | null>;
}

const started: ChildProcess[] = [];

/** Runs what the image runs. */
function start(program: string, environment: Readonly<Record<string, string>>): Program {
  const options = { cwd: root, env: { PATH: process.env.PATH, NODE_ENV: 'production', ...environment } };
  const child = spawn(process.execPath, [path.join(root, 'build/src', program)], options);
  started.push(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  return { child, output: () => output, ended: new Promise((resolve) => child.once('exit', resolve)) };
}

/** A line may come after the answer that it is about. */
async function says({ output }: Program, words: RegExp): Promise<void> {
  for (let tries = 100; !words.test(output()); tries -= 1) {
    assert.ok(tries > 0, `${String(words)} in:\n${output()}`);
    await wait(50);
  }
}

async function freePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as net.AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe(
  'the programs of the image, with a real database and a real cache',
  { skip: withoutRedis || withoutPostgres },
  () => {
    const folder = temporaryFolder();
    let postgres: RunningPostgres;
    let redis: RunningRedis;
    let ldap: LdapServer;
    let variables: Record<string, string>;

    before(async () => {
      const files = certificate(folder);
      const people = { service: { password: 'of the service' }, anna: { password: 'right', groups: ['shop-editors'] } };
      ldap = new LdapServer(people, files);
      [postgres, redis] = await Promise.all([startPostgres(folder), startRedis()]);
      // As the platform's user, who has a name and a password.
      await redis.client.call(
        'ACL',
        'SETUSER',
        'app',
        'on',
        '>of-redis',
        '~*',
        '&*',
        '+@all',
        '-@admin',
        '-@dangerous',
        '+info',
        '+role',
        '+keys',
      );
      const secret = (name: string, value: string): string => {
        fs.writeFileSync(path.join(folder, name), value);
        return path.join(folder, name);
      };
      variables = {
        PUBLIC_URL: 'https://api.example.com',
        KEEP_ALIVE_TIMEOUT_MS: '65000',
        SHUTDOWN_TIMEOUT_MS: '20000',
        DATABASE_HOST: '127.0.0.1',
        DATABASE_PORT: String(postgres.port),
        DATABASE_NAME: 'postgres',
        DATABASE_USER: 'app',
        DATABASE_SSLMODE: 'disable',
        DATABASE_PASSWORD_FILE: secret('database', 'of the database'),
        REDIS_HOST: '127.0.0.1',
        REDIS_PORT: String(redis.port),
        REDIS_USER: 'app',
        REDIS_PASSWORD_FILE: secret('redis', 'of-redis'),
        LDAP_URL: await ldap.listen(),
        LDAP_BASE_DN: base,
        LDAP_BIND_USER: 'service',
        LDAP_BIND_PASSWORD_FILE: secret('ldap', 'of the service'),
        LDAP_CA_FILE: files.file,
        KERBEROS_REALM: 'AD.EXAMPLE.COM',
        SESSION_KEY_FILE: secret('session', 'of sessions'),
      };
    });
    after(async () => {
      // Those of a test that failed would keep this process.
      for (const child of started) child.kill('SIGKILL');
      await Promise.all([postgres.stop(), redis.stop(), ldap.close()]);
    });

    test('migrations bring the tables, a second run finds nothing to do, and two at once do each other no harm', async () => {
      const owner = { ...variables, DATABASE_USER: 'owner' };
      const both = [start('migrate.js', owner), start('migrate.js', owner)];
      for (const program of both) assert.equal(await program.ended, 0, program.output());
      assert.match(both.map(({ output }) => output()).join(''), /"done":\["0001_products"\]/);
      const again = start('migrate.js', owner);
      assert.equal(await again.ended, 0, again.output());
      assert.match(again.output(), /"done":\[\]/);
      assert.deepEqual(await postgres.query('SELECT count(*)::int AS count FROM products'), [{ count: 3 }]);
    });

    test('migrations that may not do it fail and say so', async () => {
      const program = start('migrate.js', { ...variables, DATABASE_NAME: 'nowhere' });
      assert.equal(await program.ended, 1);
      assert.match(program.output(), /"event":"migrations","reason":".*nowhere/);
    });

    test('the server answers from database and cache, tells its metrics, and finishes what has begun at the end', async () => {
      const [port, metricsPort] = [await freePort(), await freePort()];
      const program = start('main.js', { ...variables, PORT: String(port), METRICS_PORT: String(metricsPort) });
      const url = `http://127.0.0.1:${port}`;
      const ready = async (): Promise<boolean> =>
        fetch(`${url}/health/ready`).then(
          ({ ok }) => ok,
          () => false,
        );
      for (let tries = 300; !(await ready()); tries -= 1) {
        assert.ok(tries > 0 && program.child.exitCode === null, program.output());
        await wait(200);
      }
      const login = await fetch(`${url}/auth/login`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ username: 'anna', password: 'right' }),
      });
      assert.equal(login.status, 200, program.output());
      const cookie = login.headers.getSetCookie()[0]?.split(';')[0] ?? '';
      for (const event of ['cache.miss', 'cache.hit']) {
        const response = await fetch(`${url}/products/1`, { headers: { cookie } });
        assert.deepEqual(await response.json(), { id: 1, name: 'Hinge', priceCents: 450, version: 1 });
        await says(program, new RegExp(`"event":"${event}"`));
      }
      const changed = await fetch(`${url}/products/1/price`, {
        method: 'PUT',
        headers: { cookie, 'content-type': 'application/json' },
        body: '{"priceCents":500}',
      });
      assert.equal(changed.status, 200, program.output());
      assert.deepEqual(await postgres.query('SELECT price_cents, changed_by, version FROM products WHERE id = 1'), [
        { price_cents: 500, changed_by: 'anna', version: 2 },
      ]);
      assert.match(
        await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text(),
        /cache_requests_total\{outcome="hit"\} 1/,
      );

      // A question that the database takes its time for, and the order to end meanwhile.
      await postgres.query(`ALTER TABLE products RENAME TO all_products;
      CREATE VIEW products AS SELECT p.* FROM all_products p, (SELECT pg_sleep(1.5)) s;
      GRANT SELECT ON products TO app`);
      const slow = fetch(`${url}/products`, { headers: { cookie } });
      await wait(500);
      program.child.kill('SIGTERM');
      assert.equal((await slow).status, 200, program.output());
      assert.equal(await program.ended, 0, program.output());
      assert.match(program.output(), /"event":"stopped","inTime":true/);
      assert.doesNotMatch(program.output(), /of the service|of-redis|of the database|"right"/);
    });

    test('a server whose port is taken ends, whatever it is connected to by then', async () => {
      const program = start('main.js', { ...variables, PORT: String(redis.port) });
      assert.equal(await program.ended, 1);
      assert.match(program.output(), /"event":"start","reason":".*EADDRINUSE/);
    });

    test('a server that lacks something names it and ends', async () => {
      const program = start('main.js', { ...variables, PORT: '1', LDAP_URL: '' });
      assert.equal(await program.ended, 1);
      assert.match(program.output(), /LDAP_URL is no address/);
    });
  },
);
