import fs from 'node:fs';
import path from 'node:path';
import { environments } from '../../config/index.ts';
import type { EnvironmentInput } from '../../config/schema.ts';
import { upstream } from '../../config/upstream.ts';
import { checkTree } from '../../scripts/ready/checks.ts';
import { readImages } from '../../scripts/images/table.ts';
import { readyCommand } from '../../scripts/ready/command.ts';
import { writeInstall } from '../../synth/install/index.ts';
import { writeValues } from '../../synth/machines.ts';
import { synthesise } from '../../synth/synthesise.ts';
import { root } from '../support/committed.ts';
import { Repository } from './repository.ts';

const all = environments as Record<string, EnvironmentInput>;
/** Everything in it is an example, whatever an operator has made of production. */
const name = 'given';

/** The tree of an environment as somebody gets it, in a commit. */
let repository: Repository;

beforeAll(() => {
  const { hosts, nodes, objectStores, networks, ...production } = environments.production!;
  const each = <Value, Result>(
    values: Readonly<Record<string, Value>>,
    change: (value: Value, key: string) => Result,
  ) => Object.fromEntries(Object.entries(values).map(([key, value]) => [key, change(value, key)]));
  all[name] = {
    ...production,
    domain: 'given.example.com',
    hosts: each(hosts, (_, key) => `${key}.given.example.com`),
    nodes: nodes.map((node, index) => ({ ...node, address: `10.9.0.${index + 1}` })),
    networks: { ...networks, wireguard: '10.9.0.0/24' },
    objectStores: each(objectStores, (store, key) => ({ ...store, bucket: `example-given-${key}` })),
    releases: 'tags',
  };
  repository = new Repository();
  const { images } = readImages(root);
  const digest = `sha256:${'0'.repeat(64)}`;
  const pinned = each(images, (image) => ({ ...image, digest, withoutDigest: undefined }));
  const web = { repository: 'ghcr.io/example/web', tag: '1.0.0', withoutDigest: 'not published yet' };
  const table = { ...pinned, web: { ...web, source: 'the tests', date: '2026-11-29' } };
  repository.put('config/images.json', JSON.stringify(table));
  repository.put('config/releases.json', '{}');
  repository.put('config/bundles.json', '{}');
  synthesise({ root: repository.clone, environment: name, strict: false, dryRun: false });
  writeValues(repository.clone, [name], { dryRun: false });
  writeInstall(repository.clone, [name], { dryRun: false });
  fs.rmSync(path.join(repository.clone, '.cdk8s'), { recursive: true });
  repository.begin();
});

afterAll(() => {
  repository.remove();
  Reflect.deleteProperty(all, name);
});

async function ready(...args: readonly string[]): Promise<{ readonly code: number; readonly text: string }> {
  let text = '';
  const out = { write: (part: string) => (text += part) };
  return {
    code: await readyCommand(repository.clone, ['--environment', name, ...args], { stdout: out, stderr: out }),
    text,
  };
}

/** The findings of one check on the tree as it is now. */
function findings(check: string): string[] {
  const outcomes = checkTree(repository.clone, name, new Date());
  return outcomes
    .filter((each) => each.check === check)
    .flatMap((each) => each.findings.map(({ where, what }) => `${where}: ${what}`));
}

const accepted = ['examples', 'secrets', 'images'].flatMap((check) => ['--accept', check]);

test('the tree as it is given is not ready, and says what to mend', async () => {
  const { code, text } = await ready();
  expect(code).toBe(1);
  expect(text).toMatch(
    /^given\n {2}environments {2}ok\n {2}output {8}ok\n {2}github {8}ok\n {2}foreign {7}ok\n {2}examples {6}\d+ to mend\n/,
  );
  expect(text).toContain('config/environments/given.ts: domain: given.example.com is an example\n');
  expect(text).toContain('secret postgres-shop-app: password still to seal in data, shop\n');
  expect(text).toMatch(/config\/images\.json: web: \S+ is not pinned/);
  expect(text).toMatch(/given is not ready: \d+ to mend in examples, secrets, images\n$/);
});

test('it is ready for who accepts its examples, and that nothing is sealed or pinned', async () => {
  expect(await ready(...accepted)).toMatchObject({
    code: 0,
    text: expect.stringMatching(/given is ready\n$/) as string,
  });
});

test('releases of others that are read by a tag are told with the images', () => {
  const byTag = Object.entries(upstream).flatMap(([key, pin]) =>
    'withoutCommit' in pin ? [`config/upstream.ts: ${key}`] : [],
  );
  expect(findings('images').map((text) => text.split(': ').slice(0, 2).join(': '))).toEqual([
    'config/images.json: web',
    ...byTag,
  ]);
});

test('a disaster bundle that is not there is told', async () => {
  expect((await ready()).text).toContain('none is made yet: docs/runbooks/disaster-bundle.md');
});

test('what is here and in no commit is to mend', async () => {
  repository.put('notes.md', '');
  const { code, text } = await ready(...accepted);
  fs.rmSync(path.join(repository.clone, 'notes.md'));
  expect([code, text]).toEqual([
    1,
    expect.stringContaining('it has changes that no commit holds:\n      ?? notes.md\n'),
  ]);
});

test('output that the synthesis would change is to mend', () => {
  const file = 'dist/given/backend/deployment-backend.yaml';
  const text = repository.read(file);
  repository.put(file, text.replace('revisionHistoryLimit: 3', 'revisionHistoryLimit: 4'));
  const found = findings('output');
  repository.put(file, text);
  expect(found).toEqual([expect.stringContaining(`would not leave them as they are:\n    ~ ${file}`)]);
});

test('files that no construct wrote are to mend', () => {
  repository.put('argocd/given/applications/mine.yaml', 'kind: Application\n');
  repository.put('dist/gone/x.yaml', '');
  const found = findings('foreign');
  fs.rmSync(path.join(repository.clone, 'argocd/given/applications/mine.yaml'));
  fs.rmSync(path.join(repository.clone, 'dist/gone'), { recursive: true });
  expect(found).toEqual([
    'argocd/given/applications/mine.yaml: no construct wrote it, and Argo CD would apply it',
    'dist/gone: there is no such environment, so nothing keeps it as it should be',
  ]);
});

test('environments that have something in common are to mend, and not told twice', () => {
  all.twin = { ...all[name]!, objectStores: {}, hosts: {} };
  const found = [findings('environments'), findings('output'), findings('foreign')];
  Reflect.deleteProperty(all, 'twin');
  expect(found).toEqual([
    all[name]!.nodes.map(
      ({ address }, index) => `config/environments/twin.ts: nodes.${index}.address: ${address} is given's too`,
    ),
    [],
    [],
  ]);
});

test("what nobody can ask is told, and in nobody's way", async () => {
  expect((await ready(...accepted)).text).toContain('  protection    not known: git knows no origin\n');
});

test('an option that it does not know is told with the help', async () => {
  expect(await ready('--force')).toMatchObject({
    code: 2,
    text: expect.stringContaining('npm run ready -- [OPTION...]') as string,
  });
});

test('--help tells every check', async () => {
  const { text } = await ready('--help');
  const checks = [
    'environments',
    'output',
    'github',
    'foreign',
    'examples',
    'secrets',
    'images',
    'pods',
    'commits',
    'protection',
  ];
  expect(checks.filter((check) => !text.includes(`\n  ${check} `))).toEqual([]);
});
