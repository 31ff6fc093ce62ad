import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { emptyAnnotation, followsAnnotation, recoveredFromAnnotation } from '../../constructs/core/data-format.ts';
import type { Manifest } from '../../constructs/core/manifest.ts';
import { Committed } from '../../synth/committed.ts';
import { movedFindings } from '../../synth/moved.ts';
import { toYaml } from '../../synth/yaml.ts';

let root: string;
beforeEach(() => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), 'diptych-moved-'));
});
afterEach(() => fs.rmSync(root, { recursive: true, force: true }));

interface Placed {
  readonly application?: string;
  readonly manifest: Manifest;
}

function object(kind: string, name: string, namespace = 'data', annotations: Record<string, string> = {}): Manifest {
  const labels = { 'app.kubernetes.io/name': 'store', 'app.kubernetes.io/component': 'database' };
  const spec = kind === 'StatefulSet' ? { volumeClaimTemplates: [{ metadata: { name: 'data' } }] } : {};
  return { apiVersion: 'v1', kind, metadata: { name, namespace, labels, annotations }, spec };
}

const filesOf = (objects: readonly Placed[]) =>
  objects.map(({ application = 'data', manifest }) => ({
    path: `${application}/${manifest.kind.toLowerCase()}-${manifest.metadata.name}.yaml`,
    source: 'the tests',
    manifest,
  }));

function findings(before: readonly Placed[], after: readonly Placed[]) {
  for (const { path: file, manifest } of filesOf(before)) {
    const full = path.join(root, 'dist/production', file);
    fs.mkdirSync(path.dirname(full), { recursive: true });
    fs.writeFileSync(full, toYaml(manifest));
  }
  return movedFindings(new Committed(root, 'production'), filesOf(after));
}

const store = { manifest: object('StatefulSet', 'store') };

test('an application that is renamed is refused: each object would change hands', () => {
  const service = { manifest: object('Service', 'store') };
  const renamed = [service, store].map((each) => ({ ...each, application: 'storage' }));
  expect(findings([service, store], renamed)).toEqual([
    {
      where: 'application storage',
      what: 'it would take over from the application data, which removes what it had: Service data/store, StatefulSet data/store',
      allowed: 'an object stays with its application, and an application keeps its name',
      remedy:
        'leave them in data; or take them out in one release and bring them in a later one: their pods are gone meanwhile, volumes of a StatefulSet stay',
    },
  ]);
});

test.each([
  ['namespace', object('StatefulSet', 'store', 'elsewhere'), 'elsewhere/store'],
  ['name', object('StatefulSet', 'other'), 'data/other'],
])('another %s of a database is refused: it would begin empty', (_, manifest, name) => {
  expect(findings([store], [{ manifest }])).toEqual([
    {
      where: `StatefulSet ${name}`,
      what: 'it begins empty, and StatefulSet data/store, whose volumes stay behind, is gone',
      allowed: 'the name and the namespace that it has; or another generation, recovered from its backups',
      remedy:
        'set it back, or see npm run recover -- --help; if it is to begin empty, give its generation in config/generations.json "empty": true; one without generations comes in the release after that which removes store',
    },
  ]);
});

test('one that comes in the release after that which removes the other is taken', () => {
  expect(findings([store], [])).toEqual([]);
  fs.rmSync(path.join(root, 'dist'), { recursive: true });
  expect(findings([], [{ manifest: object('StatefulSet', 'other') }])).toEqual([]);
});

test('one that is recovered from backups, follows another one, or is meant to begin empty is taken', () => {
  const filled = [recoveredFromAnnotation, followsAnnotation, emptyAnnotation].map((annotation) => ({
    manifest: object('StatefulSet', 'store-2', 'data', { [annotation]: 'store' }),
  }));
  expect(filled.flatMap((after) => findings([store], [after]))).toEqual([]);
});

test('one that goes, one that comes beside, and one that was there before are taken', () => {
  const other = { manifest: object('StatefulSet', 'other') };
  expect([findings([store], []), findings([store], [store, other]), findings([store, other], [other])]).toEqual([
    [],
    [],
    [],
  ]);
});

test('what nobody misses may change hands', () => {
  const map = { manifest: object('ConfigMap', 'settings') };
  expect(findings([map], [{ ...map, application: 'other' }])).toEqual([]);
});
