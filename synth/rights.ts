import type { IPolicyRule } from 'kubernetes-models/rbac.authorization.k8s.io/v1/PolicyRule';
import type { IPodTemplateSpec } from 'kubernetes-models/v1/PodTemplateSpec';
import { describeRule, unnamedRightsAnnotation } from '../constructs/core/api-rights.ts';
import type { Finding } from '../constructs/core/error.ts';
import type { Manifest } from '../constructs/core/manifest.ts';

/** Rights that reach further than they say: with them an account gives itself any other, or acts as another. */
const beyond = [
  ...['bind', 'escalate', 'impersonate', 'approve', 'sign'],
  // Whatever the verb: a WebSocket begins with `get`, and the kubelet takes that for a shell in any pod of its node.
  // https://kubernetes.io/docs/concepts/security/rbac-good-practices/#access-to-proxy-subresource-of-nodes (1.36)
  ...['nodes/proxy', 'pods/proxy', 'services/proxy', 'pods/exec', 'pods/attach', 'pods/portforward'],
  ...['pods/ephemeralcontainers', 'serviceaccounts/token', 'certificatesigningrequests/approval'],
];

/** Who writes these says what others may. */
const judges =
  /^((cluster)?role(binding)?s|(mutating|validating)(webhookconfigurations|admissionpolic(ies|ybindings)))$/;
const reads = ['get', 'list', 'watch'];

/** What a role lets do to objects that it doesn't name, unless it says why; and what no role of ours lets do. */
export function rightsFindings({ kind, metadata, ...rest }: Manifest): readonly Omit<Finding, 'where'>[] {
  if (kind !== 'Role' && kind !== 'ClusterRole') return [];
  const { rules = [] } = rest as { readonly rules?: readonly IPolicyRule[] };
  const reasons = (metadata.annotations?.[unnamedRightsAnnotation] ?? '').split('\n');
  return rules.flatMap((rule) => {
    const { apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [], verbs } = rule;
    const what = describeRule(rule);
    const writes = verbs.some((verb) => !reads.includes(verb));
    const wide = [...verbs, ...apiGroups, ...resources, ...nonResourceURLs].filter(
      (each) => each.includes('*') || beyond.includes(each) || (writes && judges.test(each)),
    );
    return [
      ...(wide.length === 0
        ? []
        : [
            {
              what: `it allows ${what} with ${wide.join(', ')}, which is more than anybody can list`,
              allowed: 'verbs and resources by name, and none with which an account gets the rights of another',
              remedy: 'name what the program asks for',
            },
          ]),
      // Paths of the API server are their own names.
      ...(resourceNames.length > 0 ||
      resources.length === 0 ||
      reasons.some((line) => line.startsWith(`${what}: `) && line.length > what.length + 12)
        ? []
        : [
            {
              what: `it allows ${what} without names, and nobody says why`,
              allowed: 'objects by resourceNames; else a reason, as create, list and watch need, which know no names',
              remedy: 'add resourceNames to the rule, or unnamedBecause',
            },
          ]),
    ];
  });
}

/** A binding to a role that nobody sees here, such as one of Kubernetes' own. @param roles `kind namespace/name` of ours */
export function bindingFindings(manifest: Manifest, roles: ReadonlySet<string>): readonly Omit<Finding, 'where'>[] {
  const { kind, metadata, roleRef } = manifest as Manifest & { readonly roleRef?: { kind: string; name: string } };
  if ((kind !== 'RoleBinding' && kind !== 'ClusterRoleBinding') || roleRef === undefined) return [];
  if (roles.has(roleKey(roleRef.kind, metadata.namespace, roleRef.name))) return [];
  return [
    {
      what: `it gives the rights of the ${roleRef.kind} ${roleRef.name}, which is none of ours`,
      allowed: 'roles that stand beside it and name what they allow',
      remedy: 'give the workload `api`, which makes role and binding',
    },
  ];
}

/** Of every role of the tree. */
export function rolesOf(manifests: readonly Manifest[]): ReadonlySet<string> {
  const roles = manifests.filter(({ kind }) => kind === 'Role' || kind === 'ClusterRole');
  return new Set(roles.map(({ kind, metadata }) => roleKey(kind, metadata.namespace, metadata.name)));
}

function roleKey(kind: string, namespace: string | undefined, name: string): string {
  return kind === 'Role' ? `Role ${namespace ?? ''}/${name}` : `${kind} ${name}`;
}

/** A token of the API that every container gets: who asks mounts it alone. */
export function tokenFindings(
  manifest: Manifest,
  template: IPodTemplateSpec | undefined,
): readonly Omit<Finding, 'where'>[] {
  const asks: { readonly automountServiceAccountToken?: boolean } | undefined =
    manifest.kind === 'ServiceAccount' ? (manifest as object) : template?.spec;
  if (asks === undefined || asks.automountServiceAccountToken === false) return [];
  return [
    {
      what: 'Kubernetes gives its token to every container',
      allowed: 'automountServiceAccountToken: false; the containers that ask the API mount the token by name',
      remedy: 'build the pods with Workload, and name the containers in api.containers',
    },
  ];
}
