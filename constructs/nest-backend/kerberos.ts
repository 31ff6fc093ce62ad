import fs from 'node:fs';
import path from 'node:path';
import { Size } from 'cdk8s';
import type { Construct } from 'constructs';
import { ConfigFiles } from '../core/config-files.ts';
import { Cpu } from '../core/cpu.ts';
import type { DirectoryEndpoint } from '../core/endpoint.ts';
import type { Image } from '../core/environment.ts';
import { composed } from '../core/variables.ts';
import type { WebWorkloadKind } from '../web-workload/index.ts';

const folder = path.join(import.meta.dirname, 'files');
const filesPath = '/opt/kerberos';
const keytabPath = '/run/kerberos';

/** What a server needs that takes people's tickets. */
export interface Tickets extends Pick<WebWorkloadKind, 'files' | 'mounts' | 'volumes' | 'initContainers'> {
  readonly environment: Readonly<Record<string, string>>;
}

/** The option of the backend that each variable follows. */
export const ticketOptions: Readonly<Record<string, string>> = {
  KRB5_CONFIG: 'directory',
  KRB5_KTNAME: 'directory',
  KRB5RCACHEDIR: 'directory',
};

/** The keytab is made in the pod, from the account's password: it is in no secret of its own, and never older than the pod. */
export function ticketsFor(
  scope: Construct,
  name: string,
  image: Image,
  { realm, kdc, keytab }: DirectoryEndpoint,
): Tickets | undefined {
  if (keytab === undefined) return undefined;
  const files = {
    [filesPath]: new ConfigFiles(scope, 'kerberos', {
      name: `${name}-kerberos`,
      folder,
      pick: ['keytab.mjs'],
      data: { 'krb5.conf': configuration(realm, kdc) },
    }),
  };
  const environment = {
    KERBEROS_REALM: realm,
    KERBEROS_PRINCIPALS: keytab.principals.join(','),
    KERBEROS_SALT: keytab.salt,
  };
  return {
    environment: {
      KRB5_CONFIG: `${filesPath}/krb5.conf`,
      KRB5_KTNAME: `${keytabPath}/keytab`,
      // Which tickets were shown already; /var/tmp can't be written to.
      KRB5RCACHEDIR: '/tmp',
    },
    files,
    mounts: [{ volume: 'kerberos', path: keytabPath, readOnly: true }],
    volumes: { kerberos: { sizeLimit: Size.mebibytes(1), inMemory: true } },
    initContainers: [
      {
        name: 'keytab',
        image,
        command: ['node', `${filesPath}/keytab.mjs`, `${keytabPath}/keytab`],
        environment: composed(`keytab of ${name}`, environment),
        secretFiles: { KEYTAB_PASSWORD_FILE: keytab.password },
        files,
        mounts: [{ volume: 'kerberos', path: keytabPath }],
        resources: {
          cpuRequest: Cpu.millicores(10),
          memory: Size.mebibytes(128),
          because: 'Estimate: it computes two keys, in a Node.js without a heap to speak of.',
        },
        probes: 'none',
      },
    ],
  };
}

function configuration(realm: string, kdc: DirectoryEndpoint['kdc']): string {
  const text = fs.readFileSync(path.join(folder, 'krb5.conf'), 'utf8');
  return text
    .replaceAll('@REALM@', realm)
    .replace('@BY_NAME@', String(kdc === undefined))
    .replace('@KDC@', kdc ? `    kdc = ${kdc.host}:${kdc.port}\n` : '');
}
