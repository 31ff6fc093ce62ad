import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

/** The files that this command checks, as paths from the root. */
export interface Sources {
  readonly shell: readonly string[];
  readonly lua: readonly string[];
  readonly python: readonly string[];
  /** Workflows of GitHub Actions. */
  readonly workflows: readonly string[];
  /** Every file, whatever it is. */
  readonly all: readonly string[];
}

/** Every file that git knows or would add, by its ending, or by its first line where it has none. */
export function sourcesOf(root: string): Sources {
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
  });
  const files = [...new Set(listed.split('\0'))].filter((file) => file !== '' && fs.existsSync(path.join(root, file)));
  const ending = (end: string): string[] => files.filter((file) => file.endsWith(end)).sort();
  const scripts = files.filter((file) => path.extname(file) === '' && isShell(path.join(root, file)));
  const workflows = files.filter((file) => /^\.github\/workflows\/[^/]+\.ya?ml$/.test(file)).sort();
  const shell = [...ending('.sh'), ...scripts].sort();
  return { shell, lua: ending('.lua'), python: ending('.py'), workflows, all: files };
}

function isShell(file: string): boolean {
  return fs.statSync(file).isFile() && /^#!.*\b(ba)?sh\n/.test(fs.readFileSync(file, 'utf8'));
}
