/** What stands in for what. */
export const standIn = 'a stand-in for GitHub and for registries, with a certificate that Argo CD is told to trust';

/** Hosts of the internet that the proving ground has a stand-in for, all at one address. */
export const worldHosts = { git: 'github.com', charts: 'charts.jetstack.io' } as const;

/** A public address, as network policies see it: of the range that is kept for documentation. */
export const worldAddress = '203.0.113.10';

/** Object storage at two providers, each at an address of its own, so that one of them can fail. */
export const objectStores = {
  primary: {
    host: 'fsn1.your-objectstorage.com',
    address: '203.0.113.11',
    region: 'fsn1',
    bucket: 'example-backups',
    lockedDays: 0,
  },
  offsite: {
    host: 's3.eu-central-003.backblazeb2.com',
    address: '203.0.113.12',
    region: 'eu-central-003',
    bucket: 'example-backups-offsite',
    /** Nobody deletes or overwrites what was written on fewer days ago. */
    lockedDays: 1,
  },
} as const;

export type ObjectStoreName = keyof typeof objectStores;

/** Every host of the stand-in for the internet, by address. */
export const worldAddresses: Readonly<Record<string, readonly string[]>> = {
  [worldAddress]: Object.values(worldHosts),
  ...Object.fromEntries(Object.values(objectStores).map(({ address, host }) => [address, [host]])),
};

/** In the world's folder: how long its GitHub waits before each answer, in milliseconds. */
export const gitDelayFile = 'git-delay';
