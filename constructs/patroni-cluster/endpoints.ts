import type { Construct } from 'constructs';
import { applicationOf } from '../core/application-chart.ts';
import { secretVolume } from '../core/container.ts';
import type { PodPeer, PostgresEndpoint, Target } from '../core/endpoint.ts';
import { InputError } from '../core/error.ts';
import { checkName } from '../core/names.ts';
import type { SecretKeyReference } from '../core/secret-ref.ts';
import type { CompleteDatabase } from './databases.ts';
import { ports } from './paths.ts';
import { serviceNames } from './services.ts';
import { sharedSecret } from './shared-secret.ts';

export interface DatabaseEndpointsProps {
  /** Of the secrets: it stays from one generation to the next. */
  readonly name: string;
  readonly secretsOwner: Construct;
  readonly scope: string;
  readonly databases: readonly CompleteDatabase[];
  readonly tls: boolean;
}

interface Pair {
  readonly primary: PostgresEndpoint;
  readonly replicas: PostgresEndpoint;
}

export interface DatabaseEndpoints {
  /** The password of each role. */
  readonly passwords: Readonly<Record<string, SecretKeyReference>>;
  /** @throws InputError naming the databases there are */
  of(database: string): Pair;
  /** @throws InputError where there are several */
  only(): Pair;
  /** Says which pods serve them all. */
  serve(peer: PodPeer): void;
}

/** What clients of each database are wired to. */
export function databaseEndpoints(
  construct: Construct,
  { name, secretsOwner, scope, databases, tls }: DatabaseEndpointsProps,
): DatabaseEndpoints {
  const namespace = applicationOf(construct).destination.name;
  const names = serviceNames(scope);
  const passwords: Record<string, SecretKeyReference> = {};
  const targetLists: { readonly list: Target[]; readonly host: string }[] = [];
  const credentials = (database: string, part: string, user: string, purpose: string) => {
    const secretName = `${name}-${database.replaceAll('_', '-')}-${part}`;
    // Containers mount it as a volume of that name.
    checkName(`PatroniCluster ${name}: database ${database}`, secretVolume(secretName));
    const secret = sharedSecret(secretsOwner, secretName, {
      name: secretName,
      purpose,
      keys: { password: { kind: 'random', bytes: 32, encoding: 'base64url' } },
    });
    const password = secret.key('password');
    passwords[user] = password;
    return { user, password };
  };
  const pairs = new Map<string, Pair>();
  for (const { name: database, owner, user } of databases) {
    const shared = {
      port: ports.postgres,
      database,
      sslMode: tls ? ('require' as const) : ('disable' as const),
      credentials: credentials(database, 'app', user, `works on the database ${database}`),
      migrationCredentials: credentials(database, 'owner', owner, `owns the tables of the database ${database}`),
    };
    const endpoint = (service: string, what: string): PostgresEndpoint => {
      const host = `${service}.${namespace}.svc.cluster.local`;
      const targets: Target[] = [];
      targetLists.push({ list: targets, host });
      return { ...shared, name: `PostgreSQL ${database}${what}`, host, targets };
    };
    pairs.set(database, {
      primary: endpoint(names.primary, ''),
      replicas: endpoint(names.replicas, ' (replicas)'),
    });
  }
  const refuse = (what: string): never => {
    throw new InputError({
      where: `PatroniCluster ${name}`,
      what,
      allowed: [...pairs.keys()].map((database) => `database('${database}')`).join(', '),
      remedy: 'name one of these, or declare the database',
    });
  };
  return {
    passwords,
    of: (database) => pairs.get(database) ?? refuse(`there is no database "${database}"`),
    only: () => {
      const [first, ...others] = pairs.values();
      return first !== undefined && others.length === 0 ? first : refuse('it has several databases');
    },
    serve: (peer) => {
      for (const { list, host } of targetLists) list.push({ peer, host, port: ports.postgres });
    },
  };
}
