import { execFile } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';

/** The proving ground failed: printed without a stack. */
export class ClusterError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ClusterError';
  }
}

export interface Result {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly input?: string;
  /** In seconds; after them the program is killed. @default 60 */
  readonly timeout?: number;
  readonly env?: NodeJS.ProcessEnv;
  /** Folder to run in. @default this program's */
  readonly cwd?: string;
}

/** Runs a program to its end; status -1 where it was killed, 127 where there is none. Never throws. */
export function run(program: string, args: readonly string[], options: RunOptions = {}): Promise<Result> {
  const { input, timeout = 60, env, cwd } = options;
  return new Promise((resolve) => {
    // When this process is killed outright, the kernel kills the program too.
    const child = execFile(
      'setpriv',
      ['--pdeathsig', 'KILL', '--', program, ...args],
      { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024, timeout: timeout * 1000, killSignal: 'SIGKILL', env, cwd },
      (error, stdout, stderr) => {
        if (error === null) resolve({ status: 0, stdout, stderr });
        else if (typeof error.code === 'number') resolve({ status: error.code, stdout, stderr });
        else
          resolve({
            status: -1,
            stdout,
            stderr: `${stderr}${error.killed ? `killed after ${timeout} s` : error.message}`,
          });
      },
    );
    // A program that doesn't read its input closes it; its exit code says whether that was right.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input ?? '');
  });
}

/** Like `run`, for programs that must succeed. @returns what it printed. @throws ClusterError */
export async function must(program: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const { status, stdout, stderr } = await run(program, args, options);
  if (status === 0) return stdout;
  const command = [program, ...args].join(' ');
  throw new ClusterError(
    `${command.length > 200 ? `${command.slice(0, 200)}...` : command}: exit code ${status}\n${stderr.trim()}`,
  );
}

/** Where the proving ground reports what it does, and whether somebody wants it to stop. */
export interface Progress {
  readonly report: (line: string) => void;
  readonly signal?: AbortSignal;
}

export interface WaitOptions {
  /** In seconds. */
  readonly atMost: number;
  /** In milliseconds. @default 100 */
  readonly every?: number;
  /** Where to read more, named when it takes too long. */
  readonly see?: string;
  readonly signal?: AbortSignal;
}

/**
 * Waits until the condition gives something else than undefined or false.
 * @returns what it gave. @throws ClusterError after `atMost` seconds, or when the signal is aborted
 */
export async function waitFor<Value>(
  what: string,
  { atMost, every = 100, see, signal }: WaitOptions,
  condition: () => Value | undefined | false | Promise<Value | undefined | false>,
): Promise<Value> {
  const start = performance.now();
  for (;;) {
    stopIfAsked(signal);
    const value = await condition();
    if (value !== undefined && value !== false) return value;
    if (performance.now() - start > atMost * 1000) {
      throw new ClusterError(`waited ${atMost} s for ${what}, in vain${see === undefined ? '' : `; see ${see}`}`);
    }
    await delay(every);
  }
}

/** @throws ClusterError when the signal is aborted */
export function stopIfAsked(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new ClusterError('interrupted');
}
