// The classes that cdk8s-plus-28 generates from Kubernetes 1.28, taken past its index, which would load its whole second
// level (12 ms of a budget of 200).
export {
  IntOrString,
  KubeClusterRole,
  KubeClusterRoleBinding,
  KubeConfigMap,
  KubeHorizontalPodAutoscalerV2,
  KubeLimitRange,
  KubeNamespace,
  KubeNetworkPolicy,
  KubePodDisruptionBudget,
  KubePriorityClass,
  KubeResourceQuota,
  KubeRole,
  KubeRoleBinding,
  KubeService,
  KubeServiceAccount,
  Quantity,
} from 'cdk8s-plus-28/lib/imports/k8s.js';
export type {
  NetworkPolicyIngressRule,
  NetworkPolicyEgressRule,
  NetworkPolicyPeer,
} from 'cdk8s-plus-28/lib/imports/k8s.js';
