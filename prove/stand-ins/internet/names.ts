import type { ClusterPlan } from '../../cluster/plan.ts';

/** What stands in for what. */
export const standIn = 'a stand-in for GitHub and for registries, with a certificate that Argo CD is told to trust';

/** Hosts of the internet that the proving ground has a stand-in for, all at one address. */
export const worldHosts = { git: 'github.com', charts: 'charts.jetstack.io' } as const;

/** A public address, as network policies see it: of the range that is kept for documentation. */
export const worldAddress = '203.0.113.10';

/** Of its name server, which the nodes ask. */
export const worldNameServer = '203.0.113.53';

/** Every host of the stand-in for the internet, by address. */
export function worldAddresses({ stores }: Pick<ClusterPlan, 'stores'>): Readonly<Record<string, readonly string[]>> {
  const hosts = new Map(stores.map(({ address, host }) => [address, [host]] as const));
  return { [worldAddress]: Object.values(worldHosts), ...Object.fromEntries(hosts) };
}

/** In the world's folder: how long its GitHub waits before each answer, in milliseconds. */
export const gitDelayFile = 'git-delay';
