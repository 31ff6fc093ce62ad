import { JsonPatch, Size } from 'cdk8s';
import { Cpu } from '../../../constructs/core/cpu.ts';
import type { SecretKeyReference } from '../../../constructs/core/secret-ref.ts';
import type { SecretSource } from '../../../constructs/core/secret.ts';
import { sambaDCDefaults, usualPasswordPolicy } from '../../../constructs/samba-dc/index.ts';
import type { PasswordPolicy, SambaDCProps, ServiceAccount } from '../../../constructs/samba-dc/index.ts';
import { restrictedViolations } from '../../../synth/pod-security.ts';
import { podTemplateOf } from '../../../synth/pods.ts';
import { built, nextVersion, password, yamlOf } from '../../support/constructs.ts';
import type { ChangeOfEveryOption } from '../../support/constructs.ts';
import { at, only, refusal, testEnvironment } from '../../support/harness.ts';
import { account, backups, directoryWith, minimalDirectory } from '../../support/samba-dc.ts';

const changes: ChangeOfEveryOption<SambaDCProps> = {
  name: () => 'directory',
  image: () => nextVersion(minimalDirectory.image),
  realm: () => 'CORP.EXAMPLE.COM',
  publicDomain: () => 'example.org',
  domain: () => 'CORP',
  server: () => 'DC2',
  address: () => '10.43.0.54',
  authority: () => testEnvironment().authority('other-ca'),
  storage: () => Size.gibibytes(7),
  storageClass: () => 'hcloud-volumes',
  size: () => ({ cpuRequest: Cpu.cores(1), memory: Size.gibibytes(1) }),
  dnsForwarder: () => '10.0.0.9',
  units: () => ['Company'],
  groups: () => [{ name: 'shop-users' }],
  serviceAccounts: () => [account],
  passwordPolicy: () => ({ minimumLength: 16 }),
  backups: () => backups,
  generation: () => ({ number: 2 }),
  patches: () => [JsonPatch.add('/spec/template/spec/runtimeClassName', 'gvisor')],
};

const text = (props: Partial<SambaDCProps> = {}): string => yamlOf(directoryWith(props).manifests);
const dataOf = (props: Partial<SambaDCProps> = {}): unknown =>
  JSON.parse(
    (at(only(directoryWith(props).manifests, 'ConfigMap', 'samba-data'), 'data') as Record<string, string>)[
      'directory.json'
    ]!,
  );
const settings = (props: Partial<SambaDCProps> = {}): Record<string, string> =>
  at(only(directoryWith(props).manifests, 'ConfigMap', 'samba-settings'), 'data') as Record<string, string>;
const smbConf = (props: Partial<SambaDCProps> = {}): string => settings(props)['smb.conf']!;

describe('options', () => {
  // It only says which realm is refused.
  const names = (Object.keys(changes) as (keyof typeof changes)[]).filter((name) => name !== 'publicDomain');

  test.each(names)('%s changes the output', (key) => {
    expect(text({ [key]: changes[key](undefined as never) })).not.toBe(text());
  });

  test('those that are left out are the documented ones', () => {
    const { size } = sambaDCDefaults;
    expect(text({ ...sambaDCDefaults, passwordPolicy: usualPasswordPolicy, name: 'samba', domain: 'AD' })).toBe(
      text({ size }),
    );
  });

  test('another id in the code changes no byte', () => {
    expect(yamlOf(directoryWith({ name: 'samba' }, 'moved').manifests)).toBe(text());
  });

  const policies: Required<PasswordPolicy> = {
    minimumLength: 14,
    complexity: false,
    history: 3,
    maximumAgeDays: 90,
    minimumAgeDays: 0,
    lockoutThreshold: 5,
    lockoutMinutes: 30,
  };

  test.each(Object.keys(policies) as (keyof PasswordPolicy)[])('%s of the policy is in the data', (key) => {
    expect(dataOf({ passwordPolicy: { [key]: policies[key] } })).toMatchObject({
      policy: { ...usualPasswordPolicy, [key]: policies[key] },
    });
  });

  test('the data names units, groups, accounts and the file of a password, and no password', () => {
    const groups = [{ name: 'shop-users', unit: 'Company', description: 'may buy', members: ['backend'] }];
    const given = { ...account, groups: ['shop-users'], unit: 'Company' };
    expect(dataOf({ units: ['Company'], groups, serviceAccounts: [given] })).toEqual({
      zone: 'ad.example.com',
      address: '10.43.0.53',
      policy: usualPasswordPolicy,
      units: ['Company'],
      groups,
      accounts: [
        {
          name: 'backend',
          unit: 'Company',
          purpose: 'searches for users',
          principals: ['HTTP/api.example.com'],
          groups: ['shop-users'],
          passwordFile: '/run/secrets/directory-bind/password',
        },
      ],
    });
  });

  test('no other name server is asked, unless it is said', () => {
    expect(smbConf()).not.toContain('dns forwarder');
    expect(smbConf({ dnsForwarder: '10.0.0.9' })).toContain('\n  dns forwarder = 10.0.0.9\n');
  });

  test('nothing of the template is left in what Samba reads', () => {
    expect(smbConf()).toContain('realm = AD.EXAMPLE.COM\n  workgroup = AD\n  netbios name = DC1\n');
    for (const text of Object.values(settings())) expect(text).not.toMatch(/\{\{|\}\}/);
  });
});

