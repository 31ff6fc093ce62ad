import { InputError } from '../core/error.ts';
import type { Finding } from '../core/error.ts';
import { nearest } from '../core/nearest.ts';
import { connectionLimits } from './connections.ts';
import { databasesWith } from './preload.ts';
import { exporterUser } from './paths.ts';
import type { PatroniClusterProps } from './props.ts';

/** A database with the two roles that use it. */
export interface Database {
  /** Its name; applications are wired to `cluster.database(name).primary`, or to `cluster.primary` where it is the only one. */
  readonly name: string;
  /**
   * The role that owns the database and its tables, for migrations.
   * @default the database's name and `_owner`
   */
  readonly owner?: string;
  /**
   * The role the application runs as: it reads and writes rows.
   * @default the database's name and `_app`
   */
  readonly user?: string;
  /**
   * Extensions that are there from the start, such as `pg_trgm`. What PostgreSQL loads at its start for one, such as
   * `pg_stat_statements`, becomes a parameter by itself. One that is removed here stays until a person drops it.
   * @default none
   */
  readonly extensions?: readonly string[];
  /**
   * Connections that the user may have, to each member; `false` for as many as there are. The others then wait for them.
   * @default an equal part of what `max_connections` leaves beside the owners, superusers, the exporter and people: 80 of
   * 100 for the only database
   */
  readonly connections?: number | false;
  /**
   * Connections that the owner may have, to each member; `false` for as many as there are.
   * @default 5
   */
  readonly ownerConnections?: number | false;
}

export type CompleteDatabase = Required<Database>;

/** Roles and databases that are there already, PostgreSQL's own, and those that mean others in its pg_hba.conf. */
const taken = new Set([
  ...['postgres', 'template0', 'template1', 'public', 'none', 'pgbouncer'],
  ...['replication', 'rewind', 'monitoring', 'restapi', exporterUser.name],
  ...['all', 'sameuser', 'samerole', 'samegroup'],
]);

/** Extensions whose tables can't be read without their library: the restore test reads without any. */
const unreadable = ['citus', 'timescaledb'];

/**
 * Extensions that PostgreSQL brings: of others an image has its own, and which ones, only its server says.
 * @see https://www.postgresql.org/docs/17/contrib.html
 */
const contrib = [
  ...['amcheck', 'autoinc', 'bloom', 'btree_gin', 'btree_gist', 'citext', 'cube', 'dblink', 'dict_int', 'dict_xsyn'],
  ...['earthdistance', 'file_fdw', 'fuzzystrmatch', 'hstore', 'insert_username', 'intagg', 'intarray', 'isn', 'ltree'],
  ...['moddatetime', 'pageinspect', 'pg_buffercache', 'pg_freespacemap', 'pg_prewarm', 'pg_stat_statements'],
  ...['pg_surgery', 'pg_trgm', 'pg_visibility', 'pg_walinspect', 'pgcrypto', 'pgrowlocks', 'pgstattuple', 'plpgsql'],
  ...['postgres_fdw', 'refint', 'sslinfo', 'tablefunc', 'tsm_system_rows', 'tsm_system_time', 'unaccent', 'uuid-ossp'],
];

/** @throws InputError for a name that PostgreSQL refuses, or that is there twice */
export function completeDatabases(
  where: string,
  props: Pick<PatroniClusterProps, 'databases' | 'parameters'>,
): readonly CompleteDatabase[] {
  const limitsOf = connectionLimits(props);
  const complete = props.databases.map((database): CompleteDatabase => {
    const { name, owner = `${name}_owner`, user = `${name}_app`, extensions = [] } = database;
    return { name, owner, user, extensions, ...limitsOf(database) };
  });
  const findings = [
    ...(complete.length === 0
      ? [finding(where, 'no database is declared', 'at least one database', 'name the database of an application')]
      : []),
    ...complete.flatMap((database) => [
      ...(['name', 'owner', 'user'] as const).flatMap((field) => nameFindings(where, field, database[field])),
      ...database.extensions
        .filter((extension) => !/^[a-z][a-z0-9_-]*$/.test(extension))
        .map((extension) =>
          finding(where, `the extension "${extension}"`, 'small letters, digits, _ and -', 'correct the name'),
        ),
      ...database.extensions
        .filter((extension) => unreadable.includes(extension))
        .map((extension) =>
          finding(
            where,
            `the extension ${extension} of ${database.name}`,
            'extensions whose tables are read without their library, as the restore test reads them',
            'remove it',
          ),
        ),
      ...database.extensions.flatMap((extension) => {
        const near = contrib.includes(extension) ? undefined : nearest(extension, contrib, 1);
        if (near === undefined || extension.length < 5) return [];
        return finding(where, `the extension ${extension}`, `${near}, which PostgreSQL brings`, 'correct the name');
      }),
      ...(database.owner === database.user
        ? [
            finding(
              where,
              `the role ${database.owner} owns the database ${database.name} and works on it`,
              'two roles, so that the application can change no table',
              'name another user',
            ),
          ]
        : []),
    ]),
    ...(databasesWith('pg_cron', complete).length > 1
      ? [
          finding(
            where,
            `pg_cron is in ${databasesWith('pg_cron', complete).join(' and ')}`,
            'one database: its jobs run in others by cron.schedule_in_database',
            'remove it from the others',
          ),
        ]
      : []),
    ...twins(complete.map(({ name }) => name)).map((name) =>
      finding(where, `the database ${name} is declared twice`, 'each database once', 'remove one of them'),
    ),
    ...twins(complete.flatMap(({ owner, user }) => [owner, user])).map((role) =>
      finding(where, `the role ${role} belongs to two databases`, 'roles of their own', 'name another role'),
    ),
  ];
  if (findings.length > 0) throw new InputError(findings);
  return complete;
}

function finding(where: string, what: string, allowed: string, remedy: string): Finding {
  return { where: `${where}: databases`, what, allowed, remedy };
}

function nameFindings(where: string, field: string, name: string): Finding[] {
  if (taken.has(name)) {
    return [finding(where, `the ${field} "${name}" is PostgreSQL's or ours`, 'any other name', 'rename it')];
  }
  if (/^(?!pg_)[a-z_][a-z0-9_]{0,62}$/.test(name)) return [];
  return [
    finding(
      where,
      `the ${field} "${name}"`,
      'small letters, digits and _, 63 at most, a letter first and not pg_: names that need no quotes',
      'rename it',
    ),
  ];
}

function twins(names: readonly string[]): string[] {
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
}
