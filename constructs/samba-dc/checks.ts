import net from 'node:net';
import { InputError } from '../core/error.ts';
import type { Finding } from '../core/error.ts';
import { isSecretKey } from '../core/secret-ref.ts';
import type { SecretSource } from '../core/secret.ts';
import type { WorkloadSize } from '../core/environment.ts';
import { backupsAreKeptForDays, recoveryHasItsBackups, scheduleNeedsStorage } from '../stateful/index.ts';
import { administratorKey, directoryBackupDefaults } from './defaults.ts';
import { resolveOptions } from './options.ts';
import type { SambaDCProps } from './props.ts';

/**
 * Measured with Samba 4.22: some 55 MiB at rest, and some 90 for each tool of its own beside it, such as what brings accounts about
 * each hour, or a person's `samba-tool`.
 */
const leastMemoryMebibytes = 256;

type Rule = (props: SambaDCProps) => readonly Omit<Finding, 'where'>[];

/** @throws InputError with every option that can't be met */
export function checkDirectory(where: string, props: SambaDCProps): void {
  const findings = rules.flatMap((rule) => rule(props).map((finding) => ({ where, ...finding })));
  if (findings.length > 0) throw new InputError(findings);
}

const label = '[A-Z0-9]([A-Z0-9-]{0,61}[A-Z0-9])?';
const realmPattern = new RegExp(`^${label}(\\.${label})+$`);
/** Of NetBIOS, as Windows takes it. */
const netbiosPattern = /^(?![0-9]+$)[A-Z0-9][A-Z0-9-]{0,13}[A-Z0-9]$|^[A-Z]$/;

/** LDAP leaves out a space at an end: the unit would never be the one of the data. */
const unitName = '[A-Za-z0-9]([\\w .-]{0,62}[\\w.-])?';
const unitPattern = new RegExp(`^${unitName}(/${unitName})*$`);

/** Of `description` in the directory. */
const longestText = 1024;

/** Accounts that every domain has. */
const ownAccounts = ['administrator', 'guest', 'krbtgt'];

/** Groups that every domain has, of those whose names have no space. */
const ownGroups = ['administrators', 'users', 'guests', 'replicator', 'iis_iusrs', 'dnsadmins', 'dnsupdateproxy'];

/** Whether the one domain is the other one, or below it. */
const within = (domain: string, other: string): boolean =>
  `.${domain}`.toLowerCase().endsWith(`.${other}`.toLowerCase());

const twice = (names: readonly string[]): string[] => [
  ...new Set(names.filter((name, index) => names.findIndex((other) => same(name, other)) < index)),
];

const isOwn = (name: string): boolean => [...ownGroups, ...ownAccounts].some((own) => same(name, own));

/** Names of Active Directory are the same in capitals. */
const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

/** Characters that a value of a secret has at least. */
function lengthOf(source: SecretSource | undefined): number {
  if (source?.kind === 'random')
    return source.encoding === 'hex' ? 2 * source.bytes : Math.ceil((4 * source.bytes) / 3);
  if (source?.kind === 'human') return source.minimumLength ?? 1;
  return source?.kind === 'fixed' ? source.value.length : 0;
}

/** Kinds of characters, of which complexity asks for three. */
const kinds: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['capitals', /[A-Z]/],
  ['small letters', /[a-z]/],
  ['digits', /[0-9]/],
  ['other signs', /[^A-Za-z0-9]/],
];

/** Those that a value of a secret may have. */
function kindsOf(source: SecretSource | undefined): readonly string[] {
  // Of what random bytes are written with.
  const sample =
    source?.kind === 'fixed' ? source.value : source?.kind === 'random' && source.encoding === 'hex' ? 'f0' : 'Aa0-';
  return kinds.filter(([, pattern]) => pattern.test(sample)).map(([name]) => name);
}

