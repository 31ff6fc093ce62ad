import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';
import { InputError } from '../../constructs/core/error.ts';
import { ProvingError } from './error.ts';
import { waitFor } from './wait-for.ts';

// Without a listener a signal ends this process at once; with one, its programs learn of it first.
for (const [signal, number] of [
  ['SIGINT', 2],
  ['SIGTERM', 15],
  ['SIGHUP', 1],
] as const) {
  process.on(signal, () => process.exit(128 + number));
}

interface Running {
  readonly name: string;
  readonly child: ChildProcess;
  readonly log: string;
}

/** Programs that run while a drill does, each with a log of its own; none outlives it. */
export class Processes {
  private readonly running: Running[] = [];
  private readonly folder: string;
  private readonly kill = (): void => {
    for (const { child } of this.running) child.kill('SIGKILL');
  };

  /** @param folder where the logs are kept */
  constructor(folder: string) {
    this.folder = folder;
    fs.mkdirSync(folder, { recursive: true });
    process.once('exit', this.kill);
  }

  start(name: string, program: string, args: readonly string[], environment: NodeJS.ProcessEnv = {}): void {
    const log = path.join(this.folder, `${name}.log`);
    const output = fs.openSync(log, 'w');
    // setpriv: when this process is killed outright, the kernel kills the program too.
    const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', program, ...args], {
      stdio: ['ignore', output, output],
      env: { ...process.env, ...environment },
    });
    fs.closeSync(output);
    // Where the program can't even be started, its end is told by waitFor.
    child.on('error', (error) => fs.appendFileSync(log, `${error.message}\n`));
    this.running.push({ name, child, log });
  }

  /**
   * Asks until the answer is neither undefined nor false.
   * @throws ProvingError naming what was waited for, when it doesn't come in time or a program ends meanwhile
   */
  async waitFor<T>(
    what: string,
    seconds: number,
    ask: () => Promise<T | undefined | false> | T | undefined | false,
  ): Promise<T> {
    return waitFor(what, { atMost: seconds, see: this.folder }, async () => {
      const answer = await ask();
      if (answer !== undefined && answer !== false) return answer;
      const ended = this.running.find(({ child }) => child.exitCode !== null || child.signalCode !== null);
      if (ended === undefined) return undefined;
      throw new ProvingError(`${ended.name} ended while waiting for ${what}; its log: ${ended.log}`);
    });
  }

  /** Ends all of them, last started first. */
  async stop(): Promise<void> {
    for (const running of this.running.reverse()) await end(running);
    this.running.length = 0;
    process.off('exit', this.kill);
  }

  /** Ends one of them. @param patience seconds after which it is killed */
  async stopOne(name: string, patience = 5): Promise<void> {
    const running = this.take(name);
    if (running !== undefined) await end(running, patience);
  }

  /** Kills one of them where it is, as when its memory is too little. */
  async killOne(name: string): Promise<void> {
    const running = this.take(name);
    if (running !== undefined) await end(running, 0);
  }

  /** The most memory that one of them had so far, in mebibytes. @throws ProvingError where it doesn't run */
  mostMemory(name: string): number {
    const pid = this.running.find((running) => running.name === name)?.child.pid;
    if (pid === undefined) throw new ProvingError(`${name} does not run`);
    const [, kibibytes] = /^VmHWM:\s+(\d+)/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return Math.round(Number(kibibytes) / 1024);
  }

  private take(name: string): Running | undefined {
    const index = this.running.findIndex((running) => running.name === name);
    return this.running.splice(index, index < 0 ? 0 : 1)[0];
  }
}

/** Asks, and after so many seconds insists; with none it doesn't ask. */
async function end({ child }: Running, patience = 5): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  if (patience > 0) {
    child.kill('SIGTERM');
    await Promise.race([ended, pause(patience * 1000, undefined, { ref: false })]);
  }
  child.kill('SIGKILL');
  await ended;
}

/** Ports of the loopback interface on which nobody listens at this moment. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<net.Server>((resolve, reject) => {
          const server = net.createServer().once('error', reject);
          server.listen(0, '127.0.0.1', () => resolve(server));
        }),
    ),
  );
  const ports = servers.map((server) => (server.address() as net.AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** The programs are Linux ones. @throws InputError elsewhere */
export function checkLinux(): void {
  if (process.platform === 'linux') return;
  throw new InputError({
    where: 'the proving ground',
    what: `this is ${process.platform}`,
    allowed: 'Linux: the programs under test are',
    remedy: 'run it on a Linux machine or in a virtual one',
  });
}
