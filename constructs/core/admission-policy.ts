import type { IValidatingAdmissionPolicy } from 'kubernetes-models/admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy';
import type { IValidatingAdmissionPolicyBinding } from 'kubernetes-models/admissionregistration.k8s.io/v1/ValidatingAdmissionPolicyBinding';
import type { IValidatingAdmissionPolicySpec } from 'kubernetes-models/admissionregistration.k8s.io/v1/ValidatingAdmissionPolicySpec';

/** What a policy judges: the operations on one resource. */
export interface Judged {
  readonly apiGroup: string;
  readonly apiVersion: string;
  /** In the plural. */
  readonly resource: string;
  readonly operations: readonly ('CREATE' | 'UPDATE' | 'DELETE')[];
  /** @default every namespace */
  readonly namespace?: string;
}

/**
 * A policy of the API server that refuses what its rules say, also while they can't be asked, and its binding.
 * @see https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/ (Kubernetes 1.36)
 */
export function admissionPolicy(
  name: string,
  { apiGroup, apiVersion, resource, operations, namespace }: Judged,
  rules: IValidatingAdmissionPolicySpec,
): readonly [IValidatingAdmissionPolicy, IValidatingAdmissionPolicyBinding] {
  const version = 'admissionregistration.k8s.io/v1';
  return [
    {
      apiVersion: version,
      kind: 'ValidatingAdmissionPolicy',
      metadata: { name },
      spec: {
        failurePolicy: 'Fail',
        // With the server's defaults: Argo CD would take an item of a list for changed that has more than it has in git.
        matchConstraints: {
          matchPolicy: 'Equivalent',
          objectSelector: {},
          namespaceSelector:
            namespace === undefined ? {} : { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
          resourceRules: [
            {
              apiGroups: [apiGroup],
              apiVersions: [apiVersion],
              operations: [...operations],
              resources: [resource],
              scope: '*',
            },
          ],
        },
        ...rules,
      },
    },
    {
      apiVersion: version,
      kind: 'ValidatingAdmissionPolicyBinding',
      metadata: { name },
      spec: { policyName: name, validationActions: ['Deny'] },
    },
  ];
}
