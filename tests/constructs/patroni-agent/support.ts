import { execFileSync, spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import type http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { consumers } from '../../../constructs/patroni-cluster/config-files.ts';
import { LoopbackServer } from '../../support/loopback-server.ts';
import { until } from '../../support/until.ts';
import { ResidentAgent } from './resident-agent.ts';

const files = path.join(import.meta.dirname, '../../../constructs/patroni-cluster/files');

export type Consumer = keyof typeof consumers;

/** No proxies, no compiled files beside the sources, and no Python that a version manager has to look for first. */
const environment: NodeJS.ProcessEnv = {
  PATH: `/usr/bin:/bin:${process.env.PATH}`,
  HOME: os.tmpdir(),
  PYTHONDONTWRITEBYTECODE: '1',
};

/** What Python prints as JSON for this input, where it can import what the agent's pods and its jobs share. */
export function python(code: string, given: unknown): unknown {
  const env = { ...environment, PYTHONPATH: path.join(files, 'common') };
  const options = { encoding: 'utf8', env, input: JSON.stringify(given) } as const;
  return JSON.parse(execFileSync('python3', ['-W', 'error', '-c', code], options));
}

/** A full backup as WAL-G lists it, `days` old, that began in segment `segment` and took ten minutes. */
export function listed(days: number, segment: number): Record<string, unknown> {
  const finished = Date.now() - days * 86_400_000;
  const hexadecimal = (value: number) => value.toString(16).toUpperCase().padStart(8, '0');
  const start = segment * 0x1000000;
  return {
    backup_name: `base_00000001${hexadecimal(segment >> 8)}${hexadecimal(segment & 255)}`,
    start_time: new Date(finished - 600_000).toISOString(),
    finish_time: new Date(finished).toISOString(),
    start_lsn: start + 0x28,
    finish_lsn: start + 0x100,
    is_permanent: false,
  };
}

/** Patroni's interface as a leader without replicas has it; tests change what it answers. */
class FakePatroni extends LoopbackServer {
  own: Record<string, unknown> = { role: 'primary', state: 'running', timeline: 1 };
  /** What the primary says, to who asks for it by the name localhost. */
  primary: Record<string, unknown> = this.own;

  get address(): string {
    return `http://${this.host}`;
  }

  protected answer(request: http.IncomingMessage, response: http.ServerResponse): void {
    const own = request.headers.host?.startsWith('localhost') ? this.primary : this.own;
    response.end(JSON.stringify(request.url === '/patroni' ? own : {}));
  }
}

/**
 * A folder with the files that each consumer's pods have, a configuration, passwords, and programs in place of WAL-G and
 * psql that note how they were called: `<program>.calls` has a line a call. A test replaces them by `program`.
 */
export class World {
  readonly folder = fs.mkdtempSync(path.join(os.tmpdir(), 'patroni-agent-'));
  readonly patroni = new FakePatroni();
  private configuration: Record<string, unknown> = {};
  private readonly running: ChildProcess[] = [];

  async start(): Promise<void> {
    await this.patroni.start();
    for (const [consumer, paths] of Object.entries(consumers)) {
      fs.mkdirSync(this.path(consumer));
      for (const file of paths)
        fs.copyFileSync(path.join(files, file), this.path(`${consumer}/${path.basename(file)}`));
    }
    this.program('walg.sh', 'case "$*" in *--json*) cat "$here/list.json" ;; esac');
    this.program('psql', 'cat >/dev/null');
    this.list([listed(0, 9)]);
    const secrets = ['replication', 'rewind', 'restapi', 'shop_owner', 'shop_app'];
    const passwords = secrets.map((name) => [name, this.write(`password-${name}`, `secret of ${name}\n`)]);
    this.configure({
      cluster: 'postgres',
      members: 2,
      patroni: this.patroni.address,
      patroniFile: this.write('patroni.yml', 'scope: postgres'),
      walg: this.path('walg.sh'),
      psql: this.path('psql'),
      socketDirectory: '/run/sockets',
      replicationLogin: '/scripts/replication-login.sh',
      dataDirectory: '/data',
      reserveFile: this.path('reserve'),
      reserveMebibytes: 1,
      metricsPort: 0,
      intervalSeconds: 0.1,
      backups: { schedule: '0 2 * * *', keepFullDays: 30, keepWalDays: 7, minimumFulls: 2 },
      databases: [{ name: 'shop', owner: 'shop_owner', user: 'shop_app', extensions: ['pg_trgm'] }],
      passwords: Object.fromEntries(passwords) as Record<string, string>,
      connectionLimits: { shop_app: 3, shop_owner: 1 },
      tlsFiles: [],
      dynamicConfiguration: {},
    });
  }

  async stop(): Promise<void> {
    for (const child of this.running) child.kill('SIGKILL');
    await this.patroni.stop();
    fs.rmSync(this.folder, { recursive: true });
  }

  path(name: string): string {
    return path.join(this.folder, name);
  }

  write(name: string, text: string, mode = 0o644): string {
    fs.writeFileSync(this.path(name), text, { mode });
    return this.path(name);
  }

  read(name: string): string {
    return fs.existsSync(this.path(name)) ? fs.readFileSync(this.path(name), 'utf8') : '';
  }

  /** A program that notes its arguments and goes on with these lines of bash; `$here` is the folder. */
  program(name: string, lines: string): string {
    const head = `#!/bin/bash\nhere=${this.folder}\necho "$*" >>"$here/${name}.calls"\n`;
    return this.write(name, `${head}${lines}\n`, 0o755);
  }

  /** How a program was called, a line a call. */
  calls(name: string): string[] {
    return this.read(`${name}.calls`).split('\n').filter(Boolean);
  }

  /** The backups that WAL-G lists. */
  list(backups: readonly Record<string, unknown>[]): void {
    this.write('list.json', JSON.stringify(backups));
  }

  configure(changes: Record<string, unknown>): void {
    Object.assign(this.configuration, changes);
    this.write('agent.json', JSON.stringify(this.configuration));
  }

  /** Runs a program of a consumer to its end, by default as who runs this. */
  run(
    consumer: Consumer,
    file: string,
    args: readonly string[] = [],
    user?: { readonly uid: number; readonly gid: number },
  ) {
    const options = { encoding: 'utf8', env: this.environment, ...user } as const;
    return spawnSync('python3', this.arguments(consumer, file, args), options);
  }

  /** The same without waiting for its end. */
  begin(consumer: Consumer, file: string, args: readonly string[] = []): Running {
    const child = spawn('python3', this.arguments(consumer, file, args), {
      env: this.environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.running.push(child);
    return new Running(child);
  }

  /** The members' agent, to run its commands without starting Python for each. */
  agent<Line extends object>(): ResidentAgent<Line> {
    const program = path.join(import.meta.dirname, 'resident_agent.py');
    const env = { ...this.environment, PYTHONPATH: this.path('members') };
    const child = spawn('python3', ['-W', 'error', program], { env, stdio: 'pipe' });
    this.running.push(child);
    return new ResidentAgent(child);
  }

  private arguments(consumer: Consumer, file: string, args: readonly string[]): string[] {
    return ['-W', 'error', this.path(`${consumer}/${file}`), ...args];
  }

  private get environment(): NodeJS.ProcessEnv {
    return { ...environment, TMPDIR: this.folder, POD_NAME: 'postgres-0' };
  }
}

interface Line {
  readonly message: string;
  readonly [field: string]: unknown;
}

export class Running {
  /** What it wrote there so far. */
  stderr = '';
  private readonly lines: Line[] = [];
  private readonly ended: Promise<unknown[]>;
  private readonly child: ChildProcess;

  constructor(child: ChildProcess) {
    this.child = child;
    this.ended = once(child, 'close');
    let rest = '';
    child.stderr!.on('data', (chunk: Buffer) => (this.stderr += chunk.toString()));
    child.stdout!.on('data', (chunk: Buffer) => {
      const lines = (rest + chunk.toString()).split('\n');
      rest = lines.pop()!;
      this.lines.push(...lines.map((line) => JSON.parse(line) as Line));
    });
  }

  /** Waits for a line with a message that fits. */
  async said(message: RegExp): Promise<Line> {
    const found = () => this.lines.find((line) => message.test(line.message));
    await until(
      () => found() !== undefined,
      () => `${message}: ${JSON.stringify(this.lines)} ${this.stderr}`,
    );
    return found()!;
  }

  /** The metrics that the agent serves, by name; each has to carry the cluster's name and nothing else. */
  async metrics(): Promise<Record<string, number>> {
    const { port } = await this.said(/^serving metrics$/);
    const response = await fetch(`http://127.0.0.1:${String(port)}/metrics.txt`);
    const text = await response.text();
    const samples = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    return Object.fromEntries(
      samples.map((line) => {
        const [, name, value] = /^(\w+)\{cluster="postgres"\} (\S+)$/.exec(line) ?? ['', line, 'NaN'];
        return [name, Number(value)];
      }),
    );
  }

  /** Sends SIGTERM and gives the code it ended with, which is null if it did not do so by itself. */
  async end(): Promise<number | null> {
    this.child.kill('SIGTERM');
    return (await this.ended)[0] as number | null;
  }
}
