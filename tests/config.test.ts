import fs from 'node:fs';
import path from 'node:path';
import { Schedule } from '../constructs/core/schedule.ts';
import { toSnapshots } from '../config/conversions.ts';
import { sharedFindings } from '../config/environment-checks.ts';
import { upstreamFindings } from '../config/image-checks.ts';
import { environments, loadEnvironment, parseEnvironment } from '../config/index.ts';
import { certificate } from './support/certificate.ts';
import { root } from './support/committed.ts';
import { refusal, testEnvironment, testImages, testInput } from './support/harness.ts';

const parse = (changes: object, images: unknown = testImages, strict = false) =>
  parseEnvironment('test', { ...testInput, ...changes }, images, {}, { strict });

const hostKey = `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${'A'.repeat(43)}`;

const parseTables = (tables: object) =>
  parseEnvironment('test', testInput, testImages, { generations: { test: tables } });

describe('a configuration', () => {
  test('is refused with every mistake at once', () => {
    const findings = refusal(() =>
      parse({
        domain: 'EXAMPLE',
        networks: { ...testInput.networks, pods: '10.10.128.0/17', extra: '10.9.0.0/16' },
        hosts: { a: 'a.example.com', b: 'a.example.com' },
        nope: true,
        typo: 1,
      }),
    );
    expect(findings.map(({ where }) => where.replace('config/environments/test.ts: ', '')).sort()).toEqual([
      'domain',
      'hosts.a',
      'hosts.b',
      'hosts.b',
      'networks.extra',
      'networks.pods',
      'nope',
      'typo',
    ]);
  });

  test('is refused with path, value, what is allowed and a remedy', () => {
    expect(refusal(() => parse({ releases: 'sometimes' }))).toEqual([
      {
        where: 'config/environments/test.ts: releases',
        what: 'got "sometimes"',
        allowed: 'tags or branch',
        remedy: 'change the value',
      },
    ]);
  });

  test.each([false, null])('%s for what may be left out is told to be left out', (none) => {
    const observability = { onCall: 'hooks.example.com', heartbeat: false, logs: none };
    expect(refusal(() => parse({ observability })).map(({ remedy }) => remedy)).toEqual([
      'change the value, or leave it out: it is none then',
    ]);
  });

  const [node1, node2] = testInput.nodes;
  const backup = { store: 'backups', schedule: '0 2 * * *', restoreTestSchedule: false, offsite: false };
  const backups = (changes: object) => ({ backups: { a: { ...backup, ...changes } } });
  const store = (changes: object) => ({ objectStores: { a: { ...testInput.objectStores.backups, ...changes } } });
  const logs = (store: string) => ({
    observability: { onCall: 'hooks.example.com', heartbeat: false, logs: { store } },
  });
  const locked = {
    objectStores: {
      ...testInput.objectStores,
      logs: { ...testInput.objectStores.backups, bucket: 'logs', lockDays: 30 },
    },
  };
  const page = (store: string, changes: object = {}) => ({
    observability: { onCall: 'hooks.example.com', heartbeat: false, statusPage: { store } },
    objectStores: {
      ...testInput.objectStores,
      page: { ...testInput.objectStores.backups, bucket: 'page', public: true, ...changes },
    },
  });
  const registries = (privateRegistries: object) => ({ privateRegistries });
  const repository = (url: string, more: object = {}) => ({ repository: { url, branch: 'main', ...more } });
  const server = (changes: object) => ({ servers: { mail: { host: 'mail.example', port: 587, ...changes } } });
  const wrong: [string, object, string][] = [
    [
      'a load balancer outside of the private network',
      { edge: { loadBalancer: '203.0.113.7', dns: 'cloudflare', certificates: 'staging' } },
      '203.0.113.7 is not in the private network 10.10.0.0/16',
    ],
    [
      'a load balancer that is a network',
      { edge: { loadBalancer: '10.10.0.0/24', dns: 'cloudflare', certificates: 'staging' } },
      'got "10.10.0.0/24"',
    ],
    ['overlapping networks', { networks: { ...testInput.networks, services: '10.42.0.0/15' } }, 'overlaps pods'],
    ['a network with host bits', { networks: { ...testInput.networks, pods: '10.42.0.1/16' } }, 'got "10.42.0.1/16"'],
    [
      'a private registry that no image comes from',
      registries({ a: 'ghcr.io/acme' }),
      'no image comes from ghcr.io/acme',
    ],
    [
      'a private registry in another one',
      registries({ a: 'registry.example', b: 'registry.example/acme' }),
      "registry.example/acme is in registry.example, which is a's",
    ],
    [
      'a private registry twice',
      registries({ a: 'registry.example', b: 'registry.example' }),
      "registry.example is in registry.example, which is a's",
    ],
    ['a private registry without a registry', registries({ a: 'acme' }), 'got "acme"'],
    [
      'a private registry with a scheme',
      registries({ a: 'https://registry.example' }),
      'got "https://registry.example"',
    ],
    ['a duplicate host', { hosts: { a: 'x.example.com', b: 'x.example.com' } }, 'is already the host of a'],
    ['a host of another domain', { hosts: { a: 'shop.example.org' } }, 'is not under the domain example.com'],
    ['an unknown key', { retention: 3 }, 'unknown key "retention"'],
    ['an unknown key deep inside', { sizes: { backend: { minReplica: 3 } } }, 'unknown key "minReplica"'],
    ['a missing value', { networks: undefined }, 'the value is missing'],
    ['an unknown server type', { nodes: [{ ...node1, serverType: 'ccx99' }] }, 'got "ccx99"'],
    ['two servers without a witness', { nodes: [node1, { ...node2, role: 'server' }] }, '2 servers, 0 witnesses'],
    ['a witness that takes the majority', { nodes: [node1, { ...node2, role: 'witness' }] }, '1 server, 1 witness'],
    [
      'no server but a witness',
      {
        nodes: [
          { ...node1, role: 'witness' },
          { ...node2, role: 'agent' },
        ],
      },
      '0 servers, 1 witness, 1 agent',
    ],
    ['nothing but agents', { nodes: [{ ...node1, role: 'agent' }, node2] }, '0 servers, 0 witnesses, 2 agents'],
    ['the address of the network', { nodes: [{ ...node1, address: '10.0.0.0' }] }, '10.0.0.0 is the first or the last'],
    ['the address of everybody', { nodes: [{ ...node1, address: '10.0.0.255' }] }, '10.0.0.255 is the first or the'],
    [
      'a network that is public',
      { networks: { ...testInput.networks, private: '100.200.0.0/16' } },
      'no private network',
    ],
    [
      'too few addresses for pods',
      { networks: { ...testInput.networks, pods: '10.42.0.0/24' } },
      'has no /24 for each',
    ],
    ['no CPU for pods', { reserved: { ...testInput.reserved, cpuMillicores: 8000 } }, 'leaves nothing of node1'],
    ['no memory for pods', { reserved: { ...testInput.reserved, memoryMebibytes: 99_999 } }, 'leaves nothing of node1'],
    ['a size that no number holds', { sizes: { a: { minReplicas: 1e20 } } }, 'got 100000000000000000000'],
    ['more pods than anybody could place', { sizes: { a: { maxReplicas: 2 ** 31 } } }, 'got 2147483648'],
    ['no number', { sizes: { a: { minReplicas: NaN } } }, 'got NaN'],
    ['a list in place of names', { hosts: ['a.example.com'] }, "got [ 'a.example.com' ]"],
    [
      'a key that every object has',
      { hosts: { ...testInput.hosts, constructor: 'a.example.com' } },
      'unknown key "con',
    ],
    ['an unknown key that every object has', { constructor: 1 }, 'unknown key "constructor"'],
    ['two nodes of one name', { nodes: [node1, { ...node2, name: 'node1' }] }, "is another node's name already"],
    ['two nodes of one address', { nodes: [node1, { ...node2, address: '10.0.0.1' }] }, "another node's address"],
    ['a node outside the WireGuard network', { nodes: [{ ...node1, address: '10.9.0.1' }] }, 'is outside networks'],
    ['more replicas at least than at most', { sizes: { a: { minReplicas: 3, maxReplicas: 2 } } }, 'is more than'],
    ['an object store in the clear', store({ endpoint: 'http://s3.example' }), 'got "http://s3.example"'],
    ['an object store with a path', store({ endpoint: 'https://s3.example/x' }), 'got "https://s3.example/x"'],
    ['an object store at a port that is none', store({ endpoint: 'https://s3.example:99999' }), 'got "https://s3.exa'],
    ['an object store at port 0', store({ endpoint: 'https://s3.example:0' }), 'got "https://s3.example:0"'],
    ['an object store at half an address', store({ endpoint: 'https://1.2.3.999' }), 'got "https://1.2.3.999"'],
    ['an object store without a name', store({ endpoint: 'https://..' }), 'got "https://.."'],
    [
      'an object store on each machine',
      store({ endpoint: 'https://localhost:9000' }),
      'localhost leads each pod to itself',
    ],
    ['an object store of the cluster', store({ endpoint: 'https://s3.data.svc.cluster.local' }), 'is in the cluster'],
    ['an object store at a Service', store({ endpoint: 'https://10.43.0.9' }), 'is in the cluster'],
    [
      'an object store of which no address is known',
      store({ endpoint: 'https://minio:9000' }),
      'minio is no public name',
    ],
    ['no addresses at all', store({ addresses: [] }), 'got []'],
    ['a bucket that is an address', store({ bucket: '10.0.0.1' }), 'got "10.0.0.1"'],
    ['a bucket with two dots', store({ bucket: 'my..bucket' }), 'got "my..bucket"'],
    [
      'one bucket under two names',
      {
        objectStores: {
          ...testInput.objectStores,
          again: { ...testInput.objectStores.backups, endpoint: 'https://s3.example:443/' },
        },
      },
      'it is the bucket of backups',
    ],
    ['a lock of no days', store({ lockDays: 0 }), 'got 0'],
    ['old versions that are kept for ten years and more', store({ oldVersionsDays: 3651 }), 'got 3651'],
    [
      'old versions that go while they are locked',
      store({ oldVersionsDays: 7, lockDays: 30 }),
      'old versions go after 7 days, and nothing may be deleted for 30',
    ],
    ['a region that is none', store({ region: 'fsn 1' }), 'got "fsn 1"'],
    ['a region that is too long', store({ region: 'a'.repeat(64) }), 'got "aaa'],
    ['backups that are kept for ever', backups({ keepFullDays: 2 ** 53 - 1 }), 'got 9007199254740991'],
    ...['HEAD', 'refs/heads/main', 'a..b', 'a//b', 'a/', 'a.', 'a/.b', 'a.lock', 'a'.repeat(201), '1'.repeat(40)].map(
      (branch): [string, object, string] => [
        `a branch that git would not make: ${branch.slice(0, 20)}`,
        { repository: { ...testInput.repository, branch } },
        `got "${branch.slice(0, 70)}`,
      ],
    ),
    ['a bucket with a capital', store({ bucket: 'Backups' }), 'got "Backups"'],
    ['a bucket that is too short', store({ bucket: 'ab' }), 'got "ab"'],
    ['a bucket that ends with a dash', store({ bucket: 'backups-' }), 'got "backups-"'],
    ['an object store without a bucket', store({ bucket: undefined }), 'the value is missing'],
    ['keys of an object store', store({ secretAccessKey: 'x' }), 'unknown key "secretAccessKey"'],
    ['a schedule that is none', backups({ schedule: 'daily' }), 'got "daily"'],
    ['a schedule of numbers that no field takes', backups({ schedule: '99 99 * * *' }), 'got "99 99 * * *"'],
    ['a schedule that can never happen', backups({ schedule: '0 0 31 2 *' }), 'got "0 0 31 2 *"'],
    ['a schedule of copies that is none', backups({ offsite: { store: 'offsite', schedule: 'x' } }), 'got "x"'],
    ['a backup without a restore test or its refusal', backups({ restoreTestSchedule: undefined }), 'is missing'],
    [
      'logs that are kept for no day',
      { observability: { ...logs('backups').observability, logs: { store: 'backups', keepDays: 0 } } },
      'got 0',
    ],
    ['logs that go nowhere', logs('nowhere'), 'there is no object store "nowhere"'],
    ['logs among backups', { ...logs('backups'), ...backups({}) }, 'it is the bucket of backups.a too'],
    [
      'logs among copies of backups',
      { ...logs('offsite'), ...backups({ offsite: { store: 'offsite', schedule: '0 2 * * *' } }) },
      'it is the bucket of backups.a.offsite too',
    ],
    [
      'logs among snapshots',
      { ...logs('backups'), k3s: { snapshots: { store: 'backups', schedule: '0 2 * * *', keep: 3 } } },
      'it is the bucket of k3s.snapshots too',
    ],
    ['logs where nobody may delete', { ...logs('logs'), ...locked }, 'nobody may delete in the bucket of the logs'],
    ['a status page that is nowhere', page('nowhere'), 'there is no object store "nowhere"'],
    [
      'a status page that nobody may read',
      page('page', { public: undefined }),
      'nobody may read what is in the bucket',
    ],
    ['a status page that is locked', page('page', { lockDays: 30 }), 'a version a minute of the status page'],
    ['a bucket that is neither public nor private', page('page', { public: false }), 'got false'],
    ['backups that everybody may read', { ...page('page'), ...backups({ store: 'page' }) }, 'the bucket of backups.a'],
    [
      'logs that everybody may read',
      { ...page('page'), observability: { ...logs('page').observability } },
      'the bucket of observability.logs',
    ],
    ['a backup to nowhere', backups({ store: 'nowhere' }), 'there is no object store "nowhere"'],
    [
      'a copy to nowhere',
      backups({ offsite: { store: 'nowhere', schedule: '0 2 * * *' } }),
      'there is no object store "nowhere"',
    ],
    ['backups that are kept for no day', backups({ keepFullDays: 0 }), 'got 0'],
    ['backups of one kind that are kept for no day', backups({ keepDays: 0 }), 'got 0'],
    [
      'two copies of one bucket',
      {
        backups: {
          a: { ...backup, offsite: { store: 'offsite', schedule: '20 * * * *' } },
          b: { ...backup, offsite: { store: 'offsite', schedule: '40 * * * *' } },
        },
      },
      'it is another one than that of backups.a, whose backups are in the same bucket',
    ],
    [
      "another copy of the cluster's own state than of the backups beside it",
      {
        backups: { a: { ...backup, offsite: { store: 'offsite', schedule: '20 * * * *' } } },
        k3s: {
          snapshots: {
            ...{ store: 'backups', schedule: '0 */6 * * *', keep: 28 },
            offsite: { store: 'offsite', schedule: '40 * * * *' },
          },
        },
      },
      'it is another one than that of backups.a, whose backups are in the same bucket',
    ],
    ['a volume of nothing', { sizes: { a: { storageGibibytes: 0 } } }, 'got 0'],
    ['credentials in a URL', repository('https://me:secret@host/x.git'), 'got "https://...@host/x.git"'],
    ['credentials for SSH', repository('ssh://git:hunter2@host/x.git'), 'got "ssh://...@host/x.git"'],
    ['credentials without a scheme', repository('git@user:token@host:x/y'), 'got "git@...@host:x/y"'],
    ['a repository without a path', repository('git@host'), 'got "git@host"'],
    ['a server in place of a repository', repository('https://git.example'), 'got "https://git.example"'],
    ['a repository with a quote', repository('https://git.example/a"b.git'), 'got '],
    ['a scheme that git does not know', repository('HTTPS://git.example/a.git'), 'got "HTTPS://git.example/a.git"'],
    ['a repository of which no address is known', repository('git@gitea:a/b.git'), 'gitea is no public name'],
    [
      'a repository by SSH on a server that Argo CD does not know',
      repository('git@git.example:a/b.git'),
      'Argo CD knows no key of git.example',
    ],
    [
      'a known server at a port where it is not',
      repository('ssh://git@github.com:2222/a/b.git'),
      'Argo CD knows no key of github.com',
    ],
    ['no key in a list of keys', repository('git@git.example:a/b.git', { hostKeys: [] }), 'got []'],
    [
      'a key with its host',
      repository('git@git.example:a/b.git', { hostKeys: [`git.example ${hostKey}`] }),
      'got "git.example ssh-ed25519',
    ],
    [
      'keys of a server that is asked by HTTPS',
      repository('https://git.example/a.git', { hostKeys: [hostKey] }),
      'https://git.example/a.git is read by HTTPS, where nobody looks at them',
    ],
    [
      'certificates of a server that is asked by SSH',
      repository('git@github.com:a/b.git', { certificates: certificate }),
      'git@github.com:a/b.git is read by SSH, where nobody looks at them',
    ],
    ['certificates that are none', repository('https://git.example/a.git', { certificates: 'PEM' }), 'got "PEM"'],
    [
      'certificates with something beside them',
      repository('https://git.example/a.git', { certificates: `of git.example\n${certificate}` }),
      'got "of git.example',
    ],
    ['a server of others in the cluster', server({ host: 'mail.shop.svc.cluster.local' }), 'is in the cluster'],
    ['a server of others of which no address is known', server({ host: 'mail.lan' }), 'mail.lan is no public name'],
    ['a server of others that is a URL', server({ host: 'smtp://mail.example' }), 'got "smtp://mail.example"'],
    ['a server of others at a port that is none', server({ port: 65_536 }), 'got 65536'],
    [
      'a server of others at an address that is no network',
      server({ addresses: ['203.0.113.7'] }),
      'got "203.0.113.7"',
    ],
    ['something that is no list of nodes', { nodes: 5, hosts: null, sizes: [null] }, 'got 5'],
  ];
  test.each(wrong)('is refused for %s', (_, changes, what) => {
    expect(refusal(() => parse(changes)).map((finding) => finding.what)).toContainEqual(expect.stringContaining(what));
  });

  const right: [string, object][] = [
    ['a domain of other letters', { domain: 'xn--e1afmkfd.xn--p1ai', hosts: { a: 'a.xn--e1afmkfd.xn--p1ai' } }],
    ['a bucket with a dot', store({ bucket: 'my.bucket.name' })],
    ['an endpoint with a slash', store({ endpoint: 'https://s3.example/' })],
    ['a private address', store({ endpoint: 'https://10.10.0.5:9000' })],
    ['a private name with its addresses', store({ endpoint: 'https://minio:9000', addresses: ['10.10.0.5/32'] })],
    ['a branch in a folder', { repository: { ...testInput.repository, branch: 'release/1.2.x' } }],
    ['names of days', backups({ schedule: '0 4 * * SUN' })],
    ['a repository by SSH', repository('git@github.com:acme/infra.git')],
    ['a repository by SSH at the port of others', repository('ssh://git@ssh.github.com:443/acme/infra.git')],
    ['a repository by SSH with the keys of its server', repository('git@git.example:a.git', { hostKeys: [hostKey] })],
    [
      'a repository with the certificate of its server',
      repository('https://git.example/a.git', { certificates: certificate }),
    ],
    ['a server of others', server({})],
    ['a server of others with its addresses', server({ host: 'mail.lan', addresses: ['10.10.0.5/32'] })],
    ['a repository whose name has other characters', repository('https://git.example/a/_git/my%20repo~1')],
  ];
  test.each(right)('takes %s', (_, changes) => {
    expect(parse(changes).name).toBe('test');
  });

  const recovery = (to: string) => ({ generations: { a: { number: 2, recovery: { from: 1, to } } } });
  const both = { generations: { a: { number: 2, recovery: { from: 1 }, empty: true } } };
  const wrongTables: [string, object, string][] = [
    ['a generation of no number', { generations: { a: { number: 0 } } }, 'got 0'],
    ['a generation before the first', { generations: { a: { number: 2, recovery: { from: 0 } } } }, 'got 0'],
    ['an option that no generation has', { generations: { a: { number: 2, to: 'x' } } }, 'unknown key "to"'],
    ['a moment without a zone', recovery('2025-11-22 10:00:00'), 'got "2025-11-22 10:00:00"'],
    ['a moment in another zone', recovery('2025-11-22 10:00:00+01'), 'got "2025-11-22 10:00:00+01"'],
    ['a moment as WAL-G writes it', recovery('2025-11-22T10:00:00Z'), 'got "2025-11-22T10:00:00Z"'],
    ['a day that never was', recovery('2025-02-30 10:00:00+00'), 'got "2025-02-30 10:00:00+00"'],
    ['a moment that never was', recovery('2025-13-22 10:00:00+00'), 'got "2025-13-22 10:00:00+00"'],
    ['a recovery to no moment', { copies: { a: { number: 2, recovery: { from: 1, to: '2025-11-22' } } } }, 'got "2025'],
    ['a generation that is filled and empty', both, 'it is to be recovered and to begin empty'],
    ['a generation that is said not to be empty', { generations: { a: { number: 2, empty: false } } }, 'got false'],
    ['a copy of nothing', { copies: { a: { number: 2 } } }, 'the value is missing'],
    [
      'a recovery from itself',
      { generations: { a: { number: 2, recovery: { from: 2 } } } },
      'generation 2 is recovered',
    ],
    [
      'a copy from a later one',
      { copies: { a: { number: 2, recovery: { from: 3 } } } },
      'generation 2 is recovered from 3',
    ],
    [
      'a copy with the number in use',
      { generations: { a: { number: 2 } }, copies: { a: { number: 2, recovery: { from: 1 } } } },
      'generation 2 is the one in use',
    ],
  ];
  test.each(wrongTables)('is refused with its file of generations for %s', (_, tables, what) => {
    expect(refusal(() => parseTables(tables)).map((finding) => finding.what)).toContainEqual(
      expect.stringContaining(what),
    );
  });

  test('names the environments there are when another is asked for', () => {
    expect(refusal(() => loadEnvironment('nowhere'))[0]).toMatchObject({
      allowed: Object.keys(environments).join(', '),
    });
  });

  test('names the hosts there are when another is asked for', () => {
    expect(refusal(() => testEnvironment().host('shop'))[0]).toMatchObject({ allowed: 'backend, frontend' });
  });
});

