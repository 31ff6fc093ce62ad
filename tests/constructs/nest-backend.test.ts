import type { TrustedAuthority } from '../../constructs/core/endpoint.ts';
import { JsonPatch, Size } from 'cdk8s';
import type { ApplicationChart } from '../../constructs/core/application-chart.ts';
import { Cpu } from '../../constructs/core/cpu.ts';
import { publicEndpoint } from '../../constructs/core/endpoint.ts';
import type { PostgresEndpoint } from '../../constructs/core/endpoint.ts';
import type { WorkloadSize } from '../../constructs/core/environment.ts';
import { NestBackend } from '../../constructs/nest-backend/index.ts';
import type { NestBackendProps } from '../../constructs/nest-backend/index.ts';
import {
  built,
  egressPorts,
  everyOption,
  nextVersion,
  ofContainer,
  password,
  variablesOf,
  yamlOf,
} from '../support/constructs.ts';
import type { ChangeOfEveryOption, Servers } from '../support/constructs.ts';
import { difference } from '../support/difference.ts';
import { at, image, only, refusal } from '../support/harness.ts';

type Changes = (servers: Servers, scope: ApplicationChart) => Partial<NestBackendProps>;

const minimal = { image, host: 'api.example.com' };

function backend(changes: Changes = () => ({}), id = 'backend') {
  const { manifests, platform } = built(
    (scope, servers) => new NestBackend(scope, id, { ...minimal, ...changes(servers, scope) }),
  );
  return { manifests, platform, deployment: only(manifests, 'Deployment') };
}

const changes: ChangeOfEveryOption<NestBackendProps> = {
  name: () => 'orders',
  image: () => nextVersion(image),
  host: () => 'orders.example.com',
  size: () => ({ minReplicas: 2, maxReplicas: 8, cpuRequest: Cpu.cores(1), memory: Size.gibibytes(1) }),
  autoscaleAtCpuPercent: () => 50,
  port: () => 8080,
  metrics: () => ({ path: '/prometheus', port: 9100 }),
  traces: ({ traces }) => traces,
  environment: () => ({ LOG_LEVEL: 'debug' }),
  secretFiles: ({ cache }) => ({ LICENCE_FILE: cache.credentials.password }),
  spread: () => 'strict',
  preStopSleepSeconds: () => 10,
  shutdownSeconds: () => 50,
  keepAliveSeconds: () => 120,
  patches: () => [JsonPatch.add('/spec/template/spec/runtimeClassName', 'gvisor')],
  database: ({ database }) => ({ ...database, database: 'orders' }),
  cache: ({ cache }) => cache,
  directory: ({ directory }) => directory,
  migrations: () => ['npm', 'run', 'migrate'],
  healthPaths: () => ({ live: '/live', ready: '/ready' }),
  startupSeconds: () => 180,
};

const isMigration = ({ metadata }: { metadata: { name: string } }): boolean =>
  /-migrations(-authorities|-start)?$/.test(metadata.name);

describe('output', () => {
  test('with nothing but an image and a host', () => {
    expect(yamlOf(backend().manifests)).toMatchSnapshot();
  });

  test('another id in the code changes no byte', () => {
    const of = (id: string): string => yamlOf(backend((servers) => everyOption(changes, servers), id).manifests);
    expect(of('moved')).toBe(of('backend'));
  });
});

describe('options', () => {
  const base: Changes = ({ database }) => ({ database });
  const keys = Object.keys(changes) as (keyof NestBackendProps)[];

  test.each(keys)('%s changes the output', (key) => {
    // Migrations are of a database; what that brings is shown by itself.
    const before = key === 'database' ? () => ({}) : base;
    const old = yamlOf(backend(before).manifests);
    const changed = yamlOf(
      backend((servers, scope) => ({ ...before(servers, scope), [key]: changes[key](servers) })).manifests,
    );
    expect(changed).not.toBe(old);
    expect(difference(old, key === 'name' ? changed.replaceAll('orders', 'backend') : changed)).toMatchSnapshot();
  });

  const sizes: Required<WorkloadSize> = {
    minReplicas: 2,
    maxReplicas: 9,
    cpuRequest: Cpu.millicores(300),
    memory: Size.mebibytes(300),
  };

  test.each(Object.entries(sizes))('size.%s changes the output', (key, value) => {
    const changed = backend(() => ({ size: { [key]: value } }));
    expect(yamlOf(changed.manifests)).not.toBe(yamlOf(backend().manifests));
  });

  test.each([
    { metrics: { path: '/other', port: 9464 } },
    { metrics: { path: '/metrics', port: 9465 } },
    { healthPaths: { live: '/other', ready: '/health/ready' } },
    { healthPaths: { live: '/health/live', ready: '/other' } },
  ])('%j changes the output', (changed) => {
    expect(yamlOf(backend(() => changed).manifests)).not.toBe(yamlOf(backend().manifests));
  });
});

