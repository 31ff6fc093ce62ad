import process from 'node:process';
import { parseArguments } from '../../../synth/arguments.ts';
import type { Output } from '../../../synth/command.ts';
import { buildPrograms } from '../../tools/build.ts';
import { missingPrograms, toolsHere } from '../../tools/cache.ts';
import type { Tools } from '../../tools/cache.ts';
import { installPackages, missingPackages } from '../../tools/packages.ts';
import { machineChecks } from './machine.ts';
import type { Check } from './machine.ts';
import { toolChecks } from './tools.ts';

/**
 * Runs `npm run prove -- doctor`: a table of everything that the proving ground needs.
 * @returns the exit code: 0 nothing is missing, 1 something is
 * @throws InputError with `--fix` where something can't be installed or built
 */
export function doctorCommand(
  args: readonly string[],
  { stdout }: Output = process,
  tools: Tools = toolsHere(),
  machine: () => readonly Check[] = () => machineChecks(),
): number {
  const { values } = parseArguments({ args: [...args], options: { fix: { type: 'boolean', default: false } } });
  if (values.fix) {
    const report = (text: string) => stdout.write(text);
    installPackages(missingPackages(tools.env), report, tools);
    buildPrograms(missingPrograms(undefined, tools), report, tools);
  }
  const checks = [...machine(), ...toolChecks(tools)];
  const width = Math.max(...checks.map(({ name }) => name.length));
  for (const { name, state, text, remedy } of checks) {
    stdout.write(`${state.padEnd(7)}  ${name.padEnd(width)}  ${text}\n`);
    if (state === 'missing' && remedy !== undefined) stdout.write(`${' '.repeat(width + 11)}remedy: ${remedy}\n`);
  }
  const missing = checks.filter(({ state }) => state === 'missing').length;
  stdout.write(missing === 0 ? '\nnothing is missing\n' : `\n${missing} of ${checks.length} to mend\n`);
  return missing === 0 ? 0 : 1;
}
