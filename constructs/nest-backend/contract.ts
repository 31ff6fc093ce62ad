import { authorityFile } from '../core/authority-files.ts';
import type {
  Credentials,
  DirectoryEndpoint,
  PostgresEndpoint,
  RedisEndpoint,
  TrustedAuthority,
} from '../core/endpoint.ts';
import type { SecretKeyReference } from '../core/secret-ref.ts';

/** The variables by which an application learns of an endpoint. */
export interface Contract {
  readonly environment: Readonly<Record<string, string>>;
  /** Each holds the path of a file: values in variables would show in every crash report and child process. */
  readonly secretFiles: Readonly<Record<string, SecretKeyReference>>;
  /** Whose certificates it verifies the servers by; a variable names the file. */
  readonly authorities: readonly TrustedAuthority[];
}

export function databaseContract(database: PostgresEndpoint, { user, password }: Credentials): Contract {
  const authority = database.sslMode === 'verify-full' ? database.authority : undefined;
  return {
    environment: {
      DATABASE_HOST: database.host,
      DATABASE_PORT: String(database.port),
      DATABASE_NAME: database.database,
      DATABASE_SSLMODE: database.sslMode,
      DATABASE_USER: user,
      ...(authority ? { DATABASE_CA_FILE: authorityFile(authority) } : {}),
    },
    secretFiles: { DATABASE_PASSWORD_FILE: password },
    authorities: authority ? [authority] : [],
  };
}

export function cacheContract(cache: RedisEndpoint): Contract {
  const { sentinels, primaryName, server, serverName, credentials, authority } = cache;
  return {
    environment: {
      ...(sentinels.length > 0
        ? {
            REDIS_SENTINELS: sentinels.map(({ host, port }) => `${host}:${port}`).join(','),
            REDIS_PRIMARY_NAME: primaryName,
          }
        : {}),
      ...(server ? { REDIS_HOST: server.host, REDIS_PORT: String(server.port) } : {}),
      REDIS_USER: credentials.user,
      ...(authority ? { REDIS_CA_FILE: authorityFile(authority) } : {}),
      ...(authority && serverName !== undefined ? { REDIS_TLS_NAME: serverName } : {}),
    },
    secretFiles: { REDIS_PASSWORD_FILE: credentials.password },
    authorities: authority ? [authority] : [],
  };
}

export function directoryContract({ url, realm, baseDn, credentials, authority }: DirectoryEndpoint): Contract {
  return {
    environment: {
      LDAP_URL: url,
      LDAP_BASE_DN: baseDn,
      LDAP_BIND_USER: credentials.user,
      KERBEROS_REALM: realm,
      ...(authority ? { LDAP_CA_FILE: authorityFile(authority) } : {}),
    },
    secretFiles: { LDAP_BIND_PASSWORD_FILE: credentials.password },
    authorities: authority ? [authority] : [],
  };
}

/** The option of the backend that each variable follows. */
export const contractOptions: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries({
    database: ['HOST', 'PORT', 'NAME', 'SSLMODE', 'USER', 'CA_FILE', 'PASSWORD_FILE'].map((each) => `DATABASE_${each}`),
    cache: ['SENTINELS', 'PRIMARY_NAME', 'HOST', 'PORT', 'USER', 'CA_FILE', 'TLS_NAME', 'PASSWORD_FILE'].map(
      (each) => `REDIS_${each}`,
    ),
    directory: [
      'LDAP_URL',
      'LDAP_BASE_DN',
      'LDAP_BIND_USER',
      'LDAP_BIND_PASSWORD_FILE',
      'LDAP_CA_FILE',
      'KERBEROS_REALM',
    ],
  }).flatMap(([option, variables]) => variables.map((variable) => [variable, option])),
);

/** All of them as one. */
export function mergeContracts(contracts: readonly Contract[]): Contract {
  return {
    environment: Object.fromEntries(contracts.flatMap(({ environment }) => Object.entries(environment))),
    secretFiles: Object.fromEntries(contracts.flatMap(({ secretFiles }) => Object.entries(secretFiles))),
    authorities: contracts.flatMap(({ authorities }) => authorities),
  };
}