const rules: readonly Rule[] = [
  function realmIsADomain({ realm, publicDomain }) {
    if (!realmPattern.test(realm)) {
      return [
        {
          what: `realm: ${realm}`,
          allowed: 'a domain of two parts or more in capitals, such as AD.EXAMPLE.COM',
          remedy: 'change realm',
        },
      ];
    }
    if (within(realm, 'cluster.local')) {
      return [
        {
          what: `realm: ${realm}, which is the cluster's own domain`,
          allowed: 'a domain of the company: the directory would hide every Service',
          remedy: `set realm: 'AD.${publicDomain.toUpperCase()}'`,
        },
      ];
    }
    if (!within(publicDomain, realm)) return [];
    return [
      {
        what: `realm: ${realm}, which ${same(realm, publicDomain) ? 'is' : 'has in it'} the company's public domain`,
        allowed:
          'a domain of its own below it: the directory answers for every name of its realm, and would hide those of the world',
        remedy: `set realm: 'AD.${publicDomain.toUpperCase()}'`,
      },
    ];
  },
  function shortNamesFit(props) {
    const { domain, server } = resolveOptions(props);
    const names = { domain, server };
    return [
      ...Object.entries(names)
        // What follows from a realm that is refused is told with that.
        .filter(([option]) => option === 'server' || props.domain !== undefined || realmPattern.test(props.realm))
        .filter(([, name]) => !netbiosPattern.test(name))
        .map(([option, name]) => ({
          what: `${option}: ${name}`,
          allowed: '1 to 15 capitals, digits and dashes, not digits alone: it is a name of NetBIOS',
          remedy: `set ${option}`,
        })),
      ...(same(domain, server)
        ? [{ what: `domain and server are both ${domain}`, allowed: 'two names', remedy: 'change server' }]
        : []),
    ];
  },
  function serverIsOne({ size }) {
    // TypeScript takes what has more than is asked for.
    const { minReplicas, maxReplicas } = (size ?? {}) as WorkloadSize;
    const replicas = minReplicas ?? maxReplicas;
    if (replicas === undefined) return [];
    return [
      {
        what: `its size has ${replicas} replicas`,
        allowed: 'one server, on one volume',
        remedy: 'remove minReplicas and maxReplicas from its size in the configuration',
      },
    ];
  },
  function memoryIsEnough(props) {
    const { memory } = resolveOptions(props);
    if (memory.toMebibytes() >= leastMemoryMebibytes) return [];
    return [
      {
        what: `${memory.toMebibytes()} MiB of memory`,
        allowed: `${leastMemoryMebibytes} MiB or more: its processes and its databases take that before anybody signs in`,
        remedy: 'raise memoryMebibytes of its size in the configuration',
      },
    ];
  },
  function addressIsOne({ address }) {
    if (net.isIPv4(address)) return [];
    return [
      { what: `address: ${address}`, allowed: 'an IPv4 address of the network of Services', remedy: 'change it' },
    ];
  },
  function forwarderIsAnAddress(props) {
    const { dnsForwarder, address } = resolveOptions(props);
    if (dnsForwarder === false || (net.isIPv4(dnsForwarder) && dnsForwarder !== address)) return [];
    return [
      {
        what: `dnsForwarder: ${dnsForwarder}`,
        allowed: 'the IPv4 address of another name server, or false',
        remedy: 'change dnsForwarder',
      },
    ];
  },
  function ldapHasTls({ authority }) {
    // TypeScript says so too, but synth runs without the type checker.
    if (authority as unknown) return [];
    return [
      {
        what: 'authority: false, which would be LDAP without TLS',
        allowed: "an authority, such as environment.authority('samba-ca'): passwords go over LDAPS alone",
        remedy: 'set authority',
      },
    ];
  },
  function unitsHaveParents(props) {
    const { units } = resolveOptions(props);
    const known = (unit: string, before: number): boolean =>
      units.findIndex((other) => same(other, unit)) < before && units.some((other) => same(other, unit));
    return [
      ...units
        .filter((unit) => !unitPattern.test(unit))
        .map((unit) => ({
          what: `the unit "${unit}"`,
          allowed:
            'letters, digits, spaces, dots, dashes and underscores, with / between a unit and one in it, and no space at an end',
          remedy: 'rename it in units',
        })),
      ...units.flatMap((unit, index) => {
        const parent = unit.split('/').slice(0, -1).join('/');
        if (parent === '' || known(parent, index)) return [];
        return [
          {
            what: `the unit "${unit}"`,
            allowed: `"${parent}" before it`,
            remedy: `add "${parent}" to units before it`,
          },
        ];
      }),
      ...twice(units).map((unit) => ({ what: `the unit "${unit}" twice`, allowed: 'each once', remedy: 'remove one' })),
    ];
  },
  function unitsAreKnown(props) {
    const { units, groups, serviceAccounts } = resolveOptions(props);
    return [...groups, ...serviceAccounts].flatMap(({ name, unit }) => {
      if (unit === undefined || units.some((other) => same(other, unit))) return [];
      const allowed = units.join(', ') || 'none: units names none';
      return [{ what: `${name} is in the unit "${unit}"`, allowed, remedy: 'add it to units' }];
    });
  },
  function groupsHaveNames(props) {
    const { groups, serviceAccounts } = resolveOptions(props);
    const accounts = serviceAccounts.map(({ name }) => name);
    return [
      ...groups
        .filter(({ name }) => !/^[A-Za-z0-9][\w.-]{0,63}$/.test(name) || isOwn(name))
        .map(({ name }) => ({
          what: `the group "${name}"`,
          allowed: `letters, digits, dashes, underscores and dots, 64 at most, and none of ${[...ownGroups, ...ownAccounts].join(', ')}`,
          remedy: 'rename it',
        })),
      ...twice([...groups.map(({ name }) => name), ...accounts]).map((name) => ({
        what: `"${name}" twice`,
        allowed: 'a name once, of a group or of an account, whether in capitals or not',
        remedy: 'rename or remove one of them',
      })),
    ];
  },
  function accountsHaveNames(props) {
    return resolveOptions(props)
      .serviceAccounts.filter(({ name }) => !/^[a-z][a-z0-9-]{0,18}[a-z0-9]$/.test(name) || ownAccounts.includes(name))
      .map(({ name }) => ({
        what: `the account "${name}"`,
        allowed: `2 to 20 small letters, digits and dashes, and none of ${ownAccounts.join(', ')}`,
        remedy: 'rename it',
      }));
  },
  function accountsHaveSecrets(props) {
    return resolveOptions(props)
      .serviceAccounts.filter(({ password }) => !isSecretKey(password))
      .map(({ name }) => ({
        what: `the password of the account ${name} is no key of a secret`,
        allowed: 'a key of a secret, such as secret.key(...)',
        remedy: 'set password',
      }));
  },
  function membersAreKnown(props) {
    const { groups, serviceAccounts } = resolveOptions(props);
    const names = [...groups, ...serviceAccounts].map(({ name }) => name);
    const known = (name: string, list: readonly string[]): boolean => list.some((each) => same(each, name));
    const wrong = [
      ...groups.flatMap(({ name, members = [] }) =>
        members
          .filter((member) => !known(member, names) || same(member, name))
          .map((member) => [member, name] as const),
      ),
      ...serviceAccounts.flatMap((account) =>
        (account.groups ?? [])
          .filter(
            (group) =>
              !known(
                group,
                groups.map(({ name }) => name),
              ),
          )
          .map((group) => [account.name, group] as const),
      ),
    ];
    return wrong.map(([member, group]) => ({
      what: `${member} as a member of ${group}`,
      allowed: 'groups and accounts of the data, in other groups of the data; people are added in the directory',
      remedy: 'add what is missing, or remove it',
    }));
  },
  function principalsAreServices(props) {
    const all = resolveOptions(props).serviceAccounts.flatMap(({ principals = [] }) => principals);
    return [
      ...all
        .filter((principal) => within(principal.split('/')[1] ?? '', props.realm))
        .map((principal) => ({
          what: `the principal ${principal}, whose host is in the realm ${props.realm}`,
          allowed: 'hosts outside of the realm: the directory answers for every name in it, and would hide this one',
          remedy: 'give the host or the realm another name',
        })),
      ...all
        .filter((principal) => !/^[A-Za-z][A-Za-z0-9]*\/[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(principal))
        .map((principal) => ({
          what: `the principal "${principal}"`,
          allowed: 'a service and a host in small letters, such as HTTP/api.example.com',
          remedy: 'correct it',
        })),
      ...twice(all).map((principal) => ({
        what: `the principal ${principal} twice`,
        allowed: 'one account for each: tickets are made for one',
        remedy: 'remove one of them',
      })),
    ];
  },
  function policyTakesSecrets(props) {
    const { passwordPolicy, serviceAccounts } = resolveOptions(props);
    const { minimumLength } = passwordPolicy;
    const short = [
      { of: 'Administrator', length: lengthOf(administratorKey) },
      ...serviceAccounts
        .filter(({ password }) => isSecretKey(password))
        .map(({ name, password: { secret, key } }) => ({
          of: name,
          length: lengthOf(secret.inventoryEntry().keys[key]),
        })),
    ].filter(({ length }) => length < minimumLength);
    return short.map(({ of, length }) => ({
      what: `passwords of ${minimumLength} characters, where the secret of ${of} may have ${length}`,
      allowed: 'a minimumLength that every secret of the directory has: it refuses others, of programs too',
      remedy:
        of === 'Administrator' ? 'lower minimumLength' : `lower minimumLength, or make the secret of ${of} longer`,
    }));
  },
  function complexityTakesSecrets(props) {
    const { passwordPolicy, serviceAccounts } = resolveOptions(props);
    if (!passwordPolicy.complexity) return [];
    return serviceAccounts.flatMap(({ name, password }) => {
      if (!isSecretKey(password)) return [];
      const found = kindsOf(password.secret.inventoryEntry().keys[password.key]);
      if (found.length >= 3) return [];
      return [
        {
          what: `the secret of ${name}, which has ${found.join(' and ')} alone`,
          allowed: 'three of capitals, small letters, digits and other signs: the directory refuses others',
          remedy: "write encoding: 'base64url' where the secret is declared, or set complexity: false",
        },
      ];
    });
  },
  function textsAreTaken(props) {
    const { groups, serviceAccounts } = resolveOptions(props);
    const texts = [
      ...groups.flatMap(({ name, description }) => (description ? [['description', name, description] as const] : [])),
      // One that isn't there at all is told with the options.
      ...serviceAccounts.map(({ name, purpose }) => ['purpose', name, purpose] as const),
    ];
    return texts
      .filter(([, , text]) => text.length === 0 || text.length > longestText)
      .map(([option, name, text]) => ({
        what: `the ${option} of ${name} has ${text.length} characters`,
        allowed: `1 to ${longestText}, as the directory keeps them`,
        remedy: `change ${option}`,
      }));
  },
  scheduleNeedsStorage,
  function backupsHaveDays({ backups }) {
    return backupsAreKeptForDays(backups, directoryBackupDefaults.keepDays);
  },
  recoveryHasItsBackups,
  function policyIsOne(props) {
    const policy = resolveOptions(props).passwordPolicy;
    const ranges = [
      ['minimumLength', 8, 128],
      ['history', 0, 1024],
      ['maximumAgeDays', 0, 999],
      ['minimumAgeDays', 0, 998],
      ['lockoutThreshold', 0, 999],
      ['lockoutMinutes', 1, 99_999],
    ] as const;
    const wrong = ranges.flatMap(([option, least, most]) =>
      Number.isInteger(policy[option]) && policy[option] >= least && policy[option] <= most
        ? []
        : [
            {
              what: `passwordPolicy.${option}: ${policy[option]}`,
              allowed: `a whole number from ${least} to ${most}`,
              remedy: 'change it',
            },
          ],
    );
    const { minimumAgeDays, maximumAgeDays } = policy;
    if (maximumAgeDays === 0 || minimumAgeDays < maximumAgeDays) return wrong;
    return [
      ...wrong,
      {
        what: `passwords that end after ${maximumAgeDays} days, and can't be changed before ${minimumAgeDays}`,
        allowed: 'a minimumAgeDays below maximumAgeDays',
        remedy: 'change one of the two',
      },
    ];
  },
];
