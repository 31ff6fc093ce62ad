import { compareEdges } from './evaluate.ts';
import type { Edge } from './evaluate.ts';

const HEADER = ['from', 'to', 'port', 'reasons'];

/** The edges as aligned columns, sorted, one line each, with a header and a final newline. */
export function matrixTable(edges: readonly Edge[]): string {
  const lines = align([HEADER, ...rows(edges)]);
  return lines.map((cells) => `${cells.join('  ').trimEnd()}\n`).join('');
}

/** The same as a Markdown table, in the layout of prettier. */
export function matrixMarkdown(edges: readonly Edge[]): string {
  const escaped = rows(edges).map((cells) => cells.map((cell) => cell.replaceAll('|', '\\|')));
  const [header = [], ...body] = align([HEADER, ...escaped]);
  const rule = header.map((cell) => '-'.repeat(cell.length));
  return [header, rule, ...body].map((cells) => `| ${cells.join(' | ')} |\n`).join('');
}

/** `shop/backend -> data/postgres TCP 5432` */
export function arrow(edge: Omit<Edge, 'reasons'>): string {
  return `${edge.from} -> ${edge.to} ${portText(edge)}`;
}

function rows(edges: readonly Edge[]): string[][] {
  return [...edges].sort(compareEdges).map((edge) => [edge.from, edge.to, portText(edge), edge.reasons.join('; ')]);
}

function portText({ protocol, port, endPort }: Omit<Edge, 'reasons'>): string {
  if (protocol === 'any') return 'any';
  return `${protocol} ${port}${endPort === undefined ? '' : `-${endPort}`}`;
}

function align(lines: readonly string[][]): string[][] {
  const widths = HEADER.map((_, column) =>
    lines.reduce((widest, cells) => Math.max(widest, cells[column]?.length ?? 0), 0),
  );
  return lines.map((cells) => cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)));
}
