import process from 'node:process';
import { InputError } from '../constructs/core/error.ts';

/** Called in a way that the help does not describe: printed with the help, exit code 2. */
export class UsageError extends Error {}

/** Where a command prints. */
export interface Output {
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
}

/** The exit code of a command, or that its help was asked for. */
export type Answer = number | 'help';

/**
 * Runs a command and prints its help where it is asked for, and on stderr why it was refused or called wrongly. Other errors are
 * mistakes of ours and pass.
 * @param refused what a refusal leaves as it was
 * @returns the exit code: what the command returned, 0 for its help, 1 for an InputError, 2 for wrong arguments
 */
export function runCommand(help: string, command: () => Answer, output?: Output, refused?: string): number;
export function runCommand(
  help: string,
  command: () => Promise<Answer>,
  output?: Output,
  refused?: string,
): Promise<number>;
export function runCommand(
  help: string,
  command: () => Answer | Promise<Answer>,
  { stdout, stderr }: Output = process,
  refused = 'nothing was written',
): number | Promise<number> {
  const told = (answer: Answer): number => {
    if (answer !== 'help') return answer;
    stdout.write(help);
    return 0;
  };
  const explain = (error: unknown): number => {
    if (error instanceof InputError) {
      stderr.write(`${error.message}\n\n${error.findings.length} to mend; ${refused}.\n`);
      return 1;
    }
    if (isUsageError(error)) {
      // Node's advice is for commands that take files whose names begin with a dash.
      const [message = ''] = error.message.split('. To specify a positional argument');
      stderr.write(`${message}\n\n${help}`);
      return 2;
    }
    throw error;
  };
  try {
    const result = command();
    return typeof result === 'object' ? result.then(told).catch(explain) : told(result);
  } catch (error) {
    return explain(error);
  }
}

function isUsageError(error: unknown): error is Error {
  if (error instanceof UsageError) return true;
  // By its code: under jest, Node's own errors are of another realm and no instance of this one's TypeError.
  return String((error as { code?: unknown } | undefined)?.code).startsWith('ERR_PARSE_ARGS');
}
