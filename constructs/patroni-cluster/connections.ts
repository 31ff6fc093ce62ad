import type { Finding } from '../core/error.ts';
import type { Database } from './databases.ts';
import { asNumber } from './parameter-values.ts';
import { maxConnections } from './parameters.ts';
import type { PatroniClusterProps } from './props.ts';

/** Of a role that owns a database: migrations run one after the other. */
const ofOwner = 5;
/** Of the exporter, which has one or two during a scrape. */
const ofMonitoring = 5;
/** What is left when every role has all that it may: for people, members that rewind, and Patroni beside those kept for it. */
const spare = 7;

/** How many connections a role may have; `false` for as many as there are. */
export interface ConnectionLimits {
  readonly connections: number | false;
  readonly ownerConnections: number | false;
}

type Given = Pick<PatroniClusterProps, 'databases' | 'parameters'>;

/** Of each database. What none of them asks for is shared by those that say nothing, in equal parts. */
export function connectionLimits({ databases, parameters }: Given): (database: Database) => ConnectionLimits {
  const owners = databases.map(({ ownerConnections = ofOwner }) => ownerConnections);
  const asked = databases.flatMap(({ connections }) => (connections === undefined ? [] : [connections]));
  const silent = databases.length - asked.length;
  const left = forRoles(parameters) - sum(owners) - sum(asked);
  const part = Math.floor(left / Math.max(silent, 1));
  return ({ connections = part, ownerConnections = ofOwner }) => ({ connections, ownerConnections });
}

/** The limits of the roles that have one. */
export function limitsOfRoles(
  databases: readonly (ConnectionLimits & Required<Pick<Database, 'owner' | 'user'>>)[],
): Readonly<Record<string, number>> {
  const limits = databases.flatMap(({ owner, user, ...limit }) => [
    [user, limit.connections] as const,
    [owner, limit.ownerConnections] as const,
  ]);
  const limited = limits.filter((each): each is readonly [string, number] => each[1] !== false);
  return { monitoring: ofMonitoring, ...Object.fromEntries(limited) };
}

/** What is wrong with them: one application that takes all it gets must leave the others theirs. */
export function connectionFindings(props: Given): readonly Omit<Finding, 'where'>[] {
  const { databases, parameters } = props;
  const wrong = databases.flatMap(({ name, connections, ownerConnections }) =>
    Object.entries({ connections, ownerConnections })
      .filter(([, limit]) => limit !== undefined && limit !== false && !(Number.isInteger(limit) && limit > 0))
      .map(([option, limit]) => ({
        what: `databases: ${name}: ${option}: ${limit}`,
        allowed: 'a whole number, 1 or more, or false for no limit',
        remedy: 'change the option',
      })),
  );
  if (wrong.length > 0 || databases.length === 0) return wrong;
  const limits = databases.map(connectionLimits(props));
  const together = sum(limits.flatMap(({ connections, ownerConnections }) => [connections, ownerConnections]));
  const fewest = Math.min(...limits.map(({ connections }) => (connections === false ? 1 : connections)));
  const most = forRoles(parameters);
  if (together <= most && fewest >= 1) return [];
  return [
    {
      what: 'the roles of all databases together may have more connections than there are',
      allowed: `${most} together, 1 or more for each role: max_connections, less what superusers, exporter and people get`,
      remedy: 'raise max_connections in parameters, or lower connections and ownerConnections of databases',
    },
  ];
}

/** Connections that the roles of databases have between them. */
function forRoles(parameters: PatroniClusterProps['parameters'] = {}): number {
  const named = Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name.toLowerCase(), value]));
  const of = (name: string, otherwise: number): number => asNumber(named[name] ?? otherwise) ?? otherwise;
  const reserved = of('superuser_reserved_connections', 3) + of('reserved_connections', 0);
  return of('max_connections', maxConnections) - reserved - ofMonitoring - spare;
}

function sum(limits: readonly (number | false)[]): number {
  return limits.reduce<number>((total, limit) => total + (limit === false ? 0 : limit), 0);
}