describe('server', () => {
  test('runs 3 replicas at least and 6 at most', () => {
    const { deployment, manifests } = backend();
    expect(at(deployment, 'spec.replicas')).toBe(3);
    expect(only(manifests, 'HorizontalPodAutoscaler').spec).toMatchObject({ minReplicas: 3, maxReplicas: 6 });
  });

  test('is asked three questions, of which only readiness concerns its dependencies', () => {
    const { deployment } = backend();
    const path = (probe: string): unknown => ofContainer(deployment, `${probe}.httpGet.path`);
    expect(['startupProbe', 'readinessProbe', 'livenessProbe'].map(path)).toEqual([
      '/health/live',
      '/health/ready',
      '/health/live',
    ]);
  });

  test('may take 60 seconds for its first start', () => {
    const probe = ofContainer(backend().deployment, 'startupProbe') as Record<string, number>;
    expect(probe.periodSeconds! * probe.failureThreshold!).toBe(60);
  });

  test('an uneven number of seconds for the first start is never cut short', () => {
    const { deployment } = backend(() => ({ startupSeconds: 61 }));
    expect(ofContainer(deployment, 'startupProbe')).toMatchObject({ periodSeconds: 2, failureThreshold: 31 });
  });
});

describe('wires', () => {
  test('the database gives the variables DATABASE_*, as the role that owns no tables', () => {
    expect(variablesOf(backend(({ database }) => ({ database })).deployment)).toMatchObject({
      DATABASE_HOST: 'postgres.servers.svc.cluster.local',
      DATABASE_PORT: '5432',
      DATABASE_NAME: 'shop',
      DATABASE_SSLMODE: 'verify-full',
      DATABASE_USER: 'shop_app',
      DATABASE_PASSWORD_FILE: '/run/secrets/postgres-app/password',
      DATABASE_CA_FILE: '/run/authorities/postgres-ca.crt',
    });
  });

  test('the certificate of the authority is there for the server, and before it for the migrations', () => {
    const { manifests } = backend(({ database }) => ({ database }));
    const data = { 'postgres-ca.crt': 'the certificate of an authority\n' };
    expect(only(manifests, 'ConfigMap', 'backend-authorities').data).toEqual(data);
    const ofMigrations = only(manifests, 'ConfigMap', 'backend-migrations-authorities');
    expect(ofMigrations).toMatchObject({ data, metadata: { annotations: { 'argocd.argoproj.io/hook': 'PreSync' } } });
    expect(variablesOf(only(manifests, 'Job')).DATABASE_CA_FILE).toBe('/run/authorities/postgres-ca.crt');
  });

  test.each([
    ['safe whoever it is', { sslMode: 'require' }],
    ['known to the world', { authority: undefined }],
  ] as const)('a database that is %s names no file of an authority', (_, changes) => {
    const { manifests } = backend(({ database }) => ({ database: { ...database, ...changes } }));
    expect(yamlOf(manifests)).not.toMatch(/DATABASE_CA_FILE|authorities/);
  });

  test('a cache behind Sentinels gives their addresses, and one that leads to the primary only where there is one', () => {
    const variables = variablesOf(backend(({ cache }) => ({ cache: { ...cache, server: undefined } })).deployment);
    expect(variables).toMatchObject({
      REDIS_SENTINELS: [0, 1, 2].map((index) => `sentinel-${index}.servers.svc.cluster.local:26379`).join(','),
      REDIS_PRIMARY_NAME: 'shop',
      REDIS_USER: 'cache',
      REDIS_PASSWORD_FILE: '/run/secrets/redis-app/password',
    });
    expect(variables).not.toHaveProperty('REDIS_HOST');
    expect(variablesOf(backend(({ cache }) => ({ cache })).deployment)).toMatchObject({
      REDIS_SENTINELS: variables.REDIS_SENTINELS,
      REDIS_HOST: 'redis.servers.svc.cluster.local',
      REDIS_PORT: '6379',
    });
  });

  test('a cache with TLS gives the file of its authority, and the name that its certificates are for', () => {
    const variables = (authority?: TrustedAuthority): Readonly<Record<string, unknown>> =>
      variablesOf(backend(({ cache }) => ({ cache: { ...cache, authority } })).deployment);
    expect(variables({ name: 'redis-ca', certificates: 'the certificate\n' })).toMatchObject({
      REDIS_CA_FILE: '/run/authorities/redis-ca.crt',
      REDIS_TLS_NAME: 'redis.servers.svc.cluster.local',
    });
    expect(Object.keys(variables()).filter((name) => /^REDIS_(CA|TLS)/.test(name))).toEqual([]);
  });

  test('a cache of one server gives its address and no Sentinels', () => {
    const variables = variablesOf(backend(({ cache }) => ({ cache: { ...cache, sentinels: [] } })).deployment);
    expect(variables).toMatchObject({ REDIS_HOST: 'redis.servers.svc.cluster.local', REDIS_PORT: '6379' });
    expect(Object.keys(variables).filter((name) => /SENTINEL|PRIMARY/.test(name))).toEqual([]);
  });

  test('the directory gives the variables LDAP_* and the realm', () => {
    expect(variablesOf(backend(({ directory }) => ({ directory })).deployment)).toMatchObject({
      LDAP_URL: 'ldaps://samba.servers.svc.cluster.local:636',
      LDAP_BASE_DN: 'DC=ad,DC=example,DC=com',
      LDAP_BIND_USER: 'backend@ad.example.com',
      LDAP_BIND_PASSWORD_FILE: '/run/secrets/directory-bind/password',
      LDAP_CA_FILE: '/run/authorities/samba-ca.crt',
      KERBEROS_REALM: 'AD.EXAMPLE.COM',
    });
  });

  const keytab = { principals: ['HTTP/api.example.com', 'HTTP/shop.example.com'], salt: 'AD.EXAMPLE.COMbackend' };
  const withTickets: Changes = ({ directory }) => ({
    directory: {
      ...directory,
      kdc: { host: 'samba.servers.svc.cluster.local', port: 88 },
      keytab: { ...keytab, password: directory.credentials.password },
    },
  });

  test('a directory with a keytab gives what the Kerberos library reads, and the keytab itself', () => {
    const { deployment, manifests } = backend(withTickets);
    expect(variablesOf(deployment)).toMatchObject({
      KRB5_CONFIG: '/opt/kerberos/krb5.conf',
      KRB5_KTNAME: '/run/kerberos/keytab',
      KRB5RCACHEDIR: '/tmp',
    });
    expect(only(manifests, 'ConfigMap', 'backend-kerberos').data).toMatchObject({
      'krb5.conf': expect.stringMatching(
        /default_realm = AD\.EXAMPLE\.COM\n[^@]*dns_lookup_kdc = false\n[^@]*\n {4}kdc = samba\.servers\.svc\.cluster\.local:88\n/,
      ) as unknown,
    });
    expect(Object.keys(variablesOf(backend(({ directory }) => ({ directory })).deployment)).join(' ')).not.toContain(
      'KRB5',
    );
  });

  test("the keytab is made in memory before the server begins, by the server's own image, and the server only reads it", () => {
    const { deployment } = backend(withTickets);
    const [init] = at(deployment, 'spec.template.spec.initContainers') as readonly Record<string, unknown>[];
    expect(init).toMatchObject({
      image: ofContainer(deployment, 'image'),
      command: ['node', '/opt/kerberos/keytab.mjs', '/run/kerberos/keytab'],
    });
    const variables = Object.fromEntries(
      (init?.env as readonly { name: string; value: string }[]).map(({ name, value }) => [name, value]),
    );
    expect(variables).toEqual({
      KERBEROS_REALM: 'AD.EXAMPLE.COM',
      KERBEROS_PRINCIPALS: 'HTTP/api.example.com,HTTP/shop.example.com',
      KERBEROS_SALT: 'AD.EXAMPLE.COMbackend',
      KEYTAB_PASSWORD_FILE: '/run/secrets/directory-bind/password',
    });
    const mount = { name: 'kerberos', mountPath: '/run/kerberos' };
    expect(init?.volumeMounts).toContainEqual(mount);
    expect(ofContainer(deployment, 'volumeMounts')).toContainEqual({ ...mount, readOnly: true });
    expect(at(deployment, 'spec.template.spec.volumes')).toContainEqual({
      name: 'kerberos',
      emptyDir: { sizeLimit: '1Mi', medium: 'Memory' },
    });
  });

  test('without a named KDC its names are looked up', () => {
    const { manifests } = backend((servers, scope) => {
      const { directory } = withTickets(servers, scope);
      return { directory: { ...directory!, kdc: undefined } };
    });
    const text = String((only(manifests, 'ConfigMap', 'backend-kerberos').data as Record<string, string>)['krb5.conf']);
    expect(text).toContain('dns_lookup_kdc = true');
    expect(text).not.toContain('kdc = samba');
  });

  test('every variable of a wire is refused as a further one, naming the option', () => {
    const wired = backend(({ database, cache, directory }) => ({ database, cache, directory })).deployment;
    const taken = Object.keys(variablesOf(wired)).filter((each) => /^(DATABASE|REDIS|LDAP|KERBEROS)_/.test(each));
    const environment = Object.fromEntries(taken.map((each) => [each, 'x']));
    const told = refusal(() => backend(() => ({ environment }))).map(
      ({ where, allowed }) => `${where.replace(/^.* /, '')}: ${allowed.replace('the option ', '')}`,
    );
    const option = (variable: string) =>
      variable.startsWith('DATABASE') ? 'database' : variable.startsWith('REDIS') ? 'cache' : 'directory';
    expect(told.sort()).toEqual(taken.map((each) => `${each}: ${option(each)}`).sort());
  });

  test.each(['ldap://dc.example.com', 'LDAP://dc.example.com:636', ''])(
    'a directory at "%s" is refused: there is no LDAP without TLS',
    (url) => {
      const [finding, ...more] = refusal(() => backend(({ directory }) => ({ directory: { ...directory, url } })));
      expect(more).toEqual([]);
      expect(finding).toMatchObject({
        where: 'NestBackend backend: directory',
        what: `${url}, which is LDAP without TLS`,
      });
    },
  );

  test('without wires there is no variable, no secret and no way out', () => {
    const { deployment, manifests } = backend();
    expect(yamlOf([deployment])).not.toMatch(/DATABASE|REDIS|LDAP|KERBEROS|secret/);
    expect(manifests.map(({ kind }) => kind)).not.toContain('NetworkPolicy');
  });

  test('what it works with is there before it', () => {
    const { wires } = backend(({ database, cache, directory }) => ({ database, cache, directory })).platform;
    expect(wires.map(({ endpoint, strength }) => `${strength} ${endpoint.name}`)).toEqual([
      'needs PostgreSQL shop',
      'needs Redis',
      'needs Active Directory',
      'needs PostgreSQL shop',
    ]);
  });
});

