import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { environmentInput } from '../../config/index.ts';
import type { Manifest } from '../../constructs/core/manifest.ts';
import { Committed } from '../../synth/committed.ts';
import { synthesise } from '../../synth/synthesise.ts';
import { toYaml } from '../../synth/yaml.ts';
import { refusal } from '../support/harness.ts';

const file = 'data/statefulset-store.yaml';
let root: string;

beforeEach(() => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), 'diptych-committed-'));
  git('init', '--quiet');
});
afterEach(() => fs.rmSync(root, { recursive: true, force: true }));

function git(...args: readonly string[]): void {
  const names = ['user.name=the tests', 'user.email=tests@example.com', 'commit.gpgSign=false'];
  execFileSync('git', ['-C', root, ...names.flatMap((each) => ['-c', each]), ...args]);
}

function commit(): void {
  git('add', '--all');
  git('commit', '--quiet', '--message', 'as it runs');
}

const store = (serviceName: string): Manifest => ({
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  metadata: { name: 'store', namespace: 'data' },
  spec: { serviceName },
});

function write(text: string): void {
  fs.mkdirSync(path.join(root, 'dist/production/data'), { recursive: true });
  fs.writeFileSync(path.join(root, 'dist/production', file), text);
}

const isNot =
  (name: string) =>
  ({ spec }: Manifest): boolean =>
    (spec as { readonly serviceName: string }).serviceName !== name;
const others = (name: string): unknown[] =>
  new Committed(root, 'production').objects(file, isNot(name)).map(({ spec }) => spec);

test('output that was deleted is what git has of it', () => {
  write(toYaml(store('a')));
  commit();
  fs.rmSync(path.join(root, 'dist'), { recursive: true });
  const committed = new Committed(root, 'production');
  expect([
    committed.texts(file),
    others('b'),
    committed.gone(new Set(['new/statefulset-new.yaml']), ['statefulset']),
  ]).toEqual([[toYaml(store('a'))], [{ serviceName: 'a' }], [file]]);
});

test('a file that will be the same is not read again, and one that will be another is', () => {
  const manifest = store('a');
  const generated = { path: file, source: 'the tests', manifest };
  const asked = (text: string): Manifest => {
    write(text);
    return new Committed(root, 'production', [generated]).objects(file, () => true)[0]!;
  };
  expect(asked(`# header\n${toYaml(manifest)}`)).toBe(manifest);
  expect(asked(`# header\n${toYaml(store('b'))}`)).toEqual(store('b'));
  expect(asked(`# header\n---\n${toYaml(manifest)}`)).not.toBe(manifest);
});

test('files are told apart by their bytes, and a folder is no file', () => {
  write(toYaml(store('a')));
  for (const [name, text] of Object.entries({ 'a/statefulset-ä.yaml': 'ä\n', 'b/statefulset-b.yaml': '€' })) {
    fs.mkdirSync(path.join(root, 'dist/production', path.dirname(name)));
    fs.writeFileSync(path.join(root, 'dist/production', name), text);
  }
  commit();
  fs.rmSync(path.join(root, 'dist'), { recursive: true });
  const committed = new Committed(root, 'production');
  const names = ['a/statefulset-ä.yaml', 'b/statefulset-b.yaml', file, 'data'];
  expect(names.map((name) => committed.texts(name))).toEqual([['ä\n'], ['€'], [toYaml(store('a'))], []]);
});

test('output that no commit holds was never applied, and may change', () => {
  fs.writeFileSync(path.join(root, 'README.md'), '');
  commit();
  write(toYaml(store('a')));
  expect(others('b')).toEqual([]);
});

test('output that was edited counts as git has it', () => {
  write(toYaml(store('a')));
  commit();
  write(toYaml(store('b')));
  expect([others('a'), others('c')]).toEqual([[], [{ serviceName: 'a' }]]);
});

