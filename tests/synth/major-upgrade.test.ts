import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Finding } from '../../constructs/core/error.ts';
import type { Manifest } from '../../constructs/core/manifest.ts';
import type { PatroniClusterProps } from '../../constructs/patroni-cluster/index.ts';
import { Committed } from '../../synth/committed.ts';
import { majorUpgradeFindings } from '../../synth/major-upgrade.ts';
import { synthesise } from '../../synth/synthesise.ts';
import { toYaml } from '../../synth/yaml.ts';
import { root as repository } from '../support/committed.ts';
import type { RedisSentinelProps } from '../../constructs/redis-sentinel/index.ts';
import { only, refusal } from '../support/harness.ts';
import { imageNamed, redisWith } from '../support/redis-sentinel.ts';
import { backups, clusterWith, statefulSet } from '../support/patroni-cluster.ts';

const file = 'data/statefulset-postgres.yaml';
const redisFile = 'data/statefulset-redis.yaml';
let root: string;

beforeEach(() => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), 'diptych-major-'));
});

afterEach(() => {
  fs.rmSync(root, { recursive: true, force: true });
});

/** What an earlier run wrote. */
function written(text: string, name = file): void {
  fs.mkdirSync(path.join(root, 'dist/production/data'), { recursive: true });
  fs.writeFileSync(path.join(root, 'dist/production', name), text);
}

type Version = NonNullable<PatroniClusterProps['version']>;

const members = (version: Version): Manifest => statefulSet(clusterWith({ version }).manifests);

/** What is said of a cluster in the file of that name. */
function findingsOf({ platform, manifests }: ReturnType<typeof clusterWith>, name: string): Finding[] {
  const dist = [{ path: name, source: 'the tests', manifest: statefulSet(manifests) }];
  return majorUpgradeFindings(new Committed(root, 'production'), platform, dist);
}
const findings = (version: Version, name = file): Finding[] => findingsOf(clusterWith({ version }), name);

describe('a recovery with another major version of PostgreSQL', () => {
  const recovered = (version: 17 | 18) => {
    const generation = { number: 2, recovery: { from: 1 } };
    return findingsOf(clusterWith({ version, backups, generation }), 'data/statefulset-postgres-2.yaml');
  };

  test('is refused: backups are files', () => {
    written(toYaml(members(17)));
    expect(recovered(18)).toEqual([
      {
        where: 'StatefulSet test/postgres-2',
        what: 'PostgreSQL 18 is to be recovered from the archive of postgres, which 17 wrote',
        allowed: "version 17: backups are files, and another version can't read them",
        remedy: 'set the version back; once it is recovered, follow docs/runbooks/postgres-major-upgrade.md',
      },
    ]);
  });

  test('is none with the same one, or where nobody knows what wrote the archive', () => {
    expect(recovered(18)).toEqual([]);
    written(toYaml(members(17)));
    expect(recovered(17)).toEqual([]);
  });
});

describe('another major version of PostgreSQL', () => {
  test('is refused for the volumes that there are, with the runbook', () => {
    written(toYaml(members(17)));
    expect(findings(18)).toEqual([
      {
        where: 'StatefulSet test/postgres',
        what: "PostgreSQL 18 is to start on the volumes of 17, and can't read them",
        allowed: 'version 17 here; another one in another generation or cluster, with volumes of its own',
        remedy: 'set the version back, and follow docs/runbooks/postgres-major-upgrade.md',
      },
    ]);
    expect(fs.existsSync(path.join(repository, 'docs/runbooks/postgres-major-upgrade.md'))).toBe(true);
  });

  test('is refused backwards too', () => {
    written(toYaml(members(18)));
    expect(findings(17)).toHaveLength(1);
  });

  test('is refused in the middle of a merge', () => {
    const [ours, theirs] = [17, 18].map((major) => `    diptych/postgresql-major: '${major}'\n`);
    written(`metadata:\n  annotations:\n<<<<<<< HEAD\n${ours!}=======\n${theirs!}>>>>>>> other\n`);
    expect(findings(18)).toHaveLength(1);
  });

  test('is taken by the next generation, which has volumes of its own', () => {
    written(toYaml(members(17)));
    expect(findings(18, 'data/statefulset-postgres-2.yaml')).toEqual([]);
  });

  test('is taken where nothing was written yet', () => {
    expect(findings(18)).toEqual([]);
  });
});

describe('a store of Redis', () => {
  const said = (changes: Partial<RedisSentinelProps>): string[] => {
    const { platform, manifests } = redisWith(changes);
    const manifest = only(manifests, 'StatefulSet', 'redis');
    const dist = [{ path: redisFile, source: 'the tests', manifest }];
    return majorUpgradeFindings(new Committed(root, 'production'), platform, dist).map(({ what }) => what);
  };
  const before = (changes: Partial<RedisSentinelProps>): void =>
    written(toYaml(only(redisWith(changes).manifests, 'StatefulSet', 'redis')), redisFile);

  test('is refused as Valkey, and back, on the volumes that there are', () => {
    before({});
    expect(said({ engine: 'valkey' })).toEqual([
      "Valkey 8.2 is to start on the volumes of Redis 8, and can't read them",
    ]);
    before({ engine: 'valkey' });
    expect(said({})).toEqual(["Redis 8.2 is to start on the volumes of Valkey 8, and can't read them"]);
  });

  test('is refused as an older version', () => {
    before({});
    expect(said({ image: imageNamed('redis', '7.2.5') })).toEqual([
      "Redis 7.2 is to start on the volumes of 8, and can't read them",
    ]);
    expect(said({ image: imageNamed('redis', '8.0.9') })).toEqual([
      "Redis 8.0 is to start on the volumes of 8.2, and can't read them",
    ]);
  });

  test('is taken as a newer minor version, or an older patch of the same', () => {
    before({});
    for (const tag of ['8.4.0', '8.10.1', '8.2.0']) expect(said({ image: imageNamed('redis', tag) })).toEqual([]);
  });
});

test('the same version is taken', () => {
  written(toYaml(members(17)));
  expect(findings(17)).toEqual([]);
});

test('npm run synth asks for it, and writes nothing', () => {
  written(toYaml(members(17)).replace(/(diptych\/postgresql-major: )'\d+'/, "$1'14'"));
  const before = fs.readFileSync(path.join(root, 'dist/production', file), 'utf8');
  const run = (): unknown =>
    synthesise({ root, environment: 'production', strict: false, dryRun: false, generations: {} });
  expect(refusal(run).map(({ what }) => what)).toContain(
    "PostgreSQL 17 is to start on the volumes of 14, and can't read them",
  );
  expect(fs.readFileSync(path.join(root, 'dist/production', file), 'utf8')).toBe(before);
});
