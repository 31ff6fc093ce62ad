import path from 'node:path';
import { parseArguments } from '../../synth/arguments.ts';
import type { Output } from '../../synth/command.ts';
import { toolsFolder, versionOf } from '../tools/modules.ts';
import { programNames, programOf } from '../tools/programs.ts';
import { markdown, writeTable } from './marked-table.ts';

/** Runs `npm run prove -- programs`. @returns the exit code 0 @throws InputError with `--check` and a table not current */
export function programsCommand(
  args: readonly string[],
  output: Output,
  root = path.resolve(toolsFolder, '..', '..'),
): number {
  const { values } = parseArguments({ args: [...args], options: { check: { type: 'boolean', default: false } } });
  const table = { file: 'prove/tools/README.md', name: 'programs', text: programsTable() };
  writeTable({ ...table, writtenBy: 'npm run prove -- programs' }, { check: values.check, root, output });
  return 0;
}

function programsTable(): string {
  const rows = programNames.map((name) => {
    const { family, purpose, seconds } = programOf(name);
    return [`\`${name}\``, versionOf(name), family, purpose, String(seconds)];
  });
  return markdown(['program', 'version', 'family', 'what for', 'seconds'], rows, ['seconds']);
}
