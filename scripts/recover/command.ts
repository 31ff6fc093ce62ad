import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { InputError } from '../../constructs/core/error.ts';
import { runCommand } from '../../synth/command.ts';
import type { Output } from '../../synth/command.ts';
import { summary } from '../../synth/summary.ts';
import { generationsFile } from '../../config/index.ts';
import { kinds } from './kinds.ts';
import { help, parseOptions } from './options.ts';
import { planRecovery } from './plan.ts';
import type { RecoverContext, RecoveryPlan } from './plan.ts';
import { commitMessage, steps } from './steps.ts';

/** Runs `npm run recover`. @returns the exit code: 0 done, 1 refused, 2 called wrongly */
export function recoverCommand(
  context: RecoverContext,
  args: readonly string[],
  output: Output = process,
): Promise<number> {
  return runCommand(
    help,
    async () => {
      const options = parseOptions(args, context.now);
      if (options === 'help') {
        output.stdout.write(help);
        return 0;
      }
      const plan = await planRecovery(context, options);
      if (!options.dryRun) write(context, plan);
      output.stdout.write(`${report(plan)}\n`);
      return 0;
    },
    output,
  );
}

/** The file of generations and what follows from it, or neither. @throws InputError where another run was faster */
function write({ root, synthesise }: RecoverContext, { options, text, textBefore, generations }: RecoveryPlan): void {
  const target = path.join(root, generationsFile);
  const holds = (content: string): boolean => fs.readFileSync(target, 'utf8') === content;
  if (!holds(textBefore)) {
    throw new InputError({
      where: generationsFile,
      what: 'another run changed it meanwhile',
      allowed: 'one recovery at a time: each gives numbers that were never used',
      remedy: 'commit what the other one wrote, and run again',
    });
  }
  fs.writeFileSync(target, text);
  try {
    synthesise(options.environment, generations, false);
  } catch (error) {
    if (holds(text)) fs.writeFileSync(target, textBefore);
    throw error;
  }
}

/** What is written, the commit message, and what to do from here. */
export function report(plan: RecoveryPlan): string {
  const { options, recovered, former, next, result, replaced, unread } = plan;
  const { number, recovery } = recovered;
  const { name } = former.cluster.life;
  const used = former.cluster.life.generation;
  const place = options.beside ? `beside generation ${used}` : `in place of generation ${used}`;
  return [
    `${generationsFile}: ${options.dryRun ? 'would get' : 'has'} generation ${number} of ${name}, ${place}`,
    `  reads  ${former.archive.prefix(recovery.from)}, to ${recovery.to ?? `the newest ${kinds[options.kind].newest} it has`}`,
    `  writes ${next.archive.prefix(number)}`,
    ...(replaced === undefined ? [] : [`  it takes the place of the copy that was generation ${replaced.number}`]),
    ...(unread.length === 0
      ? []
      : [
          `  see by hand that no other generation ${number} was: what ${unread.join(', ')} say of ${generationsFile} can't be read`,
        ]),
    '',
    summary(result, options.dryRun, { orders: false }),
    '',
    'Commit message:',
    '',
    ...indented(commitMessage(plan).split('\n'), '    '),
    '',
    `What to do from here (the whole procedure: ${kinds[options.kind].runbook}):`,
    ...steps(plan).flatMap(({ text, commands, notes }, index) => [
      '',
      `${index + 1}. ${text}`,
      ...indented(commands, '     '),
      ...indented(notes, '   '),
    ]),
  ].join('\n');
}

function indented(lines: readonly string[], indent: string): string[] {
  return lines.map((line) => (line === '' ? '' : indent + line));
}
