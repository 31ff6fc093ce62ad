import { SizeRoundingBehavior } from 'cdk8s';
import { InputError } from '../core/error.ts';
import type { Finding } from '../core/error.ts';
import type { WorkloadSize } from '../core/environment.ts';
import { isSecretKey } from '../core/secret-ref.ts';
import { backupsAreKeptForDays, recoveryHasItsBackups, scheduleNeedsStorage } from '../stateful/index.ts';
import { policies, redisBackupDefaults, redisSentinelDefaults as defaults } from './defaults.ts';
import { directiveProblem } from './directives.ts';
import { resolveOptions, versionOf } from './options.ts';
import { ownParameters } from './parameters.ts';
import type { RedisSentinelProps } from './props.ts';
import { ownUsers, unknownRules } from './users.ts';

type Rule = (props: RedisSentinelProps) => readonly Omit<Finding, 'where'>[];

/** @throws InputError with every option that can't be met */
export function checkRedis(where: string, props: RedisSentinelProps): void {
  // What the other rules look at hangs on these.
  for (const list of [[wordsAreKnown], rules]) {
    const findings = list.flatMap((rule) => rule(props).map((finding) => ({ where, ...finding })));
    if (findings.length > 0) throw new InputError(findings);
  }
}

/** TypeScript says so too, but synth runs without the type checker. */
function wordsAreKnown({ engine = defaults.engine, use = defaults.use }: RedisSentinelProps) {
  const words = [
    ['engine', engine, engines],
    ['use', use, Object.keys(policies)],
  ] as const;
  return words
    .filter(([, value, allowed]) => !allowed.includes(value))
    .map(([option, value, allowed]) => ({
      what: `${option}: ${value}`,
      allowed: allowed.join(', '),
      remedy: `change ${option}`,
    }));
}

const engines: readonly string[] = ['redis', 'valkey'];

