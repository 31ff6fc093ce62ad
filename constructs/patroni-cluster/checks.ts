import { SizeRoundingBehavior } from 'cdk8s';
import { InputError } from '../core/error.ts';
import type { Finding } from '../core/error.ts';
import { backupDefaults, patroniClusterDefaults } from './defaults.ts';
import { leastMemoryMebibytes } from './parameters.ts';
import type { PatroniClusterProps } from './props.ts';

type Rule = (props: PatroniClusterProps) => readonly Omit<Finding, 'where'>[];

/** @throws InputError with every option that can't be met */
export function checkCluster(where: string, props: PatroniClusterProps): void {
  const findings = rules.flatMap((rule) => rule(props).map((finding) => ({ where, ...finding })));
  if (findings.length > 0) throw new InputError(findings);
}

const rules: readonly Rule[] = [
  function membersAreWhole({ members = patroniClusterDefaults.members }) {
    if (Number.isInteger(members) && members >= 1) return [];
    return [{ what: `members: ${members}`, allowed: 'a whole number, 1 or more', remedy: 'change the option' }];
  },
  function strictNeedsTwo({ members = patroniClusterDefaults.members, synchronous }) {
    if (members > 1 || synchronous !== 'strict') return [];
    return [
      {
        what: 'one member with synchronous: strict would never take a write: there is no standby to confirm it',
        allowed: 'two members or more, or synchronous: on',
        remedy: 'change one of the two options',
      },
    ];
  },
  function enoughMemory({ size }) {
    const mebibytes = (size?.memory ?? patroniClusterDefaults.size.memory).toMebibytes();
    if (mebibytes >= leastMemoryMebibytes) return [];
    return [
      {
        what: `a member has ${mebibytes}Mi of memory`,
        allowed: `${leastMemoryMebibytes}Mi or more: shared buffers, 100 connections and maintenance need it`,
        remedy: 'raise memoryMebibytes of its size in the configuration',
      },
    ];
  },
  function enoughStorage({ storage }) {
    const gibibytes = storage.toGibibytes({ rounding: SizeRoundingBehavior.FLOOR });
    if (gibibytes >= 2) return [];
    return [
      {
        what: `a volume of ${storage.asString()}`,
        allowed: '2Gi or more: an empty cluster with its WAL takes half a gibibyte',
        remedy: 'raise storage',
      },
    ];
  },
  function backupsCanBeKept({ backups }) {
    if (backups === false) return [];
    const { keepFullDays = backupDefaults.keepFullDays, keepWalDays = backupDefaults.keepWalDays } = backups;
    const wrong = [
      ...Object.entries({ keepFullDays, keepWalDays })
        .filter(([, days]) => !Number.isInteger(days) || days < 1)
        .map(([option, days]) => ({
          what: `backups.${option}: ${days}`,
          allowed: 'a whole number of days, 1 or more',
          remedy: 'change the option',
        })),
    ];
    if (wrong.length > 0 || keepWalDays <= keepFullDays) return wrong;
    return [
      {
        what: `WAL is kept ${keepWalDays} days and full backups ${keepFullDays}`,
        allowed: 'WAL at most as long as full backups: without a full to start from it recovers nothing',
        remedy: 'lower keepWalDays or raise keepFullDays',
      },
    ];
  },
  function scheduleNeedsStorage({ backups }) {
    // TypeScript says so too, but synth runs without the type checker.
    if (backups === false || (backups as Partial<typeof backups>).store !== undefined) return [];
    return [
      {
        what: 'backups are scheduled and there is no store to keep them in',
        allowed: "a bucket of the configuration, such as environment.objectStore('backups')",
        remedy: 'set backups.store, or backups: false',
      },
    ];
  },
  function copiesGoElsewhere({ backups }) {
    if (backups === false || backups.offsite === false || backups.offsite.store.host !== backups.store.host) return [];
    return [
      {
        what: `the copies go to ${backups.store.host}, where the backups are`,
        allowed: 'another provider: what takes one away must not take the other',
        remedy: 'name another objectStore for backups.offsite.store',
      },
    ];
  },
  function recoveryHasItsArchive({ backups, generation }) {
    if (generation?.recovery === undefined || backups !== false) return [];
    return [
      {
        what: `generation ${generation.number} is to be recovered, and there are no backups`,
        allowed: 'a recovery where backups are configured',
        remedy: 'set backups, or remove recovery from generations in the configuration',
      },
    ];
  },
  function recoveryIsInThePast({ generation }) {
    const to = generation?.recovery?.to;
    if (to === undefined || Date.parse(`${to}:00`) < Date.now()) return [];
    return [
      {
        what: `it is to be recovered to ${to}, which has not come yet`,
        allowed: 'a moment in the past: PostgreSQL refuses to end recovery where the archive has nothing',
        remedy: 'name an earlier moment, or leave it out for all there is',
      },
    ];
  },
  function copyIsAnotherGeneration({ copyOf, generation, name }) {
    if (copyOf === undefined) return [];
    const number = generation?.number ?? 1;
    return [
      ...(number === copyOf.generation
        ? [
            {
              what: `it is a copy of ${copyOf.scope}, and generation ${number} too`,
              allowed: 'a generation of its own: the names of its objects and its archive follow from it',
              remedy: 'give copies in the configuration the next number that was never used',
            },
          ]
        : []),
      ...(name === undefined || name === copyOf.name
        ? []
        : [
            {
              what: `it is a copy of ${copyOf.name}, and named ${name}`,
              allowed: 'the name of what it is a copy of: secrets and archives are found by it',
              remedy: 'remove name',
            },
          ]),
    ];
  },
  function standbyRecoversNothing({ standbyOf, generation }) {
    if (standbyOf === undefined || generation?.recovery === undefined) return [];
    return [
      {
        what: 'it is to follow another cluster and to be recovered from an archive',
        allowed: 'one of the two',
        remedy: 'remove standbyOf, or recovery from generations in the configuration',
      },
    ];
  },
];
