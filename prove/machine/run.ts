import { execFile } from 'node:child_process';
import { ProvingError } from './error.ts';

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

/** Like `run`, for programs that must succeed. @returns what it printed. @throws ProvingError */
export async function must(program: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const { status, stdout, stderr } = await run(program, args, options);
  if (status === 0) return stdout;
  const command = [program, ...args].join(' ');
  throw new ProvingError(
    `${command.length > 200 ? `${command.slice(0, 200)}...` : command}: exit code ${status}\n${stderr.trim()}`,
  );
}
