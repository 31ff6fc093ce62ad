import fs from 'node:fs';
import path from 'node:path';
import { JsonPatch, Size } from 'cdk8s';
import { Cpu } from '../../../constructs/core/cpu.ts';
import type { Manifest } from '../../../constructs/core/manifest.ts';
import { redisSentinelDefaults } from '../../../constructs/redis-sentinel/index.ts';
import type { RedisSentinelProps, RedisUser } from '../../../constructs/redis-sentinel/index.ts';
import { restrictedViolations } from '../../../synth/pod-security.ts';
import { podTemplateOf } from '../../../synth/pods.ts';
import { built, nextVersion, password, yamlOf } from '../../support/constructs.ts';
import type { ChangeOfEveryOption } from '../../support/constructs.ts';
import { root } from '../../support/committed.ts';
import { at, only, refusal } from '../../support/harness.ts';
import { backups, imageNamed, minimalRedis, redisWith } from '../../support/redis-sentinel.ts';
import { RedisSentinel } from '../../../constructs/redis-sentinel/index.ts';

const reports: RedisUser = built((scope) => ({
  name: 'reports',
  rules: '~reports:* +get',
  password: password(scope, 'reports'),
})).value;

const changes: ChangeOfEveryOption<RedisSentinelProps> = {
  name: () => 'cache',
  image: () => nextVersion(minimalRedis.image),
  engine: () => 'valkey',
  exporter: () => imageNamed('exporter'),
  proxy: () => imageNamed('haproxy'),
  storage: () => Size.gibibytes(7),
  storageClass: () => 'hcloud-volumes',
  use: () => 'cache',
  evictionPolicy: () => 'noeviction',
  size: () => ({ cpuRequest: Cpu.cores(1), memory: Size.gibibytes(1) }),
  maxMemory: () => Size.mebibytes(200),
  sentinels: () => 5,
  quorum: () => 3,
  downAfterSeconds: () => 7,
  failoverTimeoutSeconds: () => 20,
  repairKibibytes: () => 0,
  authority: () => false,
  backups: () => backups,
  generation: () => ({ number: 2 }),
  users: () => [reports],
  parameters: () => ({ 'slowlog-max-len': 512 }),
  patches: () => [JsonPatch.add('/spec/template/spec/runtimeClassName', 'gvisor')],
};

const text = (props: Partial<RedisSentinelProps> = {}): string => yamlOf(redisWith(props).manifests);

describe('options', () => {
  const same = ['evictionPolicy'];

  test.each(Object.keys(changes) as (keyof typeof changes)[])('%s changes the output', (key) => {
    const change = { [key]: changes[key](undefined as never) };
    const differs = same.includes(key) ? ({ use: 'cache', evictionPolicy: 'allkeys-lfu' } as const) : change;
    const before = same.includes(key) ? text({ use: 'cache' }) : text();
    expect(text(differs)).not.toBe(before);
  });

  test('those that are left out are the documented ones', () => {
    const { size } = redisSentinelDefaults;
    expect(text({ ...redisSentinelDefaults, name: 'redis', quorum: 2, evictionPolicy: 'noeviction' })).toBe(
      text({ size }),
    );
  });

  test('another id in the code changes no byte', () => {
    const other = yamlOf(redisWith({ name: 'redis', proxy: imageNamed('haproxy') }, 'moved').manifests);
    expect(other).toBe(text({ proxy: imageNamed('haproxy') }));
  });

  const settings = (props: Partial<RedisSentinelProps>): string =>
    (at(only(redisWith(props).manifests, 'ConfigMap', 'redis-configuration'), 'data') as Record<string, string>)[
      'settings.conf'
    ] ?? '';

  test('keys and values take 60 % of the memory, unless it is said', () => {
    expect(settings({})).toBe('maxmemory 307mb\nmaxmemory-policy noeviction\n');
    expect(settings({ use: 'cache' })).toContain('maxmemory-policy allkeys-lru\n');
    expect(settings({ use: 'mixed' })).toContain('maxmemory-policy volatile-ttl\n');
    expect(settings({ maxMemory: Size.mebibytes(100) })).toContain('maxmemory 100mb\n');
  });

  test.each([Size.mebibytes(76.5), Size.kibibytes(76.5 * 1024)])(
    'keys and values take whole mebibytes, where a fraction was said: Redis starts with no other',
    (maxMemory) => {
      expect(settings({ maxMemory })).toContain('maxmemory 76mb\n');
    },
  );
});

