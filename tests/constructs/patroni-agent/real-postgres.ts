import { execFileSync, spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { until } from '../../support/until.ts';

/** The programs of the newest PostgreSQL of this machine. */
export function postgresPrograms(): string | undefined {
  const root = '/usr/lib/postgresql';
  const versions = fs.existsSync(root) ? fs.readdirSync(root).filter((name) => /^\d+$/.test(name)) : [];
  const folders = versions.sort((a, b) => Number(b) - Number(a)).map((version) => path.join(root, version, 'bin'));
  return folders.find((folder) => fs.existsSync(path.join(folder, 'initdb')));
}

/** PostgreSQL refuses to run as root. */
export const postgresUser = process.getuid!() === 0 ? { uid: 65534, gid: 65534 } : undefined;

/** Makes the data of a cluster that nobody else is like, and that asks for no password. */
export function newCluster(data: string): void {
  const quiet = ['-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'];
  execFileSync(path.join(postgresPrograms()!, 'initdb'), ['-D', data, ...quiet], { ...postgresUser, stdio: 'pipe' });
}

/**
 * The same at a tenth of the work, as a copy: to PostgreSQL, those of one run are the same cluster.
 * @param owner who runs it
 */
export function copiedCluster(data: string, owner = postgresUser): void {
  const folder = path.join(os.tmpdir(), 'cluster');
  if (!fs.existsSync(folder)) {
    const own = fs.mkdtempSync(`${folder}-`);
    if (postgresUser) fs.chownSync(own, postgresUser.uid, postgresUser.gid);
    newCluster(own);
    // Another worker may do the same meanwhile.
    fs.symlinkSync(own, `${own}.made`);
    fs.renameSync(`${own}.made`, folder);
  }
  execFileSync('cp', ['-a', `${folder}/.`, data]);
  if (owner !== postgresUser) execFileSync('chown', ['-R', `${owner?.uid}:${owner?.gid}`, data]);
}

/** A server that was started in a folder, whose socket is there. */
export class RealPostgres {
  private readonly bin: string;
  private readonly folder: string;
  private readonly server: ChildProcess;
  private readonly sessions: ChildProcess[] = [];

  constructor(bin: string, folder: string, data: string, settings: readonly string[]) {
    this.bin = bin;
    this.folder = folder;
    const options = ['listen_addresses=', `unix_socket_directories=${folder}`, 'fsync=off', 'autovacuum=off'];
    const log = fs.openSync(path.join(folder, 'log'), 'w');
    this.server = spawn(
      path.join(bin, 'postgres'),
      ['-D', data, ...[...options, ...settings].flatMap((each) => ['-c', each])],
      { ...postgresUser, stdio: ['ignore', log, log] },
    );
  }

  async ready(): Promise<void> {
    await until(
      () => this.query('postgres', 'postgres', 'select 1') === '1',
      () => fs.readFileSync(path.join(this.folder, 'log'), 'utf8'),
    );
  }

  /** What a role gets for a query in a database, or the error. */
  query(role: string, database: string, sql: string, password = ''): string {
    const args = [...this.arguments(role, database), '-c', sql];
    const env = { PATH: process.env.PATH, PGPASSWORD: password };
    const { stdout, stderr } = spawnSync(path.join(this.bin, 'psql'), args, { encoding: 'utf8', env });
    return (stdout + stderr).trim();
  }

  /** Runs statements of the superuser, each on its own, and what `\gexec` makes of them. @throws where one fails */
  run(database: string, sql: string): void {
    const args = [...this.arguments('postgres', database), '-v', 'ON_ERROR_STOP=1'];
    const { status, stderr } = spawnSync(path.join(this.bin, 'psql'), args, { encoding: 'utf8', input: sql });
    if (status !== 0) throw new Error(`${database}: ${stderr}`);
  }

  /** A session that has run a statement and stays. */
  async session(database: string, sql: string, role = 'postgres', password = ''): Promise<void> {
    const child = spawn(path.join(this.bin, 'psql'), this.arguments(role, database), {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { PATH: process.env.PATH, PGPASSWORD: password },
    });
    this.sessions.push(child);
    child.stdin.write(`${sql}; select 'done';\n`);
    await once(child.stdout, 'data');
  }

  endSessions(): void {
    for (const session of this.sessions) session.kill();
  }

  async stop(): Promise<void> {
    this.endSessions();
    this.server.kill('SIGQUIT');
    await once(this.server, 'exit');
  }

  private arguments(role: string, database: string): string[] {
    return ['-X', '-h', this.folder, '-p', '5432', '-U', role, '-d', database, '-Atq'];
  }
}
