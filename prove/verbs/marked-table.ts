import fs from 'node:fs';
import path from 'node:path';
import { InputError } from '../../constructs/core/error.ts';
import type { Output } from '../../synth/command.ts';

/** A generated table of a page that is written by hand otherwise. */
export interface MarkedTable {
  /** The page, relative to the root. */
  readonly file: string;
  /** Its marks are `<!-- NAME:begin -->` and `<!-- NAME:end -->`. */
  readonly name: string;
  readonly text: string;
  /** The command that writes it. */
  readonly writtenBy: string;
}

/**
 * Writes a table into its page, or with `check` only compares.
 * @throws InputError with `check` and a table that is not current
 */
export function writeTable(
  { file, name, text, writtenBy }: MarkedTable,
  { check, root, output }: { readonly check: boolean; readonly root: string; readonly output: Output },
): void {
  const full = path.join(root, file);
  const then = fs.readFileSync(full, 'utf8');
  const [begin, end] = [`<!-- ${name}:begin -->`, `<!-- ${name}:end -->`];
  const [before, after] = [then.indexOf(begin), then.indexOf(end)];
  if (before < 0 || after < before) throw new Error(`${file} has lost its marks ${begin} and ${end}`);
  const now = `${then.slice(0, before + begin.length)}\n\n${text}\n${then.slice(after)}`;
  if (check && now !== then) {
    const what = `the table of ${name} is not current`;
    throw new InputError({
      where: file,
      what,
      allowed: `what ${writtenBy} writes`,
      remedy: 'run it, and commit the page',
    });
  }
  if (now !== then) fs.writeFileSync(full, now);
  output.stdout.write(`${file}: ${now === then ? 'current' : 'written'}\n`);
}

/** A Markdown table, laid out like prettier does; the columns named here hold numbers. */
export function markdown(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  numbers: readonly string[],
): string {
  const table = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  const isNumber = (column: number): boolean => numbers.includes(head[column] ?? '');
  const line = (cells: readonly string[]): string => {
    const padded = cells.map((cell, i) => (isNumber(i) ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)));
    return `| ${padded.join(' | ')} |\n`;
  };
  const rule = widths.map((width, i) => (isNumber(i) ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width)));
  return [head, rule, ...rows].map(line).join('');
}
