import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import * as v from 'valibot';
import type { PromiseId } from '../../promises.ts';
import { drillResultSchema, resultsFolder } from '../../synth/promises/results.ts';
import type { DrillCheck, DrillTable } from '../../synth/promises/results.ts';

export type { DrillCheck };

/** What one round of a drill came to, for one promise. */
export interface Round {
  readonly figures: Readonly<Record<string, number>>;
  /** Units of the figures, such as `s`; also of those that only other rounds have. */
  readonly units: Readonly<Record<string, string>>;
  readonly checks: readonly DrillCheck[];
  /** What was answered, where a reader wants each answer; of the last round it is kept. */
  readonly table?: DrillTable;
}

/** A part of a round, which names its units as a whole. */
export type Part = Pick<Round, 'figures' | 'checks'>;

/** What all rounds of a drill came to, for one promise. */
export interface Measured {
  readonly promise: PromiseId;
  /** What was done, in one sentence. */
  readonly drill: string;
  readonly rounds: readonly Round[];
  /** Of what was run, by name. */
  readonly versions: Readonly<Record<string, string>>;
  /** What stood in for what. */
  readonly standIns: readonly string[];
}

/** Checks of a round that did not hold. */
export function failedChecks({ checks }: Pick<Round, 'checks'>): readonly DrillCheck[] {
  return checks.filter(({ expected, got }) => expected !== got);
}

/**
 * Writes what a drill measured to where the ledger reads it: of the checks that held only their number.
 * @returns the file, relative to the root
 */
export function recordResult(root: string, measured: Measured, now = new Date()): string {
  const { promise, drill, rounds, versions, standIns } = measured;
  const result = v.parse(drillResultSchema, {
    promise,
    drill,
    date: now.toISOString().slice(0, 10),
    units: Object.assign({}, ...rounds.map(({ units }) => units)) as Round['units'],
    rounds: rounds.map(({ figures, checks }) => {
      const failed = failedChecks({ checks });
      return { figures, checks: { held: checks.length - failed.length, failed } };
    }),
    versions,
    standIns,
    table: rounds.at(-1)?.table,
    passed: rounds.every((round) => failedChecks(round).length === 0),
  });
  const file = `${resultsFolder}/${promise}.json`;
  const full = path.join(root, file);
  fs.mkdirSync(path.dirname(full), { recursive: true });
  fs.writeFileSync(`${full}.${process.pid}`, `${JSON.stringify(result, null, 2)}\n`);
  fs.renameSync(`${full}.${process.pid}`, full);
  return file;
}
