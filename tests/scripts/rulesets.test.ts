import fs from 'node:fs';
import path from 'node:path';
import { load } from 'js-yaml';
import { environments, loadEnvironment, parseEnvironment } from '../../config/index.ts';
import { covers, unprotected } from '../../scripts/release/protection.ts';
import type { Ruleset } from '../../scripts/release/protection.ts';
import { root } from '../support/committed.ts';

/** A ruleset as GitHub's API takes it: POST /repos/OWNER/NAME/rulesets. */
interface RulesetFile extends Ruleset {
  readonly name: string;
  readonly bypass_actors: readonly {
    readonly actor_id: number | null;
    readonly actor_type: string;
    readonly bypass_mode: string;
  }[];
  readonly rules: { readonly type: string; readonly parameters?: Readonly<Record<string, unknown>> }[];
}

interface Workflow {
  readonly jobs: Readonly<
    Record<
      string,
      {
        readonly name: string;
        readonly environment?: string;
        readonly strategy?: { readonly matrix: { readonly node: readonly number[] } };
      }
    >
  >;
}

const folder = path.join(root, '.github/rulesets');
const read = (file: string): string => fs.readFileSync(path.join(root, '.github', file), 'utf8');
const files = fs.readdirSync(folder).filter((file) => file.endsWith('.json'));
const rulesets = files.map((file) => JSON.parse(read(`rulesets/${file}`)) as RulesetFile);
const workflow = (name: string): Workflow => load(read(`workflows/${name}.yml`)) as Workflow;
const readme = read('rulesets/README.md');

const images = JSON.parse(fs.readFileSync(path.join(root, 'config/images.json'), 'utf8')) as unknown;
/** Release tags of every environment that has them, as npm run release makes them. */
const tags = Object.entries(environments).flatMap(([name, input]) =>
  [1, 10, 4711].flatMap(
    (release) => parseEnvironment(name, input, images, { releases: { [name]: release } }).releaseTag ?? [],
  ),
);
const branches = [
  ...new Set(Object.keys(environments).map((name) => `refs/heads/${loadEnvironment(name).repository.branch}`)),
];
const rulesFor = (reference: string): RulesetFile['rules'] =>
  rulesets.filter((ruleset) => covers(ruleset, reference)).flatMap(({ rules }) => rules);
const deployKeys = [{ actor_id: null, actor_type: 'DeployKey', bypass_mode: 'always' }];

test('there are environments with releases', () => {
  expect(tags).toContain('production-1');
});

test.each(tags)('nobody can move or delete the tag %s, and no one is excepted', (tag) => {
  expect(
    unprotected(
      `refs/tags/${tag}`,
      rulesets.filter(({ bypass_actors: actors }) => actors.length === 0),
    ),
  ).toEqual([]);
});

test.each(tags)('only the release key makes the tag %s', (tag) => {
  const makers = rulesets.filter(
    (ruleset) => covers(ruleset, `refs/tags/${tag}`) && ruleset.rules.some(({ type }) => type === 'creation'),
  );
  expect(makers.map(({ bypass_actors: actors }) => actors)).toEqual([deployKeys]);
});

test('other tags are left alone', () => {
  expect(rulesFor('refs/tags/v1.0.0')).toEqual([]);
});

test.each(branches)(
  '%s, which the root follows, takes what a code owner approved, and is never rewritten',
  (branch) => {
    const rules = rulesFor(branch);
    expect(rules.map(({ type }) => type)).toEqual(
      expect.arrayContaining(['deletion', 'non_fast_forward', 'pull_request']),
    );
    expect(rules.find(({ type }) => type === 'pull_request')?.parameters).toMatchObject({
      required_approving_review_count: 1,
      require_code_owner_review: true,
      dismiss_stale_reviews_on_push: true,
      require_last_push_approval: true,
    });
  },
);

test.each(branches)(
  '%s takes what every job of verify.yml has passed on top of it, and no other program can say so',
  (branch) => {
    const { name = '', strategy } = workflow('verify').jobs.verify ?? {};
    const parameters = rulesFor(branch).find(({ type }) => type === 'required_status_checks')?.parameters;
    expect(parameters).toMatchObject({
      strict_required_status_checks_policy: true,
      // The number of the app GitHub Actions.
      required_status_checks: strategy?.matrix.node.map((node) => ({
        context: name.replace('${{ matrix.node }}', String(node)),
        integration_id: 15368,
      })),
    });
  },
);

test('beside people only the release key pushes to main', () => {
  expect(rulesets.filter(({ target }) => target === 'branch').map(({ bypass_actors: actors }) => actors)).toEqual([
    deployKeys,
  ]);
});

test('each file is what the API takes, and in force', () => {
  const keys = ['bypass_actors', 'conditions', 'enforcement', 'name', 'rules', 'target'];
  expect(rulesets.map((ruleset) => Object.keys(ruleset).sort())).toEqual(files.map(() => keys));
  expect(rulesets.map(({ enforcement }) => enforcement)).toEqual(files.map(() => 'active'));
});

test('the page names every file, and the environment and the secret that the workflow takes', () => {
  const { environment = 'none' } = workflow('release').jobs.release ?? {};
  const [, secret = 'none'] = /secrets\.(\w+)/.exec(read('workflows/release.yml')) ?? [];
  const names = [...files, `environments/${environment}"`, `gh secret set ${secret} `, `--env ${environment} `];
  expect(names.filter((name) => !readme.includes(name))).toEqual([]);
});

test('somebody of the organisation that owns the repository owns every file', () => {
  const owners = Object.keys(environments).map(
    (name) => /([^/:]+)\/[^/]+$/.exec(loadEnvironment(name).repository.url)?.[1],
  );
  const rules = read('CODEOWNERS')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  expect(rules[0]).toMatch(new RegExp(`^\\* @(${owners.join('|')})/`));
  // A later line without an owner would take some files out again.
  expect(rules.filter((line) => !/^\S+( @[\w/-]+)+$/.test(line))).toEqual([]);
});
