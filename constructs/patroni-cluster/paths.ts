/** Where things are in the pods: what Spilo's image has, and what we mount. */
export const volumePath = '/home/postgres/pgdata';
/** Where the agent has a folder of the volume, the only one that it may write to. */
export const reservePath = '/home/postgres/reserve';
export const dataDirectory = `${volumePath}/pgroot/data`;
export const socketDirectory = '/run/postgresql';
export const scriptsPath = '/opt/postgres';
export const configurationPath = '/etc/patroni';
export const tlsPath = '/run/tls';

export const script = (name: string): string => `${scriptsPath}/${name}`;
export const binaries = (version: number): string => `/usr/lib/postgresql/${version}/bin`;

/** Spilo's numbers for postgres. */
export const postgresUser = 101;
export const postgresGroup = 103;

/** Of the exporters. PostgreSQL and PgBouncer ask their own images for the name of a number; every image has this one. */
export const exporterUser = { number: 65534, name: 'nobody' } as const;

export const ports = {
  postgres: 5432,
  patroni: 8008,
  agent: 9351,
  exporter: 9187,
  pooler: 6432,
  poolerExporter: 9127,
} as const;
