import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { InputError } from '../../constructs/core/error.ts';
import type { Output } from '../../synth/command.ts';
import { toolsFolder, versionOf } from './modules.ts';
import { programNames, programOf } from './programs.ts';

const begin = '<!-- programs:begin -->';
const end = '<!-- programs:end -->';

/** Runs `npm run prove -- programs`. @returns the exit code 0 @throws InputError with `--check` and a table not current */
export function programsCommand(args: readonly string[], { stdout }: Output, folder = toolsFolder): number {
  const { values } = parseArgs({ args: [...args], options: { check: { type: 'boolean', default: false } } });
  const file = path.join(folder, 'README.md');
  const then = fs.readFileSync(file, 'utf8');
  const now = withTable(then);
  if (values.check && now !== then) {
    const what = 'the table of programs is not current';
    const remedy = 'run it, and commit the page';
    throw new InputError({
      where: 'prove/tools/README.md',
      what,
      allowed: 'what npm run prove -- programs writes',
      remedy,
    });
  }
  if (now !== then) fs.writeFileSync(file, now);
  stdout.write(`prove/tools/README.md: ${now === then ? 'current' : 'written'}\n`);
  return 0;
}

function withTable(page: string): string {
  const [before, after] = [page.indexOf(begin), page.indexOf(end)];
  if (before < 0 || after < before) throw new Error(`prove/tools/README.md has lost its marks ${begin} and ${end}`);
  return `${page.slice(0, before + begin.length)}\n\n${programsTable()}\n${page.slice(after)}`;
}

/** The programs as a Markdown table, laid out like prettier does. */
export function programsTable(): string {
  const rows = programNames.map((name) => {
    const { family, purpose, seconds } = programOf(name);
    return [`\`${name}\``, versionOf(name), family, purpose, String(seconds)];
  });
  const table = [['program', 'version', 'family', 'what for', 'seconds'], ...rows];
  const widths = table[0]?.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0))) ?? [];
  const line = (cells: readonly string[]) => {
    const last = cells.length - 1;
    const padded = cells.map((cell, i) => (i === last ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)));
    return `| ${padded.join(' | ')} |\n`;
  };
  const rule = widths.map((width, i) => (i === widths.length - 1 ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width)));
  return [table[0] ?? [], rule, ...rows].map(line).join('');
}
