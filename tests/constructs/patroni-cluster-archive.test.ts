import { Size } from 'cdk8s';
import type { Manifest } from '../../constructs/core/manifest.ts';
import { Schedule } from '../../constructs/core/schedule.ts';
import { backupDefaults, PatroniCluster } from '../../constructs/patroni-cluster/index.ts';
import type { BackupProps, PatroniClusterProps } from '../../constructs/patroni-cluster/index.ts';
import { podTemplateOf } from '../../synth/pods.ts';
import { built, egressPorts, yamlOf } from '../support/constructs.ts';
import type { ChangeOfEveryOption, Servers } from '../support/constructs.ts';
import { only, testEnvironment } from '../support/harness.ts';
import {
  agentFile,
  backups,
  cluster,
  clusterWith,
  minimal,
  patroniFile,
  statefulSet,
} from '../support/patroni-cluster.ts';

const elsewhere = testEnvironment({
  objectStores: {
    backups: { endpoint: 'https://s3.third.example', region: 'far', bucket: 'third' },
    offsite: { endpoint: 'https://s3.fourth.example', region: 'farther', bucket: 'fourth' },
  },
});

const changes: ChangeOfEveryOption<BackupProps> = {
  store: () => elsewhere.objectStore('backups'),
  compression: () => 'zstd',
  encryption: () => false,
  networkLimitMebibytes: () => 50,
  diskLimitMebibytes: () => 60,
  schedule: () => Schedule.utc('0 3 * * *'),
  keepFullDays: () => 14,
  keepWalDays: () => 3,
  restoreTestSchedule: () => false,
};

const archived = (given: Partial<PatroniClusterProps> = {}) => clusterWith({ backups, ...given });
const withBackups = (given: (servers: Servers) => Partial<BackupProps>): string =>
  yamlOf(cluster((servers) => ({ backups: { ...backups, ...given(servers) } })).manifests);
const unchanged = withBackups(() => ({}));

/** The variables of each container that has any, by its name. */
function variables(manifest: Manifest): Readonly<Record<string, Readonly<Record<string, string | undefined>>>> {
  const containers = podTemplateOf(manifest)!.spec!.containers;
  return Object.fromEntries(
    containers.map(({ name, env = [] }) => [name, Object.fromEntries(env.map((each) => [each.name, each.value]))]),
  );
}

describe('options', () => {
  test.each(Object.keys(changes) as (keyof BackupProps)[])('backups.%s changes the output', (key) => {
    expect(withBackups((servers) => ({ [key]: changes[key](servers) }))).not.toBe(unchanged);
  });

  test('those that are left out are the documented ones', () => {
    expect(withBackups(() => ({ ...backupDefaults, compression: 'lz4', encryption: true }))).toBe(unchanged);
  });
});