describe('the image table', () => {
  const web = testImages.web;
  const unpinned = { repository: web.repository, tag: web.tag, source: web.source, date: web.date };

  test('refuses an image with neither a digest nor a reason', () => {
    expect(refusal(() => parse({}, { web: unpinned }))[0]?.what).toContain('neither a digest nor a reason');
  });

  test('refuses a reason beside a digest', () => {
    expect(refusal(() => parse({}, { web: { ...web, withoutDigest: 'none was published' } }))[0]?.what).toBe(
      'it has a digest and a reason for having none',
    );
  });

  test('takes an image without a digest for a stated reason, but not in strict mode', () => {
    const images = { web: { ...unpinned, withoutDigest: 'none was published' } };
    expect(parse({}, images).image('web').reference).toBe('registry.example/web:1.2.3');
    expect(refusal(() => parse({}, images, true))[0]?.allowed).toBe('with --strict, only images with a digest');
  });

  test('refuses the tag latest', () => {
    expect(refusal(() => parse({}, { web: { ...web, tag: 'latest' } }))[0]?.allowed).toContain('"latest" does not');
  });

  const wrong: [string, object, string][] = [
    ['latest in capitals', { tag: 'LATEST' }, 'a tag that stays what it is; "latest" does not'],
    ['a repository with two dots', { repository: 'ghcr.io/a..b/x' }, 'registry/name without a tag'],
    [
      'a registry at a port that is none',
      { repository: 'ghcr.io:99999/a/b' },
      'a registry with a port from 1 to 65535',
    ],
    ['a day that there is not', { date: '2026-02-30' }, 'a day that there is'],
    ['no digest but a word', { digest: 5 }, 'sha256: and 64 hexadecimal digits'],
  ];
  test.each(wrong)('refuses %s', (_, changes, allowed) => {
    expect(refusal(() => parse({}, { web: { ...web, ...changes } }))[0]?.allowed).toContain(allowed);
  });

  test('refuses a tag that moves, unless a digest says which image it was', () => {
    const moving = { ...unpinned, tag: 'Main', withoutDigest: 'none was published' };
    expect(refusal(() => parse({}, { web: moving }))[0]?.what).toContain('is another image whenever its makers say so');
    expect(parse({}, { web: { ...web, tag: 'main' } }).image('web').tag).toBe('main');
  });

  test('has no image that every object has', () => {
    expect(refusal(() => testEnvironment().image('constructor'))[0]?.what).toBe('there is no "constructor"');
  });

  test('says of the images of a private registry, and of no others, what a node pulls them with', () => {
    const images = { ...testImages, other: { ...testImages.web, repository: 'registry.example/website' } };
    const parsed = parse(
      { privateRegistries: { company: 'registry.example/web' } },
      { ...images, deep: { ...testImages.web, repository: 'registry.example/web/deep' } },
    );
    expect(['web', 'other', 'deep'].map((name) => parsed.image(name).pullSecret)).toEqual([
      'registry-company',
      undefined,
      'registry-company',
    ]);
  });

  test('gives tag and digest together', () => {
    expect(testEnvironment().image('web').reference).toBe(`registry.example/web:1.2.3@${web.digest}`);
  });
});

