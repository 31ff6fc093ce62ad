import fs from 'node:fs';
import * as v from 'valibot';

/** The variables that the platform sets: docs/constructs/nest-backend.md of the platform says what each of them means. */
const wholeNumber = v.pipe(v.string(), v.regex(/^\d+$/, 'is no whole number'), v.transform(Number));
const address = v.pipe(v.string(), v.url('is no address'));
const path = v.pipe(v.string(), v.startsWith('/', 'is no path from /'));
const text = v.pipe(v.string(), v.nonEmpty('is empty'));
const hostAndPort = v.pipe(
  v.string(),
  v.regex(/^[^:,]+:\d+(,[^:,]+:\d+)*$/, 'is no list of host:port'),
  v.transform((list) =>
    list.split(',').map((each) => ({ host: each.split(':')[0] ?? '', port: Number(each.split(':')[1]) })),
  ),
);
/** `role=group,role=group`: who is in the group of the directory has the role. */
const roleGroups = v.pipe(
  v.string(),
  v.regex(/^[a-z]+=[^,=]+(,[a-z]+=[^,=]+)*$/, 'is no list of role=group'),
  v.transform((list) => list.split(',').map((each) => each.split('=') as [role: string, group: string])),
);

const database = {
  DATABASE_HOST: text,
  DATABASE_PORT: wholeNumber,
  DATABASE_NAME: text,
  DATABASE_USER: text,
  DATABASE_SSLMODE: v.picklist(['disable', 'require', 'verify-full'], 'is none of disable, require, verify-full'),
  DATABASE_PASSWORD_FILE: path,
  DATABASE_CA_FILE: v.optional(path),
};

const server = {
  ...database,
  PORT: wholeNumber,
  PUBLIC_URL: address,
  KEEP_ALIVE_TIMEOUT_MS: wholeNumber,
  SHUTDOWN_TIMEOUT_MS: wholeNumber,
  METRICS_PORT: v.optional(wholeNumber),
  METRICS_PATH: v.optional(path, '/metrics'),
  REDIS_SENTINELS: v.optional(hostAndPort),
  REDIS_PRIMARY_NAME: v.optional(text),
  REDIS_HOST: v.optional(text),
  REDIS_PORT: v.optional(wholeNumber),
  REDIS_USER: text,
  REDIS_PASSWORD_FILE: path,
  REDIS_CA_FILE: v.optional(path),
  REDIS_TLS_NAME: v.optional(text),
  // Without TLS everybody on the way could read passwords: another address is refused.
  LDAP_URL: v.pipe(address, v.startsWith('ldaps://', 'has to begin with ldaps://')),
  LDAP_BASE_DN: text,
  LDAP_BIND_USER: text,
  LDAP_BIND_PASSWORD_FILE: path,
  LDAP_CA_FILE: v.optional(path),
  KERBEROS_REALM: text,
  /** Read by the Kerberos library itself; without it nobody is asked for a ticket. */
  KRB5_KTNAME: v.optional(path),
  SESSION_KEY_FILE: path,
  ROLE_GROUPS: v.optional(roleGroups, 'editor=shop-editors'),
  SIGN_IN_ATTEMPTS: v.optional(wholeNumber, '5'),
  SIGN_IN_WINDOW_SECONDS: v.optional(wholeNumber, '960'),
  CACHE_SECONDS: v.optional(wholeNumber, '30'),
  LOG_LEVEL: v.optional(v.picklist(['debug', 'info', 'warn', 'error'], 'is no level'), 'info'),
  OTEL_TRACES_EXPORTER: v.optional(text),
};

export type DatabaseSettings = v.InferOutput<v.ObjectSchema<typeof database, undefined>>;
export type Settings = v.InferOutput<v.ObjectSchema<typeof server, undefined>>;

type Variables = Readonly<Record<string, string | undefined>>;

/** @throws Error that names every variable that is missing or wrong, in one line, and no value of any */
export function readSettings(variables: Variables): Settings {
  const settings = parsed(v.object(server), variables);
  const { REDIS_SENTINELS: sentinels, REDIS_PRIMARY_NAME: name, REDIS_HOST: host, REDIS_PORT: port } = settings;
  if (!(sentinels && name) && !(host && port)) {
    throw new Error('neither REDIS_SENTINELS with REDIS_PRIMARY_NAME nor REDIS_HOST with REDIS_PORT');
  }
  return settings;
}

/** @throws Error as `readSettings` */
export const readDatabaseSettings = (variables: Variables): DatabaseSettings => parsed(v.object(database), variables);

function parsed<Entries extends v.ObjectEntries>(schema: v.ObjectSchema<Entries, undefined>, variables: Variables) {
  const result = v.safeParse(schema, variables);
  const files = Object.keys(schema.entries)
    .filter((variable) => variable.endsWith('_FILE') && variables[variable] !== undefined)
    .flatMap((variable) => unreadable(variable, variables[variable] ?? ''));
  const wrong = (result.issues ?? []).map((issue) => {
    const variable = v.getDotPath(issue) ?? '';
    return issue.received === 'undefined' ? `${variable} is missing` : `${variable} ${issue.message}`;
  });
  if (result.success && files.length === 0) return result.output;
  throw new Error([...wrong, ...files].join('; '));
}

function unreadable(variable: string, file: string): readonly string[] {
  try {
    readSecret(file);
    return [];
  } catch {
    return [`${variable} names a file that is empty or can't be read`];
  }
}

/** The value in a file, read at each use because rotation changes the file. @throws Error for an empty file */
export function readSecret(file: string): string {
  const value = fs.readFileSync(file, 'utf8').trim();
  if (value === '') throw new Error(`${file} is empty`);
  return value;
}
