import path from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { InputError } from '../../constructs/core/error.ts';
import { UsageError } from '../../synth/command.ts';
import type { Output } from '../../synth/command.ts';
import { ProvingError } from '../machine/error.ts';
import { checkLinux } from '../machine/processes.ts';
import { failedChecks, recordResult } from '../results/index.ts';
import type { Measured } from '../results/index.ts';
import type { ProgramName } from '../tools/build.ts';
import { missingPrograms, remedy, toolsHere } from '../tools/cache.ts';

/** How a drill is run. */
export interface DrillRun {
  /** Of this repository. */
  readonly root: string;
  /** For its state and logs. */
  readonly folder: string;
  readonly report: (line: string) => void;
  readonly rounds: number;
}

/** Runs the programs and tells what its rounds measured: one result for each promise. */
export type Drill = (run: DrillRun) => Promise<readonly Measured[]>;

/** A drill that makes everything anew for each round. */
export function eachRound(
  once: (root: string, folder: string, report: (line: string) => void) => Promise<Measured>,
): Drill {
  return (run) => allRounds(run, async () => [await once(run.root, run.folder, run.report)]);
}

/** Does it as often as asked. @returns one result for each promise */
export async function allRounds(
  { report, rounds }: Pick<DrillRun, 'report' | 'rounds'>,
  once: () => Promise<readonly Measured[]>,
): Promise<readonly Measured[]> {
  const measured: Measured[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    if (rounds > 1) report(`round ${round} of ${rounds}`);
    measured.push(...(await once()));
  }
  return mergeRounds(measured);
}

/** One result for each promise, with the rounds of all its results in their order. */
export function mergeRounds(measured: readonly Measured[]): Measured[] {
  const promises = [...new Set(measured.map(({ promise }) => promise))];
  return promises.flatMap((promise) => {
    const own = measured.filter((each) => each.promise === promise);
    const last = own.at(-1);
    return last === undefined ? [] : [{ ...last, rounds: own.flatMap(({ rounds }) => rounds) }];
  });
}

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
    const report = (line: string): void => {
      stdout.write(`${line}\n`);
    };
    const results = await drill({ root: process.cwd(), folder, report, rounds });
    const seconds = Math.round((performance.now() - start) / 1000);
    for (const result of results) {
      const failed = failedChecks(result);
      for (const { what, expected, got } of failed) {
        stderr.write(`${what}\n  expected: ${expected}\n  got:      ${got}\n`);
      }
      const count = result.rounds.flatMap(({ checks }) => checks).length;
      report(`${result.promise}: ${count - failed.length} of ${count} checks hold${figuresOf(result)}`);
      if (record) report(`written to ${recordResult(process.cwd(), result)}`);
    }
    report(`${name}: ${seconds} s`);
    return results.every((result) => failedChecks(result).length === 0) ? 0 : 1;
  } catch (error) {
    if (!(error instanceof ProvingError)) throw error;
    stderr.write(`${name}: ${error.message}\n`);
    return 1;
  }
}

/** Such as `; failed 0 requests, healed 4.1 to 12.5 s`; empty without figures. */
function figuresOf({ rounds, units }: Measured): string {
  const figures = Object.entries(units).map(([name, unit]) => {
    const values = rounds.map(({ figures }) => figures[name] ?? 0);
    const [least, most] = [Math.min(...values), Math.max(...values)];
    return `${name} ${least === most ? '' : `${least} to `}${most} ${unit}`;
  });
  return figures.length === 0 ? '' : `; ${figures.join(', ')}`;
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