describe('the archive', () => {
  test('of each generation is a folder of its own, which nothing overwrites', () => {
    const prefix = (given: Partial<PatroniClusterProps>): string | undefined =>
      variables(statefulSet(archived(given).manifests)).postgres?.WALG_S3_PREFIX;
    expect(prefix({})).toBe('s3://test-backups/postgres/17-1');
    expect(prefix({ generation: { number: 3 } })).toBe('s3://test-backups/postgres/17-3');
    expect(prefix({ version: 18 })).toBe('s3://test-backups/postgres/18-1');
    expect(variables(statefulSet(archived().manifests)).postgres).toMatchObject({ WALG_PREVENT_WAL_OVERWRITE: 'true' });
  });

  test('is written to by the database, and by the agent that makes full backups', () => {
    const { postgres, agent } = variables(statefulSet(archived().manifests));
    const walg = (of: typeof postgres) => Object.entries(of ?? {}).filter(([name]) => /^(AWS|WALG)_/.test(name));
    expect(walg(postgres).length).toBeGreaterThan(8);
    expect(walg(agent)).toEqual(walg(postgres));
  });

  test('is encrypted with a key of exactly the length that libsodium takes, made by nobody', () => {
    const { platform } = archived();
    const entry = platform.secrets
      .map((secret) => secret.inventoryEntry())
      .find(({ name }) => name === 'postgres-archive-encryption');
    expect(entry?.keys).toEqual({ key: { kind: 'random', bytes: 24, encoding: 'base64url' } });
    expect(Buffer.alloc(24).toString('base64url')).toHaveLength(32);
  });

  test('without encryption there is no key', () => {
    const { manifests, platform } = archived({ backups: { ...backups, encryption: false } });
    expect(yamlOf(manifests.filter(({ kind }) => kind !== 'ConfigMap'))).not.toMatch(/LIBSODIUM|encryption/);
    expect(platform.secrets.map((secret) => secret.inventoryEntry().name)).not.toContain('postgres-archive-encryption');
  });

  test('limits are bytes a second', () => {
    const { manifests } = archived({ backups: { ...backups, networkLimitMebibytes: 2, diskLimitMebibytes: 3 } });
    expect(variables(statefulSet(manifests)).agent).toMatchObject({
      WALG_NETWORK_RATE_LIMIT: '2097152',
      WALG_DISK_RATE_LIMIT: '3145728',
    });
  });

  test('can be reached by the members, and the API, and nothing else outside', () => {
    expect(egressPorts(only(archived().manifests, 'NetworkPolicy', 'postgres')).flat()).toEqual(
      expect.arrayContaining([
        { protocol: 'TCP', port: 443 },
        { protocol: 'TCP', port: 6443 },
      ]),
    );
  });

  test('without backups nothing of it is there', () => {
    const { manifests } = clusterWith({});
    const others = manifests.filter(({ metadata }) => metadata.name !== 'postgres-scripts');
    expect(yamlOf(others)).not.toMatch(/WALG|AWS|s3:|archive-wal|restore-wal|postgres-archive/);
    expect(patroniFile(manifests).postgresql.create_replica_methods).toEqual(['basebackup']);
    expect(manifests.filter(({ kind }) => kind === 'CronJob')).toEqual([]);
    expect(agentFile(manifests).backups).toBeNull();
  });
});

describe('backups', () => {
  test('are kept as long as it is promised, two of them in any case', () => {
    expect(agentFile(archived().manifests).backups).toEqual({
      schedule: '0 2 * * *',
      keepFullDays: 30,
      keepWalDays: 7,
      minimumFulls: 2,
    });
  });

  test('are restored and read by schedule, on a volume of their own as large as the database', () => {
    const job = only(archived().manifests, 'CronJob', 'postgres-restore-test');
    expect(job.spec).toMatchObject({ schedule: '0 4 * * 0', timeZone: 'Etc/UTC', concurrencyPolicy: 'Forbid' });
    const scratch = podTemplateOf(job)!.spec!.volumes!.find(({ name }) => name === 'scratch');
    expect(scratch?.ephemeral?.volumeClaimTemplate?.spec).toMatchObject({
      storageClassName: 'local-path',
      resources: { requests: { storage: '10Gi' } },
    });
    expect(Object.keys(variables(job)['restore-test']!)).not.toContain('REPLICATION_PASSWORD_FILE');
    expect(variables(job)['restore-test']).toMatchObject({
      AWS_ACCESS_KEY_ID_FILE: '/run/secrets/postgres-archive-reader/access-key-id',
      AWS_SECRET_ACCESS_KEY_FILE: '/run/secrets/postgres-archive-reader/secret-access-key',
    });
  });
});

