import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Finding } from '../../constructs/core/error.ts';
import type { Manifest } from '../../constructs/core/manifest.ts';
import { Committed } from '../../synth/committed.ts';
import { changeable, groupKind, immutable } from '../../synth/immutable/fields.ts';
import { immutableFindings } from '../../synth/immutable/index.ts';
import { synthesise } from '../../synth/synthesise.ts';
import { toYaml } from '../../synth/yaml.ts';
import { committed } from '../support/committed.ts';
import { refusal } from '../support/harness.ts';

let root: string;
beforeEach(() => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), 'diptych-immutable-'));
});
afterEach(() => fs.rmSync(root, { recursive: true, force: true }));

const file = 'shop/object-a.yaml';

type Fields = Readonly<Record<string, unknown>>;

function object(apiVersion: string, kind: string, fields: Fields, annotations: Record<string, string> = {}): Manifest {
  return { apiVersion, kind, metadata: { name: 'a', namespace: 'shop', annotations }, ...fields };
}

/** What an earlier run wrote. */
function written(text: string): void {
  fs.mkdirSync(path.join(root, 'dist/production/shop'), { recursive: true });
  fs.writeFileSync(path.join(root, 'dist/production', file), text);
}

function findings(manifest: Manifest): Finding[] {
  return immutableFindings(new Committed(root, 'production'), [{ path: file, source: 'the tests', manifest }]);
}

function changed(before: Manifest, after: Manifest): string[] {
  written(toYaml(before));
  return findings(after).map(({ what }) => what);
}

const claims = (storage: string, storageClassName = 'local-path'): Fields => ({
  volumeClaimTemplates: [
    { metadata: { name: 'data' }, spec: { storageClassName, resources: { requests: { storage } } } },
  ],
});
const set = (spec: Fields): Manifest => object('apps/v1', 'StatefulSet', { spec });
const selector = (app: string): Fields => ({ spec: { selector: { matchLabels: { app } } } });
const job = (image: string, annotations?: Record<string, string>): Manifest =>
  object('batch/v1', 'Job', { spec: { template: { spec: { containers: [{ name: 'a', image }] } } } }, annotations);
const kind =
  (apiVersion: string, name: string) =>
  (fields: Fields): Manifest =>
    object(apiVersion, name, fields);

/** Before, after, and the field that is named. */
const refused: readonly (readonly [string, Manifest, Manifest])[] = [
  [
    'spec.volumeClaimTemplates[0].spec.resources.requests.storage is 50Gi and would become 100Gi',
    set(claims('50Gi')),
    set(claims('100Gi')),
  ],
  [
    'spec.volumeClaimTemplates[0].spec.storageClassName is local-path and would become fast',
    set(claims('50Gi')),
    set(claims('50Gi', 'fast')),
  ],
  ['spec.serviceName is a and would become b', set({ serviceName: 'a' }), set({ serviceName: 'b' })],
  [
    'spec.podManagementPolicy is Parallel and would become OrderedReady',
    set({ podManagementPolicy: 'Parallel' }),
    set({}),
  ],
  ...[kind('apps/v1', 'StatefulSet'), kind('apps/v1', 'Deployment'), kind('apps/v1', 'DaemonSet')].map(
    (make) =>
      ['spec.selector.matchLabels.app is a and would become b', make(selector('a')), make(selector('b'))] as const,
  ),
  ...(['RoleBinding', 'ClusterRoleBinding'] as const).map((name) => {
    const make = kind('rbac.authorization.k8s.io/v1', name);
    return [
      'roleRef.name is a and would become b',
      make({ roleRef: { name: 'a' } }),
      make({ roleRef: { name: 'b' } }),
    ] as const;
  }),
  [
    'value is 100 and would become 200',
    kind('scheduling.k8s.io/v1', 'PriorityClass')({ value: 100 }),
    kind('scheduling.k8s.io/v1', 'PriorityClass')({ value: 200 }),
  ],
  [
    'spec.clusterIP is None and would become not there',
    kind('v1', 'Service')({ spec: { clusterIP: 'None' } }),
    kind('v1', 'Service')({ spec: {} }),
  ],
  ['spec.template.spec.containers[0].image is a and would become b', job('a'), job('b')],
  [
    'spec.resources.requests.storage is 1Gi and would become 512Mi',
    kind('v1', 'PersistentVolumeClaim')({ spec: { resources: { requests: { storage: '1Gi' } } } }),
    kind('v1', 'PersistentVolumeClaim')({ spec: { resources: { requests: { storage: '512Mi' } } } }),
  ],
  [
    'data.a is 1 and would become 2',
    kind('v1', 'ConfigMap')({ immutable: true, data: { a: '1' } }),
    kind('v1', 'ConfigMap')({ immutable: true, data: { a: '2' } }),
  ],
  [
    'spec.template.type is Opaque and would become kubernetes.io/tls',
    kind('bitnami.com/v1alpha1', 'SealedSecret')({ spec: { template: {} } }),
    kind('bitnami.com/v1alpha1', 'SealedSecret')({ spec: { template: { type: 'kubernetes.io/tls' } } }),
  ],
  [
    'volumeBindingMode is Immediate and would become WaitForFirstConsumer',
    kind('storage.k8s.io/v1', 'StorageClass')({ provisioner: 'a' }),
    kind('storage.k8s.io/v1', 'StorageClass')({ provisioner: 'a', volumeBindingMode: 'WaitForFirstConsumer' }),
  ],
  [
    'spec.controller is a and would become b',
    kind('networking.k8s.io/v1', 'IngressClass')({ spec: { controller: 'a' } }),
    kind('networking.k8s.io/v1', 'IngressClass')({ spec: { controller: 'b' } }),
  ],
];