test('output that nobody can read counts as git has it', () => {
  write(toYaml(store('a')));
  commit();
  write('{');
  expect(others('b')).toEqual([{ serviceName: 'a' }]);
});

test('output counts as it is where nothing was committed yet', () => {
  write(toYaml(store('a')));
  expect(others('b')).toEqual([{ serviceName: 'a' }]);
});

test('rm -rf dist takes no guard away: npm run synth refuses what it refused before', () => {
  const { sizes } = environmentInput('production');
  const changes = {
    repository: { url: 'https://github.com/example/platform.git', branch: 'main' },
    sizes: { ...sizes, postgres: { ...sizes.postgres, storageGibibytes: 50 } },
  };
  const options = { root, environment: 'production', strict: false, dryRun: false, generations: {}, changes };
  synthesise(options);
  const statefulSet = path.join(root, 'dist/production/data/statefulset-postgres.yaml');
  const text = fs.readFileSync(statefulSet, 'utf8');
  const former = text.replace('storage: 50Gi', 'storage: 40Gi').replace(/(postgresql-major: )'\d+'/, "$1'14'");
  fs.writeFileSync(statefulSet, former);
  commit();
  fs.rmSync(path.join(root, 'dist'), { recursive: true });
  const refused = refusal(() => synthesise(options));
  expect(refused.map(({ remedy }) => remedy.includes('name your own repository'))).toEqual([true, true]);
  expect(refused.map(({ what }) => what)).toEqual([
    "PostgreSQL 17 is to start on the volumes of 14, and can't read them",
    'spec.volumeClaimTemplates[0].spec.resources.requests.storage is 40Gi and would become 50Gi: the API server refuses that',
  ]);
});

describe('the output that came as an example', () => {
  const tree = (environment: string, repository: string): void => {
    fs.mkdirSync(path.join(root, 'argocd', environment), { recursive: true });
    fs.writeFileSync(
      path.join(root, 'argocd', environment, 'root.yaml'),
      `spec:\n  source:\n    repoURL: ${repository}\n`,
    );
  };
  const example = 'https://github.com/example/platform.git';
  const own = 'git@github.com:acme/platform.git';
  const held = (repository: string): unknown[] =>
    new Committed(root, 'production', [], repository).objects(file, isNot('b')).map(({ spec }) => spec);
  const there = [{ serviceName: 'a' }];

  beforeEach(() => {
    tree('production', example);
    write(toYaml(store('a')));
  });

  test('may become anything in a repository of somebody: it never ran', () => {
    expect(held(own)).toEqual([]);
    commit();
    expect(held(own)).toEqual([]);
    const committed = new Committed(root, 'production', [], own);
    expect([committed.texts(file), committed.files(new Set([file]), ['statefulset'])]).toEqual([[], []]);
  });

  test('may do so until what takes its place is in a commit', () => {
    commit();
    tree('production', own);
    expect(held(own)).toEqual([]);
    commit();
    expect(held(own)).toEqual(there);
  });

  test('is held to as long as it stays an example, as here and in the proving ground', () => {
    commit();
    expect(held(example)).toEqual(there);
  });

  test("takes no guard away from what is somebody's own, when it comes with a merge", () => {
    tree('production', own);
    commit();
    tree('production', example);
    write(toYaml(store('b')));
    expect(held(own)).toEqual(there);
    tree('production', `${own}\n>>>>>>> upstream\n    repoURL: ${example}`);
    write(`<<<<<<< HEAD\n${toYaml(store('a'))}=======\n${toYaml(store('b'))}>>>>>>> upstream\n`);
    expect(held(own)).toEqual(there);
  });

  test('is what an environment is told to leave behind, until it names a repository of its own', () => {
    expect([example, own].map((each) => new Committed(root, 'production', [], each).staysExample)).toEqual([
      true,
      false,
    ]);
  });

  test('is told apart for each environment', () => {
    tree('production', own);
    tree('staging', example);
    commit();
    expect(held(own)).toEqual(there);
  });
});
