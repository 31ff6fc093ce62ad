import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { root } from '../support/committed.ts';
import { Repository } from './repository.ts';

const parts = [
  ...['main.ts', 'config', 'constructs', 'apps', 'imports', 'synth', 'scripts', 'secrets'],
  ...['package.json', 'package-lock.json', '.gitignore', '.gitattributes'],
];

/** This repository as it is now, with its real programs. */
export class RealRepository extends Repository {
  /** @param more folders and files to copy, beside what the programs need */
  constructor(more: readonly string[] = []) {
    super();
    for (const part of [...parts, ...more]) {
      const from = path.join(root, part);
      if (fs.existsSync(from)) fs.cpSync(from, path.join(this.clone, part), { recursive: true });
    }
    fs.symlinkSync(path.join(root, 'node_modules'), path.join(this.clone, 'node_modules'));
  }

  /** Runs a program of ours, such as `scripts/release.ts`. @returns all that it printed */
  run(...args: readonly string[]): { readonly status: number | null; readonly text: string } {
    const options = { cwd: this.clone, encoding: 'utf8', env: process.env } as const;
    const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/run.cjs', ...args], options);
    return { status, text: `${stdout}${stderr}` };
  }
}