describe('a release of others', () => {
  const pin = { repository: 'https://git.example/x.git', version: 'v0.36.6', commit: '1'.repeat(40) };
  const images = { x: { ...testImages.web, tag: '0.36.6' } };
  const found = (changes: object, strict = false) =>
    upstreamFindings('upstream', { x: { ...pin, images: ['x'], ...changes } }, images, strict).map(({ what }) => what);

  test('has the version of the images that it brings, with or without a v', () => {
    expect(found({})).toEqual([]);
    expect(found({ version: 'v0.37.0' })).toEqual(['it is v0.37.0, and config/images.json has x at 0.36.6']);
    expect(found({ images: ['y'] })).toEqual(['it is v0.36.6, and config/images.json has y not at all']);
  });

  test('is a commit, or a tag for a stated reason, but not in strict mode', () => {
    expect(found({ commit: 'v0.36.6' })).toEqual(['its commit is "v0.36.6"']);
    const byTag = { commit: undefined, withoutCommit: 'nobody could be asked' };
    expect(found(byTag)).toEqual([]);
    expect(found(byTag, true)).toEqual([
      'https://git.example/x.git is read by its tag v0.36.6, which can be moved: nobody could be asked',
    ]);
  });

  test('is in a git repository, or a chart of a Helm repository', () => {
    const environment = testEnvironment();
    expect(environment.upstream('argocd')).toEqual({
      repository: 'https://github.com/argoproj/argo-cd.git',
      revision: expect.stringMatching(/^v\d/) as string,
      commit: expect.stringMatching(/^[0-9a-f]{40}$/) as string,
    });
    expect(environment.upstream('cert-manager')).toMatchObject({
      repository: 'https://charts.jetstack.io',
      chart: 'cert-manager',
    });
    expect(refusal(() => environment.upstream('helm'))[0]).toMatchObject({ where: 'config/upstream.ts' });
  });
});

