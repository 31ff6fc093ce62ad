import type { Environment } from '../../../constructs/core/environment.ts';
import type { Manifest } from '../../../constructs/core/manifest.ts';
import type { ClusterPlan } from '../plan.ts';
import { daemonAccess } from './access.ts';
import { dns } from './dns.ts';
import { metrics } from './metrics.ts';
import type { Certificate } from './metrics.ts';
import { storage } from './storage.ts';

/** What K3s brings along by itself, and rights of the daemons. */
export function systemManifests(
  plan: ClusterPlan,
  serving: Certificate,
  clusterDns: Environment['clusterDns'],
): readonly Manifest[] {
  return [...daemonAccess(), ...(clusterDns === 'k3s' ? dns(plan) : []), ...storage(), ...metrics(serving)];
}
