/** Hosts of the internet that the proving ground has a stand-in for, all at one address. */
export const worldHosts = { git: 'github.com', charts: 'charts.jetstack.io' } as const;

/** A public address, as network policies see it: of the range that is kept for documentation. */
export const worldAddress = '203.0.113.10';

/** In the world's folder: how long its GitHub waits before each answer, in milliseconds. */
export const gitDelayFile = 'git-delay';
