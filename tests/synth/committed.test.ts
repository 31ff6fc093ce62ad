import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
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
  const options = { root, environment: 'production', strict: false, dryRun: false, generations: {} };
  synthesise(options);
  const statefulSet = path.join(root, 'dist/production/data/statefulset-postgres.yaml');
  const text = fs.readFileSync(statefulSet, 'utf8');
  const former = text.replace('storage: 50Gi', 'storage: 40Gi').replace(/(postgresql-major: )'\d+'/, "$1'14'");
  fs.writeFileSync(statefulSet, former);
  commit();
  fs.rmSync(path.join(root, 'dist'), { recursive: true });
  expect(refusal(() => synthesise(options)).map(({ what }) => what)).toEqual([
    "PostgreSQL 17 is to start on the volumes of 14, and can't read them",
    'spec.volumeClaimTemplates[0].spec.resources.requests.storage is 40Gi and would become 50Gi: the API server refuses that',
  ]);
});
