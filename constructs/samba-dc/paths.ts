/** Where things are in the pod. */
export const paths = {
  /** The volume. */
  data: '/data',
  settings: '/etc/directory',
  accounts: '/etc/directory-data',
  certificate: '/run/certificate',
  run: '/run/samba',
  scripts: '/opt/directory',
} as const;

export const script = (name: string): string => `${paths.scripts}/${name}`;

/** Clients know no others. */
export const ports = { dns: 53, kerberos: 88, ldaps: 636 } as const;