describe('the pod', () => {
  const { manifests, platform, value } = directoryWith({ serviceAccounts: [account] });
  const pod = podTemplateOf(only(manifests, 'StatefulSet', 'samba'))!.spec!;

  test('is nobody special: no root, no capability, all that Pod Security asks for', () => {
    expect(restrictedViolations(pod)).toEqual([]);
    expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 10001 });
    expect(pod.containers[0]?.securityContext?.capabilities).toEqual({ drop: ['ALL'] });
  });

  test('has an exporter beside it that asks as clients do, and knows no password', () => {
    const [, exporter] = pod.containers;
    expect(exporter).toMatchObject({ name: 'exporter', image: minimalDirectory.image.reference });
    expect(exporter!.env!.map((each) => `${each.name}=${each.value ?? ''}`)).toEqual([
      'AUTHORITY=/run/certificate/ca.crt',
      'HOST=samba.test.svc.cluster.local',
      'REALM=AD.EXAMPLE.COM',
      'TOLD=/run/told',
    ]);
    expect(platform.scrapes.map(({ endpoint }) => endpoint)).toMatchObject([
      { name: 'directory samba', path: '/metrics', targets: [{ port: 9119 }] },
    ]);
  });

  test.each([
    ['the server', () => pod.containers[0]!],
    [
      'the test of a restore',
      () => {
        const { manifests: own } = directoryWith({ backups });
        return podTemplateOf(only(own, 'CronJob', 'samba-restore-test'))!.spec!.containers[0]!;
      },
    ],
  ])("%s tells a Kerberos that is MIT's its realm, and where the accounts are", (_, container) => {
    const { env = [] } = container();
    const file = (name: string): string => {
      const { value } = env.find((each) => each.name === name)!;
      return settings()[value!.replace('/etc/directory/', '')]!;
    };
    expect(file('KRB5_CONFIG')).toMatch(/^\[libdefaults\]\n {2}default_realm = AD\.EXAMPLE\.COM$/m);
    expect(file('KRB5_KDC_PROFILE')).toMatch(/^ {2}AD\.EXAMPLE\.COM = \{\n {4}db_library = samba$/m);
  });

  test('may listen on the ports of LDAP and Kerberos all the same', () => {
    expect(pod.securityContext?.sysctls).toEqual([{ name: 'net.ipv4.ip_unprivileged_port_start', value: '53' }]);
  });

  test('is one, and stays with its volume', () => {
    expect(at(only(manifests, 'StatefulSet', 'samba'), 'spec.replicas')).toBe(1);
    expect(pod.tolerations).toBeUndefined();
  });

  test('takes accounts and certificates over without a restart', () => {
    const annotation = (props: Partial<SambaDCProps>): unknown =>
      podTemplateOf(only(directoryWith(props).manifests, 'StatefulSet', 'samba'))!.metadata?.annotations?.[
        'diptych/files'
      ];
    expect(annotation({ groups: [{ name: 'a' }] })).toBe(annotation({}));
    expect(annotation({ dnsForwarder: '10.0.0.9' })).not.toBe(annotation({}));
  });

  test('serves both protocols of Kerberos and of its name server at an address that stays', () => {
    const service = only(manifests, 'Service', 'samba');
    expect(at(service, 'spec.clusterIP')).toBe('10.43.0.53');
    const offered = at(service, 'spec.ports') as { name: string; port: number; protocol: string }[];
    expect(offered.map(({ name, port, protocol }) => `${name} ${port}/${protocol}`)).toEqual([
      'dns 53/TCP',
      'dns-udp 53/UDP',
      'kerberos 88/TCP',
      'kerberos-udp 88/UDP',
      'ldaps 636/TCP',
    ]);
  });

  test('reaches nobody, and nobody reaches it who has no wire', () => {
    expect(platform.connections).toEqual([]);
  });

  test('asks another name server where one is given, by both protocols', () => {
    const { platform: asking } = directoryWith({ dnsForwarder: '10.0.0.9' });
    expect(asking.connections.map(({ from, to, port, protocol }) => [from.name, to.name, port, protocol])).toEqual([
      ['samba', 'the name server 10.0.0.9', 53, 'TCP'],
      ['samba', 'the name server 10.0.0.9', 53, 'UDP'],
    ]);
  });

  test('has a certificate for the name of its Service and for those of its realm', () => {
    expect(at(only(manifests, 'Certificate', 'samba-tls'), 'spec.dnsNames')).toEqual([
      'samba.test.svc.cluster.local',
      'dc1.ad.example.com',
      'ad.example.com',
    ]);
  });

  test('gives applications LDAPS, Kerberos, the authority, and what a keytab is made of', () => {
    const host = 'samba.test.svc.cluster.local';
    expect(value.directory('backend')).toMatchObject({
      url: `ldaps://${host}:636`,
      realm: 'AD.EXAMPLE.COM',
      baseDn: 'DC=ad,DC=example,DC=com',
      credentials: { user: 'backend@ad.example.com', password: account.password },
      authority: { name: 'samba-ca' },
      kdc: { host, port: 88 },
      keytab: { principals: ['HTTP/api.example.com'], salt: 'AD.EXAMPLE.COMbackend', password: account.password },
      targets: [
        { host, port: 636 },
        { host, port: 88 },
        { host, port: 88, protocol: 'UDP' },
      ],
    });
  });

  test('gives no keytab for an account that takes no tickets', () => {
    const { value: other } = directoryWith({ serviceAccounts: [{ ...account, principals: [] }] });
    expect(other.directory('backend').keytab).toBeUndefined();
  });

  test('says which accounts there are to whoever asks for another one', () => {
    expect(refusal(() => value.directory('frontend'))).toMatchObject([
      { what: 'it has no service account "frontend"', allowed: 'backend' },
    ]);
  });

  test('somebody is told when it does not answer', () => {
    expect(platform.alerts.map(({ props }) => [props.name, props.severity])).toEqual([
      ['DirectoryDown', 'page'],
      ['DirectoryLdapsSilent', 'page'],
      ['DirectoryKerberosSilent', 'page'],
      ['DirectoryNamesSilent', 'ticket'],
      ['DirectoryNotWatched', 'ticket'],
      ['DirectoryDataNotApplied', 'ticket'],
      ['DirectoryCertificateNotServed', 'ticket'],
      ['DirectoryCertificateNotRenewed', 'page'],
    ]);
  });
});

