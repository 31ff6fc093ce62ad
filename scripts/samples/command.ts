import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { InputError } from '../../constructs/core/error.ts';
import { parseArguments } from '../../synth/arguments.ts';
import { runCommand } from '../../synth/command.ts';
import type { Output } from '../../synth/command.ts';
import { nodeFolder } from './node.ts';
import { actions, samples, stepsOf } from './plan.ts';
import type { Action, Sample } from './plan.ts';

const help = `npm run samples -- ACTION [NAME...]

Does something with the applications in samples/, whose packages are no part of the platform's: ${samples.join(', ')}, or those named.

  install   brings their packages, in the versions of their lock files
  test      types and tests; those with a real Redis, PostgreSQL or KDC are left out, and say so, where there is none
  build     what their images hold; the built frontend is tested then

They run on the Node.js of their Dockerfiles. Where this machine has another one, on Linux it is brought from npm, once.

  --help    this text
`;

/** @returns the exit code: 0 done, 1 failed or refused, 2 called wrongly */
export function samplesCommand(root: string, args: readonly string[], output: Output = process): number {
  return runCommand(
    help,
    () => {
      const options = { help: { type: 'boolean', default: false } } as const;
      const { values, positionals } = parseArguments({ args: [...args], options, allowPositionals: true });
      if (values.help) return 'help';
      const [action, ...names] = positionals;
      const chosen = names.length > 0 ? names.map((name) => known(name, samples)) : samples;
      return run(root, known(action, actions), chosen, output);
    },
    output,
  );
}

function known<Word extends string>(word: string | undefined, allowed: readonly Word[]): Word {
  const found = allowed.find((each) => each === word);
  if (found !== undefined) return found;
  throw new InputError({
    where: 'npm run samples',
    what: word === undefined ? 'it says nothing to do' : `"${word}" is unknown`,
    allowed: allowed.join(', '),
    remedy: 'name one of these',
  });
}

function run(root: string, action: Action, named: readonly Sample[], output: Output): number {
  const env = {
    ...process.env,
    // `npm run -s` would keep it from saying why it ends with 1.
    npm_config_loglevel: 'notice',
    PATH: `${nodeFolder(root, (line) => output.stdout.write(`${line}\n`))}${path.delimiter}${process.env.PATH ?? ''}`,
  };
  const folderOf = (sample: Sample): string => path.join(root, 'samples', sample);
  for (const { sample, args } of stepsOf(action, [...new Set(named)], (each) => isInstalled(folderOf(each)))) {
    output.stdout.write(`samples/${sample}: npm ${args.join(' ')}\n`);
    const { status } = spawnSync('npm', args, { cwd: folderOf(sample), env, stdio: 'inherit' });
    if (status !== 0) return 1;
  }
  return 0;
}

/** npm writes down what it has installed; older than the lock file, it is something else. */
function isInstalled(folder: string): boolean {
  const changed = (file: string): number =>
    fs.statSync(path.join(folder, file), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return changed('node_modules/.package-lock.json') >= changed('package-lock.json');
}
