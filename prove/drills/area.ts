import path from 'node:path';
import process from 'node:process';
import type { Output } from '../../synth/command.ts';
import { UsageError } from '../../synth/command.ts';
import { checkLinux, DrillError } from '../processes.ts';
import { recordResult } from '../results.ts';
import type { Measured } from '../results.ts';
import { toolsHere } from '../tools/cache.ts';

/** A drill: runs the programs and tells what it measured. `folder` is for its state and logs. */
export type Drill = (root: string, folder: string, report: (line: string) => void) => Promise<Measured>;

/**
 * Runs an area's drill and writes what it measured into the ledger.
 * @returns the exit code: 0 passed, 1 failed
 */
export async function runArea(name: string, drill: Drill, args: readonly string[], output: Output): Promise<number> {
  if (args.length > 0) throw new UsageError(`${name} takes no arguments, but got ${args.join(' ')}`);
  checkLinux();
  const start = performance.now();
  const folder = path.join(toolsHere().cache, 'drills', name);
  try {
    const measured = await drill(process.cwd(), folder, (line) => output.stdout.write(`${line}\n`));
    const failed = recordResult(process.cwd(), measured);
    const count = measured.rounds.flatMap(({ checks }) => checks).length;
    for (const { what, expected, got } of failed) {
      output.stderr.write(`${what}\n  expected: ${expected}\n  got:      ${got}\n`);
    }
    const seconds = Math.round((performance.now() - start) / 1000);
    const result = `${measured.promise}: ${count - failed.length} of ${count} checks hold, after ${seconds} s`;
    output.stdout.write(`${result}; written to prove/results/${measured.promise}.json\n`);
    return failed.length === 0 ? 0 : 1;
  } catch (error) {
    if (!(error instanceof DrillError)) throw error;
    output.stderr.write(`${name}: ${error.message}\n`);
    return 1;
  }
}
