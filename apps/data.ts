import { Duration } from 'cdk8s';
import { application } from '../constructs/core/application.ts';
import type { ApplicationChart } from '../constructs/core/application-chart.ts';
import type { Environment } from '../constructs/core/environment.ts';
import { PatroniCluster } from '../constructs/patroni-cluster/index.ts';
import { RedisSentinel } from '../constructs/redis-sentinel/index.ts';
import { OffsiteCopy } from '../constructs/stateful/index.ts';
import type { Bucket, Life } from '../constructs/stateful/index.ts';
import { apiServer, snapshotFolder } from './cluster.ts';
import { namespaceOf } from './namespaces.ts';

/** PostgreSQL and Redis. */
export const data = application('data', { namespace: namespaceOf('data'), layer: 'data' }, (scope, environment) => {
  const stores = { postgres: postgres(scope, environment), redis: redis(scope, environment) };
  copyOffsite(scope, environment, [stores.postgres, stores.redis]);
  return stores;
});

function postgres(scope: ApplicationChart, environment: Environment): PatroniCluster {
  const props = {
    image: environment.image('spilo'),
    exporter: environment.image('postgres-exporter'),
    kubernetesApi: apiServer(environment),
    authority: environment.authority('postgres-ca'),
    databases: [{ name: 'shop' }],
    storage: environment.storage('postgres'),
    size: environment.size('postgres'),
  };
  const backups = environment.backups('postgres');
  const cluster = new PatroniCluster(scope, 'postgres', {
    ...props,
    generation: environment.generation('postgres'),
    backups,
  });
  const generation = environment.copy('postgres');
  if (generation !== undefined) {
    // To look at: no application is wired to it, so it needs no standby.
    new PatroniCluster(scope, 'postgres-copy', {
      ...props,
      copyOf: cluster,
      generation,
      members: 1,
      backups: { ...backups, restoreTestSchedule: false },
    });
  }
  return cluster;
}

/** Keeps sessions beside answers that could be had again: nothing of it is forgotten without a word. */
function redis(scope: ApplicationChart, environment: Environment): RedisSentinel {
  return new RedisSentinel(scope, 'redis', {
    image: environment.image('redis'),
    exporter: environment.image('redis-exporter'),
    proxy: environment.image('haproxy'),
    authority: environment.authority('redis-ca'),
    storage: environment.storage('redis'),
    size: environment.size('redis'),
    generation: environment.generation('redis'),
    backups: { ...environment.backups('redis'), rclone: environment.image('rclone') },
  });
}

/** Stores of other applications: what copies a bucket reads all of it, by one pair of keys. */
const elsewhere = ['samba'] as const;

/** Seconds that a snapshot may take beyond the longest time between two. */
const late = 2 * 3600;

/** One copy for each bucket, of the folders of all stores that write into it, and of the cluster's own snapshots. */
function copyOffsite(
  scope: ApplicationChart,
  environment: Environment,
  stores: readonly { readonly life: Life; readonly archive: { readonly bucket: Bucket } | false }[],
): void {
  const copied = stores.flatMap(({ life, archive }) => {
    const { offsite } = environment.backups(life.name);
    return archive && offsite ? [{ folder: life.name, offsite, source: archive.bucket }] : [];
  });
  // K3s takes the first one hours after the cluster's birth, and others may have made the cluster.
  const { snapshots } = environment;
  for (const { source, offsite } of copied.filter(isFirstOfItsBucket)) {
    const own = copied.filter((other) => other.source.store.name === source.store.name).map(({ folder }) => folder);
    const others = elsewhere.filter((name) => {
      const backups = environment.backups(name);
      return backups.offsite && backups.store.name === source.store.name;
    });
    new OffsiteCopy(scope, `offsite-copy-${source.store.name}`, {
      ...offsite,
      source,
      folders: [...own, ...others],
      ...(snapshots?.offsite && snapshots.store.name === source.store.name
        ? {
            emptyAtFirst: [snapshotFolder],
            newestWithin: Duration.seconds(snapshots.schedule.longestGap().toSeconds() + late),
          }
        : {}),
      image: environment.image('rclone'),
    });
  }
}

function isFirstOfItsBucket(
  { source }: { readonly source: Bucket },
  index: number,
  all: readonly { readonly source: Bucket }[],
): boolean {
  return all.findIndex((other) => other.source.store.name === source.store.name) === index;
}
