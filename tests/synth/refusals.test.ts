import production from '../../config/environments/production.ts';
import { environmentInput } from '../../config/index.ts';
import { synthesiseAll } from '../../synth/synthesise.ts';
import { root } from '../support/committed.ts';
import { refusal } from '../support/harness.ts';

describe('what is wrong in several environments', () => {
  const refused = (changes: Parameters<typeof synthesiseAll>[1]['changes']): string[] =>
    refusal(() => synthesiseAll(['production', 'three-node'], { root, strict: false, dryRun: true, changes })).map(
      ({ where, what }) => `${where}: ${what}`,
    );

  test('with an object, is told once, with the environments it is of', () => {
    expect(refused({ sizes: { ...production.sizes, postgres: { storageGibibytes: 1 } } })).toEqual([
      'production and three-node: PatroniCluster postgres: a volume of 1Gi',
    ]);
  });

  test('with a file of theirs, is told once, with the files', () => {
    expect(refused({ sizes: { postgres: { storageGibibytes: 0 } } })).toEqual([
      'config/environments/production.ts and three-node.ts: sizes.postgres.storageGibibytes: got 0',
    ]);
  });

  test('and is another thing in each, is told for each', () => {
    expect(refused({ domain: 'example.org' })).toEqual(
      expect.arrayContaining([
        `config/environments/production.ts: hosts.frontend: ${production.hosts.frontend} is not under the domain example.org`,
        `config/environments/three-node.ts: hosts.frontend: ${environmentInput('three-node').hosts.frontend} is not under the domain example.org`,
      ]),
    );
  });

  test('a value that is wrong in two ways, by its first', () => {
    expect(refused({ sizes: { postgres: { storageGibibytes: 0.5 } } })).toHaveLength(1);
  });
});
