import { execFileSync, spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { Size } from 'cdk8s';
import { consumers } from '../../../constructs/patroni-cluster/config-files.ts';
import { postgresqlParameters } from '../../../constructs/patroni-cluster/parameters.ts';
import { binary } from '../../../prove/tools/cache.ts';
import { patience, until } from '../../support/until.ts';

const files = path.join(import.meta.dirname, '../../../constructs/patroni-cluster/files');
/** What PostgreSQL 15 and newer lack and WAL-G 1.1.3 calls, as in the proving ground's image. */
const functions = path.join(import.meta.dirname, '../../../prove/images/recipes/files/backup-functions.sql');
const parameters = postgresqlParameters(Size.gibibytes(2), Size.gibibytes(50), false);
const bucket = 'backups';
const installed = '/usr/lib/postgresql';

/** What a test with a real archive needs of this machine; undefined where something of it isn't there. */
export function programsHere():
  { readonly postgres: string; readonly walG: string; readonly store: string } | undefined {
  const versions = fs.existsSync(installed) ? fs.readdirSync(installed) : [];
  const postgres = versions
    .map((version) => `${installed}/${version}/bin`)
    .filter((folder) => fs.existsSync(`${folder}/initdb`));
  try {
    return postgres.length === 0
      ? undefined
      : { postgres: postgres.at(-1)!, walG: binary('wal-g'), store: binary('versitygw') };
  } catch {
    return undefined;
  }
}

/** PostgreSQL refuses to run as root. */
function unprivileged(): { readonly uid?: number; readonly gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const id = (option: string): number => Number(execFileSync('id', [option, 'nobody'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  server.close();
  return port;
}

/** An S3 server, PostgreSQL servers that archive into it by the scripts of a member's pod, and those that recover from it. */
export class RealArchive {
  readonly folder = fs.mkdtempSync(path.join(os.tmpdir(), 'real-archive-'));
  readonly prefix = `s3://${bucket}/postgres/17-1`;
  private readonly programs = programsHere()!;
  private readonly user = unprivileged();
  private readonly running = new Set<ChildProcess>();
  private store: ChildProcess | undefined;
  private port = 0;

  async start(): Promise<void> {
    fs.chmodSync(this.folder, 0o777);
    fs.mkdirSync(this.path('scripts'));
    for (const file of [...consumers.members, ...consumers.restoreTest]) {
      const target = this.path(`scripts/${path.basename(file)}`);
      fs.copyFileSync(path.join(files, file), target);
      fs.chmodSync(target, 0o755);
    }
    // Where it is built, only its owner may look.
    fs.copyFileSync(this.programs.walG, this.path('wal-g'));
    fs.writeFileSync(this.path('scripts/sleep'), '#!/bin/sh\n', { mode: 0o755 });
    for (const name of ['objects', 'about']) fs.mkdirSync(this.path(name));
    fs.mkdirSync(this.path(`objects/${bucket}`));
    this.port = await freePort();
    await this.startStore();
  }

  async stop(): Promise<void> {
    for (const child of this.running) child.kill('SIGKILL');
    for (const child of this.running)
      if (child.exitCode === null && child.signalCode === null) await once(child, 'close');
    fs.rmSync(this.folder, { recursive: true, force: true });
  }

  path(name: string): string {
    return path.join(this.folder, name);
  }

  script(name: string): string {
    return this.path(`scripts/${name}`);
  }

  async startStore(): Promise<void> {
    const args = [
      `--port=127.0.0.1:${this.port}`,
      '--region=x',
      'posix',
      `--sidecar=${this.path('about')}`,
      this.path('objects'),
    ];
    const env = { ...process.env, ROOT_ACCESS_KEY: 'key', ROOT_SECRET_KEY: 'secret' };
    this.store = spawn(this.programs.store, args, { env, stdio: 'ignore' });
    this.running.add(this.store);
    await until(
      () => this.run('walg.sh', ['st', 'ls']).status === 0,
      () => `object storage answers: ${this.run('walg.sh', ['st', 'ls']).stderr}`,
    );
  }

  async stopStore(): Promise<void> {
    this.store!.kill('SIGKILL');
    await once(this.store!, 'close');
    this.running.delete(this.store!);
  }

  /** Names of the objects of the archive's WAL, without what follows the first dot. */
  archived(): string[] {
    const folder = this.walFolder();
    const names = fs.existsSync(folder) ? fs.readdirSync(folder) : [];
    return names.filter((name) => !name.includes('.partial')).map((name) => name.split('.')[0]!);
  }

  lose(segment: string): void {
    fs.rmSync(path.join(this.walFolder(), `${segment}.lz4`), { force: true });
  }

  /** Runs a script of a pod. */
  run(script: string, args: readonly string[], more: NodeJS.ProcessEnv = {}) {
    const env = { ...this.environment, ...more };
    const options = { cwd: this.folder, env, encoding: 'utf8', timeout: patience, ...this.user } as const;
    return spawnSync(script.endsWith('.py') ? 'python3' : 'bash', [this.script(script), ...args], options);
  }

  /** Makes a full backup of a server. */
  backUp(server: Server): void {
    server.attempt(fs.readFileSync(functions, 'utf8'));
    const { status, stderr } = this.run('walg.sh', ['backup-push', server.data, '--full'], {
      PGPORT: String(server.port),
    });
    if (status !== 0) throw new Error(`backup-push: ${stderr}`);
  }

  postgres(program: string, args: readonly string[]): string {
    const options = { env: this.environment, encoding: 'utf8', timeout: patience, ...this.user } as const;
    const { status, stdout, stderr } = spawnSync(`${this.programs.postgres}/${program}`, args, options);
    if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr}`);
    return stdout.trim();
  }

  /** A server's process, with these settings beside its own. */
  serve(server: Server, settings: Readonly<Record<string, string>>): ChildProcess {
    const all = {
      port: String(server.port),
      listen_addresses: '127.0.0.1',
      unix_socket_directories: this.folder,
      fsync: 'off',
      shared_buffers: '16MB',
      max_wal_senders: '4',
      ...settings,
    };
    const options = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const log = fs.openSync(server.log, 'a');
    const child = spawn(`${this.programs.postgres}/postgres`, ['-D', server.data, ...options], {
      env: this.environment,
      stdio: ['ignore', log, log],
      ...this.user,
    });
    this.running.add(child);
    child.once('close', () => this.running.delete(child));
    return child;
  }

  async server(name: string): Promise<Server> {
    return new Server(this, name, await freePort());
  }

  private walFolder(): string {
    return this.path(`objects/${bucket}/postgres/17-1/wal_005`);
  }

  private get environment(): NodeJS.ProcessEnv {
    return {
      // Nobody waits for what never comes: there is a sleep that takes no time.
      PATH: `${this.path('scripts')}:${this.programs.postgres}:/usr/bin:/bin`,
      HOME: this.folder,
      TMPDIR: this.folder,
      LC_ALL: 'C',
      PYTHONDONTWRITEBYTECODE: '1',
      WALG: this.path('wal-g'),
      // It ends before its garbage is in the way: a third of what most of its calls take.
      GOGC: 'off',
      GOMEMLIMIT: '256MiB',
      AWS_ENDPOINT: `http://127.0.0.1:${this.port}`,
      AWS_REGION: 'x',
      AWS_ACCESS_KEY_ID: 'key',
      AWS_SECRET_ACCESS_KEY: 'secret',
      AWS_S3_FORCE_PATH_STYLE: 'true',
      WALG_S3_PREFIX: this.prefix,
      WALG_PREVENT_WAL_OVERWRITE: 'true',
      WALG_S3_MAX_RETRIES: '2',
      WALG_UPLOAD_CONCURRENCY: '4',
      WALG_DOWNLOAD_CONCURRENCY: '4',
      PGUSER: 'postgres',
      PGHOST: this.folder,
    };
  }
}

/** A PostgreSQL with a data directory of its own. */
export class Server {
  readonly data: string;
  readonly log: string;
  readonly port: number;
  private readonly archive: RealArchive;
  private process: ChildProcess | undefined;

  constructor(archive: RealArchive, name: string, port: number) {
    this.archive = archive;
    this.data = archive.path(name);
    this.log = archive.path(`${name}.log`);
    this.port = port;
  }

  /** Starts it, and waits until it answers. */
  async start(settings: Readonly<Record<string, string>> = {}): Promise<void> {
    const { archive } = this;
    this.process = archive.serve(this, {
      archive_mode: 'on',
      archive_command: `${archive.script('archive-wal.sh')} "%p"`,
      restore_command: `${archive.script('restore-wal.sh')} "%f" "%p"`,
      wal_keep_size: String(parameters.wal_keep_size),
      ...settings,
    });
    const said = () => (fs.existsSync(this.log) ? fs.readFileSync(this.log, 'utf8').slice(-2000) : '');
    await until(
      () => this.ended() || this.attempt('select 1') === '1',
      () => `${this.data} answers: ${said()}`,
    );
  }

  /** Whether it doesn't run any more. */
  ended(): boolean {
    return (this.process?.exitCode ?? this.process?.signalCode ?? undefined) !== undefined;
  }

  /** Ends it as a lost node does. */
  async kill(): Promise<void> {
    // Its children see that it is gone, and end.
    this.process!.kill('SIGKILL');
    if (!this.ended()) await once(this.process!, 'close');
  }

  sql(text: string): string {
    return this.archive.postgres('psql', [
      '-X',
      '-q',
      '-A',
      '-t',
      '-v',
      'ON_ERROR_STOP=1',
      '-p',
      String(this.port),
      '-d',
      'postgres',
      '-c',
      text,
    ]);
  }

  attempt(text: string): string | undefined {
    try {
      return this.sql(text);
    } catch {
      return undefined;
    }
  }

  /** Rows enough to end a segment. @returns the segment's name */
  segment(rows = 1000): string {
    this.sql(`insert into r select g from generate_series(1, ${rows}) g`);
    return this.sql('select pg_walfile_name(pg_switch_wal())');
  }

  said(): string {
    return fs.readFileSync(this.log, 'utf8');
  }
}
