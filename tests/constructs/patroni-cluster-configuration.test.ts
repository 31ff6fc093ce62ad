import type { Manifest } from '../../constructs/core/manifest.ts';
import type { PatroniClusterProps } from '../../constructs/patroni-cluster/index.ts';
import { policyFindings } from '../../synth/policies.ts';
import { podTemplateOf } from '../../synth/pods.ts';
import { schemaFindings } from '../../synth/schema/index.ts';
import { at, only, refusal } from '../support/harness.ts';
import {
  agentFile,
  backups,
  cluster,
  clusterWith,
  minimal,
  patroniFile,
  statefulSet,
} from '../support/patroni-cluster.ts';
import type { DynamicConfiguration } from '../support/patroni-cluster.ts';

const configured = (changes: Partial<PatroniClusterProps> = {}) => patroniFile(clusterWith(changes).manifests);
const dynamic = (changes: Partial<PatroniClusterProps> = {}): DynamicConfiguration => configured(changes).bootstrap.dcs;
const named = (manifests: readonly Manifest[], kind: string): string[] =>
  manifests.filter((manifest) => manifest.kind === kind).map(({ metadata }) => metadata.name);

describe('a failover', () => {
  test('is timed so that Patroni changes none of the numbers', () => {
    const { ttl, loop_wait, retry_timeout } = dynamic() as unknown as Record<string, number>;
    expect([ttl, loop_wait, retry_timeout]).toEqual([20, 5, 7]);
    expect(loop_wait! + 2 * retry_timeout!).toBeLessThanOrEqual(ttl!);
  });

  test('follows a crash recovery that takes longer than itself', () => {
    expect(dynamic()).toMatchObject({ primary_start_timeout: 15, primary_stop_timeout: 20 });
  });

  test('does not follow an outage of the Kubernetes API alone', () => {
    expect(dynamic().failsafe_mode).toBe(true);
  });

  test.each([
    ['on', true, false],
    ['strict', true, true],
    ['off', false, false],
  ] as const)(
    'with synchronous: %s: standby waited for %s, also where there is none %s',
    (synchronous, mode, strict) => {
      expect(dynamic({ synchronous })).toMatchObject({ synchronous_mode: mode, synchronous_mode_strict: strict });
    },
  );

  test('by default loses no commit, and does without a standby where there is none', () => {
    expect(dynamic()).toMatchObject({ synchronous_mode: true, synchronous_mode_strict: false });
  });

  test('lets the old primary return by rewinding, or else by a copy', () => {
    expect(dynamic().postgresql).toMatchObject({
      use_pg_rewind: true,
      remove_data_directory_on_rewind_failure: true,
      remove_data_directory_on_diverged_timelines: true,
    });
  });
});

describe('who may log in', () => {
  const databases = [{ name: 'shop' }, { name: 'orders', owner: 'clerk', user: 'web' }];

  test('are the declared roles, on their own database, by TLS', () => {
    expect(configured({ databases }).postgresql.pg_hba).toEqual([
      'local all postgres peer map=superuser',
      'local all monitoring peer map=monitoring',
      'hostssl replication replication all scram-sha-256',
      'hostssl postgres rewind all scram-sha-256',
      'hostssl shop shop_app all scram-sha-256',
      'hostssl shop shop_owner all scram-sha-256',
      'hostssl orders web all scram-sha-256',
      'hostssl orders clerk all scram-sha-256',
    ]);
  });

  test('without TLS it is the same, in the clear', () => {
    const [withTls, without] = [minimal.authority, false as const].map(
      (authority) => configured({ databases, authority }).postgresql.pg_hba,
    );
    expect(without).toEqual(withTls?.map((line) => line.replace('hostssl', 'host')));
  });

  test('is nobody by the network as the superuser, who has no password', () => {
    const { pg_hba, authentication } = configured({ databases }).postgresql;
    expect(pg_hba.filter((line) => line.startsWith('host') && /\spostgres\s+all\s/.test(line))).toEqual([]);
    expect(authentication.superuser).toEqual({ username: 'postgres' });
  });

  test('learns it from the endpoint, with the password of the declared role', () => {
    const { primary } = clusterWith({ databases }).value.database('orders');
    expect([primary.credentials.user, primary.credentials.password.secret.name]).toEqual([
      'web',
      'postgres-orders-app',
    ]);
    expect([primary.migrationCredentials.user, primary.migrationCredentials.password.secret.name]).toEqual([
      'clerk',
      'postgres-orders-owner',
    ]);
    expect([primary.host, primary.port, primary.sslMode]).toEqual([
      'postgres.test.svc.cluster.local',
      5432,
      'verify-full',
    ]);
  });

  test('reads from the replicas under another name', () => {
    expect(clusterWith({ authority: false }).value.replicas).toMatchObject({
      host: 'postgres-replicas.test.svc.cluster.local',
      database: 'shop',
      sslMode: 'disable',
    });
  });
});

