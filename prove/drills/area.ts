import path from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { InputError } from '../../constructs/core/error.ts';
import { UsageError } from '../../synth/command.ts';
import type { Output } from '../../synth/command.ts';
import { checkLinux, DrillError } from '../processes.ts';
import { failedChecks, recordResult } from '../results.ts';
import type { Measured } from '../results.ts';
import { missingPrograms, remedy, toolsHere } from '../tools/cache.ts';
import type { ProgramName } from '../tools/build.ts';

/** A drill: runs the programs and tells what one round measured. `folder` is for its state and logs. */
export type Drill = (root: string, folder: string, report: (line: string) => void) => Promise<Measured>;

export interface Area {
  readonly purpose: string;
  /** What has to be built. */
  readonly programs: readonly ProgramName[];
  readonly drill: Drill;
}

/**
 * Runs the drill of an area and writes what it measured into the ledger.
 * @returns the exit code: 0 passed, 1 failed
 * @throws InputError where a program isn't built
 */
export async function runArea(
  name: string,
  { programs, drill }: Area,
  args: readonly string[],
  { stdout, stderr }: Output,
): Promise<number> {
  const { rounds, record } = optionsOf(args);
  checkLinux();
  checkBuilt(name, programs);
  const start = performance.now();
  const folder = path.join(toolsHere().cache, 'drills', name);
  try {
    const measured: Measured[] = [];
    for (let round = 1; round <= rounds; round += 1) {
      if (rounds > 1) stdout.write(`round ${round} of ${rounds}\n`);
      measured.push(await drill(process.cwd(), folder, (line) => stdout.write(`${line}\n`)));
    }
    const [first] = measured;
    if (first === undefined) throw new TypeError('no round was run');
    const all = { ...first, rounds: measured.flatMap((each) => each.rounds) };
    const failed = failedChecks(all);
    for (const { what, expected, got } of failed) {
      stderr.write(`${what}\n  expected: ${expected}\n  got:      ${got}\n`);
    }
    const count = all.rounds.flatMap(({ checks }) => checks).length;
    const seconds = Math.round((performance.now() - start) / 1000);
    stdout.write(`${all.promise}: ${count - failed.length} of ${count} checks hold, after ${seconds} s\n`);
    if (record) stdout.write(`written to ${recordResult(process.cwd(), all)}\n`);
    return failed.length === 0 ? 0 : 1;
  } catch (error) {
    if (!(error instanceof DrillError)) throw error;
    stderr.write(`${name}: ${error.message}\n`);
    return 1;
  }
}

function optionsOf(args: readonly string[]): { readonly rounds: number; readonly record: boolean } {
  const { values } = parseArgs({
    args: [...args],
    options: { rounds: { type: 'string', default: '1' }, 'no-record': { type: 'boolean', default: false } },
  });
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1)
    throw new UsageError(`--rounds ${values.rounds}: a whole number, 1 or more`);
  return { rounds, record: !values['no-record'] };
}

function checkBuilt(area: string, programs: readonly ProgramName[]): void {
  const missing = missingPrograms(programs);
  if (missing.length === 0) return;
  throw new InputError({
    where: `area ${area}`,
    what: `not built: ${missing.join(', ')}`,
    allowed: `${programs.join(', ')}, built`,
    remedy: `npm run prove -- build ${area}, or all: ${remedy}`,
  });
}
