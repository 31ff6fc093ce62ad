import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { ProvingError } from '../../machine/error.ts';
import { must } from '../../machine/run.ts';

/** Settings of git that don't depend on whose machine it is. */
export const gitEnvironment: NodeJS.ProcessEnv = {
  ...process.env,
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_AUTHOR_NAME: 'proving ground',
  GIT_AUTHOR_EMAIL: 'proving@localhost',
  GIT_COMMITTER_NAME: 'proving ground',
  GIT_COMMITTER_EMAIL: 'proving@localhost',
};

/** Runs git in a folder. @returns what it printed, without the line's end. @throws ProvingError */
export async function git(folder: string, args: readonly string[]): Promise<string> {
  const printed = await must('git', ['-C', folder, ...args], { env: gitEnvironment, timeout: 120 });
  return printed.trimEnd();
}

/** Makes a bare repository with nothing in it, unless it is there. */
export async function bareRepository(folder: string): Promise<void> {
  if (fs.existsSync(path.join(folder, 'HEAD'))) return;
  fs.mkdirSync(folder, { recursive: true });
  await git(folder, ['init', '--quiet', '--bare', '--initial-branch=main']);
}

/** Makes a bare repository with one commit under a tag. Files by path in the repository and text. @returns the commit */
export async function taggedRepository(
  folder: string,
  tag: string,
  files: Readonly<Record<string, string>>,
): Promise<string> {
  await bareRepository(folder);
  const data = (text: string): string => `data ${Buffer.byteLength(text)}\n${text}\n`;
  const input = [
    'commit refs/heads/main\ncommitter upstream <upstream@localhost> 1700000000 +0000\n',
    data(tag),
    'deleteall\n',
    ...Object.entries(files).map(([file, text]) => `M 100644 inline ${file}\n${data(text)}`),
    `\nreset refs/tags/${tag}\nfrom refs/heads/main\n\n`,
  ];
  await must('git', ['-C', folder, 'fast-import', '--quiet', '--force'], {
    env: gitEnvironment,
    input: input.join(''),
  });
  return git(folder, ['rev-parse', `refs/tags/${tag}`]);
}

/**
 * Copies a working tree as its user sees it, with what isn't committed yet, without what git ignores. Programs of the
 * copy find the packages of the original.
 */
export function copyWorkingTree(root: string, copy: string, wanted: (file: string) => boolean): void {
  const list = ['-C', root, 'ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  const { status, stdout, stderr } = spawnSync('git', list, { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  if (status !== 0) throw new ProvingError(`git ls-files in ${root}: ${stderr.trim()}`);
  for (const file of stdout.split('\0')) {
    const source = path.join(root, file);
    // What is deleted but not committed is listed too.
    if (file === '' || file === 'node_modules' || !wanted(file) || !fs.existsSync(source)) continue;
    const target = path.join(copy, file);
    fs.mkdirSync(path.dirname(target), { recursive: true });
    fs.cpSync(source, target, { verbatimSymlinks: true });
  }
  const packages = path.join(copy, 'node_modules');
  if (!fs.existsSync(packages)) fs.symlinkSync(path.join(root, 'node_modules'), packages);
}
