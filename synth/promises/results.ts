import fs from 'node:fs';
import path from 'node:path';
import * as v from 'valibot';
import { schemaFindings } from '../../config/findings.ts';
import { InputError } from '../../constructs/core/error.ts';
import type { Finding } from '../../constructs/core/error.ts';
import type { DrillProof, PromiseEntry } from './entry.ts';

// Every message below is the "allowed" line of an error: it says what would be right.

const text = (what: string) => v.pipe(v.string(what), v.regex(/\S/, `${what}, not empty`));

const day = v.pipe(
  v.string('a day'),
  v.check((date) => isDay(date), 'a day in UTC, such as 2026-11-23'),
);

const round = v.strictObject({
  figures: v.optional(
    v.record(
      text('the name of a figure'),
      v.pipe(v.number('a number'), v.finite('a finite number'), v.minValue(0, '0 or more')),
    ),
    {},
  ),
  checks: v.optional(
    v.strictObject({
      held: v.pipe(v.number('how many held'), v.integer('a whole number'), v.minValue(0, '0 or more')),
      failed: v.array(
        v.strictObject({
          what: text('what was tried'),
          expected: text('what should happen'),
          got: text('what happened'),
        }),
        'a list of the checks that failed',
      ),
    }),
    { held: 0, failed: [] },
  ),
});

/**
 * What a drill writes to prove/results/PROMISE.json. A round is one run of the whole drill; checks that held are counted. Limits are not repeated
 * here: they are those of promises.ts, so that a stronger promise judges older measurements too.
 *
 *     {
 *       "promise": "pg-failover",
 *       "drill": "kill -9 of the primary's postgres under 50 writes a second",
 *       "date": "2026-11-23",
 *       "units": { "outage": "s" },
 *       "rounds": [
 *         { "figures": { "outage": 8.4 } },
 *         { "figures": { "outage": 7.9 },
 *           "checks": { "held": 6, "failed": [{ "what": "who leads", "expected": "another one", "got": "postgres-0" }] } }
 *       ],
 *       "versions": { "patroni": "4.1.5", "postgresql": "15.20" },
 *       "standIns": ["two network namespaces of one machine for two nodes"],
 *       "passed": false
 *     }
 */
export const drillResultSchema = v.strictObject({
  promise: text('the id of the promise, as in the name of the file'),
  drill: text('what was done, in one sentence'),
  date: day,
  units: v.optional(v.record(text('the name of a figure'), text('the unit of the figure, such as s')), {}),
  rounds: v.pipe(v.array(round, 'a list of rounds'), v.minLength(1, 'at least one round')),
  versions: v.pipe(
    v.record(text('the name of a program'), text('the version of the program')),
    v.check((versions) => Object.keys(versions).length > 0, 'the version of at least one program that was run'),
  ),
  standIns: v.array(text('what stood in for what'), 'a list of what stood in for what, empty if nothing did'),
  /** Each answer, where a reader wants to see them all. */
  table: v.optional(
    v.strictObject({ columns: v.array(text('the name of a column')), rows: v.array(v.array(v.string())) }),
  ),
  passed: v.boolean('true, or false if anything that the drill asserts failed'),
});

export type DrillResult = v.InferOutput<typeof drillResultSchema>;

/** What was tried, what should have come of it, and what did. */
export type DrillCheck = DrillResult['rounds'][number]['checks']['failed'][number];

export type DrillTable = NonNullable<DrillResult['table']>;

/** Where the drills write, relative to the root of the repository. */
export const resultsFolder = 'prove/results';

/** The results of all drills by promise. @throws InputError with everything that is wrong with any of the files */
export function readResults(root: string, promises: readonly PromiseEntry[]): ReadonlyMap<string, DrillResult> {
  const folder = path.join(root, resultsFolder);
  const names = fs.existsSync(folder) ? fs.readdirSync(folder).sort() : [];
  const findings: Finding[] = [];
  const results = new Map<string, DrillResult>();
  for (const name of names.filter((each) => each.endsWith('.json'))) {
    const file = `${resultsFolder}/${name}`;
    const id = path.basename(name, '.json');
    const proof = promises.find((entry) => entry.id === id)?.proofs.find((each) => each.kind === 'drill');
    const result = parseResult(file, fs.readFileSync(path.join(folder, name), 'utf8'), findings);
    if (result === undefined) continue;
    findings.push(...mismatches(file, id, result, proof));
    results.set(id, result);
  }
  if (findings.length > 0) throw new InputError(findings);
  return results;
}

function parseResult(file: string, json: string, findings: Finding[]): DrillResult | undefined {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    const what = `not JSON: ${(error as SyntaxError).message}`;
    findings.push({ where: file, what, allowed: 'the JSON that a drill writes', remedy: 'run the drill again' });
    return undefined;
  }
  const problems = schemaFindings(file, drillResultSchema, value);
  findings.push(...problems);
  return problems.length === 0 ? v.parse(drillResultSchema, value) : undefined;
}

/** What the schema cannot know: the promise that the result is for. */
function mismatches(file: string, id: string, result: DrillResult, proof: DrillProof | undefined): Finding[] {
  if (proof === undefined) {
    const allowed = 'a file for each promise with a drill, named by the id of the promise';
    return [{ where: file, what: `no promise "${id}" with a drill`, allowed, remedy: 'rename or remove the file' }];
  }
  const findings: Finding[] = [];
  const refuse = (at: string, what: string, allowed: string): void => {
    findings.push({ where: `${file}: ${at}`, what, allowed, remedy: 'correct the drill, and run it again' });
  };
  if (result.promise !== id) refuse('promise', `got "${result.promise}"`, `"${id}", as in the name of the file`);
  const measures = Object.entries(proof.measures ?? {});
  for (const [name, { unit }] of measures) {
    const given = result.units[name];
    if (given !== unit) refuse(`units.${name}`, given === undefined ? 'the value is missing' : `got "${given}"`, unit);
  }
  result.rounds.forEach(({ figures, checks }, index) => {
    for (const [name, { unit }] of measures) {
      if (figures[name] === undefined) refuse(`rounds.${index}.figures.${name}`, 'the value is missing', unit);
    }
    for (const name of Object.keys(figures).filter((each) => result.units[each] === undefined)) {
      refuse(`units.${name}`, 'the value is missing', 'the unit of every figure');
    }
    if (measures.length === 0 && checks.held + checks.failed.length === 0) {
      refuse(`rounds.${index}.checks`, 'there are none', 'at least one check: this promise has no figures');
    }
  });
  return findings;
}

function isDay(date: string): boolean {
  const parsed = new Date(`${date}T00:00:00Z`);
  return /^\d{4}-\d\d-\d\d$/.test(date) && !Number.isNaN(parsed.getTime()) && parsed.toISOString().startsWith(date);
}