test.each(refused)('it is refused that %s', (what, before, after) => {
  expect(changed(before, after)).toEqual([`${what}: the API server refuses that`]);
});

test('the refusal names the object, what it was made as, and the way out', () => {
  written(toYaml(set({ serviceName: 'a' })));
  expect(findings(set({ serviceName: 'b' }))).toEqual([
    {
      where: 'StatefulSet shop/a',
      what: 'spec.serviceName is a and would become b: the API server refuses that',
      allowed: 'a, as it was made',
      remedy:
        'set it back; or take it out in one release and bring it in a later one: its pods are gone meanwhile, its volumes stay',
    },
  ]);
});

test('the way out from another size of volumes leads not to the old volumes', () => {
  written(toYaml(set(claims('50Gi'))));
  expect(findings(set(claims('100Gi'))).map(({ remedy }) => remedy)).toEqual([
    'set it back: volumes that are there keep what they were made with, even under a StatefulSet made anew; or recover into the next generation with it (npm run recover -- --help); without generations, another name, which begins empty, in the release after that which removes this one',
  ]);
});

const taken: readonly (readonly [string, Manifest, Manifest])[] = [
  ['the number of pods', set({ replicas: 1, ...claims('1Gi') }), set({ replicas: 2, ...claims('1Gi') })],
  [
    'what another name begins with',
    set({ serviceName: 'a' }),
    { ...set({ serviceName: 'b' }), metadata: { name: 'b' } },
  ],
  ['a default that is written down', set({}), set({ podManagementPolicy: 'OrderedReady' })],
  ['the same amount in other words', set(claims('1Gi')), set(claims('1024Mi'))],
  [
    'a map that may change',
    kind('v1', 'ConfigMap')({ data: { a: '1' } }),
    kind('v1', 'ConfigMap')({ data: { a: '2' } }),
  ],
  [
    'a Job that Argo CD makes anew before each sync',
    job('a'),
    job('b', { 'argocd.argoproj.io/hook': 'PreSync', 'argocd.argoproj.io/hook-delete-policy': 'BeforeHookCreation' }),
  ],
  [
    'an object that Argo CD replaces',
    job('a'),
    job('b', { 'argocd.argoproj.io/sync-options': 'Force=true,Replace=true' }),
  ],
];

test.each(taken)('%s is taken', (_, before, after) => {
  expect(changed(before, after)).toEqual([]);
});

test('a hook whose Job stays when it failed is refused: the next sync would meet it', () => {
  const hook = { 'argocd.argoproj.io/hook': 'PreSync', 'argocd.argoproj.io/hook-delete-policy': 'HookSucceeded' };
  expect(changed(job('a'), job('b', hook))).toHaveLength(1);
});

test('in the middle of a merge what either side has counts', () => {
  const [ours, theirs] = ['a', 'b'].map((serviceName) => toYaml(set({ serviceName })));
  const line = (text: string | undefined): string => /^ {2}serviceName: .*\n/m.exec(text ?? '')?.[0] ?? '';
  written(ours!.replace(line(ours), `<<<<<<< HEAD\n${line(ours)}=======\n${line(theirs)}>>>>>>> other\n`));
  expect(findings(set({ serviceName: 'a' })).map(({ what }) => what)).toEqual([
    'spec.serviceName is b and would become a: the API server refuses that',
  ]);
});

test('of every kind that the platform has it is known what stays as it was made', () => {
  const kinds = [...new Set(committed('dist').map(({ manifest }) => groupKind(manifest)))].filter(
    (each) => !each.startsWith('argoproj.io/'),
  );
  const known = [...Object.keys(immutable), ...changeable];
  expect(kinds.filter((each) => !known.includes(each))).toEqual([]);
});

test('npm run synth asks for it: a larger volume is refused, and nothing is written', () => {
  const options = { root, environment: 'production', strict: false, dryRun: false, generations: {} };
  synthesise(options);
  const statefulSet = path.join(root, 'dist/production/data/statefulset-postgres.yaml');
  fs.writeFileSync(statefulSet, fs.readFileSync(statefulSet, 'utf8').replace('storage: 50Gi', 'storage: 40Gi'));
  const before = fs.readFileSync(statefulSet, 'utf8');
  expect(refusal(() => synthesise(options)).map(({ what }) => what)).toEqual([
    'spec.volumeClaimTemplates[0].spec.resources.requests.storage is 40Gi and would become 50Gi: the API server refuses that',
  ]);
  expect(fs.readFileSync(statefulSet, 'utf8')).toBe(before);
});
