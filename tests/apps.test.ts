import fs from 'node:fs';
import path from 'node:path';
import { applications } from '../apps/index.ts';
import { buildPlatform, wholePlatform } from '../apps/platform.ts';
import type { LoadOptions } from '../config/index.ts';
import type { Application } from '../constructs/core/application.ts';
import { OffsiteCopy } from '../constructs/stateful/index.ts';
import { committed, root } from './support/committed.ts';
import { at, refusal, testApplication, testEnvironment, testInput } from './support/harness.ts';

test('every application that a file of apps/ defines is in the table', async () => {
  const files = fs.readdirSync(path.join(root, 'apps')).filter((file) => file.endsWith('.ts'));
  const modules = await Promise.all(files.map((file) => import(path.join(root, 'apps', file)) as Promise<object>));
  const defined = modules
    .flatMap((module) => Object.values(module) as unknown[])
    .filter((value) => typeof value === 'object' && value !== null && 'build' in value && 'uses' in value);
  expect(defined.length).toBeGreaterThan(5);
  expect(defined.filter((each) => !applications.includes(each as Application<unknown>))).toEqual([]);
});

test('the controller of sealed secrets makes no key that nobody keeps', () => {
  const { manifest } = committed('argocd/production/applications').find(({ file }) =>
    file.endsWith('sealed-secrets.yaml'),
  )!;
  expect(at(manifest, 'spec.sources.0.helm.valuesObject.keyrenewperiod')).toBe('0');
});

test('backups that nothing copies to the second provider are refused where the configuration says that they are', () => {
  const offsite = { store: 'offsite', schedule: '20 * * * *' };
  const orders = { store: 'backups', schedule: '0 2 * * *', restoreTestSchedule: false, offsite } as const;
  const environment = testEnvironment({ hosts: {}, sizes: {}, backups: { orders } });
  const application = testApplication('orders', (_, asked) => asked.backups('orders'));
  expect(refusal(() => wholePlatform(environment, [application]))).toMatchObject([
    {
      where: 'config/environments/test.ts: backups.orders.offsite',
      what: 'no application copies these backups: they would be with the first provider alone',
      remedy: 'make the store in apps/data.ts and add it to that list, or set offsite: false',
    },
  ]);
});

test('snapshots of the cluster are copied with the backups in their bucket, and refused where nothing copies that', () => {
  const offsite = { store: 'offsite', schedule: '20 * * * *' };
  const k3s = { snapshots: { store: 'backups', schedule: '0 */6 * * *', keep: 28, offsite } };
  const hetzner = { locations: ['fsn1'], subnet: '10.10.0.0/24' };
  const nodes = testInput.nodes.map((node, index) => ({ ...node, machine: { address: `10.10.0.1${index}` } }));
  const environment = testEnvironment({ hosts: {}, sizes: {}, nodes, hetzner, k3s });
  expect(refusal(() => wholePlatform(environment, []))).toMatchObject([
    {
      where: 'config/environments/test.ts: k3s.snapshots.offsite',
      what: 'no application copies these backups: they would be with the first provider alone',
    },
  ]);
  const copied = (changes: LoadOptions['changes'] = {}) =>
    buildPlatform('production', { changes })
      .all(OffsiteCopy)
      .map(({ folders }) => folders);
  expect(copied()).toEqual([['postgres', 'redis', 'samba', 'etcd']]);
  expect(copied({ k3s: { snapshots: { ...k3s.snapshots, offsite: false } } })).toEqual([
    ['postgres', 'redis', 'samba'],
  ]);
});

test('a host, bucket, size, volume, backup, generation or copy that no application asks for is refused', () => {
  const recovered = { number: 3, recovery: { from: 1 } };
  const backup = { store: 'backups', schedule: '0 2 * * *', restoreTestSchedule: false, offsite: false } as const;
  const changes = {
    sizes: {
      backend: { minReplicas: 3, storageGibibytes: 1 },
      backnd: { minReplicas: 3 },
      orders: { storageGibibytes: 1, memoryMebibytes: 512 },
    },
    backups: { orders: backup, odrers: backup },
    hosts: { backend: 'api.example.com', backofice: 'office.example.com' },
  };
  const environment = testEnvironment(changes, 0, {
    generations: { orders: { number: 2 }, order: { number: 2 } },
    copies: { orders: recovered, ordres: recovered },
  });
  const application = testApplication('backend', (_, asked) => [
    asked.host('backend'),
    asked.size('backend'),
    asked.storage('orders'),
    asked.backups('orders'),
    asked.generation('orders'),
    asked.copy('orders'),
  ]);
  const what = 'no application asks for it';
  const remedy = 'correct the name, here or where apps/ asks for it; remove it only if none should';
  expect(refusal(() => wholePlatform(environment, [application]))).toMatchObject([
    { where: 'config/environments/test.ts: hosts.backofice', what, remedy },
    { where: 'config/environments/test.ts: objectStores.offsite', what },
    { where: 'config/environments/test.ts: sizes.backnd', what },
    { where: 'config/environments/test.ts: sizes.backend.storageGibibytes', what },
    { where: 'config/environments/test.ts: sizes.orders.memoryMebibytes', what },
    { where: 'config/environments/test.ts: backups.odrers', what },
    { where: 'config/generations.json: test.generations.order', what },
    { where: 'config/generations.json: test.copies.ordres', what },
  ]);
});
