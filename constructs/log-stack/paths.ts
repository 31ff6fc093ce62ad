export const ports = { http: 3100, grpc: 9095 } as const;

/** In Loki's container. */
export const paths = {
  settings: '/etc/loki',
  rules: '/etc/loki-rules',
  data: '/loki',
  keys: '/run/keys',
} as const;

/** Whose lines they are where nobody says: Loki's name for the only one there is, and of the folder with its rules. */
export const onlyTenant = 'fake';
