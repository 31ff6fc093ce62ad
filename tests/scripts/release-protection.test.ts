import { release } from '../../scripts/release/command.ts';
import { protectionNotices, protectionOf } from '../../scripts/release/protection.ts';
import type { Asking } from '../../scripts/release/protection.ts';
import { contextOf, smallPlatform } from './repository.ts';

const token = 'secret-of-the-test';
const active = { target: 'tag', enforcement: 'active' };
const releases = { ref_name: { include: ['refs/tags/production-*'], exclude: [] } };
const both = [{ type: 'update' }, { type: 'deletion' }];
/** What keeps the branch, so that a test is about the tag alone. */
const reviewed = ['pull_request', 'required_status_checks', 'non_fast_forward', 'deletion'].map((type) => ({ type }));
const onMain = { ref_name: { include: ['refs/heads/main'], exclude: [] } };
const main = { target: 'branch', enforcement: 'active', conditions: onMain, rules: reviewed };

let asked: { readonly url: string; readonly authorization: string | null }[];

beforeEach(() => {
  asked = [];
});

/** A GitHub with these rulesets. */
function github(...rulesets: readonly object[]): typeof fetch {
  return (input, init) => {
    const url = input as string;
    asked.push({ url, authorization: new Headers(init?.headers).get('authorization') });
    const [, id] = /\/rulesets\/(\d+)\?/.exec(url) ?? [];
    return Promise.resolve(
      Response.json(id === undefined ? rulesets.map((_, index) => ({ id: index })) : rulesets[Number(id)]),
    );
  };
}

async function notices(request: typeof fetch, changes: Partial<Asking> = {}): Promise<readonly string[]> {
  const url = 'git@github.com:example/platform.git';
  const asking = { branch: 'main', tag: 'production-7', url, env: { GH_TOKEN: token }, request, ...changes };
  return protectionNotices(await protectionOf(asking));
}

describe('a tag that nobody can move or delete', () => {
  test.each([
    ['by one ruleset', [{ ...active, conditions: releases, rules: both }]],
    ['by two', both.map((rule) => ({ ...active, conditions: releases, rules: [rule] }))],
    ['like every tag', [{ ...active, conditions: { ref_name: { include: ['~ALL'], exclude: [] } }, rules: both }]],
  ])('%s is nothing to speak of', async (_, rulesets) => {
    expect(await notices(github(main, ...rulesets))).toEqual([]);
  });
});

describe('a tag is said to be open', () => {
  const bad = { ...active, conditions: releases, rules: both };
  test.each([
    ['without any ruleset', [], 'moved and deleted'],
    ['where it may still be moved', [{ ...bad, rules: [{ type: 'deletion' }] }], 'moved'],
    ['where it may still be deleted', [{ ...bad, rules: [{ type: 'update' }] }], 'deleted'],
    ['where the ruleset is only tried', [{ ...bad, enforcement: 'evaluate' }], 'moved and deleted'],
    ['where it is for branches', [{ ...bad, target: 'branch' }], 'moved and deleted'],
    [
      'where it is for other tags',
      [{ ...bad, conditions: { ref_name: { include: ['refs/tags/v*'], exclude: [] } } }],
      'moved and deleted',
    ],
    [
      'where it is left out',
      [{ ...bad, conditions: { ref_name: { include: ['~ALL'], exclude: ['refs/tags/production-7'] } } }],
      'moved and deleted',
    ],
  ])('%s', async (_, rulesets, open) => {
    expect(await notices(github(main, ...rulesets))).toEqual([
      `production-7 is not protected: it can be ${open}, and Argo CD follows it; .github/rulesets has what to import`,
    ]);
  });
});

test.each([
  ['changed without a review', 'pull_request'],
  ['changed without being verified', 'required_status_checks'],
  ['rewritten', 'non_fast_forward'],
  ['deleted', 'deletion'],
])('a branch is said to be open where it may be %s', async (done, missing) => {
  const open = { ...main, rules: reviewed.filter(({ type }) => type !== missing) };
  expect(await notices(github(open), { tag: undefined })).toEqual([
    `main is not protected: it can be ${done}, and Argo CD follows it; .github/rulesets has what to import`,
  ]);
});

test.each([
  ['git@github.com:example/platform.git', {}, 'https://api.github.com/repos/example/platform/'],
  ['https://somebody@github.com/example/platform', {}, 'https://api.github.com/repos/example/platform/'],
  [
    'https://git.example.com/example/platform.git',
    { GITHUB_SERVER_URL: 'https://git.example.com', GITHUB_API_URL: 'https://git.example.com/api/v3' },
    'https://git.example.com/api/v3/repos/example/platform/',
  ],
])('the GitHub of %s is asked, with the token', async (url, env, api) => {
  await notices(github(), { url, env: { GH_TOKEN: token, ...env } });
  expect(asked).toEqual([
    { url: `${api}rulesets?per_page=100&targets=branch,tag&includes_parents=true`, authorization: `Bearer ${token}` },
  ]);
});

test.each([
  '../remote.git',
  'https://git.example.com/example/platform.git',
  'https://github.com.example.org/example/platform.git',
])('nobody gets the token for %s', async (url) => {
  expect([await notices(github(), { url }), asked]).toEqual([[], []]);
});

test('without a token it asks nobody, and says so', async () => {
  expect([await notices(github(), { env: { GH_TOKEN: '' } }), asked]).toEqual([
    [
      'nobody was asked whether production-7 and main are protected: that needs a token in GH_TOKEN, which may only read',
    ],
    [],
  ]);
});

test.each([
  ['refuses', () => Promise.resolve(new Response('', { status: 403 })), 'it answered 403'],
  ['is away', () => Promise.reject(new Error(`fetch failed for ${token}`)), 'fetch failed for ***'],
])('a GitHub that %s is named, and the token never', async (_, request, why) => {
  expect(await notices(request)).toEqual([
    `GitHub could not be asked whether production-7 and main are protected: ${why}`,
  ]);
});

test('a release is made all the same, and says it first', async () => {
  const repository = smallPlatform();
  try {
    const context = contextOf(repository, {
      protectionNotices: (tag, remote) => Promise.resolve([`${tag} of ${remote} is open`]),
    });
    await release(context, { environment: 'production', remote: 'origin', push: true, accepted: [] }, false);
    expect(context.lines.slice(0, 2)).toEqual([
      'production-1 of origin is open',
      'released production-1: backend, frontend',
    ]);
  } finally {
    repository.remove();
  }
});