describe('a database that is not ours', () => {
  const external = (scope: ApplicationChart, cidrs?: { cidr: string }[]): PostgresEndpoint => {
    const { targets } = publicEndpoint('PostgreSQL elsewhere', 'db.example.net', 5432);
    const peer = { name: 'PostgreSQL elsewhere', cidrs: cidrs ?? [] };
    return {
      name: 'PostgreSQL elsewhere',
      host: 'db.example.net',
      port: 5432,
      database: 'shop',
      sslMode: 'verify-full',
      authority: { name: 'elsewhere-ca', certificates: 'the certificate of their authority\n' },
      credentials: { user: 'app', password: password(scope, 'elsewhere-app') },
      migrationCredentials: { user: 'owner', password: password(scope, 'elsewhere-owner') },
      targets: cidrs === undefined ? targets : [{ peer, host: '203.0.113.7', port: 5432 }],
    };
  };

  test('gives the same variables as ours', () => {
    const ours = variablesOf(backend(({ database }) => ({ database })).deployment);
    const theirs = variablesOf(backend((_, scope) => ({ database: external(scope) })).deployment);
    expect(Object.keys(theirs)).toEqual(Object.keys(ours));
    expect(theirs.DATABASE_HOST).toBe('db.example.net');
  });

  test('is reached by address, and our own networks are not', () => {
    const { manifests } = backend((_, scope) => ({ database: external(scope) }));
    expect(at(only(manifests, 'NetworkPolicy', 'backend'), 'spec.egress.0')).toMatchObject({
      ports: [{ protocol: 'TCP', port: 5432 }],
      to: [{ ipBlock: { cidr: '0.0.0.0/0', except: expect.arrayContaining(['10.0.0.0/8']) as string[] } }],
    });
  });

  test('at a fixed address needs no name lookups', () => {
    const { manifests } = backend((_, scope) => ({ database: external(scope, [{ cidr: '203.0.113.7/32' }]) }));
    const policy = only(manifests, 'NetworkPolicy', 'backend-migrations');
    expect(egressPorts(policy)).toEqual([[{ protocol: 'TCP', port: 5432 }]]);
    expect(at(policy, 'spec.egress.0.to')).toEqual([{ ipBlock: { cidr: '203.0.113.7/32' } }]);
  });
});

