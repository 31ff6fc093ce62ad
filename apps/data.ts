import { application } from '../constructs/core/application.ts';
import type { ApplicationChart } from '../constructs/core/application-chart.ts';
import type { RedisEndpoint } from '../constructs/core/endpoint.ts';
import type { Environment } from '../constructs/core/environment.ts';
import { ForeignWorkload } from '../constructs/core/foreign-workload.ts';
import { SecretRef } from '../constructs/core/secret-ref.ts';
import { PatroniCluster } from '../constructs/patroni-cluster/index.ts';
import { OffsiteCopy } from '../constructs/stateful/index.ts';
import { apiServer } from './cluster.ts';
import { namespaceOf } from './namespaces.ts';

const madeBy = 'the data tier, whose constructs are not written yet';

/**
 * PostgreSQL and Redis. The construct of Redis comes later and hands out the same endpoint; until then its pods are
 * declared here, so that whoever uses them is wired already.
 */
export const data = application('data', { namespace: namespaceOf('data'), layer: 'data' }, (scope, environment) => ({
  postgres: postgres(scope, environment),
  redis: redis(scope),
}));

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
  const { offsite, ...backups } = environment.backups('postgres');
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
  if (offsite && cluster.archive) {
    const { bucket } = cluster.archive;
    // Another store that writes into this bucket is another folder here.
    const folders = [cluster.life.name];
    new OffsiteCopy(scope, 'offsite-copy', { ...offsite, source: bucket, folders, image: environment.image('rclone') });
  }
  return cluster;
}

function redis(scope: ApplicationChart): RedisEndpoint {
  const part = (name: string, component: string, port: number): ForeignWorkload =>
    new ForeignWorkload(scope, name, {
      name,
      madeBy,
      podLabels: { 'app.kubernetes.io/name': 'redis', 'app.kubernetes.io/component': component },
      ports: [{ name: component, port }],
    });
  const server = part('redis', 'server', 6379);
  const sentinel = part('redis-sentinel', 'sentinel', 26379);
  const secret = new SecretRef(scope, 'redis-app', {
    name: 'redis-app',
    purpose: 'works on the keys of the applications',
    keys: { password: { kind: 'random', bytes: 32, encoding: 'base64url' } },
  });
  const domain = `${scope.destination.name}.svc.cluster.local`;
  const host = `redis.${domain}`;
  const sentinels = [0, 1, 2].map((index) => ({ host: `redis-sentinel-${index}.${domain}`, port: 26379 }));
  return {
    name: 'Redis',
    sentinels,
    primaryName: 'shop',
    server: { host, port: 6379 },
    credentials: { user: 'app', password: secret.key('password') },
    targets: [
      { peer: server, host, port: 6379 },
      { peer: sentinel, host: `redis-sentinel.${domain}`, port: 26379 },
    ],
  };
}
