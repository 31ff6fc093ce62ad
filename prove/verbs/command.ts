import process from 'node:process';
import { InputError } from '../../constructs/core/error.ts';
import { runCommand, UsageError } from '../../synth/command.ts';
import type { Output } from '../../synth/command.ts';
import type { Command } from './index.ts';

/**
 * Runs `npm run prove -- VERB ARGUMENT...`.
 * @returns the exit code: what the verb returned, 1 refused, 2 called wrongly
 */
export function proveCommand(
  commands: Readonly<Record<string, Command>>,
  [verb = 'all', ...args]: readonly string[],
  output: Output = process,
): Promise<number> {
  const help = helpOf(commands);
  return runCommand(
    help,
    async () => {
      if (verb === '--help' || args.includes('--help')) {
        output.stdout.write(help);
        return 0;
      }
      const command = Object.hasOwn(commands, verb) ? commands[verb] : undefined;
      if (command === undefined) throw new UsageError(`there is no "${verb}"`);
      try {
        return await command.run(args, output);
      } catch (error) {
        // Not left to runCommand, which adds that nothing was written: what was built or installed before stays.
        if (!(error instanceof InputError)) throw error;
        output.stderr.write(`${error.message}\n`);
        return 1;
      }
    },
    output,
  );
}

function helpOf(commands: Readonly<Record<string, Command>>): string {
  const rows = Object.values(commands);
  const width = Math.max(...rows.map(({ usage }) => usage.length));
  const lines = rows.map(({ usage, purpose }) => `  ${usage.padEnd(width)}  ${purpose}\n`);
  return `npm run prove -- VERB

Runs the platform's real programs on one Linux machine, as root, and measures what was promised.

${lines.join('')}  ${'--help'.padEnd(width)}  this text

Programs are built into $DIPTYCH_CACHE, or diptych in the user's folder for caches.
`;
}