describe('with a proxy and an exporter', () => {
  const { manifests, platform } = redisWith({ proxy: imageNamed('haproxy'), exporter: imageNamed('exporter') });
  const services = manifests.filter(({ kind }) => kind === 'Service');

  test('members and Sentinels find each other before they are ready, by every Service there is', () => {
    const found = services.filter((service) => at(service, 'spec.publishNotReadyAddresses') === true);
    expect(found.map(({ metadata }) => metadata.name).sort()).toEqual(
      [
        ...['redis-0', 'redis-1', 'redis-members'],
        ...['redis-sentinel-0', 'redis-sentinel-1', 'redis-sentinel-2', 'redis-sentinels'],
      ].sort(),
    );
    expect(services).toHaveLength(found.length + 1);
  });

  test('a client of the plain address is led to the proxy of its own node', () => {
    expect(at(only(manifests, 'Service', 'redis-primary'), 'spec.trafficDistribution')).toBe('PreferSameNode');
    expect(
      at(only(manifests, 'Deployment', 'redis-proxy'), 'spec.template.spec.affinity.podAntiAffinity'),
    ).toHaveProperty('requiredDuringSchedulingIgnoredDuringExecution');
  });

  test('primary and replica never share a node; the odd Sentinel is where the Kubernetes API is, and a witness votes too', () => {
    const spec = (name: string) => podTemplateOf(only(manifests, 'StatefulSet', name))!.spec!;
    expect(spec('redis').affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution).toHaveLength(1);
    const { affinity, topologySpreadConstraints, tolerations } = spec('redis-sentinel');
    expect(topologySpreadConstraints).toMatchObject([
      { maxSkew: 1, whenUnsatisfiable: 'DoNotSchedule', nodeTaintsPolicy: 'Honor' },
    ]);
    expect(JSON.stringify(affinity)).toContain('node-role.kubernetes.io/control-plane');
    expect(tolerations).toEqual([{ key: 'node-role.kubernetes.io/etcd', operator: 'Exists', effect: 'NoExecute' }]);
  });

  test('one certificate is for every name, the one that clients ask for first', () => {
    const names = at(only(manifests, 'Certificate', 'redis-tls'), 'spec.dnsNames') as string[];
    expect(names).toHaveLength(6);
    expect(names[0]).toBe('redis-primary.test.svc.cluster.local');
  });

  test('nothing asks for more than the level restricted lets it', () => {
    const pods = manifests.flatMap((manifest) => podTemplateOf(manifest)?.spec ?? []);
    expect(pods).toHaveLength(3);
    expect(pods.flatMap((pod) => restrictedViolations(pod))).toEqual([]);
  });

  test('everybody reaches whom it has to, and the replica nobody else', () => {
    const edges = platform.connections
      .filter(({ port }) => port !== 53)
      .map(({ from, to, port }) => `${from.name} -> ${to.name}:${port}`);
    expect([...new Set(edges)].sort()).toEqual([
      'redis -> redis-sentinel:26379',
      'redis -> redis:6379',
      'redis-proxy -> redis-sentinel:26379',
      'redis-proxy -> redis:6379',
      'redis-sentinel -> redis-sentinel:26379',
      'redis-sentinel -> redis:6379',
    ]);
  });
});

test('a Sentinel of Valkey may hand over in its own way, one of Redis may not', () => {
  const rights = (props: Partial<RedisSentinelProps>): string =>
    /^ *user sentinel .*$/m.exec(yamlOf([only(redisWith(props).manifests, 'ConfigMap', 'redis-configuration')]))?.[0] ??
    '';
  expect(rights({ engine: 'valkey' })).toMatch(/ \+client\|pause \+client\|unpause \+failover$/);
  expect(rights({})).not.toContain('failover');
});

