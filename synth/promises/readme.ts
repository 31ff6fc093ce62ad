import fs from 'node:fs';
import path from 'node:path';
import { InputError } from '../../constructs/core/error.ts';
import type { LedgerRow } from './ledger.ts';
import { totals } from './print.ts';

const FILE = 'README.md';
const BEGIN = '<!-- promises:begin -->';
const END = '<!-- promises:end -->';

/** README.md as it is, and as it would be with the table of these rows between its marks. */
export interface Readme {
  readonly now: string;
  readonly then: string;
}

/** @throws InputError when there is no README.md, or when it doesn't have the marks once each and in order */
export function readme(root: string, rows: readonly LedgerRow[]): Readme {
  const file = path.join(root, FILE);
  const remedy = `put ${BEGIN} and ${END} on lines of their own where the table of promises belongs`;
  if (!fs.existsSync(file)) {
    throw new InputError({
      where: FILE,
      what: 'there is no such file',
      allowed: 'a README.md with both marks',
      remedy,
    });
  }
  const now = fs.readFileSync(file, 'utf8');
  const [before, middle, ...more] = now.split(BEGIN);
  const [, after, ...rest] = (middle ?? '').split(END);
  if (before === undefined || after === undefined || more.length > 0 || rest.length > 0 || before.includes(END)) {
    const what = 'the marks of the table of promises are missing, or more than one each, or in the wrong order';
    throw new InputError({ where: FILE, what, allowed: `${BEGIN} and later ${END}, once each`, remedy });
  }
  return { now, then: `${before}${BEGIN}\n\n${markdown(rows)}\n\n${END}${after}` };
}

export function writeReadme(root: string, { then }: Readme): void {
  fs.writeFileSync(path.join(root, FILE), then);
}

/** The table in Markdown with its columns aligned, as Prettier writes it, and the totals. */
function markdown(rows: readonly LedgerRow[]): string {
  const cells = rows.map(({ id, promise, bound, proof, status, standIns }) => {
    const told = standIns.length > 0 ? `${status}, with stand-ins` : status;
    return [id, promise, bound, proof, told].map((cell) => cell.replaceAll('|', '\\|'));
  });
  const table = [['id', 'promise', 'bound', 'proof', 'status'], ...cells];
  const widths = table[0]?.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0))) ?? [];
  const rule = widths.map((width) => '-'.repeat(width));
  const [head = [], ...body] = table;
  const lines = [head, rule, ...body].map(
    (row) => `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`,
  );
  const note = 'What was measured, when and with which stand-ins: `npm run promises`.';
  return [...lines, '', `${totals(rows)}. ${note}`].join('\n');
}
