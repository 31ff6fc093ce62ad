import { Size } from 'cdk8s';
import { apiServer } from '../../../apps/cluster.ts';
import type { ApplicationChart } from '../../../constructs/core/application-chart.ts';
import { Cpu } from '../../../constructs/core/cpu.ts';
import type { TrustedAuthority } from '../../../constructs/core/endpoint.ts';
import type { Environment } from '../../../constructs/core/environment.ts';
import { PatroniCluster } from '../../../constructs/patroni-cluster/index.ts';
import type { PatroniClusterProps } from '../../../constructs/patroni-cluster/index.ts';
import { DrillClusters } from '../../components/postgres/drill-clusters.ts';
import { membersOf } from '../../components/postgres/members.ts';
import type { Part } from '../../results/index.ts';
import type { Area, Outcome } from '../area.ts';
import type { PlatformGround } from '../ground.ts';
import { promoteUnder } from './pooler-memory.ts';
import { poolerRound } from './pooler.ts';
import { standbyRound } from './standby.ts';
import { withCleanUp } from '../../machine/clean-up.ts';

const name = 'modes';

export const area: Area<'platform'> = {
  purpose: 'tries the options of PostgreSQL that the platform does not use',
  promises: {
    'pg-pooler':
      "a cluster with its lock in ConfigMaps: the primary's process killed, its pod deleted, its node lost, both pods " +
      'of PgBouncer replaced and a password changed, under a client of the pooler that commits twenty times a second; a ' +
      'migration through it, and a promotion under poolers that knew a standby',
    'pg-standby':
      'a generation follows another one over a failover and is let go; a third is made beside it from the archive, ' +
      'though an extension is missing, and loses a parameter that is declared no more',
  },
  needs: 'platform',
  minutes: 14,
  programs: [],
  about: ['constructs/patroni-cluster', 'constructs/stateful', 'prove/components/postgres'],
  run: modes,
};

/** What the options of a cluster promise that the platform's own does not use. */
async function modes(platform: PlatformGround): Promise<Outcome> {
  const clusters = new DrillClusters(membersOf(platform), name);
  const { authority } = clusters;
  return withCleanUp([() => clusters.remove()], async () => {
    await clusters.remove();
    const first = await clusters.apply((...given) => firstCluster(given, authority));
    const pooled = await poolerRound(platform, first, clusters);
    let promoted: Part = { figures: {}, checks: [] };
    const followed = await standbyRound(platform, {
      first,
      follow: () => clusters.apply((...given) => second(given, authority, (standbyOf) => ({ standbyOf }))),
      part: async (following) => {
        promoted = await promoteUnder(platform, following, async () => {
          await clusters.apply((...given) => second(given, authority, (copyOf) => ({ copyOf })));
          await following.whole(platform.signal, 300);
        });
      },
      copy: () => clusters.apply((...given) => third(given, authority, mistaken)),
      correct: () => clusters.apply((...given) => third(given, authority, {})),
    });
    return {
      'pg-pooler': {
        figures: { ...pooled.figures, ...promoted.figures },
        checks: [...pooled.checks, ...promoted.checks],
        units: {
          outage: 's',
          'process killed': 's',
          'pod deleted': 's',
          'node lost': 's',
          lost: 'transactions',
          'pooler replaced': 's',
          'failed writes': 'writes',
          'password read': 's',
          'plans renewed': 's',
          'read-write accepted': 's',
        },
      },
      'pg-standby': {
        ...followed,
        units: {
          followed: 's',
          'row arrived': 's',
          'row arrived after a failover': 's',
          'took writes': 's',
          copied: 's',
          'parameter gone': 's',
          missing: 'rows',
        },
      },
    };
  });
}

/** As small as allowed: the platform's own cluster runs beside it. */
function props(environment: Environment, authority: TrustedAuthority): PatroniClusterProps {
  return {
    image: environment.image('spilo'),
    exporter: false,
    kubernetesApi: apiServer(environment),
    authority,
    databases: [{ name: 'drill' }],
    storage: Size.gibibytes(2),
    size: { cpuRequest: Cpu.millicores(100), memory: Size.mebibytes(512) },
    backups: { ...environment.backups('postgres'), restoreTestSchedule: false },
  };
}

type Given = readonly [ApplicationChart, Environment];

function firstCluster([scope, environment]: Given, authority: TrustedAuthority): PatroniCluster {
  return new PatroniCluster(scope, name, {
    ...props(environment, authority),
    consensus: 'configmaps',
    pooler: {
      image: environment.image('pgbouncer'),
      exporter: environment.image('pgbouncer-exporter'),
      poolSize: 5,
    },
  });
}

function second(
  [scope, environment]: Given,
  authority: TrustedAuthority,
  relation: (first: PatroniCluster) => Partial<PatroniClusterProps>,
): PatroniCluster {
  const before = firstCluster([scope, environment], authority);
  const size = { minReplicas: 1, cpuRequest: Cpu.millicores(20), memory: Size.mebibytes(64) };
  return new PatroniCluster(scope, 'second', {
    ...props(environment, authority),
    generation: { number: 2 },
    pooler: { image: environment.image('pgbouncer'), exporter: false, poolSize: 5, size },
    ...relation(before),
  });
}

/** An extension that no image has, and what keeps applications from writing. */
const mistaken = {
  databases: [{ name: 'drill', extensions: ['no_such_extension'] }],
  parameters: { default_transaction_read_only: 'on' },
};

function third(
  [scope, environment]: Given,
  authority: TrustedAuthority,
  declared: Partial<PatroniClusterProps>,
): PatroniCluster {
  const copyOf = firstCluster([scope, environment], authority);
  const generation = { number: 3, recovery: { from: 1 } };
  return new PatroniCluster(scope, 'third', {
    ...props(environment, authority),
    copyOf,
    generation,
    members: 1,
    ...declared,
  });
}