const rules: readonly Rule[] = [
  function imageSaysItsVersion(props) {
    if (versionOf(props) !== undefined) return [];
    return [
      {
        what: `the image's tag is "${props.image.tag}"`,
        allowed:
          'one that begins with the version: an older one, also a minor one, reads nothing that a newer one wrote',
        remedy: 'name a tag such as 8.2.3-bookworm in config/images.json',
      },
    ];
  },
  function imageHasTheEngine({ image, engine = defaults.engine }) {
    // A mirror may call it as it likes; one that is called as the other engine has that one's files.
    const called = image.repository.split('/').at(-1) ?? '';
    if (called === engine || !engines.includes(called)) return [];
    return [
      {
        what: `the image ${image.repository}, with engine: ${engine}`,
        allowed: `an image of ${engine}: neither engine reads what the other one wrote, and engine is what volumes are kept by`,
        remedy: `set engine: '${called}', or name an image of ${engine}`,
      },
    ];
  },
  function sentinelsHaveAMajority({ sentinels = defaults.sentinels, quorum }) {
    if (!Number.isInteger(sentinels) || sentinels < 3 || sentinels % 2 === 0) {
      return [
        {
          what: `${sentinels} Sentinels`,
          allowed:
            'an odd number, 3 or more: of two, a majority is both, so the loss of either one ends every failover',
          remedy: 'change sentinels',
        },
      ];
    }
    const majority = Math.floor(sentinels / 2) + 1;
    if (quorum === undefined || (Number.isInteger(quorum) && quorum >= majority && quorum <= sentinels)) return [];
    return [
      {
        what: `a quorum of ${quorum} of ${sentinels} Sentinels`,
        allowed: `${majority} to ${sentinels}: fewer would replace a primary that most of them see`,
        remedy: 'change quorum, or leave it out',
      },
    ];
  },
  function secondsAreWhole({ downAfterSeconds, failoverTimeoutSeconds, repairKibibytes }) {
    const ranges = [
      ['downAfterSeconds', downAfterSeconds, 2, 60],
      ['failoverTimeoutSeconds', failoverTimeoutSeconds, 5, 600],
      ['repairKibibytes', repairKibibytes, 0, 1024 * 1024],
    ] as const;
    return ranges.flatMap(([option, value, least, most]) =>
      value === undefined || (Number.isInteger(value) && value >= least && value <= most)
        ? []
        : [{ what: `${option}: ${value}`, allowed: `a whole number from ${least} to ${most}`, remedy: 'change it' }],
    );
  },
  function membersAreTwo({ size }) {
    // TypeScript takes what has more than is asked for.
    const { minReplicas, maxReplicas } = (size ?? {}) as WorkloadSize;
    const replicas = minReplicas ?? maxReplicas;
    if (replicas === undefined) return [];
    return [
      {
        what: `its size has ${replicas} replicas`,
        allowed: 'two members, a primary and its replica: none comes or goes by load',
        remedy: 'remove minReplicas and maxReplicas from its size in the configuration',
      },
    ];
  },
  function dataFitsIntoMemory(props) {
    const { memory, maxMemory } = resolveOptions(props);
    const [limit, data] = [memory.toMebibytes(), maxMemory.toMebibytes({ rounding: SizeRoundingBehavior.FLOOR })];
    if (limit < 128) {
      return [
        { what: `a member has ${limit}Mi of memory`, allowed: '128Mi or more', remedy: 'raise its memoryMebibytes' },
      ];
    }
    const most = Math.floor(limit * 0.75);
    if (data >= 1 && data <= most) return [];
    return [
      {
        what: `maxMemory is ${data}Mi, of ${limit}Mi that a member has`,
        allowed: `1Mi to ${most}Mi, three quarters: connections, the backlog and a log that is written anew need the rest`,
        remedy: 'lower maxMemory, or raise memoryMebibytes of its size in the configuration',
      },
    ];
  },
  function dataFitsOnTheVolume(props) {
    const { maxMemory } = resolveOptions(props);
    const [volume, data] = [
      props.storage.toMebibytes(),
      maxMemory.toMebibytes({ rounding: SizeRoundingBehavior.FLOOR }),
    ];
    if (volume >= 5 * data) return [];
    return [
      {
        what: `a volume of ${volume}Mi for ${data}Mi of keys and values`,
        allowed: `${5 * data}Mi or more: the log, the one that replaces it, a copy of the primary, and data that was set aside`,
        remedy: 'raise storageGibibytes of its size in the configuration',
      },
    ];
  },
  scheduleNeedsStorage,
  function backupsHaveDays({ backups }) {
    return backupsAreKeptForDays(backups, redisBackupDefaults.keepDays);
  },
  recoveryHasItsBackups,
  function policyFollowsUse({ use = defaults.use, evictionPolicy }) {
    const allowed: readonly string[] = policies[use].allowed;
    if (evictionPolicy === undefined || allowed.includes(evictionPolicy)) return [];
    return [
      {
        what: `evictionPolicy: ${evictionPolicy}, for use: ${use}`,
        allowed: allowed.join(', '),
        remedy: 'change one of the two options',
      },
    ];
  },
  function parametersAreNotOurs({ parameters = {} }) {
    return Object.keys(parameters).flatMap((name) => {
      const because = ownParameters[name.toLowerCase()];
      if (because === undefined) return [];
      return [{ what: `parameters: ${name}`, allowed: because, remedy: 'remove it from parameters' }];
    });
  },
  function parametersAreLines({ parameters = {} }) {
    return Object.entries(parameters)
      .filter(([name, value]) => !/^[a-z][a-z0-9-]*$/i.test(name) || /[\n\r]/.test(String(value)))
      .map(([name]) => ({
        what: `parameters: ${JSON.stringify(name)}`,
        allowed: 'names of directives, each with a value of one line',
        remedy: 'correct it',
      }));
  },
  function directivesAreKnown({ parameters = {} }) {
    return Object.entries(parameters)
      .filter(([name, value]) => ownParameters[name.toLowerCase()] === undefined && !/[\n\r]/.test(String(value)))
      .flatMap(([name, value]) => directiveProblem(name, value) ?? []);
  },
  function usersHaveNames({ users = [] }) {
    const taken: readonly string[] = ['app', 'default', 'admin', ...ownUsers];
    return users.flatMap(({ name }, index) => {
      const twice = users.findIndex((other) => other.name === name) < index;
      if (/^[a-z][a-z0-9_]{0,30}$/.test(name) && !taken.includes(name) && !twice) return [];
      const allowed = `small letters, digits and _, each name once, and none of ${taken.join(', ')}`;
      return [{ what: `the user "${name}"`, allowed, remedy: 'rename it' }];
    });
  },
  function usersHavePasswords({ users = [] }) {
    return users
      .filter(({ password }) => !isSecretKey(password))
      .map(({ name }) => ({
        what: `the password of the user ${name} is no key of a secret`,
        allowed: 'a key of a secret, such as secret.key(...)',
        remedy: 'set password',
      }));
  },
  function rulesAreOneLine({ users = [] }) {
    return users
      .filter(({ rules }) => /[\n\r]|(^|\s)((nopass|resetpass|reset|off)(\s|$)|[>#<!])/i.test(rules))
      .map(({ name }) => ({
        what: `the rules of the user ${name}`,
        allowed: 'keys, channels and commands in one line: its password is a secret of its own',
        remedy: 'remove off, reset and what is of passwords from its rules',
      }));
  },
  function rulesAreRules({ users = [] }) {
    return users.flatMap(({ name, rules }) =>
      unknownRules(rules).map((rule) => ({
        what: `the rules of the user ${name}: ${rule}`,
        allowed:
          '~KEYS, &CHANNELS, +COMMAND, +COMMAND|SUBCOMMAND, +@CATEGORY, the same with a minus, and the other words of an ACL file: with any other the server does not start',
        remedy: /^[a-z]/i.test(rule) ? `write +${rule}, if the command is meant` : 'correct it',
      })),
    );
  },
];
