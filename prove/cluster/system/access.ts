import type { Manifest } from '../../../constructs/core/manifest.ts';
import { users } from '../pki.ts';

export interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

const watch = ['list', 'watch'];

/** Rights of the daemons that Kubernetes has no role of its own for. */
export function daemonAccess(): readonly Manifest[] {
  return [
    ...grant(
      'diptych:netpold',
      [
        { apiGroups: [''], resources: ['pods', 'namespaces'], verbs: watch },
        { apiGroups: [''], resources: ['nodes'], verbs: ['get'] },
        { apiGroups: ['networking.k8s.io'], resources: ['networkpolicies'], verbs: watch },
      ],
      user(users.netpold),
    ),
    bind('diptych:kubelet-client', 'system:kubelet-api-admin', user(users.kubeletClient)),
  ];
}

/** Who gets a role. */
export type Subject = Readonly<Record<'kind' | 'name', string> & Partial<Record<'apiGroup' | 'namespace', string>>>;

export function user(name: string): Subject {
  return { apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name };
}

export function serviceAccount(name: string): Manifest {
  return { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace: 'kube-system' } };
}

/** The ServiceAccount of that name in kube-system. */
export function serviceAccountSubject(name: string): Subject {
  return { kind: 'ServiceAccount', name, namespace: 'kube-system' };
}

/** A ClusterRole of that name, and its binding. */
export function grant(name: string, rules: readonly Rule[], subject: Subject): readonly Manifest[] {
  return [
    { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name }, rules },
    bind(name, name, subject),
  ];
}

/** Binds a ClusterRole in the whole cluster. */
export function bind(name: string, role: string, subject: Subject): Manifest {
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
    subjects: [subject],
  };
}
