import type { Construct } from 'constructs';
import { kubeObject } from '../core/kube-object.ts';
import { KubeRole, KubeRoleBinding } from '../core/level1.ts';

/**
 * What Patroni asks of the Kubernetes API, as measured over bootstrap and failovers, and nothing more. Its Endpoints or
 * ConfigMaps don't exist before it makes them, so `create` can't be bound to names.
 */
export function patroniRights(
  scope: Construct,
  serviceAccount: string,
  labels: Readonly<Record<string, string>>,
  consensus: 'endpoints' | 'configmaps',
): void {
  const metadata = { name: serviceAccount, labels: { ...labels } };
  kubeObject(scope, 'role', KubeRole, {
    metadata,
    rules: [
      { apiGroups: [''], resources: [consensus], verbs: ['create', 'get', 'list', 'patch', 'watch'] },
      // Its own role is a label of its pod.
      { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list', 'patch', 'watch'] },
    ],
  });
  kubeObject(scope, 'role-binding', KubeRoleBinding, {
    metadata,
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: serviceAccount },
    subjects: [{ kind: 'ServiceAccount', name: serviceAccount }],
  });
}
