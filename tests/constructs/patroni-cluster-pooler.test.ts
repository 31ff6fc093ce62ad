import { Size } from 'cdk8s';
import { Cpu } from '../../constructs/core/cpu.ts';
import type { Manifest } from '../../constructs/core/manifest.ts';
import { poolerDefaults } from '../../constructs/patroni-cluster/index.ts';
import type { PatroniClusterProps, PoolerProps } from '../../constructs/patroni-cluster/index.ts';
import { restrictedViolations } from '../../synth/pod-security.ts';
import { podTemplateOf } from '../../synth/pods.ts';
import { nextVersion, yamlOf } from '../support/constructs.ts';
import type { ChangeOfEveryOption } from '../support/constructs.ts';
import { at, only, refusal } from '../support/harness.ts';
import { clusterWith, files, minimal } from '../support/patroni-cluster.ts';

const image = { ...minimal.image, reference: 'registry.example/pgbouncer:1.2.3' };
const pooled = (changes: Partial<PoolerProps> = {}, cluster: Partial<PatroniClusterProps> = {}) =>
  clusterWith({ ...cluster, pooler: { image, exporter: image, ...changes } });
const { manifests, platform, value } = pooled();
const withoutPooler = clusterWith({}).manifests;

const named = (list: readonly Manifest[]): Manifest[] =>
  list.filter(({ metadata }) => metadata.name.startsWith('postgres-pooler'));
const fileOf = (list: readonly Manifest[], name: string): string =>
  (at(only(list, 'ConfigMap', 'postgres-pooler'), 'data') as Record<string, string>)[name] ?? '';
const clusterIni = (list: readonly Manifest[]): string => fileOf(list, 'cluster.ini');
const services = (list: readonly Manifest[]): string => fileOf(list, 'services.conf');
const template = podTemplateOf(only(manifests, 'Deployment', 'postgres-pooler'))!;

const texts = (manifest: Manifest): Manifest =>
  manifest.metadata.name === 'postgres-pooler' && manifest.kind === 'ConfigMap'
    ? { ...manifest, data: { 'cluster.ini': clusterIni(manifests), 'services.conf': services(manifests) } }
    : manifest;
const yamlWithoutHash = (list: readonly Manifest[]): string =>
  yamlOf(list.map(texts)).replace(/(diptych\/files: ).*/, '$1HASH');

test('the pods a pooler adds', () => {
  expect(yamlWithoutHash(named(manifests).filter(({ kind }) => kind === 'Deployment'))).toMatchSnapshot();
});

test('what a pooler adds beside its pods', () => {
  expect(yamlWithoutHash(named(manifests).filter(({ kind }) => kind !== 'Deployment'))).toMatchSnapshot();
});

test('a cluster without one has none of it, and what it has does not change', () => {
  expect(named(withoutPooler)).toEqual([]);
  const kept = (list: readonly Manifest[]): string =>
    // Those of the members let the pooler in.
    yamlOf(list.filter((each) => !named(list).includes(each) && each.kind !== 'NetworkPolicy'));
  expect(kept(manifests)).toBe(kept(withoutPooler));
  expect(yamlOf(clusterWith({ pooler: false }).manifests)).toBe(yamlOf(withoutPooler));
});

describe('options', () => {
  const changes: ChangeOfEveryOption<PoolerProps> = {
    image: () => nextVersion(image),
    exporter: () => false,
    mode: () => 'session',
    poolSize: () => 10,
    maxClients: () => 200,
    size: () => ({ minReplicas: 3 }),
  };
  const keys = Object.keys(changes) as (keyof PoolerProps)[];

  test.each(keys)('pooler.%s changes the output', (key) => {
    const changed = pooled({ [key]: changes[key]({} as never) });
    expect(yamlOf(changed.manifests)).not.toBe(yamlOf(manifests));
  });

  test.each([{ cpuRequest: Cpu.cores(1) }, { memory: Size.mebibytes(256) }])('size.%j changes the output', (size) => {
    expect(yamlOf(pooled({ size }).manifests)).not.toBe(yamlOf(manifests));
  });

  test('those that are left out are the documented ones', () => {
    expect(yamlOf(pooled(poolerDefaults).manifests)).toBe(yamlOf(manifests));
  });
});

describe('applications', () => {
  test('are wired to the pooler as to the primary, as the same roles', () => {
    const { primary } = value;
    expect(value.pooled).toEqual({
      ...primary,
      name: 'PostgreSQL shop (pooled)',
      host: 'postgres-pooler.test.svc.cluster.local',
      port: 6432,
      targets: [expect.objectContaining({ host: 'postgres-pooler.test.svc.cluster.local', port: 6432 })],
    });
    expect(value.pooled.targets[0]!.peer).not.toBe(primary.targets[0]!.peer);
    expect(value.database('shop').pooled).toEqual(value.pooled);
  });

  test('are told where there is no pooler', () => {
    const without = clusterWith({}).value;
    expect(refusal(() => without.pooled)).toEqual([
      {
        where: 'PatroniCluster postgres',
        what: 'the database shop is to be reached by a pooler, and there is none',
        allowed: 'pooled where the option pooler is set',
        remedy: 'set the option pooler, or use primary',
      },
    ]);
  });
});