describe('TLS', () => {
  test('has a certificate for every name that clients use, of an authority of its own', () => {
    const { manifests } = cluster();
    const { dnsNames, issuerRef } = only(manifests, 'Certificate', 'postgres-tls').spec as Record<string, unknown>;
    const service = (name: string): string[] => [name, `${name}.test.svc.cluster.local`];
    expect(dnsNames).toEqual([
      ...['postgres', 'postgres-replicas', 'postgres-members'].flatMap(service),
      '*.postgres-members.test.svc.cluster.local',
    ]);
    expect(issuerRef).toEqual({ kind: 'Issuer', name: 'postgres-ca' });
    expect(only(manifests, 'Issuer', 'postgres-ca').spec).toEqual({ ca: { secretName: 'postgres-ca' } });
  });

  test('is checked between members, and 1.3 at least', () => {
    const { bootstrap, postgresql } = configured();
    for (const role of ['replication', 'rewind']) {
      expect(postgresql.authentication[role]).toMatchObject({
        sslmode: 'verify-ca',
        sslrootcert: '/run/authorities/postgres-ca.crt',
      });
    }
    expect(bootstrap.dcs.postgresql.parameters).toMatchObject({ ssl: 'on', ssl_min_protocol_version: 'TLSv1.3' });
  });

  test('trusts what is in git, not the ca.crt beside its own certificate: both sides of a renewal are there', () => {
    const authority = { name: 'postgres-ca', certificates: 'NEW\nOLD\n' };
    const { manifests } = clusterWith({ authority });
    expect(only(manifests, 'ConfigMap', 'postgres-authorities').data).toEqual({ 'postgres-ca.crt': 'NEW\nOLD\n' });
  });

  test('is asked of clients together with the name, by the authority that the endpoint carries', () => {
    const { value } = clusterWith({ pooler: { image: minimal.image, exporter: false } });
    for (const { sslMode, authority } of [value.primary, value.replicas, value.pooled]) {
      expect([sslMode, authority?.name]).toEqual(['verify-full', 'postgres-ca']);
    }
  });

  test('is asked of clients without the name where sslMode says so', () => {
    expect(clusterWith({ sslMode: 'require' }).value.primary.sslMode).toBe('require');
  });

  test('covers the names of all endpoints', () => {
    const { value, manifests } = clusterWith({ pooler: { image: minimal.image, exporter: false } });
    const hosts = named(manifests, 'Certificate').flatMap(
      (name) => at(only(manifests, 'Certificate', name), 'spec.dnsNames') as string[],
    );
    expect(hosts).toEqual(expect.arrayContaining([value.primary.host, value.replicas.host, value.pooled.host]));
  });

  test('can not be verified where there is none', () => {
    const findings = refusal(() => clusterWith({ authority: false, sslMode: 'verify-full' }));
    expect(findings.map(({ what }) => what)).toEqual([
      'clients are to connect with sslMode verify-full, and there is no TLS',
    ]);
  });

  test('is gone without a trace when it is switched off', () => {
    const { manifests } = clusterWith({ authority: false });
    expect([...named(manifests, 'Certificate'), ...named(manifests, 'Issuer')]).toEqual([]);
    expect(podTemplateOf(statefulSet(manifests))!.spec!.volumes!.map(({ name }) => name)).not.toContain('tls');
    expect(agentFile(manifests).tlsFiles).toEqual([]);
    expect(patroniFile(manifests).bootstrap.dcs.postgresql.parameters).toMatchObject({ ssl: 'off' });
  });
});

