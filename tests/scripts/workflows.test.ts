import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { load } from 'js-yaml';
import { root } from '../support/committed.ts';

interface Step {
  readonly run?: string;
  readonly uses?: string;
  readonly with?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
}

interface Job {
  readonly permissions: Readonly<Record<string, string>>;
  readonly 'timeout-minutes'?: number;
  readonly environment?: string;
  readonly needs?: string;
  readonly uses?: string;
  readonly steps?: readonly Step[];
}

interface Workflow {
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions: Readonly<Record<string, string>>;
  readonly concurrency: { readonly group: string };
  readonly jobs: Readonly<Record<string, Job>>;
}

const scripts = (
  JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8')) as {
    readonly scripts: Readonly<Record<string, string>>;
  }
).scripts;
const folder = path.join(root, '.github/workflows');
const text = (name: string) => fs.readFileSync(path.join(folder, `${name}.yml`), 'utf8');
const workflow = (name: string) => load(text(name)) as Workflow;
const jobs = (name: string) => Object.values(workflow(name).jobs);
const stepsOf = ({ steps = [] }: Job) => steps;
const steps = (name: string) => jobs(name).flatMap(stepsOf);
const names = fs.readdirSync(folder).map((file) => path.basename(file, '.yml'));
const secret = 'secrets.';

test.each(names)('the workflow %s runs commands that package.json has', (name) => {
  const commands = steps(name).flatMap(({ run = '' }) =>
    [...run.matchAll(/npm run ([a-z:]+)/g)].map(([, script]) => script),
  );
  expect(commands.length).toBeGreaterThan(0);
  expect(commands.filter((script) => !Object.hasOwn(scripts, script ?? ''))).toEqual([]);
});

test('pull requests are verified by what a person runs', () => {
  expect(steps('verify').map(({ run }) => run)).toEqual(
    expect.arrayContaining(['npm ci', 'npm run lint:tools', 'npm run synth', 'npm run verify']),
  );
});

test('both halves of the tests run once wherever everything is verified', async () => {
  const { default: config } = (await import(path.join(root, 'jest.config.mjs'))) as {
    readonly default: { readonly projects: readonly { readonly displayName: string }[] };
  };
  const selected = ['test', 'test:programs'].map(
    (name) => / --selectProjects (\S+) --ci$/.exec(scripts[name] ?? '')?.[1],
  );
  expect(selected).toEqual(config.projects.map(({ displayName }) => displayName));
  const run = (text: string) => [...text.matchAll(/(?<!')\bnpm (?:run )?(test[a-z:]*)(?!')/g)].map(([, name]) => name);
  const steps = fs.readFileSync(path.join(root, '.ci/run'), 'utf8');
  expect([run(scripts.verify ?? ''), run(steps)]).toEqual([
    ['test', 'test:programs'],
    ['test', 'test:programs'],
  ]);
});

test('what a pull request brings runs without secrets, and nothing is left for it to push with', () => {
  // Not pull_request_target, which runs with the secrets and the token of main.
  expect(Object.keys(workflow('verify').on).sort()).toEqual(['pull_request', 'workflow_call']);
  expect(text('verify')).not.toContain(secret);
  const [checkout] = steps('verify');
  expect(checkout?.with).toMatchObject({ 'persist-credentials': false });
});

test.each(names)('the workflow %s gives each job only the right to read, and each job ends', (name) => {
  expect(workflow(name).permissions).toEqual({});
  expect(jobs(name).map(({ permissions }) => permissions)).toEqual(jobs(name).map(() => ({ contents: 'read' })));
  const endless = jobs(name).filter((job) => job.uses === undefined && (job['timeout-minutes'] ?? 0) === 0);
  expect([endless, workflow(name).concurrency.group]).toEqual([[], expect.any(String)]);
});

test.each(names)('the workflow %s takes actions by their commit, with the tag beside it', (name) => {
  const uses = [...text(name).matchAll(/^ +(?:- )?uses: (.*)$/gm)].map(([, action = '']) => action);
  const others = uses.filter((action) => !action.startsWith('./'));
  expect(others.length).toBeGreaterThan(0);
  expect(others.filter((action) => !/^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(action))).toEqual([]);
});

test('a release is verified before it is made, as a pull request is', () => {
  expect(workflow('release').jobs.verify).toMatchObject({ uses: './.github/workflows/verify.yml' });
  expect(workflow('release').jobs.release).toMatchObject({ needs: 'verify' });
});

test('the key that releases is in one job, of an environment, which runs no script of a package and no test', () => {
  const { verify, release } = workflow('release').jobs;
  expect([JSON.stringify(verify), JSON.stringify(release)].map((job) => job.includes(secret))).toEqual([false, true]);
  expect(release?.environment).toBe('release');
  const runs = stepsOf(release!).flatMap(({ run = [] }) => run);
  expect(
    runs.filter((run) => /npm (ci|install|i|test|run)\b/.test(run)).map((run) => run.trim().split('\n').at(-1)),
  ).toEqual([
    'npm ci --ignore-scripts',
    'for environment in $ENVIRONMENTS; do npm run release -- --environment "$environment"; done',
  ]);
});

describe('the last step', () => {
  const [verify, release] = ['verify', 'release'].map((name) => steps(name).at(-1)?.run ?? '') as [string, string];
  let place: string;

  beforeEach(() => {
    place = fs.mkdtempSync(path.join(os.tmpdir(), 'diptych-workflow-'));
    sh('git init --quiet');
  });

  afterEach(() => {
    fs.rmSync(place, { recursive: true });
  });

  /** Runs a script as the runner does, away from any repository that git's variables name. */
  function sh(script: string, variables: Readonly<Record<string, string>> = {}) {
    const env = { PATH: process.env.PATH, GIT_CONFIG_GLOBAL: '/dev/null', ...variables };
    return spawnSync('bash', ['-e', '-c', script], { cwd: place, env, encoding: 'utf8' });
  }

  /** An npm that says what it was asked. */
  function released(commit: string): string {
    fs.writeFileSync(path.join(place, 'npm'), '#!/bin/sh\necho "npm $*"\n', { mode: 0o755 });
    return sh(release, {
      PATH: `${place}:${process.env.PATH ?? ''}`,
      GITHUB_SHA: commit,
      GITHUB_REF_NAME: 'trunk',
      ENVIRONMENTS: 'production staging',
    }).stdout;
  }

  test('of verify passes when the commands before left nothing behind', () => {
    expect(sh(verify)).toMatchObject({ status: 0, stdout: '' });
  });

  test('of verify fails and says what to do when they did', () => {
    fs.writeFileSync(path.join(place, 'deployment.yaml'), '');
    const { status, stdout } = sh(verify);
    expect(status).toBe(1);
    expect(stdout).toMatch(/\?\? deployment\.yaml\n::error::.*Run it and commit the result/);
  });

  test('of release releases the commit that was verified, of each environment', () => {
    sh('git -c user.name=a -c user.email=a@example.com commit --quiet --allow-empty --message Begin');
    expect(released(sh('git rev-parse HEAD').stdout.trim())).toBe(
      'npm run release -- --environment production\nnpm run release -- --environment staging\n',
    );
  });

  test('of release leaves a newer one to the run that verifies it', () => {
    sh('git -c user.name=a -c user.email=a@example.com commit --quiet --allow-empty --message Begin');
    expect(released('0'.repeat(40))).toMatch(/^::notice::trunk has moved on/);
  });
});
