import fs from 'node:fs';
import path from 'node:path';
import { check } from 'prettier';
import type { Options } from 'prettier';
import { root } from '../support/committed.ts';
import { RealRepository } from './real-repository.ts';

const file = 'config/generations.json';

let repository: RealRepository;

beforeAll(() => {
  repository = new RealRepository(['dist', 'argocd']);
  repository.publish();
});

afterAll(() => {
  repository.remove();
});

const changed = (): string[] => repository.git('diff', '--name-only').split('\n');

test('the real command leaves a tree that the synthesis would not change, ready to be committed', async () => {
  const { status, text } = repository.run('scripts/recover.ts', 'pg', '--to', 'latest');
  expect(text).toMatch(/^config\/.*: has generation \d+ of postgres,/);
  expect(status).toBe(0);
  expect(changed()).toContain(file);

  // The program is built anew: what it reads now is the file, and no longer a change to it.
  expect(repository.run('main.ts', '--dry-run').text).toContain(' 0 added, 0 changed, 0 removed,');
  const style = JSON.parse(fs.readFileSync(path.join(root, '.prettierrc.json'), 'utf8')) as Options;
  expect(await check(repository.read(file), { ...style, parser: 'json' })).toBe(true);

  const before = repository.git('diff');
  const second = repository.run('scripts/recover.ts', 'pg', '--to', 'latest');
  expect(second.text).toContain('are changed and not committed');
  expect([second.status, repository.git('diff')]).toEqual([1, before]);
});
