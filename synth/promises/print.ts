import type { LedgerRow } from './ledger.ts';

const COLUMNS = ['ID', 'PROMISE', 'BOUND', 'PROOF', 'STATUS', 'MEASURED'] as const;
const [PROMISE, STATUS] = [1, 4];
/** Columns of words, which may be broken; ids, kinds and statuses may not. */
const FLEXIBLE = [1, 2, 5];
const GAP = '  ';
const colourOf: Readonly<Record<string, number>> = { proven: 32, unproven: 33, stated: 36 };

export interface Look {
  /** Characters a line. */
  readonly width: number;
  readonly colours: boolean;
}

/**
 * The ledger as an aligned table, with what is to be said of a row below it, what stood in for something else, each once,
 * and the totals. Only sentences of promises are cut short where it is narrow.
 */
export function table(rows: readonly LedgerRow[], { width, colours }: Look): string {
  const standIns = [...new Set(rows.flatMap((row) => row.standIns))];
  const cells = rows.map(({ id, promise, bound, proof, status, measured, why, date }) => {
    return [id, promise, bound, proof, status, measured === null ? (why ?? '-') : `${measured} on ${date}`];
  });
  const widths = share(width, [[...COLUMNS], ...cells]);
  const printed = (row: readonly string[]): string[] =>
    linesOf(row, widths).map((line) => {
      const padded = line.map((cell, column) => {
        const text = cell.padEnd(widths[column] ?? 0);
        return colours && column === STATUS ? colour(text) : text;
      });
      return padded.join(GAP).trimEnd();
    });
  const below = ({ measured, why, standIns: own }: LedgerRow): string[] => [
    ...(measured === null || why === null ? [] : [why]),
    ...(own.length === 0 ? [] : [`stand-ins: ${ranges(own.map((each) => standIns.indexOf(each) + 1))}`]),
  ];
  const indent = widths[0] ?? 0;
  const lines = rows.flatMap((row, index) => [
    ...printed(cells[index] ?? []),
    ...below(row).flatMap((text) => hanging('', text, indent, width)),
  ]);
  const legend = standIns.flatMap((each, index) => hanging(String(index + 1), each, indent, width));
  const told = legend.length === 0 ? [] : ['', 'What stood in for something else:', ...legend];
  return [...printed([...COLUMNS]), ...lines, ...told, '', totals(rows)].join('\n');
}

/** Text with a mark before it, broken into lines that begin below each other. */
function hanging(mark: string, text: string, indent: number, width: number): string[] {
  return wrap(text, width - indent - GAP.length).map((line, index) => {
    return `${(index === 0 ? mark : '').padStart(indent)}${GAP}${line}`;
  });
}

/** Such as `1-3, 7` of 1, 2, 3 and 7. */
function ranges(numbers: readonly number[]): string {
  const sorted = [...new Set(numbers)].sort((a, b) => a - b);
  const begins = sorted.filter((number) => !sorted.includes(number - 1));
  const ends = sorted.filter((number) => !sorted.includes(number + 1));
  return begins.map((begin, index) => (begin === ends[index] ? `${begin}` : `${begin}-${ends[index]}`)).join(', ');
}

/** Such as `3 proven, 47 unproven, 1 stated of 51 promises`. */
export function totals(rows: readonly LedgerRow[]): string {
  const counts = (['proven', 'unproven', 'stated'] as const).map(
    (status) => `${rows.filter((row) => row.status === status).length} ${status}`,
  );
  return `${counts.join(', ')} of ${rows.length} promises`;
}

/** The ledger as JSON: an array with an object a promise. */
export function json(rows: readonly LedgerRow[]): string {
  const shown = rows.map(({ id, promise, bound, proof, status, measured, reason, date }) => {
    return { id, promise, bound, proof, status, measured, reason, date };
  });
  return JSON.stringify(shown, null, 2);
}

/** The widths of the columns: as wide as their texts, or the flexible ones share what is left. */
function share(width: number, rows: readonly (readonly string[])[]): number[] {
  const widths = COLUMNS.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const fixed = widths.filter((_, column) => !FLEXIBLE.includes(column)).reduce((sum, each) => sum + each, 0);
  let left = width - fixed - GAP.length * (COLUMNS.length - 1);
  const byWidth = [...FLEXIBLE].sort((a, b) => (widths[a] ?? 0) - (widths[b] ?? 0));
  byWidth.forEach((column, index) => {
    widths[column] = Math.min(widths[column] ?? 0, Math.floor(left / (byWidth.length - index)));
    left -= widths[column];
  });
  return widths;
}

/** The lines of a row: as many as its longest cell needs, the promise not counted, which gets at least two. */
function linesOf(row: readonly string[], widths: readonly number[]): string[][] {
  const wrapped = row.map((cell, column) => wrap(cell, widths[column] ?? 0));
  const height = Math.max(2, ...wrapped.map((lines, column) => (column === PROMISE ? 0 : lines.length)));
  const shown = wrapped.map((lines, column) => (column === PROMISE ? cut(lines, height, widths[column] ?? 0) : lines));
  return Array.from({ length: Math.max(...shown.map((lines) => lines.length)) }, (_, line) =>
    shown.map((lines) => lines[line] ?? ''),
  );
}

function cut(lines: readonly string[], height: number, width: number): string[] {
  if (lines.length <= height) return [...lines];
  return [...lines.slice(0, height - 1), `${(lines[height - 1] ?? '').slice(0, width - 3).trimEnd()}...`];
}

/** Breaks between words, and inside of words that are wider than a line. */
function wrap(text: string, width: number): string[] {
  const words = text.split(' ').flatMap((word) => word.match(new RegExp(`.{1,${width}}`, 'g')) ?? []);
  const lines: string[] = [];
  for (const word of words) {
    const joined = lines.length === 0 ? word : `${lines.at(-1)} ${word}`;
    if (lines.length > 0 && joined.length <= width) lines[lines.length - 1] = joined;
    else lines.push(word);
  }
  return lines;
}

function colour(text: string): string {
  const code = colourOf[text.trim()];
  return code === undefined ? text : `\u001b[${code}m${text}\u001b[39m`;
}
