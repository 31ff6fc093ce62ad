import { synthesiseAll } from '../../synth/synthesise.ts';
import { root } from '../support/committed.ts';
import { refusal } from '../support/harness.ts';

describe('what is wrong in several environments', () => {
  const refused = (changes: Parameters<typeof synthesiseAll>[1]['changes']): string[] =>
    refusal(() => synthesiseAll(['production', 'three-node'], { root, strict: false, dryRun: true, changes })).map(
      ({ where, what }) => `${where}: ${what}`,
    );

  test('with an object, is told with the environment it is of', () => {
    expect(refused({ sizes: { postgres: { storageGibibytes: 1 } } })).toEqual([
      'production: PatroniCluster postgres: a volume of 1Gi',
      'three-node: PatroniCluster postgres: a volume of 1Gi',
    ]);
  });

  test('with a file of theirs, is told once for each file', () => {
    expect(refused({ sizes: { postgres: { storageGibibytes: 0 } } })).toEqual([
      'config/environments/production.ts: sizes.postgres.storageGibibytes: got 0',
      'config/environments/three-node.ts: sizes.postgres.storageGibibytes: got 0',
    ]);
  });

  test('a value that is wrong in two ways, by its first', () => {
    expect(refused({ sizes: { postgres: { storageGibibytes: 0.5 } } })).toHaveLength(2);
  });
});
