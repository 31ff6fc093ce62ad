import { application } from '../constructs/core/application.ts';
import type { ApplicationChart } from '../constructs/core/application-chart.ts';
import type { PostgresEndpoint, RedisEndpoint } from '../constructs/core/endpoint.ts';
import { ForeignWorkload } from '../constructs/core/foreign-workload.ts';
import { SecretRef } from '../constructs/core/secret-ref.ts';
import { namespaces } from './namespaces.ts';

const madeBy = 'the data tier, whose constructs are not written yet';
const domain = `${namespaces.data.name}.svc.cluster.local`;

/**
 * PostgreSQL and Redis. Their constructs come later and hand out the same endpoints; until then the pods are declared
 * here, so that whoever uses them is wired already.
 */
export const data = application('data', { namespace: namespaces.data, layer: 'data' }, (scope) => ({
  postgres: postgres(scope),
  redis: redis(scope),
}));

interface Postgres {
  /** The database of that name, shared by all who ask for it: one role that owns the tables, one that works on them. */
  database(name: string): PostgresEndpoint;
}

function postgres(scope: ApplicationChart): Postgres {
  const peer = new ForeignWorkload(scope, 'postgres', {
    name: 'postgres',
    madeBy,
    podLabels: { 'app.kubernetes.io/name': 'patroni', 'app.kubernetes.io/instance': 'postgres' },
    ports: [{ name: 'postgres', port: 5432 }],
  });
  const host = `postgres-primary.${domain}`;
  const credentials = (database: string, role: string, purpose: string) => {
    const user = `${database}_${role}`;
    const secret = new SecretRef(scope, `postgres-${database}-${role}`, {
      name: `postgres-${database}-${role}`,
      purpose,
      keys: { password: { kind: 'random', bytes: 32, encoding: 'base64url' } },
    });
    return { user, password: secret.key('password') };
  };
  const databases = new Map<string, PostgresEndpoint>();
  const database = (name: string): PostgresEndpoint => {
    const known = databases.get(name);
    if (known !== undefined) return known;
    const made: PostgresEndpoint = {
      name: `PostgreSQL ${name}`,
      host,
      port: 5432,
      database: name,
      sslMode: 'require',
      credentials: credentials(name, 'app', `works on the database ${name}`),
      migrationCredentials: credentials(name, 'owner', `owns the tables of the database ${name}`),
      targets: [{ peer, host, port: 5432 }],
    };
    databases.set(name, made);
    return made;
  };
  return { database };
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
