import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Manifest } from '../../constructs/core/manifest.ts';
import { Committed } from '../../synth/committed.ts';
import { movedArchives } from '../../synth/moved-archives.ts';
import { toYaml } from '../../synth/yaml.ts';

let root: string;
beforeEach(() => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), 'diptych-archives-'));
});
afterEach(() => fs.rmSync(root, { recursive: true, force: true }));

function store(prefix: string, endpoint: string): Manifest {
  const env = [
    { name: 'AWS_ENDPOINT', value: endpoint },
    { name: 'WALG_S3_PREFIX', value: prefix },
  ];
  const template = { spec: { containers: [{ name: 'postgres', env }, { name: 'exporter' }] } };
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'postgres', namespace: 'data' },
    spec: { template },
  };
}

/** What is told where one follows the other. */
function told(before: Manifest | undefined, after: Manifest): readonly string[] {
  const file = { path: 'data/statefulset-postgres.yaml', source: 'the tests', manifest: after };
  const full = path.join(root, 'dist/production', file.path);
  fs.mkdirSync(path.dirname(full), { recursive: true });
  if (before !== undefined) fs.writeFileSync(full, toYaml(before));
  return movedArchives(new Committed(root, 'production'), [file]);
}

const here = store('s3://backups/postgres/17-1', 'https://one.test');

test.each([
  ['bucket', store('s3://other/postgres/17-1', 'https://one.test'), 's3://other at https://one.test'],
  ['provider', store('s3://backups/postgres/17-1', 'https://two.test'), 's3://backups at https://two.test'],
])('a store that archives to another %s is told, with what stays behind', (_, after, now) => {
  expect(told(here, after)).toEqual([
    `s3://backups at https://one.test keeps what it has, and nothing recovers from that any more; to ${now} goes StatefulSet data/postgres`,
  ]);
});

test('another folder of the same bucket, a first archive and none before are nothing to tell', () => {
  expect(told(here, store('s3://backups/postgres/18-1', 'https://one.test'))).toEqual([]);
  fs.rmSync(path.join(root, 'dist'), { recursive: true });
  expect(told(undefined, here)).toEqual([]);
});