describe('services', () => {
  const spec = (name: string, changes: Partial<PatroniClusterProps> = {}) =>
    only(clusterWith(changes).manifests, 'Service', name).spec as Record<string, unknown>;
  const selector = {
    'app.kubernetes.io/component': 'database',
    'app.kubernetes.io/instance': 'postgres',
    'app.kubernetes.io/name': 'patroni',
    'app.kubernetes.io/part-of': 'test',
  };

  test('the primary has no selector: Patroni writes its address together with the lock', () => {
    expect(spec('postgres')).not.toHaveProperty('selector');
    expect(spec('postgres').ports).toMatchObject([{ name: 'postgres', port: 5432 }]);
    expect(configured().kubernetes).toMatchObject({ use_endpoints: true, ports: [{ name: 'postgres', port: 5432 }] });
  });

  test('replicas are found by the role that Patroni gives its pods', () => {
    expect(spec('postgres-replicas').selector).toEqual({ ...selector, role: 'replica' });
    expect(configured().kubernetes.role_label).toBe('role');
  });

  test('members have names before they are ready', () => {
    expect(spec('postgres-members')).toMatchObject({ clusterIP: 'None', publishNotReadyAddresses: true, selector });
    expect(at(statefulSet(cluster().manifests), 'spec.serviceName')).toBe('postgres-members');
  });

  test('what Patroni keeps besides the lock has Services too, or Kubernetes would remove it', () => {
    expect([spec('postgres-config'), spec('postgres-sync')]).toEqual([{ clusterIP: 'None' }, { clusterIP: 'None' }]);
  });

  test('with ConfigMaps the primary is found by its label, and nothing keeps Endpoints alive', () => {
    const { manifests } = clusterWith({ consensus: 'configmaps' });
    expect(at(only(manifests, 'Service', 'postgres'), 'spec.selector')).toEqual({ ...selector, role: 'primary' });
    expect(named(manifests, 'Service').sort()).toEqual(['postgres', 'postgres-members', 'postgres-replicas']);
    expect(patroniFile(manifests).kubernetes.use_endpoints).toBe(false);
  });

  test('no Endpoints stand in git', () => {
    expect([...named(cluster().manifests, 'Endpoints'), ...named(cluster().manifests, 'EndpointSlice')]).toEqual([]);
  });

  test('members are found by the labels that Patroni looks for', () => {
    const { kubernetes } = configured();
    const { 'app.kubernetes.io/instance': instance, ...others } = selector;
    expect([kubernetes.scope_label, kubernetes.labels, configured().scope]).toEqual([
      'app.kubernetes.io/instance',
      others,
      instance,
    ]);
  });
});

test.each(['endpoints', 'configmaps'] as const)(
  'the account may do with %s and pods what Patroni does, and no more',
  (consensus) => {
    const { manifests } = clusterWith({ consensus, backups });
    const names = ['postgres-config', 'postgres-failover', 'postgres-sync'];
    const lock = consensus === 'endpoints' ? 'postgres' : 'postgres-leader';
    const core = { apiGroups: [''] };
    expect(only(manifests, 'Role').rules).toEqual([
      { ...core, resources: [consensus], resourceNames: [lock, ...names], verbs: ['get', 'patch'] },
      { ...core, resources: [consensus], verbs: ['create'] },
      { ...core, resources: [consensus], verbs: ['list', 'watch'] },
      { ...core, resources: ['pods'], resourceNames: ['postgres-0', 'postgres-1'], verbs: ['patch'] },
      { ...core, resources: ['pods'], verbs: ['list', 'watch'] },
    ]);
    expect(only(manifests, 'RoleBinding')).toMatchObject({
      roleRef: { kind: 'Role', name: 'postgres' },
      subjects: [{ kind: 'ServiceAccount', name: 'postgres' }],
    });
    expect(manifests.filter(({ kind }) => kind.startsWith('ClusterRole'))).toEqual([]);
    expect(
      manifests
        .filter(({ kind }) => kind === 'ServiceAccount')
        .map(({ metadata, automountServiceAccountToken }) => [metadata.name, automountServiceAccountToken])
        .sort(),
    ).toEqual([
      ['postgres', false],
      ['postgres-restore-test', false],
    ]);
  },
);

describe('connections', () => {
  const limits = (changes: Partial<PatroniClusterProps>): unknown =>
    agentFile(clusterWith(changes).manifests).connectionLimits;
  const monitoring = 5;

  test('are left to migrations, the exporter and people by an application that takes all it gets', () => {
    expect(limits({})).toEqual({ shop_app: 80, shop_owner: 5, monitoring });
    expect(limits({ parameters: { MAX_CONNECTIONS: 200, superuser_reserved_connections: 5 } })).toMatchObject({
      shop_app: 178,
    });
  });

  test('are shared by the databases that ask for no number', () => {
    const databases = [{ name: 'shop', connections: 20, ownerConnections: 2 }, { name: 'wiki' }, { name: 'blog' }];
    expect(limits({ databases })).toEqual({
      ...{ shop_app: 20, shop_owner: 2, wiki_app: 26, wiki_owner: 5, blog_app: 26, blog_owner: 5 },
      monitoring,
    });
  });

  test('may be as many as there are', () => {
    expect(limits({ databases: [{ name: 'shop', connections: false, ownerConnections: false }] })).toEqual({
      monitoring,
    });
  });
});

