/** Where things are in the pod. */
export const paths = {
  /** The volume. */
  data: '/data',
  settings: '/etc/directory',
  accounts: '/etc/directory-data',
  certificate: '/run/certificate',
  run: '/run/samba',
  /** What the server tells the exporter beside it. */
  told: '/run/told',
  scripts: '/opt/directory',
  /** Of the jobs: what they make. */
  work: '/work',
} as const;

export const script = (name: string): string => `${paths.scripts}/${name}`;

/**
 * Of whoever starts a server. Where Samba is built with MIT's Kerberos, as by Fedora, whose build the image has, the KDC is a
 * program beside it that asks these for its realm, and ends without; Samba ends with it.
 */
export const kerberosFiles = {
  KRB5_CONFIG: `${paths.settings}/krb5.conf`,
  KRB5_KDC_PROFILE: `${paths.settings}/kdc.conf`,
} as const;

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
