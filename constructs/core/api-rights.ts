import type { IClusterRole } from 'kubernetes-models/rbac.authorization.k8s.io/v1/ClusterRole';
import type { IPolicyRule } from 'kubernetes-models/rbac.authorization.k8s.io/v1/PolicyRule';
import type { ContainerProps } from './container.ts';
import type { Endpoint } from './endpoint.ts';
import { InputError } from './error.ts';
import { kubeObject } from './kube-object.ts';
import { KubeClusterRoleBinding, KubeRole, KubeRoleBinding } from './level1.ts';
import { apiTokenPath } from './pod-volume.ts';
import type { PodVolume } from './pod-volume.ts';
import type { Workload } from './workload.ts';

/** A right: to certain objects by `resourceNames`, else to all of their kind, for a reason. */
export type ApiRule = Readonly<Omit<IPolicyRule, 'nonResourceURLs'>> & {
  /**
   * Why it names no objects. Kubernetes knows no name when one is created, and names none in the answer to a question for
   * all of them: `create`, `list` and `watch` can't have names, whatever is asked.
   */
  readonly unnamedBecause?: string;
};

/** What a workload may do by the Kubernetes API. */
export interface ApiRights {
  /** Where the API is: `apiServer(environment)`. */
  readonly endpoint: Endpoint;
  /** Why it connects. */
  readonly reason: string;
  /** Names of the containers that ask. They get the account's token, and nobody beside them. */
  readonly containers: readonly [string, ...string[]];
  /**
   * In its own namespace.
   * @default none
   */
  readonly rules?: readonly ApiRule[];
  /**
   * In the whole cluster.
   * @default none
   */
  readonly clusterRules?: readonly ApiRule[];
  /**
   * What it may get of the API server itself, such as `/metrics`.
   * @default none
   */
  readonly paths?: readonly string[];
}

/** The annotation of a role that says why rules of it name no objects. */
export const unnamedRightsAnnotation = 'diptych/unnamed-rights';

/** What a rule lets do, such as `list, watch pods`. */
export function describeRule({
  verbs,
  resources = [],
  nonResourceURLs = [],
}: Pick<IPolicyRule, 'verbs' | 'resources' | 'nonResourceURLs'>): string {
  return `${[...verbs].sort().join(', ')} ${[...resources, ...nonResourceURLs].sort().join(', ')}`;
}

/** The roles of a workload's account, and the wire to the API. @throws InputError for containers that it doesn't have */
export function apiRights(workload: Workload, rights: ApiRights): void {
  const { endpoint, reason, containers, rules, clusterRules = [], paths = [] } = rights;
  const { name, namespace } = workload;
  checkNames(workload, containers);
  const apiGroup = 'rbac.authorization.k8s.io';
  if (rules) {
    kubeObject(workload, 'role', KubeRole, { metadata: metadata(workload, name, rules), rules: rules.map(mutable) });
    kubeObject(workload, 'role-binding', KubeRoleBinding, {
      metadata: metadata(workload, name),
      roleRef: { apiGroup, kind: 'Role', name },
      subjects: [{ kind: 'ServiceAccount', name }],
    });
  }
  if (clusterRules.length + paths.length > 0) {
    // Two workloads of one name in two namespaces are two.
    const clusterWide = `${namespace}-${name}`;
    const role: IClusterRole = {
      apiVersion: `${apiGroup}/v1`,
      kind: 'ClusterRole',
      metadata: metadata(workload, clusterWide, clusterRules),
      rules: [
        ...clusterRules.map(mutable),
        ...(paths.length > 0 ? [{ nonResourceURLs: [...paths], verbs: ['get'] }] : []),
      ],
    };
    kubeObject(workload, 'cluster-role', role);
    kubeObject(workload, 'cluster-role-binding', KubeClusterRoleBinding, {
      metadata: metadata(workload, clusterWide),
      roleRef: { apiGroup, kind: 'ClusterRole', name: clusterWide },
      subjects: [{ kind: 'ServiceAccount', name, namespace }],
    });
  }
  workload.needs(endpoint, reason);
}

const tokenVolume = 'api-token';

export function tokenVolumes(api: ApiRights | undefined): Readonly<Record<string, PodVolume>> {
  return api === undefined ? {} : { [tokenVolume]: { apiToken: true } };
}

/** A container with the account's token, if it is one that asks. */
export function withToken(container: ContainerProps, api: ApiRights | undefined): ContainerProps {
  if (!api?.containers.includes(container.name)) return container;
  const mount = { volume: tokenVolume, path: apiTokenPath, readOnly: true };
  return { ...container, mounts: [...(container.mounts ?? []), mount] };
}

function checkNames({ namespace, name, allContainers }: Workload, containers: readonly string[]): void {
  const there = allContainers.map((container) => container.name);
  const unknown = containers.filter((each) => !there.includes(each));
  if (unknown.length === 0) return;
  throw new InputError({
    where: `workload ${namespace}/${name}`,
    what: `api.containers names ${unknown.join(', ')}, and it has no such container`,
    allowed: there.join(', '),
    remedy: 'name one of these',
  });
}

function metadata({ labels, props }: Workload, name: string, rules: readonly ApiRule[] = []) {
  const reasons = rules.flatMap((rule) =>
    rule.unnamedBecause === undefined ? [] : [`${describeRule(rule)}: ${rule.unnamedBecause}`],
  );
  const annotations = {
    ...props.annotations,
    ...(reasons.length > 0 ? { [unnamedRightsAnnotation]: `${reasons.join('\n')}\n` } : {}),
  };
  return { name, labels: { ...labels }, ...(Object.keys(annotations).length > 0 ? { annotations } : {}) };
}

function mutable({ apiGroups = [], resources = [], resourceNames = [], verbs }: ApiRule) {
  return {
    apiGroups: [...apiGroups],
    resources: [...resources],
    ...(resourceNames.length > 0 ? { resourceNames: [...resourceNames] } : {}),
    verbs: [...verbs],
  };
}
