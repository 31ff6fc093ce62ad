import type { DrillProof, Measure, PromiseEntry, Proof, StaticProof } from './entry.ts';
import { testTitles } from './named-tests.ts';
import { readResults } from './results.ts';
import type { DrillResult } from './results.ts';

/** `stated`: all that can be proven here is, and a part of the promise cannot. */
export type Status = 'proven' | 'unproven' | 'stated';

/** A promise against what is known of it. */
export interface LedgerRow {
  readonly id: string;
  readonly promise: string;
  readonly bound: string;
  /** The kinds of its proofs, such as `static + drill`. */
  readonly proof: string;
  readonly status: Status;
  /** Worst round and median of each figure, and how many checks held; null if no drill has run. */
  readonly measured: string | null;
  /** Why it is not proven, or what stood in for what when it was; null if there is nothing to say. */
  readonly reason: string | null;
  /** The same without what stood in. */
  readonly why: string | null;
  /** Day of the measurement in UTC. */
  readonly date: string | null;
  /** What stood in for what during the drill; also told in the reason. */
  readonly standIns: readonly string[];
}

/** The status of every promise, in the order of the table. @throws InputError when the result of a drill is malformed */
export function ledger(root: string, promises: readonly PromiseEntry[]): LedgerRow[] {
  const results = readResults(root, promises);
  return promises.map((entry) => rowOf(root, entry, results.get(entry.id)));
}

/**
 * The tests that the table names and that their files do not have. A file that is still to be written leaves its promise
 * unproven; a name that a file no longer has is a mistake.
 */
export function missingTests(
  root: string,
  promises: readonly PromiseEntry[],
): { readonly id: string; readonly problem: string }[] {
  return promises.flatMap(({ id, proofs }) =>
    proofs.flatMap((proof) => {
      if (proof.kind !== 'static' || testTitles(root, proof.test) === undefined) return [];
      const problem = testProblem(root, proof);
      return problem === undefined ? [] : { id, problem };
    }),
  );
}

function rowOf(root: string, { id, promise, bound, proofs }: PromiseEntry, result: DrillResult | undefined): LedgerRow {
  const halves = proofs.map((proof) => ({ proof, problem: problemOf(root, proof, result) }));
  const unproven = halves.some(({ problem }) => problem !== undefined);
  const stated = proofs.some(({ kind }) => kind === 'stated');
  // What cannot be proven matters only when all the rest is.
  const shown = unproven ? halves.filter(({ proof }) => proof.kind !== 'stated') : stated ? halves : [];
  const told = shown.map(({ proof, problem }) => tell(proof, problem, proofs.length > 1));
  const standIns = result?.standIns ?? [];
  const all = standIns.length > 0 ? [...told, `stand-ins: ${standIns.join(', ')}`] : told;
  return {
    id,
    promise,
    bound,
    proof: proofs.map(({ kind }) => kind).join(' + '),
    status: unproven ? 'unproven' : stated ? 'stated' : 'proven',
    measured: result === undefined ? null : measured(result, proofs),
    reason: all.length === 0 ? null : all.join('; '),
    why: told.length === 0 ? null : told.join('; '),
    date: result?.date ?? null,
    standIns,
  };
}

/** Why a proof does not hold; undefined when it does, or when nothing could show it here. */
function problemOf(root: string, proof: Proof, result: DrillResult | undefined): string | undefined {
  switch (proof.kind) {
    case 'static':
      return testProblem(root, proof);
    case 'drill':
      return result === undefined ? 'no drill has run yet' : drillProblem(proof, result);
    case 'stated':
      return undefined;
  }
}

function testProblem(root: string, { test, name }: StaticProof): string | undefined {
  const titles = testTitles(root, test);
  if (titles === undefined) return `there is no ${test} yet`;
  return titles.has(name) ? undefined : `${test} has no test '${name}'`;
}

function drillProblem({ measures = {} }: DrillProof, { rounds, passed }: DrillResult): string | undefined {
  const over = Object.entries(measures).flatMap(([name, measure]) => {
    const worst = worstOf(measure, valuesOf(rounds, name));
    const broken = brokenLimit(measure, worst);
    return broken === undefined ? [] : `${name} ${withUnit(worst, measure)} in the worst round, not ${broken}`;
  });
  const { held, failed } = checksOf(rounds);
  const [first] = failed;
  if (first !== undefined) {
    const count = `${failed.length} of ${held + failed.length} checks failed`;
    over.push(`${count}, first "${first.what}": expected ${first.expected}, got ${first.got}`);
  }
  if (!passed && over.length === 0) over.push('the drill says that it failed');
  return over.length === 0 ? undefined : over.join('; ');
}

function tell(proof: Proof, problem: string | undefined, named: boolean): string {
  const { kind } = proof;
  if (problem !== undefined) return named ? `${kind}: ${problem}` : problem;
  if (kind !== 'stated') return `${kind} holds`;
  const words = proof.check === undefined ? proof.reason : `${proof.reason} (on the real thing: ${proof.check})`;
  return named ? `${kind}: ${words}` : words;
}

function measured({ rounds }: DrillResult, proofs: readonly Proof[]): string {
  const measures = proofs.flatMap((proof) => (proof.kind === 'drill' ? Object.entries(proof.measures ?? {}) : []));
  const parts = measures.map(([name, measure]) => {
    const values = valuesOf(rounds, name);
    const median = values.length > 1 ? ` (median ${medianOf(values)})` : '';
    return `${name} ${withUnit(worstOf(measure, values), measure)}${median}`;
  });
  const { held, failed } = checksOf(rounds);
  if (held + failed.length > 0) parts.push(`${held} of ${held + failed.length} checks`);
  if (rounds.length > 1) parts.push(`${rounds.length} rounds`);
  return parts.join(', ');
}

function valuesOf(rounds: DrillResult['rounds'], name: string): number[] {
  return rounds.flatMap(({ figures }) => figures[name] ?? []);
}

function checksOf(rounds: DrillResult['rounds']) {
  return {
    held: rounds.reduce((sum, { checks }) => sum + checks.held, 0),
    failed: rounds.flatMap(({ checks }) => checks.failed),
  };
}

function worstOf(measure: Measure, values: readonly number[]): number {
  return measure.atLeast === undefined ? Math.max(...values) : Math.min(...values);
}

function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)] ?? NaN;
  const lower = sorted[Math.ceil(sorted.length / 2) - 1] ?? NaN;
  return Math.round(((lower + upper) / 2) * 1000) / 1000;
}

/** The limit that a value breaks, in words. */
function brokenLimit({ below, atMost, atLeast, unit }: Measure, value: number): string | undefined {
  if (below !== undefined && !(value < below)) return `< ${below} ${unit}`;
  if (atMost !== undefined && !(value <= atMost)) return `<= ${atMost} ${unit}`;
  if (atLeast !== undefined && !(value >= atLeast)) return `>= ${atLeast} ${unit}`;
  return undefined;
}

function withUnit(value: number, { unit }: Measure): string {
  return `${value} ${unit}`;
}