describe('environments', () => {
  test('are found by the names of their files', () => {
    const files = fs.readdirSync(path.join(root, 'config/environments'));
    expect(Object.keys(environments).map((name) => `${name}.ts`)).toEqual(files.sort());
  });

  test('have hosts, machines and buckets of their own', () => {
    expect(sharedFindings(environments)).toEqual([]);
    const endpoint = `${testInput.objectStores.backups!.endpoint}:443/`;
    const objectStores = { ...testInput.objectStores, backups: { ...testInput.objectStores.backups!, endpoint } };
    const twins = { first: testInput, second: { ...testInput, hosts: { backend: 'api.example.com' }, objectStores } };
    expect(sharedFindings(twins).map(({ where, what }) => `${where}: ${what}`)).toEqual([
      "config/environments/second.ts: hosts.backend: api.example.com is first's too",
      "config/environments/second.ts: objectStores.backups: the bucket s3.example:443/test-backups is first's too",
      "config/environments/second.ts: objectStores.offsite: the bucket s3.elsewhere.example:443/test-copies is first's too",
      "config/environments/second.ts: nodes.0.address: 10.0.0.1 is first's too",
      "config/environments/second.ts: nodes.1.address: 10.0.0.2 is first's too",
    ]);
  });

  test('need no release and no generation to be read', () => {
    const fresh = parseEnvironment('fresh', testInput, testImages, {});
    expect([fresh.releaseTag, fresh.generation('orders'), fresh.copy('orders')]).toEqual([
      undefined,
      { number: 1 },
      undefined,
    ]);
  });
});

