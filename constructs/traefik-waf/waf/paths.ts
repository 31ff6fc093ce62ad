/** Where the pods see their configuration. ModSecurity takes paths that are not whole for those of where it was started. */
export const configurationPath = '/etc/waf';

/** Where nginx listens. */
export const ports = { web: 8080, health: 8081 } as const;
