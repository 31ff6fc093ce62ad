import type { DirectoryEndpoint } from './endpoint.ts';
import type { Finding } from './error.ts';

/** What is wrong with a directory that is asked without TLS. */
export function ldapsFindings(where: string, { url }: Pick<DirectoryEndpoint, 'url'>): Finding[] {
  if (url.startsWith('ldaps://')) return [];
  return [
    {
      where,
      what: `${url}, which is LDAP without TLS`,
      allowed: 'an address that begins with ldaps://: whoever is on the way would read passwords',
      remedy: 'give its address with TLS, mostly on port 636, and its authority',
    },
  ];
}
