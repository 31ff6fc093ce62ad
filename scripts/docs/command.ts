import process from 'node:process';
import type { Finding } from '../../constructs/core/error.ts';
import type { Output } from '../../synth/command.ts';
import { generatedCommand } from '../generated/command.ts';
import { currentPages } from './pages.ts';

const help = `npm run docs -- [OPTION]

Writes the tables of options into the pages of docs/constructs and docs/guides, between their marks, from the
documentation in the code. What stands outside of the marks is written by hand.

  --check  write nothing; exit code 1 when a page is not current
  --help   this text
`;

/** Runs `npm run docs`. @returns the exit code: 0 done, 1 refused or not current, 2 called wrongly */
export function docsCommand(root: string, args: readonly string[], output: Output = process): number {
  const files = (folder: string) => currentPages(folder);
  return generatedCommand({ help, what: 'pages of docs', files, stale: notCurrent }, root, args, output);
}

function notCurrent(file: string): Finding {
  return {
    where: file,
    what: 'the tables of options are not current',
    allowed: 'the tables that npm run docs writes',
    remedy: 'run it, and commit the page',
  };
}
