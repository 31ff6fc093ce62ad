import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Finding } from '../../constructs/core/error.ts';
import type { Manifest } from '../../constructs/core/manifest.ts';
import { PatroniCluster } from '../../constructs/patroni-cluster/index.ts';
import type { PatroniClusterProps } from '../../constructs/patroni-cluster/index.ts';
import { Committed } from '../../synth/committed.ts';
import { followingFindings } from '../../synth/following.ts';
import { toYaml } from '../../synth/yaml.ts';
import { built } from '../support/constructs.ts';
import { minimal } from '../support/patroni-cluster.ts';

let root: string;
beforeEach(() => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), 'diptych-following-'));
});
afterEach(() => fs.rmSync(root, { recursive: true, force: true }));

type Second = (first: PatroniCluster) => Partial<PatroniClusterProps>;

/** A release with `postgres`, and a second cluster that is declared as `postgres-next`. */
function release(second?: Second, first: Partial<PatroniClusterProps> = {}) {
  return built((scope) => {
    const postgres = new PatroniCluster(scope, 'postgres', { ...minimal, ...first });
    if (second) new PatroniCluster(scope, 'postgres-next', { ...minimal, ...second(postgres) });
    return postgres;
  });
}

const sets = (manifests: readonly Manifest[]) =>
  manifests
    .filter(({ kind }) => kind === 'StatefulSet')
    .map((manifest) => ({ path: `data/statefulset-${manifest.metadata.name}.yaml`, source: 'the tests', manifest }));

/** Writes the release as the one before. */
function before({ manifests }: ReturnType<typeof release>): void {
  fs.mkdirSync(path.join(root, 'dist/production/data'), { recursive: true });
  for (const { path: file, manifest } of sets(manifests)) {
    fs.writeFileSync(path.join(root, 'dist/production', file), toYaml(manifest));
  }
}

const findings = ({ platform, manifests }: ReturnType<typeof release>): Finding[] =>
  followingFindings(new Committed(root, 'production'), platform, sets(manifests));

const generation = { number: 2 };
const follows: Second = (standbyOf) => ({ standbyOf, generation });
const copies: Second = (copyOf) => ({ copyOf, generation });

describe('a cluster that followed another one', () => {
  beforeEach(() => before(release(follows)));

  test('may go on', () => {
    expect(findings(release(follows))).toEqual([]);
  });

  test('becomes a copy, and in a later release the only one', () => {
    expect(findings(release(copies))).toEqual([]);
    before(release(copies));
    expect(findings(release(undefined, { generation }))).toEqual([]);
  });

  test('may be given up', () => {
    expect(findings(release())).toEqual([]);
  });

  test('does not become another one that is empty, by the loss of standbyOf alone', () => {
    expect(findings(release(() => ({ generation })))).toEqual([
      {
        where: 'StatefulSet test/postgres-next-2',
        what: 'it would begin empty, and postgres-2, which follows postgres, is gone',
        allowed: 'copyOf in place of standbyOf: postgres-2 then takes writes, with the rows that it has',
        remedy:
          'set copyOf and the generation of postgres-2; if both is meant, remove postgres-2 in a release of its own',
      },
    ]);
  });

  test('does not become an empty copy, by another number', () => {
    const [finding] = findings(release((copyOf) => ({ copyOf, generation: { number: 3 } })));
    expect(finding?.what).toBe('it would begin empty, and postgres-2, which follows postgres, is gone');
  });

  test('does not become the only one at once, which leaves no time for what it lacks', () => {
    expect(findings(release(undefined, { generation })).map(({ what }) => what)).toEqual([
      'it follows postgres and is to take writes at once, while postgres may still have some that it lacks',
    ]);
  });
});

test('an empty cluster may come where none followed another one', () => {
  before(release());
  expect(findings(release(() => ({ generation })))).toEqual([]);
  fs.rmSync(path.join(root, 'dist'), { recursive: true });
  expect(findings(release(follows))).toEqual([]);
});
