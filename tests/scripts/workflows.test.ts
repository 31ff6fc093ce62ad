import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { load } from 'js-yaml';
import { root } from '../support/committed.ts';

interface Workflow {
  readonly permissions: Readonly<Record<string, string>>;
  readonly jobs: Readonly<
    Record<string, { readonly steps: readonly { readonly run?: string; readonly uses?: string }[] }>
  >;
}

const scripts = (
  JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8')) as {
    readonly scripts: Readonly<Record<string, string>>;
  }
).scripts;
const workflow = (name: string) =>
  load(fs.readFileSync(path.join(root, '.github/workflows', `${name}.yml`), 'utf8')) as Workflow;
const steps = (name: string) => Object.values(workflow(name).jobs).flatMap((job) => job.steps);

test.each(['verify', 'release'])('the workflow %s runs commands that package.json has', (name) => {
  const commands = steps(name).flatMap(({ run = '' }) =>
    [...run.matchAll(/npm run ([a-z:]+)/g)].map(([, script]) => script),
  );
  expect(commands.length).toBeGreaterThan(0);
  expect(commands.filter((script) => !Object.hasOwn(scripts, script ?? ''))).toEqual([]);
});

test('pull requests are verified by what a person runs, without the right to write', () => {
  expect(steps('verify').map(({ run }) => run)).toEqual(
    expect.arrayContaining(['npm ci', 'npm run synth', 'npm run verify']),
  );
  expect(workflow('verify').permissions).toEqual({ contents: 'read' });
});

test('a release is verified before it is made', () => {
  const runs = steps('release').map(({ run }) => run ?? '');
  expect(runs.indexOf('npm run verify')).toBeGreaterThan(-1);
  expect(runs.indexOf('npm run release')).toBeGreaterThan(runs.indexOf('npm run verify'));
});

test.each(['verify', 'release'])('the workflow %s takes actions by their major version, or a digest', (name) => {
  const actions = steps(name).flatMap(({ uses = [] }) => uses);
  expect(actions.filter((action) => !/^[\w-]+\/[\w-]+@(v\d+|[0-9a-f]{40})$/.test(action))).toEqual([]);
});

describe('the last step of verify', () => {
  const script = steps('verify').at(-1)?.run ?? '';
  let folder: string;

  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'diptych-workflow-'));
    sh('git init --quiet');
  });

  afterEach(() => {
    fs.rmSync(folder, { recursive: true });
  });

  /** Runs a script as the runner does, away from any repository that git's variables name. */
  function sh(text: string): { readonly status: number | null; readonly stdout: string } {
    const env = { PATH: process.env.PATH, GIT_CONFIG_GLOBAL: '/dev/null' };
    return spawnSync('bash', ['-e', '-c', text], { cwd: folder, env, encoding: 'utf8' });
  }

  test('passes when the commands before left nothing behind', () => {
    expect(sh(script)).toMatchObject({ status: 0, stdout: '' });
  });

  test('fails and says what to do when they did', () => {
    fs.writeFileSync(path.join(folder, 'deployment.yaml'), '');
    const { status, stdout } = sh(script);
    expect(status).toBe(1);
    expect(stdout).toMatch(/\?\? deployment\.yaml\n::error::.*Run it and commit the result/);
  });
});