describe('parameters', () => {
  test('of the user win over ours', () => {
    const { parameters } = dynamic({
      parameters: { max_connections: 250, 'pg_stat_statements.track': 'all' },
    }).postgresql;
    expect(parameters).toMatchObject({ max_connections: 250, 'pg_stat_statements.track': 'all', wal_level: 'replica' });
  });

  const librariesOf = (extensions: readonly string[], parameters = {}) =>
    dynamic({ databases: [{ name: 'orders' }, { name: 'shop', extensions }], parameters }).postgresql.parameters;

  test('name the libraries that PostgreSQL loads at its start for an extension, beside those that were given', () => {
    expect(librariesOf(['pg_trgm'])).not.toHaveProperty('shared_preload_libraries');
    expect(librariesOf(['pg_stat_kcache'])).toMatchObject({
      shared_preload_libraries: 'pg_stat_statements,pg_stat_kcache',
    });
    const parameters = { shared_preload_libraries: 'auto_explain, pg_stat_statements' };
    expect(librariesOf(['pg_stat_statements', 'pgaudit'], parameters)).toMatchObject({
      shared_preload_libraries: 'auto_explain,pg_stat_statements,pgaudit',
    });
  });

  test('tell pg_cron its database, and let it run jobs without logging in', () => {
    expect(librariesOf(['pg_cron'])).toMatchObject({
      shared_preload_libraries: 'pg_cron',
      'cron.database_name': 'shop',
      'cron.use_background_workers': 'on',
    });
  });

  test('let neither WAL nor the slot of a lost replica fill the volume', () => {
    expect(dynamic().postgresql.parameters).toMatchObject({ max_wal_size: '1024MB', max_slot_wal_keep_size: '1024MB' });
  });

  test('archive every minute at least, always on so that backups can begin without a restart', () => {
    expect(dynamic().postgresql.parameters).toMatchObject({ archive_mode: 'on', archive_timeout: '60s' });
    expect(configured().postgresql.parameters).toMatchObject({ archive_command: '/bin/true' });
  });

  test('are what the agent keeps Patroni to', () => {
    const { manifests } = cluster();
    expect(agentFile(manifests).dynamicConfiguration).toEqual({
      standby_cluster: null,
      ...patroniFile(manifests).bootstrap.dcs,
    });
  });
});

test('an empty cluster begins where its archive is empty too, and sorts text in the same way in every image', () => {
  const bootstrap = (version: 16 | 17) => configured({ version }).bootstrap;
  expect(bootstrap(17)).toMatchObject({
    method: 'empty',
    empty: {
      command: '/opt/postgres/bootstrap-empty.sh',
      programs: '/usr/lib/postgresql/17/bin',
      provider: 'builtin',
    },
  });
  // 16 has no provider of its own.
  expect(bootstrap(16).empty).not.toHaveProperty('provider');
});

test('nothing asks a node for huge pages, of which a pod has none: not initdb either, where it takes parameters', () => {
  const { bootstrap } = configured({ version: 16 });
  expect(bootstrap.dcs.postgresql.parameters).toMatchObject({ huge_pages: 'off' });
  expect(bootstrap.empty).toMatchObject({ set: 'huge_pages=off' });
  expect(configured({ version: 15 }).bootstrap.empty).not.toHaveProperty('set');
});

test('a new cluster waits for the roles of its members only', () => {
  expect(configured().bootstrap).toMatchObject({
    post_bootstrap: 'python3 /opt/postgres/agent.py --config /etc/patroni/agent.json bootstrap',
  });
  const [database] = podTemplateOf(statefulSet(cluster().manifests))!.spec!.containers;
  const files = database!.env!.map(({ name }) => name).filter((name) => name.endsWith('_PASSWORD_FILE'));
  expect(files).toEqual(['REPLICATION_PASSWORD_FILE', 'RESTAPI_PASSWORD_FILE', 'REWIND_PASSWORD_FILE']);
});

test('a version runs the programs of that version', () => {
  expect(configured({ version: 15 }).postgresql.bin_dir).toBe('/usr/lib/postgresql/15/bin');
});

test('every object passes the strict schema and the policies', () => {
  const { manifests, platform } = cluster(() => ({ backups }));
  expect(manifests.flatMap(schemaFindings)).toEqual([]);
  const secrets = new Map(
    platform.secrets.map((secret) => [
      `test/${secret.inventoryEntry().name}`,
      Object.keys(secret.inventoryEntry().keys),
    ]),
  );
  const images = new Set(['registry.example/spilo:1.2.3', 'registry.example/rclone:1.2.3']);
  expect(policyFindings(manifests, { images, secrets, privileges: new Map() })).toEqual([]);
});