describe('the endpoint', () => {
  test('has the Sentinels, the address of the proxy, the name of the certificate and the authority', () => {
    const { value } = redisWith({ proxy: imageNamed('haproxy') });
    expect(value.endpoint).toMatchObject({
      sentinels: [0, 1, 2].map((index) => ({ host: `redis-sentinel-${index}.test.svc.cluster.local`, port: 26379 })),
      primaryName: 'redis',
      server: { host: 'redis-primary.test.svc.cluster.local', port: 6379 },
      serverName: 'redis-primary.test.svc.cluster.local',
      authority: { name: 'redis-ca' },
      credentials: { user: 'app' },
    });
  });

  test('has no plain address without a proxy, and no authority without TLS', () => {
    const { value } = redisWith({ authority: false });
    expect([value.endpoint.server, value.endpoint.serverName, value.endpoint.authority]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});

test('directives are taken with a unit, and those that only a newer server has', () => {
  const parameters = {
    'repl-backlog-size': '32mb',
    activedefrag: 'yes',
    'search-timeout': 100,
    'notify-keyspace-events': 'Ex',
  };
  expect(() => redisWith({ parameters })).not.toThrow();
});

test('every kind of rule that an ACL file takes is one', () => {
  const rules =
    '~a:* %R~b:* %RW~c &news +get -set +client|id +json.get +@read -@dangerous (~d:* +@write) resetchannels';
  expect(() => redisWith({ users: [{ ...reports, rules }] })).not.toThrow();
});

describe('is refused', () => {
  const from = (repository: string) => ({ ...imageNamed('server'), repository });
  const what = (props: Partial<RedisSentinelProps>): string[] =>
    refusal(() => redisWith(props)).map((finding) => finding.what);

  test.each<[string, Partial<RedisSentinelProps>, string]>([
    ['two Sentinels', { sentinels: 2 }, '2 Sentinels'],
    ['four Sentinels', { sentinels: 4 }, '4 Sentinels'],
    ['a quorum above the count', { quorum: 4 }, 'a quorum of 4 of 3 Sentinels'],
    ['a quorum below a majority', { quorum: 1 }, 'a quorum of 1 of 3 Sentinels'],
    [
      'memory for data above the limit',
      { maxMemory: Size.mebibytes(600) },
      'maxMemory is 600Mi, of 512Mi that a member has',
    ],
    ['a member that is too small', { size: { memory: Size.mebibytes(64) } }, 'a member has 64Mi of memory'],
    [
      'a volume that its log outgrows',
      { storage: Size.gibibytes(1) },
      'a volume of 1024Mi for 307Mi of keys and values',
    ],
    [
      'a policy that forgets sessions',
      { evictionPolicy: 'allkeys-lru' },
      'evictionPolicy: allkeys-lru, for use: sessions',
    ],
    [
      'a cache that never forgets',
      { use: 'cache', evictionPolicy: 'noeviction' },
      'evictionPolicy: noeviction, for use: cache',
    ],
    ['min-replicas-to-write', { parameters: { 'min-replicas-to-write': 1 } }, 'parameters: min-replicas-to-write'],
    ['a directive of ours, in capitals', { parameters: { AppendFsync: 'no' } }, 'parameters: AppendFsync'],
    [
      'a directive of two lines',
      { parameters: { 'slowlog-max-len': '1\nsave 60 1' } },
      'parameters: "slowlog-max-len"',
    ],
    [
      'a directive that is misspelt',
      { parameters: { maxclient: 100 } },
      'parameters: maxclient, which the server does not have',
    ],
    ['a number that is none', { parameters: { maxclients: 'many' } }, 'parameters: maxclients: many'],
    ['a switch that is neither', { parameters: { activedefrag: 'on' } }, 'parameters: activedefrag: on'],
    ['a tag without a version', { image: imageNamed('redis', 'latest') }, `the image's tag is "latest"`],
    ['a tag of whatever is newest of a major version', { image: imageNamed('redis', '8') }, `the image's tag is "8"`],
    ['a time that is none', { downAfterSeconds: 0 }, 'downAfterSeconds: 0'],
    ['a user of ours', { users: [{ ...reports, name: 'probe' }] }, 'the user "probe"'],
    [
      'a user without a password',
      { users: [{ ...reports, password: undefined as never }] },
      'users: reports has no password',
    ],
    [
      'a password that stands there',
      { users: [{ ...reports, password: 'secret' as never }] },
      'the password of the user reports is no key of a secret',
    ],
    [
      'a secret in place of its key',
      { users: [{ ...reports, password: reports.password.secret as never }] },
      'the password of the user reports is no key of a secret',
    ],
    ['a user without rules', { users: [{ ...reports, rules: undefined as never }] }, 'users: reports has no rules'],
    [
      'a user with what users have not',
      { users: [{ ...reports, acl: '+get' } as never] },
      'users: reports has no option acl',
    ],
    ['a rule without its sign', { users: [{ ...reports, rules: '~* get' }] }, 'the rules of the user reports: get'],
    [
      'a category that there is not',
      { users: [{ ...reports, rules: '~* +@raed' }] },
      'the rules of the user reports: +@raed',
    ],
    [
      'a password among the rules',
      { users: [{ ...reports, rules: '~* +get >secret' }] },
      'the rules of the user reports',
    ],
    [
      'a password for nobody, in capitals',
      { users: [{ ...reports, rules: '~* +get NOPASS' }] },
      'the rules of the user reports',
    ],
    [
      'rules that take its password away',
      { users: [{ ...reports, rules: 'reset ~* +get' }] },
      'the rules of the user reports',
    ],
    ['replicas', { size: { minReplicas: 3 } as never }, 'its size has 3 replicas'],
    ['a use that there is not', { use: 'session' as never }, 'use: session'],
    ['an engine that there is not', { engine: 'Valkey' as never }, 'engine: Valkey'],
    [
      'an image of the other engine',
      { image: from('docker.io/library/redis'), engine: 'valkey' },
      'the image docker.io/library/redis, with engine: valkey',
    ],
    [
      'Valkey where Redis was meant',
      { image: from('docker.io/valkey/valkey') },
      'the image docker.io/valkey/valkey, with engine: redis',
    ],
    ['a cluster', { parameters: { 'cluster-enabled': 'yes' } }, 'parameters: cluster-enabled'],
    [
      'commands of other names, which scripts and Sentinels need',
      { parameters: { 'rename-command': 'CONFIG ""' } },
      'parameters: rename-command',
    ],
  ])('%s', (_, props, expected) => {
    expect(what(props)).toEqual([expected]);
  });

  // What is in it and not named here, a promise hangs on.
  const free = ['databases', 'loglevel', 'maxclients', 'tcp-keepalive', 'timeout', 'repl-backlog-size'];
  const ours = fs
    .readFileSync(path.join(root, 'constructs/redis-sentinel/files/member/redis.conf'), 'utf8')
    .split('\n')
    .flatMap((line) => /^[a-z-]+/.exec(line) ?? [])
    .filter((name) => !free.includes(name))
    // Also by the name that it had before.
    .flatMap((name) => [...new Set([name, name.replace('replica', 'slave')])]);

  test.each(ours)('%s, which every member has as it is', (name) => {
    expect(what({ parameters: { [name]: 'other' } })).toEqual([`parameters: ${name}`]);
  });

  test('all at once, each with a way out', () => {
    const findings = refusal(() => redisWith({ sentinels: 2, maxMemory: Size.gibibytes(1), downAfterSeconds: 0 }));
    expect(findings.length).toBeGreaterThan(2);
    expect(findings.filter(({ allowed, remedy }) => allowed === '' || remedy === '')).toEqual([]);
  });

  test('min-replicas-to-write says what was measured', () => {
    const [finding] = refusal(() => redisWith({ parameters: { 'min-replicas-to-write': 1 } }));
    expect(finding?.allowed).toContain('refuses every write while either is away');
  });
});

test('two stores stand beside each other', () => {
  const { manifests } = built((scope) => [
    new RedisSentinel(scope, 'redis', minimalRedis),
    new RedisSentinel(scope, 'sessions', { ...minimalRedis, authority: false }),
  ]);
  const names = manifests.map(({ kind, metadata }: Manifest) => `${kind}/${metadata.name}`);
  expect(new Set(names).size).toBe(names.length);
});
