import fs from 'node:fs';
import path from 'node:path';
import { InputError } from '../../constructs/core/error.ts';
import type { Finding } from '../../constructs/core/error.ts';
import { parseArguments } from '../../synth/arguments.ts';
import { runCommand } from '../../synth/command.ts';
import type { Output } from '../../synth/command.ts';

/** A committed file, or the part of one, that follows from something else. */
export interface GeneratedFile {
  /** Path from the root, with slashes. */
  readonly file: string;
  /** What stands there. */
  readonly then: string;
  /** What belongs there. */
  readonly now: string;
}

export interface Generated {
  readonly help: string;
  /** What the files are, in the plural. */
  readonly what: string;
  readonly files: (root: string) => readonly GeneratedFile[];
  /** Said of a file that is not current. */
  readonly stale: (file: string) => Finding;
}

/** Those that don't have what belongs there. */
export function staleOf(files: readonly GeneratedFile[]): readonly GeneratedFile[] {
  return files.filter(({ now, then }) => now !== then);
}

/** Writes files that are not current, or only looks with `--check`. @returns the exit code: 0 done, 1 not current, 2 called wrongly */
export function generatedCommand(
  { help, what, files, stale }: Generated,
  root: string,
  args: readonly string[],
  output: Output,
): number {
  return runCommand(
    help,
    () => {
      const options = {
        check: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      } as const;
      const { values } = parseArguments({ args: [...args], options });
      if (values.help) return 'help';
      const all = files(root);
      const old = staleOf(all);
      if (values.check && old.length > 0) throw new InputError(old.map(({ file }) => stale(file)));
      for (const { file, now } of old) fs.writeFileSync(path.join(root, file), now);
      const done = old.length === 0 ? 'current' : `${old.map(({ file }) => file).join(', ')} written`;
      output.stdout.write(`${all.length} ${what}: ${done}\n`);
      return 0;
    },
    output,
  );
}
