import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Manifest } from '../../constructs/core/manifest.ts';
import { Committed } from '../../synth/committed.ts';
import { readBefore, takenAway } from '../../synth/taken-away.ts';
import { toYaml } from '../../synth/yaml.ts';

let root: string;
beforeEach(() => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), 'diptych-taken-'));
});
afterEach(() => fs.rmSync(root, { recursive: true, force: true }));

const metadata = { name: 'web', namespace: 'shop' };
const way = (instance: string, port: number, namespace = 'data') => ({
  to: [
    {
      podSelector: { matchLabels: { 'app.kubernetes.io/instance': instance } },
      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
    },
  ],
  ports: [{ port, protocol: 'TCP' }],
});
const policy = (...egress: object[]): Manifest => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata,
  spec: { podSelector: {}, policyTypes: ['Egress'], egress },
});
const role = (...verbs: string[]): Manifest => {
  const rules = [{ apiGroups: [''], resources: ['pods'], resourceNames: ['web-0'], verbs }];
  return { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata, rules };
};
const sealed = (...keys: string[]): Manifest => ({
  apiVersion: 'bitnami.com/v1alpha1',
  kind: 'SealedSecret',
  metadata,
  spec: { encryptedData: Object.fromEntries(keys.map((key) => [key, 'x'])) },
});

/** What is told where one follows the other. */
function told(before: Manifest, after: Manifest): readonly string[] {
  const file = { path: 'web/object.yaml', source: 'the tests', manifest: after };
  const full = path.join(root, 'dist/production', file.path);
  fs.mkdirSync(path.dirname(full), { recursive: true });
  fs.writeFileSync(full, toYaml(before));
  const committed = new Committed(root, 'production');
  readBefore(committed, [file]);
  fs.writeFileSync(full, toYaml(after));
  return takenAway(committed, [file]);
}

test.each([
  [
    'a way to others',
    policy(way('postgres', 5432), way('redis', 6379)),
    policy(way('postgres', 5432)),
    'NetworkPolicy shop/web loses the way to data/redis 6379',
  ],
  ['a right', role('get', 'patch'), role('get'), 'Role shop/web loses the right to patch pods web-0'],
  ['a key of a secret', sealed('old', 'new'), sealed('new'), 'SealedSecret shop/web loses the key old'],
])('%s that running pods have is told when it goes', (_, before, after, line) => {
  expect(told(before, after)).toEqual([line]);
});

test.each([
  ['comes', policy(way('postgres', 5432)), policy(way('redis', 6379), way('postgres', 5432))],
  ['is another value', sealed('key'), sealed('key')],
  ['is of a kind that nothing is taken from', { ...policy(), kind: 'Service' }, { ...policy(), kind: 'Service' }],
])('nothing is told where something %s', (_, before, after) => {
  expect(told(before, after)).toEqual([]);
});
