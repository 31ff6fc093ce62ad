import { SizeRoundingBehavior } from 'cdk8s';
import type { TrustedAuthority } from '../core/endpoint.ts';
import type { WorkloadSize } from '../core/environment.ts';
import { InputError } from '../core/error.ts';
import type { Finding } from '../core/error.ts';
import { scheduleNeedsStorage } from '../stateful/index.ts';
import { archiveDefaults } from './archive.ts';
import type { ArchiveProps } from './archive.ts';
import { connectionFindings, connectionLimits } from './connections.ts';
import { backupDefaults, patroniClusterDefaults, poolerDefaults } from './defaults.ts';
import { leastMemoryMebibytes } from './parameters.ts';
import { parameterFindings } from './promised-parameters.ts';
import type { PatroniClusterProps } from './props.ts';

type Rule = (props: PatroniClusterProps, namespace: string) => readonly Omit<Finding, 'where'>[];

/** @throws InputError with every option that can't be met */
export function checkCluster(where: string, props: PatroniClusterProps, namespace: string): void {
  const findings = rules.flatMap((rule) => rule(props, namespace).map((finding) => ({ where, ...finding })));
  if (findings.length > 0) throw new InputError(findings);
}

const rules: readonly Rule[] = [
  function membersAreWhole({ members = patroniClusterDefaults.members }) {
    return wholeNumbers({ members });
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
  function replicasAreMembers({ size }) {
    // TypeScript takes what has more than is asked for.
    const { minReplicas, maxReplicas } = (size ?? {}) as WorkloadSize;
    const replicas = minReplicas ?? maxReplicas;
    if (replicas === undefined) return [];
    return [
      {
        what: `its size has ${replicas} replicas`,
        allowed: 'a number of members: each has a volume of its own, and none comes or goes by load',
        remedy: 'remove minReplicas and maxReplicas from its size, and set members where it is made',
      },
    ];
  },
  function storageClassIsAName({ storageClass }) {
    if (storageClass === undefined || /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/.test(storageClass)) return [];
    return [{ what: `storageClass: ${storageClass}`, allowed: 'the name of a StorageClass', remedy: 'correct it' }];
  },
  function enoughStorage({ storage }) {
    const gibibytes = storage.toGibibytes({ rounding: SizeRoundingBehavior.FLOOR });
    if (gibibytes >= 2) return [];
    return [
      {
        what: `a volume of ${storage.asString()}`,
        allowed: '2Gi or more: an empty cluster with its WAL takes half a gibibyte',
        remedy: 'raise storage, which is storageGibibytes in an environment',
      },
    ];
  },
  function backupsCanBeKept({ backups }) {
    if (backups === false) return [];
    const { keepFullDays = backupDefaults.keepFullDays, keepWalDays = backupDefaults.keepWalDays } = backups;
    const wrong = wholeNumbers(
      { 'backups.keepFullDays': keepFullDays, 'backups.keepWalDays': keepWalDays },
      ' of days',
    );
    if (wrong.length > 0 || keepWalDays <= keepFullDays) return wrong;
    return [
      {
        what: `WAL is kept ${keepWalDays} days and full backups ${keepFullDays}`,
        allowed: 'WAL at most as long as full backups: without a full to start from it recovers nothing',
        remedy: 'lower keepWalDays or raise keepFullDays',
      },
    ];
  },
  function backupsAreOfTwoKinds({ backups }) {
    // Of the configuration, where stores of every kind have their backups.
    if (backups === false || !Object.hasOwn(backups, 'keepDays')) return [];
    const allowed = 'keepFullDays for full backups, keepWalDays for the changes between them';
    return [{ what: 'backups.keepDays', allowed, remedy: 'remove keepDays' }];
  },
  scheduleNeedsStorage,
  function recoveryHasItsArchive({ backups, generation }) {
    if (generation?.recovery === undefined || backups !== false) return [];
    return [
      {
        what: `generation ${generation.number} is to be recovered, and there are no backups`,
        allowed: 'a recovery where backups are configured',
        remedy: 'set backups, or remove recovery from generations of config/generations.json',
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
  function generationsDiffer({ copyOf, standbyOf, generation, name }) {
    const other = copyOf ?? standbyOf;
    if (other === undefined) return [];
    const relation = copyOf === undefined ? 'follows' : 'is a copy of';
    const number = generation?.number ?? 1;
    return [
      ...(number === other.life.generation
        ? [
            {
              what: `it ${relation} ${other.life.scope}, and is generation ${number} too`,
              allowed: 'a generation of its own: the names of its objects and its archive follow from it',
              remedy:
                'give generation the next number that was never used; for a copy, copies in config/generations.json',
            },
          ]
        : []),
      ...(name === undefined || name === other.life.name
        ? []
        : [
            {
              what: `it ${relation} ${other.life.name}, and is named ${name}`,
              allowed: 'the name of the other: secrets and archives are found by it',
              remedy: 'remove name',
            },
          ]),
    ];
  },
  function generationsShareTheNamespace({ copyOf, standbyOf }, namespace) {
    const other = copyOf ?? standbyOf;
    if (other === undefined || other.life.namespace === namespace) return [];
    return [
      {
        what: `it is in the namespace ${namespace}, and ${other.life.scope} in ${other.life.namespace}`,
        allowed: 'the same namespace: they share secrets and the authority of their certificates',
        remedy: `move it to the application of ${other.life.scope}`,
      },
    ];
  },
  function generationsShareTheirWays({ copyOf, standbyOf, authority, backups }) {
    const other = copyOf ?? standbyOf;
    if (other === undefined) return [];
    const ways = ({ store, encryption = archiveDefaults.encryption }: ArchiveProps) =>
      JSON.stringify([store, encryption]);
    const differs = other.archive !== false && backups !== false && ways(backups) !== ways(other.archive.props);
    return [
      ...(nameOf(authority) === nameOf(other.authority)
        ? []
        : [
            {
              what: `its authority is ${nameOf(authority)}, and that of ${other.life.scope} is ${nameOf(other.authority)}`,
              allowed: 'the same: one that follows connects to the other, and verifies it',
              remedy: 'give both the same authority',
            },
          ]),
      ...(differs
        ? [
            {
              what: `its archive is another one than that of ${other.life.scope}`,
              allowed: 'the same store and encryption: it reads the archive of the other with its own keys',
              remedy: 'give backups of both the same store and encryption',
            },
          ]
        : []),
    ];
  },
  function standbyHasTheSameFiles({ standbyOf, version = patroniClusterDefaults.version }) {
    if (standbyOf === undefined || standbyOf.version === version) return [];
    return [
      {
        what: `it is PostgreSQL ${version} and follows ${standbyOf.life.scope}, which is ${standbyOf.version}`,
        allowed: 'the same major version: what is replicated are the files',
        remedy: 'change version; see docs/runbooks/postgres-major-upgrade.md',
      },
    ];
  },
  function parametersKeepPromises(props) {
    return parameterFindings(props);
  },
  function rolesShareTheConnections(props) {
    return connectionFindings(props);
  },
  function poolerFitsTheServer({ pooler, databases, parameters }) {
    if (!pooler) return [];
    const { poolSize = poolerDefaults.poolSize, maxClients = poolerDefaults.maxClients, size } = pooler;
    const pods = size?.minReplicas ?? poolerDefaults.size.minReplicas;
    const wrong = wholeNumbers({
      'pooler.poolSize': poolSize,
      'pooler.maxClients': maxClients,
      'pooler.size.minReplicas': pods,
    });
    // One more is what sees that a database changed.
    const needed = pods * (poolSize + 1);
    const limitsOf = connectionLimits({ databases, parameters });
    return [
      ...wrong,
      ...databases.flatMap((database) => {
        const { connections } = limitsOf(database);
        if (connections === false || needed <= connections) return [];
        return [
          {
            what: `${pods} poolers with ${poolSize} connections and one of their own to the database ${database.name} are ${needed}`,
            allowed: `${connections}, which is what the user of ${database.name} may have`,
            remedy: 'lower pooler.poolSize, or raise max_connections in parameters',
          },
        ];
      }),
    ];
  },
  function unencryptedIsNotVerified({ authority, sslMode }) {
    if (authority !== false || sslMode === undefined) return [];
    return [
      {
        what: `clients are to connect with sslMode ${sslMode}, and there is no TLS`,
        allowed: 'sslMode where there is an authority',
        remedy: "set authority: environment.authority('postgres-ca'), or remove sslMode",
      },
    ];
  },
  function oneOrigin({ copyOf, standbyOf, generation }) {
    if (standbyOf === undefined || (copyOf === undefined && generation?.recovery === undefined)) return [];
    return [
      {
        what: `it is to follow ${standbyOf.life.scope}, and to be ${copyOf === undefined ? 'recovered from an archive' : `a copy of ${copyOf.life.scope}`}`,
        allowed: 'one of the two',
        remedy: 'remove standbyOf, or copyOf, or recovery from generations of config/generations.json',
      },
    ];
  },
];

function nameOf(authority: TrustedAuthority | false): string {
  return authority === false ? 'none, without TLS' : authority.name;
}

/** @param of what, such as ` of days` */
function wholeNumbers(options: Readonly<Record<string, number>>, of = ''): ReturnType<Rule> {
  return Object.entries(options)
    .filter(([, value]) => !Number.isInteger(value) || value < 1)
    .map(([option, value]) => ({
      what: `${option}: ${value}`,
      allowed: `a whole number${of}, 1 or more`,
      remedy: 'change the option',
    }));
}
