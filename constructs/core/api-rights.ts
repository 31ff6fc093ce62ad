import type { IPolicyRule } from 'kubernetes-models/rbac.authorization.k8s.io/v1/PolicyRule';
import type { Endpoint } from './endpoint.ts';
import { kubeObject } from './kube-object.ts';
import { KubeClusterRole, KubeClusterRoleBinding, KubeRole, KubeRoleBinding } from './level1.ts';
import type { Workload } from './workload.ts';

type PolicyRule = Readonly<Omit<IPolicyRule, 'nonResourceURLs'>>;

/** What a workload may do by the Kubernetes API. */
export interface ApiRights {
  /** Where the API is: `apiServer(environment)`. */
  readonly endpoint: Endpoint;
  /** Why it connects. */
  readonly reason: string;
  /**
   * In its own namespace.
   * @default none
   */
  readonly rules?: readonly PolicyRule[];
  /**
   * In the whole cluster.
   * @default none
   */
  readonly clusterRules?: readonly PolicyRule[];
}

/** The roles of a workload's account, and the wire to the API. */
export function apiRights(workload: Workload, { endpoint, reason, rules, clusterRules }: ApiRights): void {
  const { name, namespace, labels, props } = workload;
  const metadata = (name: string) => ({
    name,
    labels: { ...labels },
    ...(props.annotations ? { annotations: { ...props.annotations } } : {}),
  });
  const apiGroup = 'rbac.authorization.k8s.io';
  if (rules) {
    kubeObject(workload, 'role', KubeRole, { metadata: metadata(name), rules: rules.map(mutable) });
    kubeObject(workload, 'role-binding', KubeRoleBinding, {
      metadata: metadata(name),
      roleRef: { apiGroup, kind: 'Role', name },
      subjects: [{ kind: 'ServiceAccount', name }],
    });
  }
  if (clusterRules) {
    // Two workloads of one name in two namespaces are two.
    const clusterWide = `${namespace}-${name}`;
    kubeObject(workload, 'cluster-role', KubeClusterRole, {
      metadata: metadata(clusterWide),
      rules: clusterRules.map(mutable),
    });
    kubeObject(workload, 'cluster-role-binding', KubeClusterRoleBinding, {
      metadata: metadata(clusterWide),
      roleRef: { apiGroup, kind: 'ClusterRole', name: clusterWide },
      subjects: [{ kind: 'ServiceAccount', name, namespace }],
    });
  }
  workload.needs(endpoint, reason);
}

function mutable({ apiGroups = [], resources = [], resourceNames = [], verbs }: PolicyRule) {
  return {
    apiGroups: [...apiGroups],
    resources: [...resources],
    ...(resourceNames.length > 0 ? { resourceNames: [...resourceNames] } : {}),
    verbs: [...verbs],
  };
}
