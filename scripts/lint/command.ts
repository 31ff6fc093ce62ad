import { spawnSync } from 'node:child_process';
import process from 'node:process';
import { parseArguments } from '../../synth/arguments.ts';
import { runCommand } from '../../synth/command.ts';
import type { Output } from '../../synth/command.ts';
import { sourcesOf } from './files.ts';
import { luaFindings } from './lua.ts';
import { installTools, toolsOf } from './tools.ts';

const help = `node scripts/run.cjs scripts/lint.ts [OPTION]

Checks what ESLint and Prettier don't read: shell, Python, Lua and the workflows, in every file that git knows or would
add; and looks for secrets in the files and in every commit.

  --install  bring the tools for it, from PyPI and as modules of Go, in the versions and with the hashes of
             scripts/lint/requirements.txt and go.sum
  --help     this text
`;

/** A program of the tools, and what it is asked; one that nothing is there for doesn't run. */
interface Check {
  readonly name: string;
  readonly files: readonly string[];
  readonly command: readonly string[];
}

/** Runs the part of `npm run lint` that is ours. @returns the exit code: 0 nothing found, 1 found or refused, 2 called wrongly */
export function lintCommand(root: string, args: readonly string[], output: Output = process): number {
  return runCommand(
    help,
    () => {
      const options = {
        install: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      } as const;
      const { values } = parseArguments({ args: [...args], options });
      if (values.help) output.stdout.write(help);
      else if (values.install) installTools(root);
      else return lint(root, output);
      return 0;
    },
    output,
  );
}

function lint(root: string, output: Output): number {
  const { shell, lua, python, workflows, all } = sourcesOf(root);
  const findings = luaFindings(root, lua);
  for (const finding of findings) output.stderr.write(`${finding}\n`);
  output.stdout.write(`Lua: ${lua.length} files\n`);
  const tool = toolsOf(root);
  // Secrets are told by the rules of one file alone, and never printed.
  const leaks = ['--config', '.gitleaks.toml', '--ignore-gitleaks-allow', '--gitleaks-ignore-path', '/dev/null'];
  const quiet = ['--no-banner', '--no-color', '--log-level', 'error', '--verbose', '--redact'];
  const checks: readonly Check[] = [
    { name: 'shellcheck', files: shell, command: [tool('shellcheck'), ...shell] },
    { name: 'shfmt', files: shell, command: [tool('shfmt'), '--diff', ...shell] },
    { name: 'ruff', files: python, command: [tool('ruff'), 'check', '--quiet', ...python] },
    { name: 'ruff format', files: python, command: [tool('ruff'), 'format', '--quiet', '--diff', ...python] },
    { name: 'mypy', files: python, command: [tool('mypy'), '--no-error-summary', ...python] },
    {
      name: 'actionlint',
      files: workflows,
      command: [tool('actionlint'), '-shellcheck', tool('shellcheck'), '-pyflakes', '', ...workflows],
    },
    // Without the network: what it could ask GitHub would differ from day to day.
    {
      name: 'zizmor',
      files: workflows,
      command: [tool('zizmor'), '--offline', '--quiet', '--persona', 'pedantic', ...workflows],
    },
    { name: 'gitleaks', files: all, command: [tool('gitleaks'), 'dir', ...leaks, ...quiet, '.'] },
    // Also one that a later commit took away: it is in everybody's clone. Other branches are looked at when they come.
    {
      name: 'gitleaks, the commits that made them',
      files: all,
      command: [tool('gitleaks'), 'git', ...leaks, ...quiet, '--log-opts', '--full-history HEAD', '.'],
    },
  ];
  const failed = checks
    .filter(({ files }) => files.length > 0)
    .filter(({ name, files, command: [program = '', ...args] }) => {
      const { status, stdout, stderr } = spawnSync(program, args, { cwd: root, encoding: 'utf8' });
      output.stdout.write(`${stdout}${name}: ${files.length} files\n`);
      output.stderr.write(stderr);
      return status !== 0;
    });
  return findings.length + failed.length > 0 ? 1 : 0;
}