describe('PgBouncer', () => {
  test('may reach the primary, and nobody else of the cluster may be reached by it', () => {
    const wires = platform.wires.filter(({ client }) => client.name === 'postgres-pooler');
    expect(wires.map(({ endpoint, strength }) => `${strength} ${endpoint.name}`)).toEqual([
      'observes primary of postgres',
    ]);
  });

  test('keeps transactions of one client together, and sessions for the roles that migrate', () => {
    expect(clusterIni(manifests)).toContain('pool_mode = transaction\n');
    expect(clusterIni(manifests)).toMatch(/\[users\]\nshop_owner = pool_mode=session\n$/);
  });

  test('checks the primary by name, and talks TLS 1.3 on both sides', () => {
    expect(clusterIni(manifests)).toMatch(/client_tls_sslmode = require\nclient_tls_protocols = tlsv1\.3\n/);
    expect(clusterIni(manifests)).toMatch(/server_tls_sslmode = verify-full\nserver_tls_protocols = tlsv1\.3\n/);
    expect(at(only(manifests, 'Certificate', 'postgres-pooler-tls'), 'spec.dnsNames')).toEqual([
      'postgres-pooler',
      'postgres-pooler.test.svc.cluster.local',
    ]);
  });

  test('talks no TLS where the cluster talks none', () => {
    const plain = pooled({}, { authority: false }).manifests;
    expect(clusterIni(plain)).toMatch(/client_tls_sslmode = disable\nserver_tls_sslmode = disable\n/);
    expect(plain.filter(({ kind }) => kind === 'Certificate')).toEqual([]);
  });

  test('has the passwords of the declared roles by file, and none in its configuration', () => {
    const variables = Object.fromEntries(template.spec!.containers[0]!.env!.map(({ name, value: v }) => [name, v]));
    expect(variables).toEqual({
      SHOP_APP_PASSWORD_FILE: '/run/secrets/postgres-shop-app/password',
      SHOP_OWNER_PASSWORD_FILE: '/run/secrets/postgres-shop-owner/password',
    });
    expect(clusterIni(manifests)).not.toMatch(/password/);
  });

  test('is followed by psql into each database as its user, by the same authority and TLS', () => {
    const two = pooled({ poolSize: 10 }, { databases: [{ name: 'shop' }, { name: 'back', user: 'worker' }] }).manifests;
    expect(services(two).match(/^(\[.*|user=.*)/gm)).toEqual([
      '[shop]',
      'user=shop_app',
      '[back]',
      'user=worker',
      '[pgbouncer]',
      'user=pgbouncer',
    ]);
    const [container] = podTemplateOf(only(two, 'Deployment', 'postgres-pooler'))!.spec!.containers;
    expect(container!.command).toEqual(['bash', '/etc/pgbouncer/start.sh', 'shop', 'back']);
    expect(services(two)).toMatch(/sslmode=verify-full\nssl_min_protocol_version=TLSv1\.3\nsslrootcert=/);
    expect(services(pooled({}, { authority: false }).manifests)).toMatch(/sslmode=disable\n/);
  });

  test("shows its numbers by an exporter of another user that reaches its console, and that doesn't see its passwords", () => {
    const [, exporter] = template.spec!.containers;
    expect(exporter!.env).toEqual([
      {
        name: 'PGBOUNCER_EXPORTER_CONNECTION_STRING',
        value: 'host=/run/console port=6432 dbname=pgbouncer user=nobody',
      },
    ]);
    expect(exporter!.volumeMounts).toEqual([{ name: 'console', mountPath: '/run/console', readOnly: true }]);
    expect(exporter!.securityContext).toMatchObject({ runAsUser: 65534 });
    expect(platform.scrapes.map(({ endpoint }) => endpoint)).toContainEqual({
      name: 'PgBouncer of postgres',
      path: '/metrics',
      targets: [expect.objectContaining({ host: 'postgres-pooler.test.svc.cluster.local', port: 9127 })],
    });
    const without = pooled({ exporter: false });
    expect(without.platform.scrapes.map(({ endpoint }) => endpoint.name)).not.toContain('PgBouncer of postgres');
  });

  test('passes Pod Security restricted', () => {
    expect(restrictedViolations(template.spec!)).toEqual([]);
  });

  test('starts anew when its configuration changes', () => {
    const hash = (list: readonly Manifest[]): unknown =>
      podTemplateOf(only(list, 'Deployment', 'postgres-pooler'))!.metadata!.annotations!['diptych/files'];
    expect(hash(manifests)).toMatch(/^[0-9a-f]{12}$/);
    expect(hash(pooled({ poolSize: 10 }).manifests)).not.toBe(hash(manifests));
  });

  test('changes no file of the members', () => {
    expect(files(manifests)).toEqual(files(withoutPooler));
  });
});

describe('a pooler is refused for', () => {
  const wrong: [string, Partial<PoolerProps>, Partial<PatroniClusterProps>, string][] = [
    ['no connections', { poolSize: 0 }, {}, 'pooler.poolSize: 0'],
    ['half a client', { maxClients: 0.5 }, {}, 'pooler.maxClients: 0.5'],
    ['no pods', { size: { minReplicas: 0 } }, {}, 'pooler.size.minReplicas: 0'],
    [
      'more connections than PostgreSQL has',
      { poolSize: 41 },
      {},
      '2 poolers with 41 connections and one of their own to the database shop are 84',
    ],
    [
      'more connections than its databases share',
      {},
      { databases: [{ name: 'a' }, { name: 'b', connections: 42 }] },
      '2 poolers with 20 connections and one of their own to the database a are 42',
    ],
  ];
  test.each(wrong)('%s', (_, changes, cluster, what) => {
    expect(refusal(() => pooled(changes, cluster)).map((finding) => finding.what)).toEqual([what]);
  });

  test('nothing that just fits, nor for what more connections make room for', () => {
    expect(pooled({ poolSize: 39 }).value.life.scope).toBe('postgres');
    expect(pooled({ poolSize: 41 }, { parameters: { max_connections: 104 } }).value.life.scope).toBe('postgres');
  });
});
