/** What of an object an API server refuses to change, or takes and doesn't act on. */
export interface ImmutableFields {
  /** Paths of fields that stay as they were made. */
  readonly fields?: readonly string[];
  /** All fields below `spec` but these. */
  readonly specBut?: readonly string[];
  /** Fields that stay once the field `immutable` is set, which stays too. */
  readonly whereImmutable?: readonly string[];
  /** What the server takes for a field that isn't there. */
  readonly defaults?: Readonly<Record<string, unknown>>;
  /** The way out. */
  readonly remedy: string;
  /** Fields that have another way out, by their first step. */
  readonly remedies?: Readonly<Record<string, string>>;
}

const anotherName = 'set it back, or give the object another name: it is made anew, and the old one removed';

const volumesStay =
  'set it back; or take it out in one release and bring it in a later one: its pods are gone meanwhile, its volumes stay';

/** A StatefulSet made anew takes the claims that are there, as they are. */
const volumesKeep = [
  'set it back: volumes that are there keep what they were made with, even under a StatefulSet made anew',
  'or recover into the next generation with it (npm run recover -- --help)',
  'without generations, another name, which begins empty, in the release after that which removes this one',
].join('; ');

const otherVolumes = 'set it back; other volumes are made for another name, such as the next generation of a database';

/**
 * By group and kind. A kind of `dist/` that isn't here is one of `changeable`: a test asks for it.
 * @see https://github.com/kubernetes/kubernetes, the functions Validate...Update of release 1.36
 */
export const immutable: Readonly<Record<string, ImmutableFields>> = {
  'apps/Deployment': { fields: ['spec.selector'], remedy: anotherName },
  'apps/DaemonSet': { fields: ['spec.selector'], remedy: anotherName },
  'apps/ReplicaSet': { fields: ['spec.selector'], remedy: anotherName },
  'apps/StatefulSet': {
    specBut: [
      ...['replicas', 'template', 'updateStrategy', 'minReadySeconds', 'ordinals', 'revisionHistoryLimit'],
      'persistentVolumeClaimRetentionPolicy',
    ],
    defaults: { 'spec.podManagementPolicy': 'OrderedReady' },
    remedy: volumesStay,
    remedies: { 'spec.volumeClaimTemplates': volumesKeep },
  },
  'batch/Job': {
    specBut: [
      ...['parallelism', 'suspend', 'activeDeadlineSeconds', 'backoffLimit', 'ttlSecondsAfterFinished'],
      ...['maxFailedIndexes', 'podReplacementPolicy'],
    ],
    defaults: { 'spec.completions': 1, 'spec.completionMode': 'NonIndexed' },
    remedy:
      'set it back, give the Job another name, or make it a hook of Argo CD with the delete policy BeforeHookCreation',
  },
  '/PersistentVolumeClaim': {
    specBut: ['volumeAttributesClassName'],
    defaults: { 'spec.volumeMode': 'Filesystem' },
    remedy: otherVolumes,
  },
  '/PersistentVolume': {
    specBut: [
      ...['accessModes', 'capacity', 'claimRef', 'mountOptions', 'persistentVolumeReclaimPolicy'],
      ...['storageClassName', 'volumeAttributesClassName'],
    ],
    defaults: { 'spec.volumeMode': 'Filesystem' },
    remedy: otherVolumes,
  },
  '/Service': {
    fields: ['spec.clusterIP', 'spec.loadBalancerClass', 'spec.healthCheckNodePort'],
    remedy: 'set it back, or give the Service another name: clients know it by its name, so that one comes first',
  },
  '/ConfigMap': { whereImmutable: ['data', 'binaryData'], remedy: anotherName },
  '/Secret': {
    fields: ['type'],
    whereImmutable: ['data', 'stringData'],
    defaults: { type: 'Opaque' },
    remedy: anotherName,
  },
  'bitnami.com/SealedSecret': {
    fields: ['spec.template.type'],
    defaults: { 'spec.template.type': 'Opaque' },
    remedy: anotherName,
  },
  '/ResourceQuota': { fields: ['spec.scopes', 'spec.scopeSelector'], remedy: anotherName },
  'rbac.authorization.k8s.io/RoleBinding': { fields: ['roleRef'], remedy: anotherName },
  'rbac.authorization.k8s.io/ClusterRoleBinding': { fields: ['roleRef'], remedy: anotherName },
  'scheduling.k8s.io/PriorityClass': {
    fields: ['value', 'preemptionPolicy'],
    defaults: { preemptionPolicy: 'PreemptLowerPriority' },
    remedy: anotherName,
  },
  'storage.k8s.io/StorageClass': {
    fields: ['provisioner', 'parameters', 'reclaimPolicy', 'volumeBindingMode'],
    defaults: { reclaimPolicy: 'Delete', volumeBindingMode: 'Immediate' },
    remedy: anotherName,
  },
  'networking.k8s.io/IngressClass': { fields: ['spec.controller'], remedy: anotherName },
  'node.k8s.io/RuntimeClass': { fields: ['handler'], remedy: anotherName },
  'apiextensions.k8s.io/CustomResourceDefinition': {
    fields: ['spec.group', 'spec.scope', 'spec.names.kind', 'spec.names.plural'],
    remedy: 'set it back: another definition has another name, and objects of its own',
  },
};

/** Kinds of `dist/` whose objects can be changed in each of their fields. */
export const changeable: readonly string[] = [
  '/LimitRange',
  '/Namespace',
  '/ServiceAccount',
  'admissionregistration.k8s.io/ValidatingAdmissionPolicy',
  'admissionregistration.k8s.io/ValidatingAdmissionPolicyBinding',
  'autoscaling/HorizontalPodAutoscaler',
  'batch/CronJob',
  'cert-manager.io/Certificate',
  'cert-manager.io/ClusterIssuer',
  'cert-manager.io/Issuer',
  'networking.k8s.io/NetworkPolicy',
  'policy/PodDisruptionBudget',
  'rbac.authorization.k8s.io/ClusterRole',
  'rbac.authorization.k8s.io/Role',
  'traefik.io/IngressRoute',
  'traefik.io/Middleware',
  'traefik.io/ServersTransport',
  'traefik.io/TLSOption',
];

/** `apps/Deployment`, `/Service`: versions of a kind are one kind. */
export function groupKind({ apiVersion, kind }: { readonly apiVersion: string; readonly kind: string }): string {
  return `${apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : ''}/${kind}`;
}
