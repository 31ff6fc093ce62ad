import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { InputError } from '../../constructs/core/error.ts';

/** What says which tools there are, in which versions and with which hashes: packages of PyPI, and modules of Go. */
const requirements = 'scripts/lint/requirements.txt';
const modules = 'scripts/lint/go.mod';
export const lockFiles = [requirements, modules, 'scripts/lint/go.sum'];

/** A folder for these versions of the tools: others get one of their own. */
function folderOf(root: string): string {
  const digest = createHash('sha256');
  for (const file of lockFiles) digest.update(fs.readFileSync(path.join(root, file)));
  return path.join(root, 'node_modules/.cache/diptych/lint', digest.digest('hex').slice(0, 16));
}

/** What the machine has to have for them. */
const needs = {
  python: 'Python 3.11 or newer with venv (python3-venv on Debian)',
  go: 'Go 1.21 or newer, which fetches the Go that the modules ask for',
};

/** The path of each tool by its name. @throws InputError where nobody has installed them */
export function toolsOf(root: string): (name: string) => string {
  const folder = folderOf(root);
  if (!fs.existsSync(path.join(folder, 'complete'))) {
    throw new InputError({
      where: 'npm run lint',
      what: 'shellcheck, shfmt, ruff, mypy, zizmor, actionlint and gitleaks are not installed',
      allowed: `the versions of ${requirements} and ${modules}`,
      remedy: `npm run lint:tools brings them; it needs ${needs.python} and ${needs.go}`,
    });
  }
  return (name) => path.join(folder, 'bin', name);
}

/** Installs the tools where they aren't. @throws InputError where Python or Go doesn't do it */
export function installTools(root: string): void {
  const folder = folderOf(root);
  const complete = path.join(folder, 'complete');
  if (fs.existsSync(complete)) return;
  fs.rmSync(path.dirname(folder), { recursive: true, force: true });
  const python = `${needs.python}, and PyPI within reach`;
  const go = `${needs.go}, and its module proxy within reach`;
  // Asked first: who lacks it should not wait for the others.
  must(root, ['go', 'version'], go);
  must(root, ['python3', '-m', 'venv', folder], python);
  const pip = ['-m', 'pip', '--disable-pip-version-check', '--no-input', 'install', '--quiet'];
  const locked = ['--only-binary', ':all:', '--require-hashes', '-r', requirements];
  must(root, [path.join(folder, 'bin/python3'), ...pip, ...locked], python);
  must(path.join(root, path.dirname(modules)), ['go', 'install', '-trimpath', '-ldflags=-s -w', 'tool'], go, {
    // Nothing but what go.sum has the hash of, whatever the machine's own settings are.
    GOBIN: path.join(folder, 'bin'),
    GOFLAGS: '-mod=readonly',
    GOWORK: 'off',
    CGO_ENABLED: '0',
  });
  fs.writeFileSync(complete, '');
}

function must(
  cwd: string,
  [program = '', ...args]: readonly string[],
  allowed: string,
  variables: Readonly<Record<string, string>> = {},
): void {
  const env = { ...process.env, ...variables };
  const { status, error } = spawnSync(program, args, { cwd, env, stdio: ['ignore', 'inherit', 'inherit'] });
  if (status === 0) return;
  throw new InputError({
    where: [path.basename(program), ...args.slice(0, 2)].join(' '),
    what: error === undefined ? `it ended with ${status ?? 'a signal'}` : error.message,
    allowed,
    remedy: 'install it, then run npm run lint:tools again',
  });
}
