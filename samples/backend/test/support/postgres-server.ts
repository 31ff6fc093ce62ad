import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';

const installed = '/usr/lib/postgresql';
const newest = fs.existsSync(installed)
  ? fs.readdirSync(installed).sort((a, b) => Number(b) - Number(a))[0]
  : undefined;
const binaries = path.join(installed, newest ?? '', 'bin');

/** Why tests with a real PostgreSQL are left out here; false where there is one. */
export const withoutPostgres: string | false =
  newest && fs.existsSync(path.join(binaries, 'initdb')) ? false : 'there is no PostgreSQL of Debian here';

export interface RunningPostgres {
  readonly port: number;
  readonly query: (text: string) => Promise<readonly Record<string, unknown>[]>;
  readonly stop: () => Promise<void>;
}

/** PostgreSQL refuses to run as root. */
const user = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};

/** A cluster of its own in that folder, with a role for migrations and one for the server, as the platform makes them. */
export async function startPostgres(folder: string): Promise<RunningPostgres> {
  const data = path.join(folder, 'data');
  fs.mkdirSync(data);
  if (user.uid !== undefined) {
    fs.chmodSync(folder, 0o755);
    fs.chownSync(data, user.uid, user.gid);
  }
  const environment = { ...user, stdio: 'ignore', env: { ...process.env, LC_ALL: 'C.UTF-8' } } as const;
  execFileSync(path.join(binaries, 'initdb'), ['--pgdata', data, '--username=postgres', '--auth=trust'], environment);
  const port = await freePort();
  const options = ['-D', data, '-p', String(port), '-c', 'listen_addresses=127.0.0.1', '-c', 'fsync=off', '-k', data];
  const server = spawn(path.join(binaries, 'postgres'), options, environment);
  const ended = new Promise((resolve) => server.once('exit', resolve));
  const query = async (text: string) => {
    const client = new pg.Client({ host: '127.0.0.1', port, user: 'postgres', database: 'postgres' });
    await client.connect();
    const { rows } = await client.query<Record<string, unknown>>(text).finally(() => client.end());
    return rows;
  };
  for (let tries = 300; ; tries -= 1) {
    const isUp = await query('SELECT 1').then(
      () => true,
      () => false,
    );
    if (isUp) break;
    if (tries === 0) throw new Error(`postgres does not answer at port ${port}`);
    await wait(100);
  }
  await query(`CREATE ROLE owner LOGIN; CREATE ROLE app LOGIN; GRANT ALL ON SCHEMA public TO owner;
    ALTER DEFAULT PRIVILEGES FOR ROLE owner GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO app;`);
  const stop = async (): Promise<void> => {
    server.kill('SIGINT');
    await ended;
  };
  return { port, query, stop };
}

async function freePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as net.AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
