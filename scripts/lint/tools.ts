import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { InputError } from '../../constructs/core/error.ts';

const requirements = 'scripts/lint/requirements.txt';

/** A folder for these versions of the tools: others get one of their own. */
function folderOf(root: string): string {
  const digest = createHash('sha256')
    .update(fs.readFileSync(path.join(root, requirements)))
    .digest('hex');
  return path.join(root, 'node_modules/.cache/diptych/lint', digest.slice(0, 16));
}

/** The path of each tool by its name. @throws InputError where nobody has installed them */
export function toolsOf(root: string): (name: string) => string {
  const folder = folderOf(root);
  if (!fs.existsSync(path.join(folder, 'complete'))) {
    throw new InputError({
      where: 'npm run lint',
      what: 'shellcheck, shfmt, ruff and mypy are not installed',
      allowed: `the versions of ${requirements}`,
      remedy: 'npm run lint:tools brings them from PyPI; it needs Python 3.10 or newer with venv',
    });
  }
  return (name) => path.join(folder, 'bin', name);
}

/** Installs the tools where they aren't. @throws InputError where Python doesn't do it */
export function installTools(root: string): void {
  const folder = folderOf(root);
  const complete = path.join(folder, 'complete');
  if (fs.existsSync(complete)) return;
  fs.rmSync(path.dirname(folder), { recursive: true, force: true });
  const pip = ['-m', 'pip', '--disable-pip-version-check', '--no-input', 'install', '--quiet'];
  must(root, ['python3', '-m', 'venv', folder]);
  must(root, [
    path.join(folder, 'bin/python3'),
    ...pip,
    '--only-binary',
    ':all:',
    '--require-hashes',
    '-r',
    requirements,
  ]);
  fs.writeFileSync(complete, '');
}

function must(root: string, [program = '', ...args]: readonly string[]): void {
  const { status, error } = spawnSync(program, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  if (status === 0) return;
  throw new InputError({
    where: [path.basename(program), ...args.slice(0, 2)].join(' '),
    what: error === undefined ? `it ended with ${status ?? 'a signal'}` : error.message,
    allowed: 'Python 3.10 or newer with venv (python3-venv on Debian), and PyPI within reach',
    remedy: 'install it, then run npm run lint:tools again',
  });
}
