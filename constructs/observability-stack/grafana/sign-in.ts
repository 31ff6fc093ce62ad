import fs from 'node:fs';
import path from 'node:path';
import { authorityFile } from '../../core/authority-files.ts';
import { secretFile } from '../../core/container.ts';
import type { DirectoryEndpoint } from '../../core/endpoint.ts';
import type { Finding } from '../../core/error.ts';
import { ldapsFindings } from '../../core/ldaps.ts';
import type { GrafanaDirectory } from '../props.ts';

const folder = path.join(import.meta.dirname, '..', 'files', 'grafana');

/**
 * What Grafana is told beside its other settings, where people of a directory sign in. They look, and keep nothing: links from
 * lines to traces and back lead to a page that whoever only looks has not by itself.
 */
export function signInSettings(file: string): string {
  const ldap = `\n[auth.ldap]\nenabled = true\nconfig_file = ${file}\nallow_sign_up = true\n`;
  return `${ldap}\n[users]\nviewers_can_edit = true\n`;
}

/**
 * Whom it asks, and who may look. In TOML a text in quotes is as in JSON.
 * @see https://grafana.com/docs/grafana/latest/setup-grafana/configure-access/configure-authentication/ldap/ (13.1)
 */
export function ldapFile({ endpoint, group }: GrafanaDirectory): string {
  const { baseDn, credentials, authority } = endpoint;
  const { hostname, port } = new URL(endpoint.url);
  const lines: Readonly<Record<string, string | number | readonly string[] | undefined>> = {
    host: hostname,
    port: Number(port),
    root_ca_cert: authority && authorityFile(authority),
    bind_dn: credentials.user,
    bind_password: `$__file{${secretFile(credentials.password)}}`,
    search_base_dns: [baseDn],
  };
  const written = Object.entries(lines)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key} = ${JSON.stringify(value)}\n`);
  // Who is in no group that is named here does not get in.
  const viewers = `group_mappings = [{ group_dn = ${JSON.stringify(group)}, org_role = "Viewer" }]\n`;
  return fs.readFileSync(path.join(folder, 'ldap.toml'), 'utf8') + written.join('') + viewers;
}

/** The directory by LDAPS alone: Grafana takes no tickets. */
export function byLdaps(endpoint: DirectoryEndpoint): DirectoryEndpoint {
  const port = Number(new URL(endpoint.url).port);
  return { ...endpoint, targets: endpoint.targets.filter((target) => target.port === port) };
}

export function signInFindings(directory: GrafanaDirectory | undefined): Finding[] {
  if (directory === undefined) return [];
  const { endpoint, group } = directory;
  return [
    ...ldapsFindings('Grafana: directory', endpoint),
    ...(/^CN=.+,/i.test(group)
      ? []
      : [
          {
            where: 'Grafana: directory.group',
            what: `${group} is no distinguished name of a group`,
            allowed: 'such as CN=Operators,CN=Users,DC=ad,DC=example,DC=com',
            remedy: 'name the group whose people may look: without one, everybody of the directory could',
          },
        ]),
  ];
}
