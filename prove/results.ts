import fs from 'node:fs';
import path from 'node:path';
import * as v from 'valibot';
import { drillResultSchema, resultsFolder } from '../synth/promises/results.ts';
import type { DrillResult } from '../synth/promises/results.ts';

/** One thing that was tried. */
export type DrillCheck = DrillResult['rounds'][number]['checks'][number];

/** What a drill measured; the date and whether it passed are added. */
export type Measured = Omit<DrillResult, 'date' | 'passed'>;

/**
 * Writes what a drill measured to where the ledger reads it.
 * @returns the checks that failed; empty when the drill passed
 */
export function recordResult(root: string, measured: Measured, now = new Date()): DrillCheck[] {
  const failed = measured.rounds.flatMap(({ checks }) => checks).filter(({ expected, got }) => expected !== got);
  const date = now.toISOString().slice(0, 10);
  const result = v.parse(drillResultSchema, { ...measured, date, passed: failed.length === 0 });
  const file = path.join(root, resultsFolder, `${result.promise}.json`);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(`${file}.${process.pid}`, `${JSON.stringify(result, null, 2)}\n`);
  fs.renameSync(`${file}.${process.pid}`, file);
  return failed;
}
