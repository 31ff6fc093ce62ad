import process from 'node:process';
import { parseArguments } from '../../synth/arguments.ts';
import { UsageError } from '../../synth/command.ts';
import type { Output } from '../../synth/command.ts';
import { programsOf } from '../drills/area.ts';
import type { AnyArea } from '../drills/area.ts';
import { choose } from '../drills/choose.ts';
import { historyOf } from '../drills/history.ts';
import { areas } from '../drills/index.ts';
import { buildPrograms } from '../tools/build.ts';
import { toolsHere } from '../tools/cache.ts';
import { installPackages, missingPackages } from '../tools/packages.ts';
import type { ProgramName } from '../tools/programs.ts';
import { lackOf, optionsOf, runArea } from './area.ts';

const all: readonly (readonly [name: string, area: AnyArea])[] = Object.entries(areas);

/** Runs every area, one after the other. @returns the exit code: 1 if any failed */
export async function allCommand(args: readonly string[], output: Output): Promise<number> {
  const { environment } = optionsOf(args);
  const failed: string[] = [];
  const skipped: string[] = [];
  for (const [name, area] of all) {
    output.stdout.write(`\n== ${name}\n`);
    const lacks = lackOf(area, environment);
    if (lacks !== undefined) {
      output.stdout.write(`skipped: ${lacks}\n`);
      skipped.push(name);
    } else if ((await runArea(name, area, args, output)) !== 0) failed.push(name);
  }
  const run = all.length - skipped.length;
  const without = skipped.length === 0 ? '' : `, skipped: ${skipped.join(', ')}`;
  output.stdout.write(`\n${run - failed.length} of ${run} areas passed${without}\n`);
  if (failed.length > 0) output.stderr.write(`failed: ${failed.join(', ')}\n`);
  return failed.length === 0 ? 0 : 1;
}

/** Installs and builds what the named areas need; all of them where none is named. @returns the exit code 0 */
export function buildCommand(args: readonly string[], { stdout }: Output): number {
  const unknown = args.filter((name) => !Object.hasOwn(areas, name));
  if (unknown.length > 0)
    throw new UsageError(`no area ${unknown.join(', ')}: there are ${Object.keys(areas).join(', ')}`);
  const wanted = all.filter(([name]) => args.length === 0 || args.includes(name));
  const programs = new Set<ProgramName>(wanted.flatMap(([, area]) => programsOf(area)));
  const report = (text: string) => stdout.write(text);
  const tools = toolsHere();
  installPackages(missingPackages(tools.env), report, tools);
  buildPrograms([...programs], report);
  stdout.write(`built: ${[...programs].join(', ')}\n`);
  return 0;
}

/**
 * Prints which areas are to be run in so many minutes, one a line for a script: `run AREA NEEDS MINUTES`, and
 * `skip AREA WHY` for the others.
 * @returns the exit code 0
 */
export function chooseCommand(args: readonly string[], { stdout }: Output): number {
  const { values } = parseArguments({ args: [...args], options: { minutes: { type: 'string', default: '' } } });
  const minutes = Number(values.minutes);
  if (values.minutes === '' || !(minutes >= 0)) throw new UsageError('--minutes: how many there are, such as 25');
  const day = Math.floor(Date.now() / 86_400_000);
  const histories = new Map(all.map(([name, area]) => [name, historyOf(process.cwd(), name, area)]));
  const choices = choose(all, {
    minutes,
    day,
    historyOf: (name) => histories.get(name) ?? 'never',
    lackOf: (area) => lackOf(area, 'production'),
  });
  for (const choice of choices) {
    const { name, area } = choice;
    stdout.write(
      choice.skipped === undefined ? `run ${name} ${area.needs} ${area.minutes}\n` : `skip ${name} ${choice.skipped}\n`,
    );
  }
  return 0;
}
