import fs from 'node:fs';
import path from 'node:path';
import { jest } from '@jest/globals';
import type { Manifest } from '../../constructs/core/manifest.ts';
import { podTemplateOf } from '../../synth/pods.ts';
import { root } from '../support/committed.ts';
import { agentFile, backups, clusterWith, minimal } from '../support/patroni-cluster.ts';

const folder = path.join(root, 'constructs/patroni-cluster/files');
const files = fs
  .readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((file) => fs.statSync(path.join(folder, file)).isFile());

const members = 'StatefulSet postgres';
const restoreTest = 'CronJob postgres-restore-test';

/** Whose pods are made anew when a file of that folder changes. */
const consumers: Readonly<Record<string, readonly string[]>> = {
  agent: [members],
  member: [members],
  common: [restoreTest, members],
  jobs: [restoreTest],
  pooler: ['Deployment postgres-pooler'],
};

const { image } = minimal;
const pooler = { image, exporter: image };
const all = (): readonly Manifest[] => clusterWith({ backups, exporter: image, pooler }).manifests;

/** The pods of each workload, by its kind and name. */
function pods(manifests: readonly Manifest[]): Map<string, string> {
  const templates = manifests.map((manifest) => [manifest, podTemplateOf(manifest)] as const);
  return new Map(
    templates.flatMap(([{ kind, metadata }, template]) =>
      template ? [[`${kind} ${metadata.name}`, JSON.stringify(template)]] : [],
    ),
  );
}

const before = pods(all());

afterEach(() => {
  jest.restoreAllMocks();
});

test.each(files)('one byte more in %s makes new pods of those who are given it, and of nobody else', (file) => {
  const read = fs.readFileSync;
  jest
    .spyOn(fs, 'readFileSync')
    .mockImplementation(((name: string, options?: BufferEncoding) =>
      name === path.join(folder, file)
        ? Buffer.concat([read(name), Buffer.from('\n')])
        : read(name, options)) as typeof fs.readFileSync);
  const after = pods(all());
  const changed = [...after.keys()].filter((name) => after.get(name) !== before.get(name));
  expect(changed.sort()).toEqual(consumers[path.dirname(file)]);
});

test('what the agent reads again when it changes makes no new pods', () => {
  const other = clusterWith({
    backups: { ...backups, keepFullDays: 14 },
    exporter: image,
    pooler,
  }).manifests;
  expect(agentFile(other)).not.toEqual(agentFile(all()));
  expect(pods(other)).toEqual(before);
});
