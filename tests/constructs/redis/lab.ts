import { execFile, spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import tls from 'node:tls';
import { promisify } from 'node:util';
import { root } from '../../support/committed.ts';
import { found, until } from '../../support/until.ts';
import { makeCertificate } from './certificate.ts';
import { ask } from './client.ts';

const files = path.join(root, 'constructs/redis-sentinel/files');
const users = ['app', 'replication', 'sentinel', 'backup', 'probe', 'metrics'] as const;
const run = promisify(execFile);

/** Whether this machine has what a store is made of. */
export const hasRedis = spawnSync('redis-server', ['--version']).status === 0 && process.platform === 'linux';

type Part = `member-${number}` | `sentinel-${number}`;
const numbers = [0, 1, 2] as const;
export const [members, sentinels] = [
  ['member-0', 'member-1'],
  ['sentinel-0', 'sentinel-1', 'sentinel-2'],
] as const;
const parts = [...members, ...sentinels];

/** Milliseconds after which Sentinels take a silent primary for down: where a test wants it replaced, and otherwise. */
const [soon, never] = [3000, 86_400_000];

/** Two members and three Sentinels as real processes, each with an address of the loopback network of its own. */
export class RedisLab {
  readonly folder = fs.mkdtempSync(path.join(os.tmpdir(), 'redis-lab-'));
  /** Another one for each lab of this machine. */
  private readonly net = `127.${(process.pid % 200) + 20}.${Math.floor(Math.random() * 250) + 1}`;
  private readonly variables: NodeJS.ProcessEnv;
  private readonly processes = new Map<Part, ChildProcess>();

  /** @param variables of members, beside those that all have */
  constructor(settings = 'maxmemory 64mb\nmaxmemory-policy noeviction\n', variables: NodeJS.ProcessEnv = {}) {
    this.variables = variables;
    for (const folder of ['bin', 'tls', 'secrets', 'member', 'sentinel', 'configuration'])
      fs.mkdirSync(this.at(folder));
    for (const user of users) fs.writeFileSync(this.at(`secrets/${user}`), `password-of-${user}-0123456789`);
    for (const kind of ['member', 'sentinel'] as const) {
      for (const from of ['common', 'backup', kind])
        fs.cpSync(path.join(files, from), this.at(kind), { recursive: true });
      fs.cpSync(path.join(root, 'constructs/stateful/files/archive'), this.at(kind), { recursive: true });
    }
    fs.writeFileSync(this.at('member/settings.conf'), settings);
    fs.copyFileSync(path.join(import.meta.dirname, 'fast-sentinel.sh'), this.at('bin/redis-server'));
    makeCertificate(this.at('tls'));
    for (const index of [0, 1]) fs.writeFileSync(this.at(`boot-${index}`), 'first\n');
  }

  at(name: string): string {
    return path.join(this.folder, name);
  }

  member(index: number): string {
    return `${this.net}.${10 + index}`;
  }

  sentinel(index: number): string {
    return `${this.net}.${20 + index}`;
  }

  start(part: Part): void {
    const [kind = '', index = ''] = part.split('-');
    for (const folder of ['data', 'run']) fs.mkdirSync(this.at(`${part}/${folder}`), { recursive: true });
    const log = fs.openSync(this.at(`${part}/log`), 'a');
    const address = kind === 'member' ? this.member(Number(index)) : this.sentinel(Number(index));
    const child = spawn('bash', [this.at(`${kind}/start.sh`)], {
      env: {
        ...this.environment(part),
        BIND: address,
        CONFIGURATION: this.at(kind),
        BOOT_ID: this.at(`boot-${index}`),
      },
      stdio: ['ignore', log, log],
      detached: true,
    });
    fs.closeSync(log);
    this.processes.set(part, child);
  }

  /** What the scripts of a pod find. */
  environment(part: Part): NodeJS.ProcessEnv {
    return {
      PATH: `${part.startsWith('sentinel') ? `${this.at('bin')}:` : ''}${process.env.PATH ?? ''}`,
      POD_NAME: `redis-${part.split('-')[1] ?? ''}`,
      MEMBERS: [0, 1].map((each) => this.member(each)).join(' '),
      SENTINELS: [0, 1, 2].map((each) => this.sentinel(each)).join(' '),
      ...{ PORT: '6379', SENTINEL_PORT: '26379', PRIMARY_NAME: 'redis', QUORUM: '2', REPAIR_BYTES: '1024' },
      // Shorter than production's, where a test doesn't measure them; longer, where a busy machine would be too slow.
      ...{
        DOWN_AFTER: `${soon}`,
        FAILOVER_TIMEOUT: '5000',
        PEER_SECONDS: '2',
        ASK_SECONDS: '3',
        ADMIN_SECONDS: '30',
        HAND_OVER_SECONDS: '240',
        WATCH_SECONDS: '1',
        STRAY_SECONDS: '10',
      },
      ...{ DATA: this.at(`${part}/data`), RUN: this.at(`${part}/run`), TLS_DIRECTORY: this.at('tls') },
      ...(part.startsWith('member') ? this.variables : {}),
      ...Object.fromEntries(users.map((user) => [`${user.toUpperCase()}_PASSWORD_FILE`, this.at(`secrets/${user}`)])),
    };
  }

  /** Ends a pod at once, with everything in it. */
  kill(part: Part): void {
    const pid = this.processes.get(part)?.pid;
    this.processes.delete(part);
    if (pid === undefined) return;
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // It is gone already.
    }
  }

  /** Stops a pod where it is, as when its node hangs, or lets it go on. */
  signal(part: Part, signal: 'SIGSTOP' | 'SIGCONT'): void {
    process.kill(-(this.processes.get(part)?.pid ?? 0), signal);
  }

  /** Has the clock of a Sentinel stand still, for which it takes the next minute for one in which it knows nothing. */
  async tilted(index: number): Promise<void> {
    const part: Part = `sentinel-${index}`;
    await this.admin(part, 'sentinel', 'debug', 'tilt-period', '60000');
    await this.until(`Sentinel ${index} to tilt`, async () => {
      this.signal(part, 'SIGSTOP');
      await delay(2500);
      this.signal(part, 'SIGCONT');
      return (await this.admin(part, 'info', 'sentinel')).some((line) => line.startsWith('sentinel_tilt:1'))
        ? true
        : undefined;
    });
  }

  /** Ends the server alone, as the kernel does when memory is short. */
  killServer(part: Part): void {
    const pid = this.processes.get(part)?.pid ?? 0;
    const children = fs.readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
    const server = children.find((child) => fs.readFileSync(`/proc/${child}/comm`, 'utf8').startsWith('redis-server'));
    process.kill(Number(server), 'SIGKILL');
  }

  stop(): void {
    for (const part of [...this.processes.keys()]) this.kill(part);
    fs.rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  /** A command of a user, through the network. @returns what was answered, a line each; nothing where nobody does */
  ask(host: string, user: (typeof users)[number], ...command: string[]): Promise<readonly string[]> {
    const port = host.endsWith('.10') || host.endsWith('.11') ? 6379 : 26379;
    const password = fs.readFileSync(this.at(`secrets/${user}`), 'utf8');
    return ask({ host, port, authority: fs.readFileSync(this.at('tls/ca.crt')), user, password }, command);
  }

  /** A connection that stays, of a client that asks nothing. @returns whether it is still open */
  async connection(host: string): Promise<() => boolean> {
    const socket = tls.connect({
      host,
      port: 6379,
      ca: fs.readFileSync(this.at('tls/ca.crt')),
      rejectUnauthorized: false,
    });
    let open = true;
    socket.on('close', () => (open = false)).on('error', () => undefined);
    socket.write(`AUTH app ${fs.readFileSync(this.at('secrets/app'), 'utf8')}\r\n`);
    await once(socket, 'data');
    socket.unref();
    return () => open;
  }

  /** A command with all rights, by the socket in the pod. */
  async admin(part: Part, ...command: string[]): Promise<readonly string[]> {
    const script = this.at(`${part.split('-')[0] ?? ''}/redis.sh`);
    const { stdout } = await run('bash', [script, ...command], { env: this.environment(part) }).catch(() => ({
      stdout: '',
    }));
    return stdout.trim().split('\n');
  }

  async role(index: number): Promise<string> {
    return (await this.ask(this.member(index), 'probe', 'role'))[0] ?? '';
  }

  /** As every pod begins at the first installation, with Sentinels that replace whoever is silent. */
  async begin(): Promise<void> {
    for (const part of parts) this.start(part);
    await this.whole();
  }

  /** As every pod begins at the first installation. From then on a primary is replaced where a test says so, see `replaced`. */
  async startAll(): Promise<void> {
    await this.begin();
    await this.takeForDownAfter(never);
  }

  set(on: number, key: string): Promise<readonly string[]> {
    return this.ask(this.member(on), 'app', 'set', key, key);
  }

  async get(on: number, key: string): Promise<string> {
    return (await this.ask(this.member(on), 'app', 'get', key))[0] ?? '';
  }

  /** Writes a key, and waits until the replica has it too. */
  async written(on: number, key: string): Promise<void> {
    await this.until(`${key} to be written`, async () => ((await this.set(on, key))[0] === 'OK' ? true : undefined));
    await this.until(`${key} on the replica`, async () => ((await this.get(1 - on, key)) === key ? true : undefined));
  }

  /**
   * Waits until the Sentinels have replaced a primary that is gone, and the other one takes a write. At any other time they
   * replace none: on a busy machine one that only begins again is silent for longer than any clock of theirs.
   * @returns its number
   */
  async replaced(key: string): Promise<number> {
    await this.takeForDownAfter(soon);
    const primary = await this.writable(key);
    await this.takeForDownAfter(never);
    return primary;
  }

  private async takeForDownAfter(milliseconds: number): Promise<void> {
    const command = ['sentinel', 'set', 'redis', 'down-after-milliseconds', `${milliseconds}`];
    for (const index of numbers) {
      const set = async () => ((await this.admin(`sentinel-${index}`, ...command))[0] === 'OK' ? true : undefined);
      await this.until(`Sentinel ${index} to watch the primary`, set);
    }
  }

  /** Waits until one takes a write. @returns its number */
  writable(key: string): Promise<number> {
    return this.until('a primary that takes writes', async () => {
      for (const index of [0, 1]) if ((await this.set(index, key))[0] === 'OK') return index;
      return undefined;
    });
  }

  /** What somebody was refused for want of a right, by part. */
  async refusedRights(): Promise<string[]> {
    const logs = await Promise.all(
      parts.map(async (part) => `${part}: ${(await this.admin(part, 'acl', 'log')).join(' ')}`),
    );
    return logs.filter((line) => !line.endsWith(': '));
  }

  log(part: Part): string {
    return fs.readFileSync(this.at(`${part}/log`), 'utf8');
  }

  /** What the exporter shows of a part. @param program that was built */
  async metrics(program: string, part: Part): Promise<string> {
    const script = fs.readFileSync(path.join(files, 'exporter/start.sh'), 'utf8').replace('/redis_exporter', program);
    const [kind = '', index = ''] = part.split('-');
    const host = kind === 'member' ? this.member(Number(index)) : this.sentinel(Number(index));
    const container = {
      REDIS_ADDR: `rediss://${host}:${kind === 'member' ? '6379' : '26379'}`,
      REDIS_USER: 'metrics',
      REDIS_EXPORTER_SKIP_TLS_VERIFICATION: 'true',
      METRICS_PASSWORD_FILE: this.at('secrets/metrics'),
    };
    const env = { PATH: process.env.PATH, ...container, REDIS_EXPORTER_WEB_LISTEN_ADDRESS: `${host}:9121` };
    const exporter = spawn('sh', ['-c', script], { env, stdio: 'ignore' });
    try {
      return await this.until('the exporter to answer', async () => {
        const answer = await fetch(`http://${host}:9121/metrics`).catch(() => undefined);
        return answer?.text();
      });
    } finally {
      exporter.kill('SIGKILL');
    }
  }

  /** Waits until one is the primary, the other one in step with it, and all Sentinels say so. @returns the primary's number */
  async whole(): Promise<number> {
    return this.until('one primary, and its replica', async () => {
      const roles = await Promise.all([0, 1].map((index) => this.ask(this.member(index), 'probe', 'role')));
      const primary = roles.findIndex(([role]) => role === 'master');
      const replica = roles[1 - primary];
      if (primary < 0 || replica?.[0] !== 'slave' || replica[3] !== 'connected') return undefined;
      const named = await Promise.all(
        numbers.map((index) => this.ask(this.sentinel(index), 'probe', 'sentinel', 'get-master-addr-by-name', 'redis')),
      );
      if (named.some(([address]) => address !== this.member(primary))) return undefined;
      const known = await this.ask(this.sentinel(0), 'app', 'sentinel', 'replicas', 'redis');
      const promotable = known.includes(this.member(1 - primary)) && known.includes('ok');
      // Empty while the copy is not in its log.
      const state = fs.statSync(this.at(`member-${1 - primary}/data/state`), { throwIfNoEntry: false });
      return promotable && (state?.size ?? 0) > 0 ? primary : undefined;
    });
  }

  /** Each question is an encrypted connection, or programs. */
  until<T>(what: string, look: () => T | undefined | Promise<T | undefined>): Promise<T> {
    return found(look, () => [what, this.ownLogs()].join('\n'), 200);
  }

  /** Waits until a part has said that. @param after characters of its log */
  async said(part: Part, words: string, after = 0): Promise<void> {
    const is = (): boolean => this.log(part).includes(words, after);
    await until(is, () => [`"${words}" of ${part}`, this.ownLogs()].join('\n'));
  }

  private ownLogs(): string {
    return [...this.processes.keys()]
      .map(
        (part) =>
          `${part}:\n${this.log(part)
            .split('\n')
            .filter((line) => /start\.sh|Error|#/.test(line))
            .slice(-8)
            .join('\n')}`,
      )
      .join('\n');
  }
}
