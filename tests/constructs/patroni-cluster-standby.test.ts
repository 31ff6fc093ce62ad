import { PatroniCluster } from '../../constructs/patroni-cluster/index.ts';
import type { PatroniClusterProps } from '../../constructs/patroni-cluster/index.ts';
import type { Manifest } from '../../constructs/core/manifest.ts';
import { built, yamlOf } from '../support/constructs.ts';
import type { Built } from '../support/constructs.ts';
import { only, refusal } from '../support/harness.ts';
import { agentFile, backups, clusterWith, files, minimal, patroniFile } from '../support/patroni-cluster.ts';

const archived: PatroniClusterProps = { ...minimal, backups };

/** A cluster `postgres`, and its second generation beside it, with these options. */
function beside(
  relation: (first: PatroniCluster) => Partial<PatroniClusterProps>,
  first: PatroniClusterProps = archived,
): Built<PatroniCluster> {
  return built((scope) => {
    const cluster = new PatroniCluster(scope, 'postgres', first);
    return new PatroniCluster(scope, 'postgres-next', {
      ...archived,
      generation: { number: 2 },
      ...relation(cluster),
    });
  });
}

const following = beside((standbyOf) => ({ standbyOf }));
const { manifests, platform } = following;
const parting = beside((copyOf) => ({ copyOf, backups }));
const second = (list: readonly Manifest[]): Record<string, unknown> =>
  JSON.parse(files(list, 'postgres-2')['agent.json'] ?? '') as Record<string, unknown>;

describe('a cluster that follows another one', () => {
  test('copies from its primary and takes no writes', () => {
    const primary = { host: 'postgres.test.svc.cluster.local', port: 5432 };
    expect(patroniFile(manifests, 'postgres-2').bootstrap.dcs.standby_cluster).toEqual(primary);
    expect(second(manifests).dynamicConfiguration).toMatchObject({ standby_cluster: primary });
  });

  test('may reach it, and does not wait for it when it is installed', () => {
    const wires = platform.wires.filter(({ client }) => client.name === 'postgres-2');
    expect(wires.map(({ endpoint, strength }) => `${strength} ${endpoint.name}`)).toContain(
      'observes primary of postgres',
    );
  });

  test('reads what it missed from the archive of the other', () => {
    expect(patroniFile(manifests, 'postgres-2').postgresql.recovery_conf).toEqual({
      restore_command: `env WALG_S3_PREFIX=s3://${backups.store.bucket}/postgres/17-1 /opt/postgres/restore-wal.sh "%f" "%p"`,
    });
  });

  test('reads nothing where the other has no archive', () => {
    const none = beside((standbyOf) => ({ standbyOf }), minimal).manifests;
    expect(patroniFile(none, 'postgres-2').postgresql.recovery_conf).toEqual({
      restore_command: '/opt/postgres/restore-wal.sh "%f" "%p"',
    });
  });

  test('knows the passwords of the other, and trusts the same authority', () => {
    const names = platform.secrets.map((secret) => secret.inventoryEntry().name);
    expect(names).toEqual([...new Set(names)]);
    const authorities = manifests.filter(({ kind, metadata }) => kind === 'Issuer' && metadata.name.endsWith('-ca'));
    expect(authorities.map(({ metadata }) => metadata.name)).toEqual(['postgres-ca']);
    expect(only(manifests, 'Certificate', 'postgres-2-tls').spec).toMatchObject({
      issuerRef: { kind: 'Issuer', name: 'postgres-ca' },
    });
  });

  test('makes no backups, and tries and copies none', () => {
    expect(second(manifests).backups).toBeNull();
    const jobs = manifests.filter(({ kind }) => kind === 'CronJob').map(({ metadata }) => metadata.name);
    expect(jobs.filter((name) => name.startsWith('postgres-2'))).toEqual([]);
    const own = platform.alerts.filter(({ node }) => node.scope === following.value);
    expect(own.map(({ props }) => props.name)).toContain('PostgresNoLeader');
    expect(own.map(({ props }) => props.name)).not.toContain('PostgresBackupTooOld');
  });

  test('changes no byte of the other', () => {
    const alone = clusterWith({ backups }).manifests.filter(({ kind }) => kind !== 'NetworkPolicy');
    const names = new Set(alone.map(({ kind, metadata }) => `${kind} ${metadata.name}`));
    expect(yamlOf(manifests.filter(({ kind, metadata }) => names.has(`${kind} ${metadata.name}`)))).toBe(yamlOf(alone));
  });

  test('parts from it without a new pod: only its configuration changes, and it makes backups', () => {
    const members = (list: readonly Manifest[]): unknown => only(list, 'StatefulSet', 'postgres-2').spec;
    expect(members(parting.manifests)).toEqual(members(manifests));
    expect(second(parting.manifests).backups).not.toBeNull();
    expect(second(parting.manifests).dynamicConfiguration).toMatchObject({ standby_cluster: null });
  });
});

test('a cluster of its own is told to follow nobody', () => {
  const { dynamicConfiguration } = agentFile(clusterWith({}).manifests);
  expect(dynamicConfiguration).toMatchObject({ standby_cluster: null });
});

describe('following is refused for', () => {
  const wrong: [string, (first: PatroniCluster) => Partial<PatroniClusterProps>, string][] = [
    [
      'the generation of the other',
      (standbyOf) => ({ standbyOf, generation: { number: 1 } }),
      'it follows postgres, and is generation 1 too',
    ],
    ['a name of its own', (standbyOf) => ({ standbyOf, name: 'orders' }), 'it follows postgres, and is named orders'],
    [
      'another major version',
      (standbyOf) => ({ standbyOf, version: 18 }),
      'it is PostgreSQL 18 and follows postgres, which is 17',
    ],
    [
      'no TLS where the other talks it',
      (standbyOf) => ({ standbyOf, authority: false }),
      'its authority is none, without TLS, and that of postgres is postgres-ca',
    ],
    [
      'another authority',
      (standbyOf) => ({ standbyOf, authority: { name: 'orders-ca', certificates: undefined } }),
      'its authority is orders-ca, and that of postgres is postgres-ca',
    ],
    [
      'another bucket',
      (standbyOf) => ({ standbyOf, backups: { ...backups, store: { ...backups.store, bucket: 'another' } } }),
      'its archive is another one than that of postgres',
    ],
    [
      'another encryption',
      (standbyOf) => ({ standbyOf, backups: { ...backups, encryption: false } }),
      'its archive is another one than that of postgres',
    ],
    [
      'being recovered as well',
      (standbyOf) => ({ standbyOf, generation: { number: 2, recovery: { from: 1 } } }),
      'it is to follow postgres, and to be recovered from an archive',
    ],
    [
      'being a copy as well',
      (other) => ({ standbyOf: other, copyOf: other, backups }),
      'it is to follow postgres, and to be a copy of postgres',
    ],
  ];
  test.each(wrong)('%s', (_, relation, what) => {
    expect(refusal(() => beside(relation)).map((finding) => finding.what)).toEqual([what]);
  });

  test('another namespace', () => {
    const { value } = clusterWith({});
    const life = Object.create(value.life, { namespace: { value: 'data' } }) as typeof value.life;
    const elsewhere = Object.create(value, { life: { value: life } }) as PatroniCluster;
    const findings = refusal(() => clusterWith({ standbyOf: elsewhere, generation: { number: 2 } }));
    expect(findings.map(({ what }) => what)).toEqual(['it is in the namespace test, and postgres in data']);
  });
});
