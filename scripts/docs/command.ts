import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { InputError } from '../../constructs/core/error.ts';
import { runCommand } from '../../synth/command.ts';
import type { Output } from '../../synth/command.ts';
import { currentPages } from './pages.ts';

const help = `npm run docs -- [OPTION]

Writes the tables of options into docs/constructs/*.md, between their marks, from the documentation in the code. What
stands outside of the marks is written by hand.

  --check  write nothing; exit code 1 when a page is not current
  --help   this text
`;

/** Runs `npm run docs`. @returns the exit code: 0 done, 1 refused or not current, 2 called wrongly */
export function docsCommand(root: string, args: readonly string[], output: Output = process): number {
  return runCommand(
    help,
    () => {
      const options = {
        check: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      } as const;
      const { values } = parseArgs({ args: [...args], options });
      if (values.help) {
        output.stdout.write(help);
        return 0;
      }
      const pages = currentPages(root);
      const stale = pages.filter(({ now, then }) => now !== then);
      if (values.check && stale.length > 0) throw new InputError(stale.map(({ file }) => notCurrent(file)));
      for (const { file, now } of stale) fs.writeFileSync(path.join(root, file), now);
      const done =
        stale.length === 0 ? 'current' : `${stale.map(({ file }) => path.basename(file)).join(', ')} written`;
      output.stdout.write(`${pages.length} pages of docs/constructs: ${done}\n`);
      return 0;
    },
    output,
  );
}

function notCurrent(file: string) {
  return {
    where: file,
    what: 'the tables of options are not current',
    allowed: 'the tables that npm run docs writes',
    remedy: 'run it, and commit the page',
  };
}