describe('is refused', () => {
  const passwordOf = (source: SecretSource): SecretKeyReference =>
    built((scope) => password(scope, 'directory-bind', source)).value;
  const what = (props: Partial<SambaDCProps>): string[] =>
    refusal(() => directoryWith(props)).map((finding) => finding.what);
  const accountNamed = (changes: Partial<ServiceAccount>): Partial<SambaDCProps> => ({
    serviceAccounts: [{ ...account, ...changes }],
  });

  test.each<[string, Partial<SambaDCProps>, string]>([
    ['a realm in small letters', { realm: 'ad.example.com' }, 'realm: ad.example.com'],
    ['a realm that is no domain', { realm: 'EXAMPLE', domain: 'AD' }, 'realm: EXAMPLE'],
    [
      "the company's public domain",
      { realm: 'EXAMPLE.COM' },
      "realm: EXAMPLE.COM, which is the company's public domain",
    ],
    [
      "the domain above the company's",
      { realm: 'COM.EXAMPLE', publicDomain: 'shop.com.example' },
      "realm: COM.EXAMPLE, which has in it the company's public domain",
    ],
    [
      "the cluster's own domain",
      { realm: 'AD.CLUSTER.LOCAL' },
      "realm: AD.CLUSTER.LOCAL, which is the cluster's own domain",
    ],
    ['less memory than it takes at rest', { size: { memory: Size.mebibytes(255) } }, '255 MiB of memory'],
    ['replicas', { size: { minReplicas: 2 } as never }, 'its size has 2 replicas'],
    ['a group of the domain itself', { groups: [{ name: 'Users' }] }, 'the group "Users"'],
    ['a group without a name', { groups: [{ description: 'x' } as never] }, 'groups: number 1 has no name'],
    ['a group in one word', { groups: ['admins' as never] }, 'groups: number 1 is "admins"'],
    [
      'a group with what groups have not',
      { groups: [{ name: 'a', descripton: 'x' } as never] },
      'groups: a has no option descripton',
    ],
    [
      'a policy with what policies have not',
      { passwordPolicy: { minimumLenght: 20 } as never },
      'passwordPolicy has no option minimumLenght',
    ],
    [
      'a password that stands there',
      accountNamed({ password: 'secret' as never }),
      'the password of the account backend is no key of a secret',
    ],
    ['an account without a purpose', accountNamed({ purpose: undefined }), 'serviceAccounts: backend has no purpose'],
    ['a short name of 16', { domain: 'ABCDEFGHIJKLMNOP' }, 'domain: ABCDEFGHIJKLMNOP'],
    [
      'a short name that follows from the realm, and is too long',
      { realm: 'ABCDEFGHIJKLMNOP.EXAMPLE.COM' },
      'domain: ABCDEFGHIJKLMNOP',
    ],
    ['a server of 16', { server: 'ABCDEFGHIJKLMNOP' }, 'server: ABCDEFGHIJKLMNOP'],
    ['a server that is called as its domain', { server: 'AD' }, 'domain and server are both AD'],
    ['an address that is a name', { address: 'samba' }, 'address: samba'],
    ['a forwarder that is a name', { dnsForwarder: 'dns.example.com' }, 'dnsForwarder: dns.example.com'],
    ['a forwarder that is itself', { dnsForwarder: '10.43.0.53' }, 'dnsForwarder: 10.43.0.53'],
    ['LDAP without TLS', { authority: false as never }, 'authority: false, which would be LDAP without TLS'],
    ['a unit in one that is not there', { units: ['Company/Roles'] }, 'the unit "Company/Roles"'],
    ['a unit before its parent', { units: ['Company/Roles', 'Company'] }, 'the unit "Company/Roles"'],
    ['a unit that LDAP would read otherwise', { units: ['a,b'] }, 'the unit "a,b"'],
    ['a unit twice', { units: ['Company', 'company'] }, 'the unit "company" twice'],
    ['a unit with a space at its end, which LDAP leaves out', { units: ['Company '] }, 'the unit "Company "'],
    ['a unit in one with a space at its end', { units: ['Company', 'Company /Roles'] }, 'the unit "Company /Roles"'],
    ['a group in no unit', { groups: [{ name: 'a', unit: 'Company' }] }, 'a is in the unit "Company"'],
    ['a group twice', { groups: [{ name: 'shop' }, { name: 'Shop' }] }, '"Shop" twice'],
    ['a group that is called as an account', { groups: [{ name: 'backend' }], ...accountNamed({}) }, '"backend" twice'],
    ['a group with another name', { groups: [{ name: 'a(b)' }] }, 'the group "a(b)"'],
    ['a member that is not there', { groups: [{ name: 'a', members: ['b'] }] }, 'b as a member of a'],
    ['a group in itself', { groups: [{ name: 'a', members: ['a'] }] }, 'a as a member of a'],
    ['an account of a group that is not there', accountNamed({ groups: ['a'] }), 'backend as a member of a'],
    ['an account without a secret', accountNamed({ password: undefined }), 'serviceAccounts: backend has no password'],
    ['an account for nothing', accountNamed({ purpose: '' }), 'the purpose of backend has 0 characters'],
    [
      'a description that is longer than the directory takes',
      { groups: [{ name: 'a', description: 'x'.repeat(1025) }] },
      'the description of a has 1025 characters',
    ],
    ['an account of the domain itself', accountNamed({ name: 'administrator' }), 'the account "administrator"'],
    ['an account with a long name', accountNamed({ name: 'a'.repeat(21) }), `the account "${'a'.repeat(21)}"`],
    ['a principal that is none', accountNamed({ principals: ['api.example.com'] }), 'the principal "api.example.com"'],
    [
      'a principal that the directory would hide',
      { realm: 'API.EXAMPLE.COM', serviceAccounts: [account] },
      'the principal HTTP/api.example.com, whose host is in the realm API.EXAMPLE.COM',
    ],
    [
      'a principal of two accounts',
      { serviceAccounts: [account, { ...account, name: 'other' }] },
      'the principal HTTP/api.example.com twice',
    ],
    ['a password of 7', { passwordPolicy: { minimumLength: 7 } }, 'passwordPolicy.minimumLength: 7'],
    [
      "a password that is longer than the Administrator's secret",
      { passwordPolicy: { minimumLength: 44 } },
      'passwords of 44 characters, where the secret of Administrator may have 43',
    ],
    [
      'a password that is longer than the secret of an account',
      { passwordPolicy: { minimumLength: 65 }, serviceAccounts: [account] },
      'passwords of 65 characters, where the secret of backend may have 64',
    ],
    [
      'a password of two kinds of characters',
      accountNamed({ password: passwordOf({ kind: 'random', bytes: 32, encoding: 'hex' }) }),
      'the secret of backend, which has small letters and digits alone',
    ],
    [
      'a password that stands there, of two kinds of characters',
      accountNamed({ password: passwordOf({ kind: 'fixed', value: 'not-a-password' }) }),
      'the secret of backend, which has small letters and other signs alone',
    ],
    ['half a day', { passwordPolicy: { maximumAgeDays: 0.5 } }, 'passwordPolicy.maximumAgeDays: 0.5'],
    [
      'passwords that end before they can be changed',
      { passwordPolicy: { maximumAgeDays: 5, minimumAgeDays: 5 } },
      "passwords that end after 5 days, and can't be changed before 5",
    ],
  ])('%s', (_, props, expected) => {
    expect(what(props)).toContain(expected);
  });

  test.each([
    ['without complexity', { passwordPolicy: { complexity: false } }, { kind: 'random', bytes: 32, encoding: 'hex' }],
    ['of three kinds', {}, { kind: 'fixed', value: 'Not-A-Password' }],
    ['that nobody knows before it is sealed', {}, { kind: 'human', prompt: 'a password', minimumLength: 12 }],
  ] as const)('not: a password %s', (_, props, source) => {
    expect(() => directoryWith({ ...props, ...accountNamed({ password: passwordOf(source) }) })).not.toThrow();
  });

  test('once, where the short name follows from a realm that is wrong', () => {
    expect(what({ realm: 'ad.example.com' })).toEqual(['realm: ad.example.com']);
  });

  test('all at once', () => {
    expect(what({ realm: 'ad', address: 'x', authority: false as never }).length).toBeGreaterThan(2);
  });

  test('an option that there is not', () => {
    expect(what({ relm: 'AD.EXAMPLE.COM' } as never)).toEqual(['it has no option relm']);
  });
});
