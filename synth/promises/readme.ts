import fs from 'node:fs';
import path from 'node:path';
import { InputError } from '../../constructs/core/error.ts';
import { figureText } from './duration.ts';
import type { LedgerRow } from './ledger.ts';
import { totals } from './print.ts';
import type { DrillResult } from './results.ts';

/** A page that is written by hand, but for what stands between its marks: as it is, and as it would be. */
export interface MarkedPage {
  readonly file: string;
  /** What stands there, such as `promises`. */
  readonly name: string;
  readonly now: string;
  readonly then: string;
}

/** A page that has the figures of a promise, between the marks `figures`. */
export interface FiguresPage {
  readonly file: string;
  /** Its id. */
  readonly promise: string;
}

/** Pages that whoever reads them plans by. */
export const figuresPages: readonly FiguresPage[] = [
  { file: 'docs/runbooks/disaster-recovery.md', promise: 'both-down' },
];

/** @throws InputError when there is no README.md, or when it doesn't have the marks once each and in order */
export function readme(root: string, rows: readonly LedgerRow[]): MarkedPage {
  return marked(root, 'README.md', 'promises', markdown(rows));
}

/** @throws InputError when there is no such page, or when it doesn't have the marks once each and in order */
export function figuresPage(root: string, { file }: FiguresPage, result: DrillResult | undefined): MarkedPage {
  return marked(root, file, 'figures', figures(result));
}

function marked(root: string, file: string, name: string, text: string): MarkedPage {
  const [begin, end] = [`<!-- ${name}:begin -->`, `<!-- ${name}:end -->`];
  const remedy = `put ${begin} and ${end} on lines of their own where the table of ${name} belongs`;
  const full = path.join(root, file);
  if (!fs.existsSync(full)) {
    const allowed = `a ${file} with both marks`;
    throw new InputError({ where: file, what: 'there is no such file', allowed, remedy });
  }
  const now = fs.readFileSync(full, 'utf8');
  const [before, middle, ...more] = now.split(begin);
  const [, after, ...rest] = (middle ?? '').split(end);
  if (before === undefined || after === undefined || more.length > 0 || rest.length > 0 || before.includes(end)) {
    const what = `the marks of the table of ${name} are missing, or more than one each, or in the wrong order`;
    throw new InputError({ where: file, what, allowed: `${begin} and later ${end}, once each`, remedy });
  }
  return { file, name, now, then: `${before}${begin}\n\n${text}\n\n${end}${after}` };
}

export function writePage(root: string, { file, then }: MarkedPage): void {
  fs.writeFileSync(path.join(root, file), then);
}

/** The table of the ledger, and the totals. */
function markdown(rows: readonly LedgerRow[]): string {
  const cells = rows.map(({ id, promise, bound, proof, status, standIns }) => {
    const told = standIns.length > 0 ? `${status}, with stand-ins` : status;
    return [id, promise, bound, proof, told];
  });
  const note = 'What was measured, when and with which stand-ins: `npm run promises`.';
  return [...aligned(['id', 'promise', 'bound', 'proof', 'status'], cells), '', `${totals(rows)}. ${note}`].join('\n');
}

/** Each figure at its largest, in the order in which the drill names them. */
function figures(result: DrillResult | undefined): string {
  if (result === undefined) return 'Not measured yet.';
  const { date, rounds, units } = result;
  const names = [...new Set(rounds.flatMap((round) => Object.keys(round.figures)))];
  const cells = names.map((name) => {
    const largest = Math.max(...rounds.map((round) => round.figures[name] ?? 0));
    return [name, figureText(largest, units[name] ?? '')];
  });
  const count = rounds.length === 1 ? 'one round' : `${rounds.length} rounds, of which this is the slowest of each`;
  return [...aligned(['what', 'measured'], cells), '', `On ${date}, in ${count}.`].join('\n');
}

/** A table in Markdown with its columns aligned, as Prettier writes it. */
function aligned(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const table = [head, ...rows].map((row) => row.map((cell) => cell.replaceAll('|', '\\|')));
  const widths = head.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  const [first = [], ...body] = table;
  return [first, widths.map((width) => '-'.repeat(width)), ...body].map(
    (row) => `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`,
  );
}
