import { serviceHost } from '../core/endpoint.ts';
import type { Credentials, PodPeer, PostgresEndpoint, TrustedAuthority } from '../core/endpoint.ts';
import { InputError } from '../core/error.ts';
import type { SecretKeyReference } from '../core/secret-ref.ts';
import type { Life } from '../stateful/index.ts';
import type { CompleteDatabase } from './databases.ts';
import { ports } from './paths.ts';
import { serviceNames } from './services.ts';

/** The role an application works as, and the one that owns the tables. */
type DatabaseCredentials = Pick<PostgresEndpoint, 'credentials' | 'migrationCredentials'>;

/** A database with the passwords of its roles. */
export type OpenDatabase = CompleteDatabase & DatabaseCredentials;

/** Each database with secrets of its own, which stay from one generation to the next. */
export function withCredentials(life: Life, databases: readonly CompleteDatabase[]): readonly OpenDatabase[] {
  const { name } = life;
  const credentials = (database: string, part: string, user: string, purpose: string): Credentials => {
    const secretName = `${name}-${database.replaceAll('_', '-')}-${part}`;
    const secret = life.secret(secretName, {
      name: secretName,
      purpose,
      keys: { password: { kind: 'random', bytes: 32, encoding: 'base64url' } },
    });
    return { user, password: secret.key('password') };
  };
  return databases.map((database) => ({
    ...database,
    credentials: credentials(database.name, 'app', database.user, `works on the database ${database.name}`),
    migrationCredentials: credentials(
      database.name,
      'owner',
      database.owner,
      `owns the tables of the database ${database.name}`,
    ),
  }));
}

/** The password of each role. */
export function passwordsOf(databases: readonly OpenDatabase[]): Readonly<Record<string, SecretKeyReference>> {
  const roles = databases.flatMap(({ credentials, migrationCredentials }) => [credentials, migrationCredentials]);
  return Object.fromEntries(roles.map(({ user, password }) => [user, password]));
}

/** The variables that name the files of passwords, by the roles in capitals. */
export function passwordFiles(
  passwords: Readonly<Record<string, SecretKeyReference>>,
): Record<string, SecretKeyReference> {
  const entries = Object.entries(passwords);
  return Object.fromEntries(entries.map(([role, key]) => [`${role.toUpperCase()}_PASSWORD_FILE`, key]));
}

/** What members of a cluster show each other. */
export function passwordsOfMembers(life: Life) {
  const { name } = life;
  const random = { kind: 'random', bytes: 32, encoding: 'base64url' } as const;
  const secret = life.secret('member-passwords', {
    name: `${name}-members`,
    purpose: `lets the members of ${name} replicate, rewind and ask each other`,
    keys: { replication: random, rewind: random, restapi: random },
  });
  return { replication: secret.key('replication'), rewind: secret.key('rewind'), restapi: secret.key('restapi') };
}

export interface DatabaseEndpointsProps {
  readonly scope: string;
  readonly namespace: string;
  readonly databases: readonly OpenDatabase[];
  readonly authority: TrustedAuthority | false;
  readonly sslMode: 'verify-full' | 'require';
  readonly members: PodPeer;
  /** The pods of PgBouncer; undefined where there are none. */
  readonly pooler: PodPeer | undefined;
}

/** What clients of one database are wired to. */
export interface DatabaseEndpoints {
  /** Takes writes. */
  readonly primary: PostgresEndpoint;
  /** Read what may be a moment old. */
  readonly replicas: PostgresEndpoint;
  /** The primary through PgBouncer. @throws InputError where there is none */
  readonly pooled: PostgresEndpoint;
}

/** @throws InputError naming the databases there are */
export function databaseEndpoints(props: DatabaseEndpointsProps, name: string): DatabaseEndpoints {
  const { scope, namespace, authority, sslMode, members, pooler } = props;
  const names = serviceNames(scope);
  const database = props.databases.find((each) => each.name === name);
  if (database === undefined)
    return refuse(props, `an application is wired to its database "${name}", and there is none`);
  const endpoint = (what: string, service: string, port: number, peer: PodPeer): PostgresEndpoint => {
    const host = serviceHost(service, namespace);
    const { credentials, migrationCredentials } = database;
    return {
      port,
      database: name,
      ...(authority === false ? { sslMode: 'disable' } : { sslMode, authority }),
      credentials,
      migrationCredentials,
      name: `PostgreSQL ${name}${what}`,
      host,
      targets: [{ peer, host, port }],
    };
  };
  return {
    primary: endpoint('', names.primary, ports.postgres, members),
    replicas: endpoint(' (replicas)', names.replicas, ports.postgres, members),
    get pooled() {
      if (pooler) return endpoint(' (pooled)', names.pooler, ports.pooler, pooler);
      throw new InputError({
        where: `PatroniCluster ${scope}`,
        what: `the database ${name} is to be reached by a pooler, and there is none`,
        allowed: 'pooled where the option pooler is set',
        remedy: 'set the option pooler, or use primary',
      });
    },
  };
}

/** Those of the only database. @throws InputError where there are several */
export function onlyDatabaseEndpoints(props: DatabaseEndpointsProps): DatabaseEndpoints {
  const [first, ...others] = props.databases;
  return first !== undefined && others.length === 0
    ? databaseEndpoints(props, first.name)
    : refuse(props, 'an application is wired to it, and it has several databases');
}

function refuse({ scope, databases }: DatabaseEndpointsProps, what: string): never {
  throw new InputError({
    where: `PatroniCluster ${scope}`,
    what,
    allowed: databases.map(({ name }) => `cluster.database('${name}').primary`).join(', '),
    remedy: 'name one of these in apps/, in place of cluster.primary, or add the database to the option databases',
  });
}
