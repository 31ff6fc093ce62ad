import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { copiedCluster, postgresPrograms, postgresUser } from './real-postgres.ts';

const bin = postgresPrograms() ?? '';

/** A PostgreSQL on a free port of this machine, with its data, socket and log in `folder`; its superuser is postgres. */
export class TestServer {
  readonly data: string;
  readonly folder: string;
  port = 0;
  private process: ChildProcess | undefined;

  constructor(folder: string) {
    this.folder = folder;
    this.data = path.join(folder, 'data');
    fs.mkdirSync(folder, { recursive: true });
    if (postgresUser) fs.chownSync(folder, postgresUser.uid, postgresUser.gid);
  }

  /** Runs one of PostgreSQL's programs to its end. */
  run(name: string, args: readonly string[]): string {
    return execFileSync(path.join(bin, name), args, { ...postgresUser, encoding: 'utf8', stdio: 'pipe' });
  }

  /**
   * @param hostBased lines of pg_hba.conf for whoever doesn't come by the socket
   * @param make what makes the data
   */
  initialise(hostBased: readonly string[] = [], make = copiedCluster): void {
    make(this.data);
    const lines = ['local all all trust', ...hostBased];
    fs.writeFileSync(path.join(this.data, 'pg_hba.conf'), lines.map((line) => `${line}\n`).join(''));
  }

  async start(...settings: readonly string[]): Promise<void> {
    this.port ||= await freePort();
    const own = ['listen_addresses=127.0.0.1', `unix_socket_directories=${this.folder}`, 'fsync=off'];
    const args = [...own, ...settings].flatMap((each) => ['-c', each]);
    const log = fs.openSync(path.join(this.folder, 'log'), 'a');
    this.process = spawn(path.join(bin, 'postgres'), ['-D', this.data, '-p', `${this.port}`, ...args], {
      ...postgresUser,
      stdio: ['ignore', log, log],
      env: { PATH: `${bin}:/usr/bin:/bin`, PGPORT: `${this.port}` },
    });
    fs.closeSync(log);
  }

  /** Whether it still runs. */
  get running(): boolean {
    return this.process?.exitCode === null && this.process.signalCode === null;
  }

  query(sql: string): string {
    return this.run('psql', [
      '-X',
      '-Atq',
      '-h',
      this.folder,
      '-p',
      `${this.port}`,
      '-U',
      'postgres',
      '-c',
      sql,
    ]).trim();
  }

  /** The same, or undefined where it takes no connection. */
  tryQuery(sql: string): string | undefined {
    try {
      return this.query(sql);
    } catch {
      return undefined;
    }
  }

  get log(): string {
    return fs.readFileSync(path.join(this.folder, 'log'), 'utf8');
  }

  async stop(): Promise<void> {
    if (!this.running) return;
    this.process!.kill('SIGQUIT');
    await once(this.process!, 'exit');
  }
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
