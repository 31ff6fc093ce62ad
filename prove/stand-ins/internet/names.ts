import type { ClusterPlan } from '../../cluster/plan.ts';

/** What stands in for what. */
export const standIn = 'a stand-in for GitHub and for registries, with a certificate that Argo CD is told to trust';

/** Hosts of the internet that the proving ground has a stand-in for, all at one address. */
export const worldHosts = { git: 'github.com', charts: 'charts.jetstack.io' } as const;

/** A public address, as network policies see it: of the range that is kept for documentation. */
export const worldAddress = '203.0.113.10';

/** Of its name server, which the nodes ask. */
export const worldNameServer = '203.0.113.53';

/** Where the names of the platform lead: the load balancer, by a way in for each version of the PROXY protocol. */
export const entrances = {
  v1: '203.0.113.21',
  v2: '203.0.113.22',
  ipv6: '2001:db8:22::1',
} as const;

/** Every host of the stand-in for the internet, by address. */
export function worldAddresses({
  stores,
  publicHosts,
  toldHosts,
}: Pick<ClusterPlan, 'stores' | 'publicHosts' | 'toldHosts'>): Readonly<Record<string, readonly string[]>> {
  const hosts = new Map(stores.map(({ address, host }) => [address, [host]] as const));
  return {
    [worldAddress]: [...Object.values(worldHosts), ...new Set(toldHosts)],
    ...(publicHosts.length === 0 ? {} : { [entrances.v2]: publicHosts }),
    ...Object.fromEntries(hosts),
  };
}

/** In the world's folder: what whoever is told of alerts was sent, one line of JSON for each request. */
export const toldFile = 'told.jsonl';

/** In the world's folder: how long its GitHub waits before each answer, in milliseconds. */
export const gitDelayFile = 'git-delay';
