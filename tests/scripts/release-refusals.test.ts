import fs from 'node:fs';
import { InputError } from '../../constructs/core/error.ts';
import { releaseCommand } from '../../scripts/release/command.ts';
import { planRelease } from '../../scripts/release/plan.ts';
import type { ReleaseContext, ReleaseOptions } from '../../scripts/release/plan.ts';
import { contextOf, smallPlatform } from './repository.ts';
import type { Repository } from './repository.ts';

const options: ReleaseOptions = { environment: 'production', remote: 'origin', push: true, accepted: [] };
const searchPath = process.env.PATH;
let repository: Repository;

beforeEach(() => {
  repository = smallPlatform();
});

afterEach(() => {
  process.env.PATH = searchPath;
  repository.remove();
});

/** What stands in the way of a release: each finding's place and what was found. */
async function refusals(changes: Partial<ReleaseContext> = {}, more: Partial<ReleaseOptions> = {}): Promise<string[]> {
  try {
    await planRelease(contextOf(repository, changes), { ...options, ...more });
    return [];
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return error.findings.map(({ where, what }) => `${where}: ${what}`);
  }
}

test('refuses nothing on a clean, published tree', async () => {
  expect(await refusals()).toEqual([]);
});

test('refuses a folder that is no git repository', async () => {
  fs.rmSync(`${repository.clone}/.git`, { recursive: true });
  expect(await refusals()).toEqual([expect.stringMatching(/^the repository: fatal: not a git repository/)]);
});

test('refuses a folder within another repository', async () => {
  fs.renameSync(`${repository.clone}/.git`, `${repository.folder}/.git`);
  expect(await refusals()).toEqual([`the repository: git's top folder is ${fs.realpathSync(repository.folder)}`]);
});

test('refuses a repository without a commit', async () => {
  fs.rmSync(`${repository.clone}/.git`, { recursive: true });
  repository.git('init', '--quiet');
  expect(await refusals()).toEqual(['the repository: it has no commit yet']);
});

test('refuses where there is no git', async () => {
  process.env.PATH = repository.folder;
  expect(await refusals()).toEqual(['git: it was not found']);
});

test('refuses a dirty tree and lists ten of its files', async () => {
  for (let index = 10; index < 22; index++) repository.put(`note-${index}.md`, '');
  const [refusal] = await refusals();
  expect(refusal).toMatch(/no commit holds:\n {4}\?\? note-10\.md\n(.*\n){8} {4}\?\? note-19\.md\n {4}and 2 more$/);
});

test('refuses another branch', async () => {
  repository.git('switch', '--quiet', '--create', 'work');
  expect(await refusals()).toEqual(['the branch: it is work']);
});

test('refuses a detached HEAD', async () => {
  repository.git('switch', '--quiet', '--detach');
  expect(await refusals()).toEqual(['the branch: HEAD is on no branch']);
});

const one = { where: 'somewhere', what: 'something', allowed: 'something else', remedy: 'mend it' };
const examples = { check: 'examples', findings: [one, one], notes: [] } as const;

test('refuses a tree that is not ready, with all that nobody can accept', async () => {
  const checkTree = () => [{ check: 'output', findings: [one], notes: [] } as const];
  expect(await refusals({ checkTree }, { accepted: ['images'] })).toEqual(['somewhere: something']);
});

test('refuses in one sentence what somebody could accept', async () => {
  expect(await refusals({ checkTree: () => [examples] }, { accepted: ['images'] })).toEqual([
    'npm run ready, examples: 2 to mend, such as somewhere: something',
  ]);
});

test('does not refuse what somebody accepts, and says what it was', async () => {
  const context = contextOf(repository, { checkTree: () => [examples] });
  await planRelease(context, { ...options, accepted: ['examples'] });
  expect(context.lines).toEqual(['accepted: 2 of examples to mend']);
});

test('refuses a tag that this clone has already', async () => {
  repository.git('tag', 'production-1');
  expect(await refusals()).toEqual(['this clone: it has a tag production-1 already']);
});

test('refuses a tag that only the remote has already', async () => {
  repository.gitRemote('tag', 'production-1', 'main');
  expect(await refusals()).toEqual(['origin: it has a tag production-1 already']);
});

test('is not misled by a longer tag of the remote', async () => {
  repository.gitRemote('tag', 'production-11', 'main');
  expect(await refusals()).toEqual([]);
});

test('refuses an environment whose applications follow the branch', async () => {
  expect(await refusals({ tagOf: () => undefined })).toEqual([
    'config/environments/production.ts: releases: "branch": the applications follow the branch, so there is nothing to release',
  ]);
});

test('refuses a remote that git does not know', async () => {
  expect(await refusals({}, { remote: 'upstream' })).toEqual(['--remote: git knows no upstream']);
});

test('refuses a remote that does not answer, in the words of git', async () => {
  fs.rmSync(repository.remote, { recursive: true });
  expect(await refusals()).toEqual([
    expect.stringMatching(/^git ls-remote: it ended with 128:\n {4}fatal: .*remote\.git/),
  ]);
});

test('does without a remote that does not answer when nothing is pushed', async () => {
  fs.rmSync(repository.remote, { recursive: true });
  const context = contextOf(repository);
  await planRelease(context, { ...options, push: false });
  expect(context.lines).toEqual(['origin could not be asked whether it has a tag production-1 already']);
});

test('refuses when the tag of the last release is missing', async () => {
  repository.put('config/releases.json', '{ "production": 3 }\n');
  repository.commit('A release by hand');
  expect(await refusals()).toEqual(['this clone: it has no tag production-3, which the applications are pinned to']);
});

test('names everything that stands in the way at once', async () => {
  repository.git('switch', '--quiet', '--create', 'work');
  repository.git('tag', 'production-1');
  repository.put('note.md', '');
  const places = (await refusals({}, { remote: 'upstream' })).map((refusal) => refusal.split(':')[0]);
  expect(places).toEqual(['the branch', 'the working tree', 'this clone', '--remote']);
});

test.each([
  ['an unknown option', ['--force'], /'--force'[^]*npm run release --/],
  // It is told, and keeps no release from being made.
  [
    'a check that it never waits for',
    ['--accept', 'protection'],
    /--accept protection: it takes examples, secrets, images\n/,
  ],
])('tells %s with the help, and exits with 2', async (_, args, said) => {
  const told = { stdout: '', stderr: '' };
  const code = await releaseCommand(repository.clone, args, {
    stdout: { write: (text) => (told.stdout += text) },
    stderr: { write: (text) => (told.stderr += text) },
  });
  expect([code, told.stdout, told.stderr]).toEqual([2, '', expect.stringMatching(said)]);
});
