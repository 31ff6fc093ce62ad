import { execFileSync, spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import type http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { consumers } from '../../../constructs/patroni-cluster/scripts.ts';
import { LoopbackServer } from '../../support/loopback-server.ts';

// On a busy machine a Python takes a second to start.
jest.setTimeout(30_000);

export const files = path.join(import.meta.dirname, '../../../constructs/patroni-cluster/files');

/** A folder for each consumer with the files that its pods have. */
const mounted = fs.mkdtempSync(path.join(os.tmpdir(), 'patroni-mounted-'));
for (const [consumer, paths] of Object.entries(consumers)) {
  fs.mkdirSync(path.join(mounted, consumer));
  for (const file of paths) fs.copyFileSync(path.join(files, file), path.join(mounted, consumer, path.basename(file)));
}
afterAll(() => fs.rmSync(mounted, { recursive: true }));

/** Where the consumer of a program has it. */
function program(file: string): string {
  const found = Object.keys(consumers).map((consumer) => path.join(mounted, consumer, file));
  return found.find((each) => fs.existsSync(each)) ?? path.resolve(mounted, file);
}

/** No proxies, no compiled files beside the sources, and no Python that a version manager has to look for first. */
const environment: NodeJS.ProcessEnv = {
  PATH: `/usr/bin:/bin:${process.env.PATH}`,
  HOME: os.tmpdir(),
  PYTHONPATH: path.join(mounted, 'agent'),
  PYTHONDONTWRITEBYTECODE: '1',
};

/** What Python prints as JSON after `code`, where `given` is the input and the agent's modules can be imported. */
export function python(code: string, given: unknown = null): unknown {
  const program = `import json, sys\ngiven = json.load(sys.stdin)\n${code}`;
  const options = { encoding: 'utf8', env: environment, input: JSON.stringify(given) } as const;
  return JSON.parse(execFileSync('python3', ['-W', 'error', '-c', program], options));
}

/** A full backup as WAL-G lists it, `days` old, that began in segment `segment` and took ten minutes. */
export function listed(days: number, segment: number, changes: Record<string, unknown> = {}): Record<string, unknown> {
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
    ...changes,
  };
}

/** Patroni's interface as a leader without replicas has it; tests change what it answers. */
export class FakePatroni extends LoopbackServer {
  own: Record<string, unknown> = { role: 'primary', state: 'running', timeline: 1 };
  /** What the primary says, to who asks for it by the name localhost. */
  primary: Record<string, unknown> = this.own;
  configuration: Record<string, unknown> = {};
  /** All requests that change something. */
  readonly requests: {
    readonly request: string;
    readonly authorization: string | undefined;
    readonly body: unknown;
  }[] = [];

  get address(): string {
    return `http://${this.host}`;
  }

  protected async answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const answers: Record<string, unknown> = {
      '/patroni': request.headers.host?.startsWith('localhost') ? this.primary : this.own,
      '/config': this.configuration,
    };
    if (request.method !== 'GET') {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const body = JSON.parse(Buffer.concat(chunks).toString() || '{}') as Record<string, unknown>;
      this.requests.push({
        request: `${request.method} ${request.url}`,
        authorization: request.headers.authorization,
        body,
      });
      if (request.method === 'PATCH') Object.assign(this.configuration, body);
    }
    response.end(JSON.stringify(answers[request.url!] ?? {}));
  }
}

/**
 * A folder with a configuration, passwords, and programs in place of WAL-G and psql that note how they were called:
 * `<program>.calls` has a line a call, `<program>.input` what psql was given. A test replaces them by `program`.
 */
export class World {
  readonly folder = fs.mkdtempSync(path.join(os.tmpdir(), 'patroni-agent-'));
  readonly patroni = new FakePatroni();
  configuration: Record<string, unknown> = {};
  private readonly running: ChildProcess[] = [];

  async start(): Promise<void> {
    await this.patroni.start();
    this.program('walg.sh', 'case "$*" in *--json*) cat "$here/list.json" ;; esac');
    this.program(
      'psql',
      'input=$(cat); printf "%s\\n" "$input" >>"$here/psql.input"; case $input in *pg_authid*) cat "$here/verifiers.json" ;; esac',
    );
    this.list([listed(0, 9)]);
    this.write('verifiers.json', '');
    const secrets = ['replication', 'rewind', 'restapi', 'shop_owner', 'shop_app'];
    const passwords = secrets.map((name) => [name, this.write(`password-${name}`, `secret of ${name}\n`)]);
    this.configure({
      cluster: 'postgres',
      patroni: this.patroni.address,
      patroniFile: this.write('patroni.yml', 'scope: postgres'),
      walg: path.join(this.folder, 'walg.sh'),
      psql: path.join(this.folder, 'psql'),
      socketDirectory: '/run/sockets',
      dataDirectory: '/data',
      metricsPort: 0,
      intervalSeconds: 0.1,
      backups: { schedule: '0 2 * * *', keepFullDays: 30, keepWalDays: 7, minimumFulls: 2 },
      databases: [{ name: 'shop', owner: 'shop_owner', user: 'shop_app', extensions: ['pg_trgm'] }],
      passwords: Object.fromEntries(passwords) as Record<string, string>,
      tlsFiles: [],
      dynamicConfiguration: {},
    });
  }

