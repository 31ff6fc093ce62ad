import { spawn } from 'node:child_process';
import process from 'node:process';
import { InputError } from '../../constructs/core/error.ts';

/** How a program ended. */
export interface Ended {
  /** The exit code; 128 where a signal ended it. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /**
   * Keeps the terminal's Ctrl-C from the program.
   * @default false
   */
  readonly shielded?: boolean;
  /** @default none */
  readonly input?: string;
  /**
   * How what it prints is read.
   * @default utf8
   */
  readonly encoding?: 'utf8' | 'latin1';
}

/** Runs a program without a shell in `folder` and waits for its end. @throws InputError where there is no such program */
export function run(
  folder: string,
  program: string,
  args: readonly string[],
  { shielded = false, input, encoding = 'utf8' }: RunOptions = {},
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    // A group of its own is what the terminal doesn't signal.
    const child = spawn(program, args, {
      cwd: folder,
      env: process.env,
      detached: shielded,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    // A program that doesn't read its input closes it; its exit code says whether that was right.
    child.stdin.on('error', () => undefined).end(input);
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding(encoding).on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') {
        reject(error);
        return;
      }
      const allowed = `${program} on the PATH`;
      reject(new InputError({ where: program, what: 'it was not found', allowed, remedy: 'install it' }));
    });
    child.on('close', (code) => resolve({ code: code ?? 128, stdout, stderr }));
  });
}

/** What kubectl has to say: lines of its own log, one for each attempt, come before that. */
export function saidByKubectl({ stdout, stderr }: Ended): string {
  return stderr.replaceAll(/^[EIW]\d{4} .*\n/gm, '').trim() || stdout.trim();
}
