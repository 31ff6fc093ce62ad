import process from 'node:process';
import { environmentInput } from '../../config/index.ts';
import { InputError } from '../../constructs/core/error.ts';
import { parseArguments } from '../../synth/arguments.ts';
import { UsageError } from '../../synth/command.ts';
import type { Output } from '../../synth/command.ts';
import { programsOf } from '../drills/area.ts';
import type { AnyArea } from '../drills/area.ts';
import { areas } from '../drills/index.ts';
import { runRounds } from '../drills/run.ts';
import { ProvingError } from '../machine/error.ts';
import { checkLinux } from '../machine/processes.ts';
import { recordDeliveries } from '../results/deliveries.ts';
import { failedChecks, recordResult } from '../results/index.ts';
import type { Measured } from '../results/index.ts';
import { missingPrograms, remedy } from '../tools/cache.ts';

/** Arguments of every verb that runs areas. */
export const areaUsage = '[--rounds N] [--environment NAME] [--no-record]';

/**
 * Runs the drills of an area and writes what they measured into the ledger.
 * @returns the exit code: 0 passed, 1 failed
 * @throws InputError where a program isn't built
 */
export async function runArea(
  name: string,
  area: AnyArea,
  args: readonly string[],
  { stdout, stderr }: Output,
): Promise<number> {
  const { record, ...options } = optionsOf(args);
  checkAsked(name, area, options.environment);
  checkSamples(name, area, options.samples);
  checkLinux();
  checkBuilt(name, area);
  const start = performance.now();
  const report = (line: string): void => {
    stdout.write(`${line}\n`);
  };
  try {
    const { results, told } = await runRounds(name, area, { ...options, report });
    for (const result of results) {
      for (const { what, expected, got } of result.rounds.flatMap(failedChecks)) {
        stderr.write(`${what}\n  expected: ${expected}\n  got:      ${got}\n`);
      }
      report(summary(result));
      if (record) report(`written to ${recordResult(process.cwd(), result)}`);
    }
    if (record) recordDeliveries(process.cwd(), name, told);
    report(`${name}: ${Math.round((performance.now() - start) / 1000)} s`);
    return results.flatMap(({ rounds }) => rounds.flatMap(failedChecks)).length === 0 ? 0 : 1;
  } catch (error) {
    if (!(error instanceof ProvingError)) throw error;
    stderr.write(`${name}: ${error.message}\n`);
    return 1;
  }
}

/** Such as `gitops-heal: 3 of 3 checks hold; failed 0 requests, healed 4.1 to 12.5 s`. */
function summary({ promise, rounds }: Measured): string {
  const count = rounds.flatMap(({ checks }) => checks).length;
  const held = count - rounds.flatMap(failedChecks).length;
  const units = Object.assign({}, ...rounds.map((round) => round.units)) as Readonly<Record<string, string>>;
  const figures = Object.entries(units).flatMap(([name, unit]) => {
    const values = rounds.flatMap((round) => round.figures[name] ?? []);
    const [least, most] = [Math.min(...values), Math.max(...values)];
    return values.length === 0 ? [] : `${name} ${least === most ? '' : `${least} to `}${most} ${unit}`;
  });
  return `${promise}: ${held} of ${count} checks hold${figures.length === 0 ? '' : `; ${figures.join(', ')}`}`;
}

export function optionsOf(args: readonly string[]) {
  const { values } = parseArguments({
    args: [...args],
    options: {
      rounds: { type: 'string', default: '1' },
      environment: { type: 'string', default: 'production' },
      samples: { type: 'boolean', default: false },
      'no-record': { type: 'boolean', default: false },
    },
  });
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1)
    throw new UsageError(`--rounds ${values.rounds}: a whole number, 1 or more`);
  return { rounds, environment: values.environment, samples: values.samples, record: !values['no-record'] };
}

/** What an environment does not have that an area asks for, in words; undefined where it has all. @throws InputError without it */
export function lackOf({ asks }: AnyArea, environment: string): string | undefined {
  const configured = environmentInput(environment);
  return asks === undefined || configured[asks] !== undefined ? undefined : `${environment} has no ${asks}`;
}

/** Before anything is brought up for it. */
function checkAsked(name: string, area: AnyArea, environment: string): void {
  const lacks = lackOf(area, environment);
  if (lacks === undefined) return;
  throw new InputError({
    where: `area ${name}`,
    what: lacks,
    allowed: `an environment with ${area.asks}`,
    remedy: `name another one with --environment, or add ${area.asks} to config/environments/${environment}.ts`,
  });
}

function checkSamples(name: string, area: AnyArea, asked: boolean): void {
  if (!asked || area.takesSamples === true) return;
  throw new InputError({
    where: `area ${name}`,
    what: '--samples: it does not run the samples in the place of the stand-ins',
    allowed: Object.entries(areas)
      .flatMap(([each, { takesSamples }]: readonly [string, AnyArea]) => (takesSamples === true ? each : []))
      .join(', '),
    remedy: 'leave --samples out; prove -- flow always runs them',
  });
}

function checkBuilt(name: string, area: AnyArea): void {
  const programs = programsOf(area);
  const missing = missingPrograms(programs);
  if (missing.length === 0) return;
  throw new InputError({
    where: `area ${name}`,
    what: `not built: ${missing.join(', ')}`,
    allowed: `${programs.join(', ')}, built`,
    remedy: `npm run prove -- build ${name}, or all: ${remedy}`,
  });
}