  async stop(): Promise<void> {
    for (const child of this.running) child.kill('SIGKILL');
    await this.patroni.stop();
    fs.rmSync(this.folder, { recursive: true });
  }

  /** Sends SIGTERM to the program that was started last. */
  terminate(): void {
    this.running.at(-1)!.kill('SIGTERM');
  }

  path(name: string): string {
    return path.join(this.folder, name);
  }

  /** Replaces the file at once, as a mounted Secret is. */
  write(name: string, text: string, mode = 0o644): string {
    fs.writeFileSync(this.path(`${name}.new`), text, { mode });
    fs.renameSync(this.path(`${name}.new`), this.path(name));
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

  /** Runs a program of the folder of the construct to its end. */
  run(file: string, args: readonly string[] = [], variables: NodeJS.ProcessEnv = {}, cwd = this.folder) {
    const [interpreter, first]: [string, string[]] = file.endsWith('.py') ? ['python3', ['-W', 'error']] : ['bash', []];
    const env = { ...environment, POD_NAME: 'postgres-0', TMPDIR: this.folder, ...variables };
    const options = { encoding: 'utf8', env, cwd, timeout: 20_000 } as const;
    return spawnSync(interpreter, [...first, program(file), ...args], options);
  }

  /** The same without keeping the test from serving what the program asks for. */
  async runBeside(file: string, args: readonly string[] = [], variables: NodeJS.ProcessEnv = {}) {
    const env = { ...environment, POD_NAME: 'postgres-0', TMPDIR: this.folder, ...variables };
    const interpreter = file.endsWith('.py') ? 'python3' : 'bash';
    const child = spawn(interpreter, [program(file), ...args], { env, cwd: this.folder });
    this.running.push(child);
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    const [status] = (await once(child, 'close')) as [number];
    return { status, stdout, stderr };
  }

  /** The agent, running until the test ends. */
  agent(variables: NodeJS.ProcessEnv = {}): Agent {
    const env = { ...environment, POD_NAME: 'postgres-0', ...variables };
    const args = ['-W', 'error', program('agent.py'), '--config', this.path('agent.json')];
    const child = spawn('python3', args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
    this.running.push(child);
    return new Agent(child);
  }
}

export interface Line {
  readonly time: string;
  readonly level: string;
  readonly message: string;
  readonly [field: string]: unknown;
}

export class Agent {
  readonly lines: Line[] = [];
  readonly child: ChildProcess;

  constructor(child: ChildProcess) {
    this.child = child;
    let rest = '';
    child.stdout!.on('data', (chunk: Buffer) => {
      const lines = (rest + chunk.toString()).split('\n');
      rest = lines.pop()!;
      this.lines.push(...lines.map((line) => JSON.parse(line) as Line));
    });
  }

  /** Waits for the `count`th line with a message that fits. */
  async said(message: RegExp, count = 1): Promise<Line> {
    const fitting = () => this.lines.filter((line) => message.test(line.message));
    await until(
      () => fitting().length >= count,
      () => `${message}: ${JSON.stringify(this.lines)}`,
    );
    return fitting()[count - 1]!;
  }

  /** What it serves: the status, the type of the content, the text. */
  async get(where: string): Promise<{ status: number; type: string | null; text: string }> {
    const { port } = await this.said(/^serving metrics$/);
    const response = await fetch(`http://127.0.0.1:${String(port)}${where}`);
    return { status: response.status, type: response.headers.get('content-type'), text: await response.text() };
  }

  /** Its metrics by name; each has to carry the cluster's name and nothing else. */
  async metrics(): Promise<Record<string, number>> {
    const { text } = await this.get('/metrics.txt');
    const samples = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    return Object.fromEntries(
      samples.map((line) => {
        const [, name, value] = /^(\w+)\{cluster="postgres"\} (\S+)$/.exec(line) ?? ['', line, 'NaN'];
        return [name, Number(value)];
      }),
    );
  }

  /** Sends SIGTERM and says after how many milliseconds, and with which code, it ended. */
  async end(): Promise<{ milliseconds: number; code: number | null }> {
    const begin = Date.now();
    this.child.kill('SIGTERM');
    const [code] = (await once(this.child, 'exit')) as [number | null];
    return { milliseconds: Date.now() - begin, code };
  }
}

/** Waits at most 20 seconds. */
export async function until(condition: () => boolean | Promise<boolean>, what: () => string): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`not within 20 s: ${what()}`);
    await sleep(20);
  }
}
