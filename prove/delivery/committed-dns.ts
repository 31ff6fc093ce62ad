import type { Manifest } from '../../constructs/core/manifest.ts';
import { committedObjects, inOrder } from './committed.ts';

const kinds = ['ServiceAccount', 'ClusterRole', 'ClusterRoleBinding', 'ConfigMap', 'DaemonSet', 'Service'];

/**
 * CoreDNS as the platform brings it, which a cluster has before Argo CD: pods without names can't fetch what would give them
 * any. The rest of its application is policies, which a cluster without the platform goes without.
 */
export function committedDns(root: string, environment: string): Manifest[] {
  const all = committedObjects(root, `dist/${environment}/cluster-system`);
  return inOrder(all.filter(({ kind }) => kinds.includes(kind)));
}