describe('a recovered cluster', () => {
  const to = '2026-11-22 10:00:00+00';
  const recovered = archived({ generation: { number: 2, recovery: { from: 1, to } } });
  const { bootstrap, postgresql } = patroniFile(recovered.manifests, 'postgres-2');

  test('reads the archive of one generation and writes another', () => {
    expect(bootstrap.walg).toMatchObject({ prefix: 's3://test-backups/postgres/17-1', target: to });
    expect(variables(statefulSet(recovered.manifests)).postgres?.WALG_S3_PREFIX).toBe(
      's3://test-backups/postgres/17-2',
    );
  });

  test('fetches the WAL of the old one until it is there, and of its own ever after', () => {
    const fetch = '/opt/postgres/restore-wal.sh "%f" "%p"';
    expect(bootstrap.walg?.recovery_conf).toEqual({
      restore_command: `env WALG_S3_PREFIX=s3://test-backups/postgres/17-1 ${fetch}`,
      recovery_target_action: 'promote',
      recovery_target_timeline: 'latest',
      recovery_target_time: to,
    });
    expect(postgresql.recovery_conf).toEqual({ restore_command: fetch });
  });

  test('asks for nothing beyond its moment, where a gap would end it', () => {
    const of = (manifests: readonly Manifest[], name: string) => patroniFile(manifests, name).postgresql.parameters;
    expect(of(recovered.manifests, 'postgres-2')).toMatchObject({ recovery_prefetch: 'off' });
    expect(of(archived().manifests, 'postgres')).not.toHaveProperty('recovery_prefetch');
  });

  test('without a moment takes all there is', () => {
    const { manifests } = archived({ generation: { number: 2, recovery: { from: 1 } } });
    const { walg, method } = patroniFile(manifests, 'postgres-2').bootstrap;
    expect([method, walg?.target]).toEqual(['walg', '']);
    expect(walg?.recovery_conf).not.toHaveProperty('recovery_target_time');
  });

  test('has the generation in the name of every object but those that all generations share', () => {
    expect(recovered.value.life.scope).toBe('postgres-2');
    const names = recovered.manifests.map(({ metadata }) => metadata.name);
    expect([...new Set(names.filter((name) => !name.startsWith('postgres-2')))]).toEqual(['postgres-ca']);
    expect(bootstrap).not.toHaveProperty('empty');
  });

  test('keeps passwords and keys: clients and backups know the old ones', () => {
    const names = ({ platform }: typeof recovered): string[] =>
      platform.secrets.map((secret) => secret.inventoryEntry().name);
    expect(names(recovered)).toEqual(names(archived()));
  });

  test('is what clients are wired to', () => {
    expect(recovered.value.primary.host).toBe('postgres-2.test.svc.cluster.local');
  });
});

describe('a copy beside', () => {
  const { manifests, platform } = built((scope) => {
    const copyOf = new PatroniCluster(scope, 'postgres', { ...minimal, backups });
    const generation = { number: 2, recovery: { from: 1 } };
    return new PatroniCluster(scope, 'copy', {
      ...minimal,
      copyOf,
      generation,
      backups,
    });
  });

  test('changes no byte of the original', () => {
    const originals = new Set(archived().manifests.map(({ kind, metadata }) => `${kind} ${metadata.name}`));
    const same = manifests.filter(({ kind, metadata }) => originals.has(`${kind} ${metadata.name}`));
    expect(yamlOf(same)).toBe(yamlOf(archived().manifests));
    expect(manifests.length).toBeGreaterThan(same.length);
  });

  test('has the secrets of the original, each once', () => {
    const names = platform.secrets.map((secret) => secret.inventoryEntry().name);
    expect(names).toEqual([...new Set(names)]);
    expect(Object.keys(variables(only(manifests, 'StatefulSet', 'postgres-2'))).length).toBeGreaterThan(1);
    expect(variables(only(manifests, 'StatefulSet', 'postgres-2')).agent).toMatchObject({
      SHOP_APP_PASSWORD_FILE: '/run/secrets/postgres-shop-app/password',
      WALG_LIBSODIUM_KEY_FILE: '/run/secrets/postgres-archive-encryption/key',
    });
  });

  test('of another version becomes the cluster itself without a change of its volumes', () => {
    const next = { generation: { number: 2 }, version: 18 } as const;
    const beside = built((scope) => {
      const copyOf = new PatroniCluster(scope, 'postgres', { ...minimal, backups });
      return new PatroniCluster(scope, 'postgres-next', {
        ...minimal,
        copyOf,
        ...next,
        backups,
      });
    });
    const after = archived(next);
    const of = (list: readonly Manifest[]): unknown => only(list, 'StatefulSet', 'postgres-2').spec;
    expect(of(beside.manifests)).toEqual(of(after.manifests));
  });

  test('has the time for it that a full volume takes at the promised rate', () => {
    const deadline = (list: readonly Manifest[], name: string) =>
      only(list, 'StatefulSet', name).metadata.annotations?.['diptych/progress-deadline-seconds'];
    const { manifests } = built((scope) => {
      const copyOf = new PatroniCluster(scope, 'postgres', { ...minimal, storage: Size.gibibytes(50), backups });
      const copy = { generation: { number: 2 }, storage: Size.gibibytes(50) };
      return new PatroniCluster(scope, 'postgres-next', { ...minimal, copyOf, ...copy, backups });
    });
    expect([deadline(manifests, 'postgres'), deadline(manifests, 'postgres-2')]).toEqual(['240', '3300']);
  });
});
