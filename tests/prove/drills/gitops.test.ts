import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { buildPlatform } from '../../../apps/platform.ts';
import { describeApplication, isSyncedAndHealthy } from '../../../prove/components/argocd/applications.ts';
import type { ApplicationObject } from '../../../prove/components/argocd/applications.ts';
import { podsWithoutPriority, unowned } from '../../../prove/drills/gitops/objects.ts';
import type { LiveObject } from '../../../prove/drills/gitops/objects.ts';
import { driftsOf, lastingDriftsOf } from '../../../prove/drills/heal/drifts.ts';
import { keyOfLayer } from '../../../prove/images/layer.ts';
import { blobFile, packImage } from '../../../prove/images/store.ts';
import {
  bareRepository,
  copyWorkingTree,
  git,
  taggedRepository,
} from '../../../prove/stand-ins/internet/repositories.ts';
import { committed } from '../../support/committed.ts';

const platform = buildPlatform('production');
let folder: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'gitops-'));
});
afterEach(() => fs.rmSync(folder, { recursive: true }));

describe('an application', () => {
  const application = (status: ApplicationObject['status']): ApplicationObject => ({
    metadata: { name: 'backend' },
    spec: {},
    status,
  });
  const done = { sync: { status: 'Synced' }, health: { status: 'Healthy' } };

  test('is done when it is Synced and Healthy and nothing runs', () => {
    expect(isSyncedAndHealthy(application({ ...done, operationState: { phase: 'Succeeded' } }))).toBe(true);
    expect(isSyncedAndHealthy(application({ ...done, operationState: { phase: 'Running' } }))).toBe(false);
    expect(isSyncedAndHealthy(application({ ...done, health: { status: 'Progressing' } }))).toBe(false);
    expect(isSyncedAndHealthy(application(undefined))).toBe(false);
  });

  test('is told in one line, with what it waits for', () => {
    const status = { ...done, operationState: { phase: 'Running', message: 'waiting for completion of hook' } };
    expect(describeApplication(application(status))).toBe(
      'backend Synced Healthy, Running: waiting for completion of hook',
    );
  });
});

test('pods without a priority are told, but those on their way out and what makes them', () => {
  const pod = (name: string, priorityClassName?: string, deletionTimestamp?: string): LiveObject => ({
    kind: 'Pod',
    metadata: { name, namespace: 'shop', creationTimestamp: '2026-11-23T10:00:00Z', deletionTimestamp },
    spec: { priorityClassName },
  });
  const objects = [pod('none'), pod('first', 'edge'), pod('gone', undefined, '2026-11-23T11:00:00Z')];
  expect(podsWithoutPriority([...objects, { ...pod('set'), kind: 'ReplicaSet' }])).toEqual(['Pod/shop/none']);
});

describe('objects that no application owns', () => {
  const object = (kind: string, name: string, metadata: Partial<LiveObject['metadata']> = {}): LiveObject => ({
    kind,
    metadata: { name, namespace: 'shop', creationTimestamp: '2026-11-23T10:00:00Z', ...metadata },
  });

  const listing = (...resources: { kind: string; namespace?: string; name: string }[]): ApplicationObject => ({
    metadata: { name: 'backend' },
    spec: {},
    status: { resources },
  });

  test('are those that none lists and nothing in the cluster made', () => {
    const objects = [
      object('Service', 'backend'),
      object('CustomResourceDefinition', 'things.example.com', { namespace: undefined }),
      object('Pod', 'backend-1', { ownerReferences: [{ kind: 'ReplicaSet', name: 'backend' }] }),
      object('ConfigMap', 'forgotten'),
    ];
    const application = listing(
      { kind: 'Service', namespace: 'shop', name: 'backend' },
      { kind: 'CustomResourceDefinition', namespace: 'shop', name: 'things.example.com' },
    );
    expect(unowned(objects, [application], new Set(), platform)).toEqual(['ConfigMap/shop/forgotten']);
  });

  test('are not hooks that a sync ran', () => {
    const resources = [{ kind: 'Job', namespace: 'shop', name: 'backend-migrations' }];
    const application = { ...listing(), status: { operationState: { syncResult: { resources } } } };
    expect(unowned([object('Job', 'backend-migrations')], [application], new Set(), platform)).toEqual([]);
  });

  test('are not those that were there before, or that Kubernetes puts into every namespace', () => {
    const objects = [object('ConfigMap', 'earlier'), object('ConfigMap', 'kube-root-ca.crt')];
    expect(unowned(objects, [], new Set(['ConfigMap/shop/earlier']), platform)).toEqual([]);
  });
});

