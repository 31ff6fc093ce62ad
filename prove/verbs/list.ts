import process from 'node:process';
import { parseArguments } from '../../synth/arguments.ts';
import type { Output } from '../../synth/command.ts';
import { programsOf, promisesOf } from '../drills/area.ts';
import type { AnyArea } from '../drills/area.ts';
import { areas } from '../drills/index.ts';
import { markdown, writeTable } from './marked-table.ts';

const rows = Object.entries(areas as Readonly<Record<string, AnyArea>>).map(([name, area]) => ({
  ...{ name, promises: promisesOf(area), needs: area.needs, minutes: area.minutes, folder: `prove/drills/${name}` },
  ...{ programs: programsOf(area), purpose: area.purpose },
}));

/**
 * Runs `npm run prove -- list`: every area with what it proves, needs and takes.
 * @returns the exit code 0
 * @throws InputError with `--check` and a prove/drills/README.md that is not current
 */
export function listCommand(args: readonly string[], output: Output, root = process.cwd()): number {
  const flag = { type: 'boolean', default: false } as const;
  const { values } = parseArguments({ args: [...args], options: { json: flag, 'write-readme': flag, check: flag } });
  if (values.json) output.stdout.write(`${JSON.stringify(rows, null, 2)}\n`);
  else if (values['write-readme'] || values.check) {
    const table = { file: 'prove/drills/README.md', name: 'areas', text: readmeTable() };
    writeTable({ ...table, writtenBy: 'npm run prove -- list --write-readme' }, { check: values.check, root, output });
  } else output.stdout.write(plainTable());
  return 0;
}

function readmeTable(): string {
  const cells = rows.map(({ name, purpose, promises, needs, minutes }) => {
    return [`[${name}](${name}/index.ts)`, promises.join(', '), purpose, needs, String(minutes)];
  });
  return markdown(['area', 'promises', 'what it does', 'needs', 'minutes'], cells, ['minutes']);
}

function plainTable(): string {
  const cells = [
    ['AREA', 'PROMISES', 'NEEDS', 'MINUTES', 'FOLDER'],
    ...rows.map((row) => [row.name, row.promises.join(' '), row.needs, String(row.minutes), row.folder]),
  ];
  const widths = cells[0]?.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0))) ?? [];
  const line = (row: readonly string[]): string =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd();
  return `${cells.map(line).join('\n')}\n`;
}
