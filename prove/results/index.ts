import fs from 'node:fs';
import path from 'node:path';
import * as v from 'valibot';
import { drillResultSchema, resultsFolder } from '../../synth/promises/results.ts';
import type { DrillResult } from '../../synth/promises/results.ts';

/** One thing that was tried. */
export type DrillCheck = DrillResult['rounds'][number]['checks'][number];

/** What a drill measured; the date and whether it passed are added. */
export type Measured = Omit<DrillResult, 'date' | 'passed'>;

/** The checks of all rounds that didn't come out as they should. */
export function failedChecks({ rounds }: Measured): DrillCheck[] {
  return rounds.flatMap(({ checks }) => checks).filter(({ expected, got }) => expected !== got);
}

/**
 * Writes what a drill measured to where the ledger reads it.
 * @returns the file, relative to the root
 */
export function recordResult(root: string, measured: Measured, now = new Date()): string {
  const date = now.toISOString().slice(0, 10);
  const result = v.parse(drillResultSchema, { ...measured, date, passed: failedChecks(measured).length === 0 });
  const file = `${resultsFolder}/${result.promise}.json`;
  const full = path.join(root, file);
  fs.mkdirSync(path.dirname(full), { recursive: true });
  fs.writeFileSync(`${full}.${process.pid}`, `${JSON.stringify(result, null, 2)}\n`);
  fs.renameSync(`${full}.${process.pid}`, full);
  return file;
}