test('what Kubernetes, Argo CD, cert-manager, Patroni and volumes make is right without an owner', () => {
  const live = (name: string, spec?: LiveObject['spec']): LiveObject => {
    const [kind = '', namespace, own] = name.split('/');
    const metadata = { name: own ?? '', namespace, creationTimestamp: '2026-11-23T10:00:00Z' };
    return { kind, metadata, spec };
  };
  const right = [
    'Secret/argocd/argocd-redis',
    'AppProject/argocd/default',
    'Secret/sealed-secrets/sealing-key',
    'PersistentVolumeClaim/data/data-postgres-1',
    'PersistentVolumeClaim/data/data-redis-1',
    'Endpoints/data/postgres',
    'Endpoints/data/postgres-sync',
    'Secret/data/postgres-tls',
  ].map((name) => live(name));
  const certificate = live('Certificate/data/postgres', { secretName: 'postgres-tls' });
  const wrong = ['Secret/data/other-tls', 'PersistentVolumeClaim/shop/data-postgres-1', 'Endpoints/data/other'];
  const found = unowned([...right, certificate, ...wrong.map((name) => live(name))], [], new Set(), platform);
  expect(found).toEqual(['Certificate/data/postgres', ...wrong].sort());
});

test('what is changed by hand is there, but for what is only made', () => {
  const there = new Set(
    ['dist/production', 'argocd/production'].flatMap((tree) =>
      committed(tree).map(({ manifest: { kind, metadata } }) =>
        [kind.toLowerCase(), metadata.name, `--namespace=${metadata.namespace}`].join(' '),
      ),
    ),
  );
  const asked = [...driftsOf(platform), ...lastingDriftsOf(platform)].map(({ question }) => {
    const [, kind = '', ...more] = question;
    return [kind.replace(/s\.argoproj\.io$/, ''), ...more.slice(0, 2)].join(' ');
  });
  expect(new Set(asked.filter((name) => !there.has(name)))).toEqual(
    new Set(['deployment cert-manager --namespace=cert-manager', 'configmap drill-drift --namespace=shop']),
  );
});

describe('a layer of an image', () => {
  test('is made anew when a file of it changes, and not otherwise', () => {
    const file = path.join(folder, 'program');
    fs.writeFileSync(file, 'one');
    const layer = { name: 'layer', files: { 'bin/program': file } };
    const before = keyOfLayer(layer);
    expect(keyOfLayer(layer)).toBe(before);
    fs.writeFileSync(file, 'three');
    expect(keyOfLayer(layer)).not.toBe(before);
  });
});

test('an image keeps its layers when only the place of their files changed', async () => {
  const image = (file: string) => ({
    reference: 'example/image:1',
    layers: [{ name: 'layer', files: { program: file } }],
  });
  const files = ['one', 'two'].map((name) => path.join(folder, name));
  for (const file of files) fs.writeFileSync(file, 'the same');
  const store = path.join(folder, 'store');
  for (const file of files) await packImage(store, image(file));
  const layers = fs.readdirSync(path.join(store, 'layers')).map((file) => {
    const { digest } = JSON.parse(fs.readFileSync(path.join(store, 'layers', file), 'utf8')) as { digest: string };
    return fs.existsSync(blobFile(store, digest));
  });
  expect(layers).toEqual([true]);
});

describe('repositories', () => {
  test('of others have what is read from them, under their tag', async () => {
    const repository = path.join(folder, 'upstream.git');
    await taggedRepository(repository, 'v1.2.3', { 'manifests/install.yaml': 'kind: Größe\n' });
    await taggedRepository(repository, 'v1.2.3', { 'manifests/other.yaml': 'kind: Other\n' });
    expect(await git(repository, ['ls-tree', '-r', '--name-only', 'v1.2.3'])).toBe('manifests/other.yaml');
  });

  test('a working tree is copied with what is not committed, without what git ignores', async () => {
    const [tree, copy] = [path.join(folder, 'tree'), path.join(folder, 'copy')];
    await bareRepository(path.join(folder, 'unused.git'));
    fs.mkdirSync(tree);
    await git(tree, ['init', '--quiet']);
    fs.writeFileSync(path.join(tree, '.gitignore'), 'ignored\n');
    for (const name of ['committed', 'new', 'ignored', 'left-out']) fs.writeFileSync(path.join(tree, name), name);
    await git(tree, ['add', 'committed', '.gitignore']);
    copyWorkingTree(tree, copy, (file) => file !== 'left-out');
    expect(fs.readdirSync(copy).sort()).toEqual(['.gitignore', 'committed', 'new', 'node_modules']);
  });
});
