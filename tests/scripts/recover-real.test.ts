import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { check } from 'prettier';
import type { Options } from 'prettier';
import { root } from '../support/committed.ts';
import { Repository } from './repository.ts';

const file = 'config/environments/production.ts';
const parts = ['main.ts', 'config', 'constructs', 'apps', 'synth', 'scripts', 'secrets'];

let repository: Repository;

/** This repository as it is now, synthesised and published, with the real programs. */
beforeAll(() => {
  repository = new Repository();
  for (const part of [...parts, 'package.json', 'package-lock.json', '.gitignore', '.gitattributes']) {
    const from = path.join(root, part);
    if (fs.existsSync(from)) fs.cpSync(from, path.join(repository.clone, part), { recursive: true });
  }
  fs.symlinkSync(path.join(root, 'node_modules'), path.join(repository.clone, 'node_modules'));
  runProgram('main.ts');
  repository.publish();
}, 60_000);

afterAll(() => {
  repository.remove();
});

function runProgram(...args: readonly string[]): { readonly status: number | null; readonly text: string } {
  const options = { cwd: repository.clone, encoding: 'utf8', env: process.env } as const;
  const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/run.cjs', ...args], options);
  return { status, text: `${stdout}${stderr}` };
}

const changed = (): string[] => repository.git('diff', '--name-only').split('\n');

test('the real command leaves a tree that the synthesis would not change, ready to be committed', async () => {
  const { status, text } = runProgram('scripts/recover.ts', 'pg', '--to', 'latest');
  expect(text).toMatch(/^config\/.*: has generation \d+ of postgres,/);
  expect(status).toBe(0);
  expect(changed()).toContain(file);

  // The program is built anew: what it reads now is the file, and no longer a change to it.
  expect(runProgram('main.ts', '--dry-run').text).toContain(' 0 added, 0 changed, 0 removed,');
  const style = JSON.parse(fs.readFileSync(path.join(root, '.prettierrc.json'), 'utf8')) as Options;
  expect(await check(repository.read(file), { ...style, parser: 'typescript' })).toBe(true);

  const before = repository.git('diff');
  const second = runProgram('scripts/recover.ts', 'pg', '--to', 'latest');
  expect(second.text).toContain('are changed and not committed');
  expect([second.status, repository.git('diff')]).toEqual([1, before]);
}, 60_000);
