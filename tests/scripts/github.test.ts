import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { load } from 'js-yaml';
import { checkTree } from '../../scripts/ready/checks.ts';
import { githubCommand } from '../../scripts/github/command.ts';
import { wantedFiles } from '../../scripts/github/files.ts';
import type { Ruleset } from '../../scripts/release/protection.ts';
import { root as tree } from '../support/committed.ts';
import { refusal } from '../support/harness.ts';

const workflow = '.github/workflows/release.yml';
const main = '.github/rulesets/main.json';
const made = '.github/rulesets/release-tags-made.json';
const follows = (branch: string) => ({
  repository: { url: 'https://git.example/a.git', branch },
  releases: 'tags' as const,
});
let root: string;

beforeEach(() => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), 'diptych-github-'));
  for (const part of ['.github', 'config/images.json'])
    fs.cpSync(path.join(tree, part), path.join(root, part), { recursive: true });
});

afterEach(() => {
  fs.rmSync(root, { recursive: true });
});

const read = (file: string): string => fs.readFileSync(path.join(root, file), 'utf8');
const edit = (file: string, part: string | RegExp, text: string): void =>
  fs.writeFileSync(path.join(root, file), read(file).replace(part, text));

/** What a file should say for these environments. */
function wanted(file: string, environments: Parameters<typeof wantedFiles>[1]): string {
  return wantedFiles(root, environments).find((each) => each.file === file)?.now ?? '';
}

/** What the workflow would run for. */
function pushes(environments: Parameters<typeof wantedFiles>[1]): readonly string[] {
  const { on } = load(wanted(workflow, environments)) as {
    readonly on: { readonly push: { readonly branches: string[] } };
  };
  return on.push.branches;
}

function included(file: string, environments: Parameters<typeof wantedFiles>[1]): readonly string[] | undefined {
  return (JSON.parse(wanted(file, environments)) as Ruleset).conditions?.ref_name?.include;
}

function github(...args: readonly string[]): { readonly code: number; readonly text: string } {
  let text = '';
  const out = { write: (part: string) => (text += part) };
  return { code: githubCommand(root, args, { stdout: out, stderr: out }), text };
}

test('what is committed is current', () => {
  expect(github('--check')).toEqual({ code: 0, text: '4 files of .github: current\n' });
});

test.each(['trunk', 'release/1.x', '1.0', 'no'])(
  'the workflow runs for the branch %s of what it releases',
  (branch) => {
    expect(pushes({ production: follows(branch), staging: follows('other') })).toEqual([branch]);
  },
);

test('rulesets keep every branch and the release tags of every environment', () => {
  const environments = { production: follows('main'), b: follows('trunk'), a: follows('main') };
  expect([included(main, environments), included(made, environments)]).toEqual([
    ['refs/heads/main', 'refs/heads/trunk'],
    ['refs/tags/a-*', 'refs/tags/b-*', 'refs/tags/production-*'],
  ]);
});

test.each([1, 3, 5, 9])('rulesets for %i environments stand as the formatter has them', async (count) => {
  const { format } = (await import(path.join(tree, 'node_modules/prettier/index.mjs'))) as {
    readonly format: (text: string, options: object) => Promise<string>;
  };
  const names = ['production', ...Array.from({ length: count - 1 }, (_, index) => `environment-${index}`)];
  const text = wanted(made, Object.fromEntries(names.map((name) => [name, follows('main')])));
  expect(text).toBe(await format(text, { parser: 'json', printWidth: 120 }));
});

test('a file that is not current is refused by --check, and written without', () => {
  edit(main, 'refs/heads/main', 'refs/heads/old');
  const before = read(main);
  const { code, text } = github('--check');
  expect([code, text.split('\n')[0], read(main)]).toEqual([
    1,
    `${main}: it keeps other branches or tags than those of the environments`,
    before,
  ]);
  expect(github()).toEqual({ code: 0, text: `4 files of .github: ${main} written\n` });
  expect(github('--check').code).toBe(0);
});

test('npm run ready tells of it', () => {
  edit(workflow, /branches: \[.*\]/, 'branches: [old]');
  const outcomes = checkTree(root, 'production', new Date());
  expect(outcomes.find(({ check }) => check === 'github')?.findings).toMatchObject([
    { where: workflow, what: 'it runs for other branches than those that are released' },
  ]);
});

test('environments of several branches, and one that there is not, are refused in one workflow', () => {
  edit(workflow, 'ENVIRONMENTS: production', 'ENVIRONMENTS: production staging');
  const what = (environments: Parameters<typeof wantedFiles>[1]) =>
    refusal(() => wantedFiles(root, environments))[0]?.what;
  expect([
    what({ production: follows('main'), staging: follows('trunk') }),
    what({ production: follows('main') }),
  ]).toEqual(['production, staging follow several branches: main, trunk', 'there is no environment staging']);
});

test('a file without a place for the names is refused', () => {
  edit(main, '"ref_name"', '"names"');
  expect(refusal(() => wantedFiles(root, { production: follows('main') }))).toMatchObject([{ where: main }]);
});

test('another git server needs none of them', () => {
  fs.rmSync(path.join(root, '.github'), { recursive: true });
  expect(github('--check')).toEqual({ code: 0, text: '0 files of .github: current\n' });
});