describe('an environment', () => {
  test('leaves to pods what is not reserved', () => {
    const [node] = testEnvironment().nodes;
    expect([node?.allocatable.cpu.asString(), node?.allocatable.memory.toMebibytes()]).toEqual(['7500m', 31_232]);
  });

  test('pins to the release tag once there was a release, unless releases follow the branch', () => {
    expect([
      testEnvironment({}, 0).releaseTag,
      testEnvironment({}, 7).releaseTag,
      testEnvironment({ releases: 'branch' }, 7).releaseTag,
    ]).toEqual([undefined, 'test-7', undefined]);
  });

  test('gives an object store with its host and its port', () => {
    const objectStores = {
      ...testInput.objectStores,
      here: { endpoint: 'https://s3.example:9000', region: 'here', bucket: 'backups' },
    };
    const environment = testEnvironment({ objectStores });
    expect(environment.objectStore('here')).toEqual({
      name: 'here',
      ...objectStores.here,
      holdsCopies: false,
      host: 's3.example',
      port: 9000,
    });
    expect(environment.objectStore('backups')).toMatchObject({ host: 's3.example', port: 443 });
    const slash = { objectStores: { a: { ...objectStores.here, endpoint: 'https://s3.example/' } } };
    expect(testEnvironment(slash).objectStore('a').endpoint).toBe('https://s3.example');
    expect(refusal(() => environment.objectStore('there'))[0]).toMatchObject({ allowed: 'backups, here, offsite' });
  });

  test.each([
    ['https://git.example/a.git', 'git.example', 443],
    ['https://Git.example:8443/a.git', 'git.example', 8443],
    ['ssh://git@git.example/a.git', 'git.example', 22],
    ['ssh://git@git.example:2222/a.git', 'git.example', 2222],
    ['git@git.example:a.git', 'git.example', 22],
  ])('knows the server of the repository %s', (url, host, port) => {
    const repository = { url, branch: 'main', ...(url.startsWith('https') ? {} : { hostKeys: [hostKey] }) };
    expect(testEnvironment({ repository }).repository).toEqual({ ...repository, host, port });
  });

  test('gives a server of others, and asks for one that is there', () => {
    const mail = { host: 'mail.example', port: 587, addresses: ['203.0.113.0/24'] };
    const environment = testEnvironment({ servers: { mail } });
    expect(environment.server('mail')).toEqual(mail);
    expect(refusal(() => environment.server('post'))).toMatchObject([
      { where: 'config/environments/test.ts: servers', what: 'there is no "post"', allowed: 'mail' },
    ]);
  });

  test('knows which servers of others nobody asked for', () => {
    const parsed = parse({ servers: { mail: { host: 'mail.example', port: 587 } } });
    const unused = () => parsed.unused().filter((where) => where.includes('servers'));
    const before = unused();
    parsed.server('mail');
    expect([before, unused()]).toEqual([['config/environments/test.ts: servers.mail'], []]);
  });

  test('gives the backups of a store, with the buckets that they go to', () => {
    const kept = { keepFullDays: 30, keepWalDays: 7 };
    const given = {
      ...{ store: 'backups', schedule: '0 2 * * *', ...kept, restoreTestSchedule: '0 4 * * 0' },
      offsite: { store: 'offsite', schedule: '20 * * * *' },
    };
    const environment = testEnvironment({ backups: { orders: given, stock: { ...given, offsite: false } } });
    expect(environment.backups('orders')).toEqual({
      ...given,
      store: environment.objectStore('backups'),
      schedule: Schedule.utc('0 2 * * *'),
      restoreTestSchedule: Schedule.utc('0 4 * * 0'),
      offsite: { store: environment.objectStore('offsite'), schedule: Schedule.utc('20 * * * *') },
    });
    expect(environment.backups('stock').offsite).toBe(false);
    expect(environment.objectStores.map(({ name, holdsCopies }) => [name, holdsCopies])).toEqual([
      ['backups', false],
      ['offsite', true],
    ]);
    expect(refusal(() => environment.backups('order'))[0]).toMatchObject({ allowed: 'orders, stock' });
  });

  test("gives where the cluster's own state is kept and copied, once in a cluster", () => {
    const offsite = { store: 'offsite', schedule: '20 * * * *' };
    const k3s = { snapshots: { store: 'backups', schedule: '0 */6 * * *', keep: 28, offsite } };
    const shared = testEnvironment({ k3s, shares: 'production' });
    expect(toSnapshots({ k3s }, (name) => shared.objectStore(name))).toEqual({
      store: shared.objectStore('backups'),
      schedule: Schedule.utc('0 */6 * * *'),
      offsite: { store: shared.objectStore('offsite'), schedule: Schedule.utc('20 * * * *') },
    });
    expect(shared.snapshots).toBeUndefined();
    expect(shared.objectStore('offsite').holdsCopies).toBe(true);
  });

  test('gives the volume of a store, and asks for it where there is none', () => {
    const environment = testEnvironment({ sizes: { orders: { storageGibibytes: 50 } } });
    expect(environment.storage('orders').toGibibytes()).toBe(50);
    expect(refusal(() => environment.storage('stock'))[0]).toMatchObject({
      where: 'config/environments/test.ts: sizes.stock.storageGibibytes',
      what: 'the value is missing',
    });
  });

  test('has the first generation of every cluster, and no copy, unless it says so', () => {
    const copy = { number: 3, recovery: { from: 1 } };
    const environment = testEnvironment({}, 0, { generations: { orders: { number: 2 } }, copies: { orders: copy } });
    expect([environment.generation('orders'), environment.copy('orders')]).toEqual([{ number: 2 }, copy]);
    expect([environment.generation('stock'), environment.copy('stock')]).toEqual([{ number: 1 }, undefined]);
  });

  test('is frozen', () => {
    expect(Object.isFrozen(testEnvironment())).toBe(true);
  });
});
