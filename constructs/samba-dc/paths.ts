/** Where things are in the pod. */
export const paths = {
  /** The volume. */
  data: '/data',
  settings: '/etc/directory',
  accounts: '/etc/directory-data',
  certificate: '/run/certificate',
  run: '/run/samba',
  scripts: '/opt/directory',
  /** Of the jobs: what they make. */
  work: '/work',
} as const;

export const script = (name: string): string => `${paths.scripts}/${name}`;

/** What the scripts hold against what a database says. */
export function identityOf({
  realm,
  domain,
  server,
}: {
  readonly realm: string;
  readonly domain: string;
  readonly server: string;
}): Readonly<Record<string, string>> {
  return { REALM: realm, DOMAIN: domain, SERVER: server };
}

/** Clients know no others; the last one is for whoever watches. */
export const ports = { dns: 53, kerberos: 88, ldaps: 636, metrics: 9119 } as const;