describe('migrations', () => {
  const withDatabase: Changes = ({ database }) => ({ database });
  const hook = {
    'argocd.argoproj.io/hook': 'PreSync',
    'argocd.argoproj.io/hook-delete-policy': 'BeforeHookCreation',
  };

  test('run as the role that owns the tables, and never see the password of the other', () => {
    const job = only(backend(withDatabase).manifests, 'Job');
    expect(variablesOf(job)).toMatchObject({
      DATABASE_USER: 'shop_owner',
      DATABASE_PASSWORD_FILE: '/run/secrets/postgres-owner/password',
    });
    expect(yamlOf([job])).not.toMatch(/shop_app|postgres-app/);
  });

  test('the server never sees the password of the role that owns the tables', () => {
    expect(yamlOf([backend(withDatabase).deployment])).not.toMatch(/shop_owner|postgres-owner/);
  });

  test('run before anything else of a new version is applied, with all that they need', () => {
    const { manifests, platform } = backend(withDatabase);
    const copies = platform.secrets.map((secret) => secret.inventoryEntry()).flatMap(({ copies }) => copies);
    expect(copies.map(({ annotations }) => annotations)).toEqual([{}, hook]);
    const hooks = manifests.filter(isMigration);
    expect(hooks.map(({ kind }) => kind).sort()).toEqual([
      'ConfigMap',
      'ConfigMap',
      'Job',
      'NetworkPolicy',
      'ServiceAccount',
    ]);
    for (const { metadata } of hooks) expect(metadata.annotations).toMatchObject(hook);
  });

  test('nothing but the migrations is a hook', () => {
    const { manifests } = backend(withDatabase);
    expect(yamlOf(manifests.filter((manifest) => !isMigration(manifest)))).not.toContain('argocd.argoproj.io/hook');
  });

  test('run the image of the server with a command of their own, once the database lets them in', () => {
    const job = only(backend(withDatabase).manifests, 'Job');
    expect(ofContainer(job, 'image')).toBe(image.reference);
    expect(ofContainer(job, 'command')).toEqual([
      ...['node', '/opt/migrations/let-in.mjs', '60'],
      ...['node', 'dist/migrate.js'],
    ]);
  });

  test('are tried again 5 times, for 10 minutes at most', () => {
    expect(only(backend(withDatabase).manifests, 'Job').spec).toMatchObject({
      backoffLimit: 5,
      activeDeadlineSeconds: 600,
    });
  });

  test('migrations of nothing are refused: the release would wait for a program that is none', () => {
    const [finding] = refusal(() => backend((servers, scope) => ({ ...withDatabase(servers, scope), migrations: [] })));
    expect(finding).toMatchObject({ where: 'NestBackend backend: migrations', what: 'a command of nothing' });
  });

  test('migrations: false leaves nothing of them', () => {
    const { manifests } = backend((servers, scope) => ({ ...withDatabase(servers, scope), migrations: false }));
    expect(manifests.filter(isMigration)).toEqual([]);
  });

  test('without a database there are none', () => {
    expect(backend(() => ({ migrations: ['node', 'migrate.js'] })).manifests.filter(isMigration)).toEqual([]);
  });

  test('refuse a name that is only long enough for the server', () => {
    const name = 'a'.repeat(40);
    expect(refusal(() => backend((servers, scope) => ({ ...withDatabase(servers, scope), name })))).toMatchObject([
      {
        what: `the name "${name}-migrations" has 51 characters`,
        allowed: expect.stringMatching(/^at most 46/) as string,
      },
    ]);
  });
});
