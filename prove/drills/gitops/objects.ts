import { clusterNamespaces } from '../../../apps/namespaces.ts';
import { isClusterScoped } from '../../../constructs/core/kube-object.ts';
import type { Platform } from '../../../constructs/core/platform.ts';
import { Workload } from '../../../constructs/core/workload.ts';
import type { Cluster } from '../../cluster/handle.ts';
import { getJson, kubectl } from '../../cluster/kubectl.ts';
import { argocdNamespace } from '../../components/argocd/applications.ts';
import type { ApplicationObject } from '../../components/argocd/applications.ts';
import { patroniOf } from '../../components/postgres/members.ts';
import { sealingKeyName } from '../../delivery/sealing-key.ts';

/** An object of the cluster, as far as its owner is concerned. */
export interface LiveObject {
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly managedFields?: readonly {
      readonly manager?: string;
      readonly operation?: string;
      readonly time?: string;
    }[];
    readonly creationTimestamp: string;
    readonly deletionTimestamp?: string;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly ownerReferences?: readonly { readonly kind: string; readonly name: string }[];
  };
  /** Of a pod, and of a Certificate. */
  readonly spec?: { readonly priorityClassName?: string; readonly secretName?: string };
}

/** Kinds that Kubernetes itself writes: nobody commits them. */
const written = [
  // Of custom resources, each made from a definition that is owned.
  'apiservices.apiregistration.k8s.io',
  'bindings',
  'componentstatuses',
  'endpoints',
  'endpointslices.discovery.k8s.io',
  'events',
  'events.events.k8s.io',
  'ipaddresses.networking.k8s.io',
  'leases.coordination.k8s.io',
  'nodes.metrics.k8s.io',
  'pods.metrics.k8s.io',
];

/** Namespaces that Kubernetes, and K3s' own add-ons, live in. */
const system = ['kube-system', 'kube-public', 'kube-node-lease', 'default'];

/** Every object outside of Kubernetes' own namespaces. */
export async function allObjects(cluster: Cluster): Promise<readonly LiveObject[]> {
  const printed = await kubectl(cluster, ['api-resources', '--verbs=list', '--output=name']);
  const kinds = printed.split('\n').filter((kind) => kind !== '' && !written.includes(kind));
  const { items } = await getJson<{ readonly items: readonly LiveObject[] }>(cluster, [
    kinds.join(','),
    '--all-namespaces',
    '--ignore-not-found',
    '--show-managed-fields',
  ]);
  return items.filter(({ kind, metadata }) => {
    const namespace = kind === 'Namespace' ? metadata.name : metadata.namespace;
    return namespace === undefined || !system.includes(namespace);
  });
}

export const nameOf = ({ kind, metadata: { namespace, name } }: LiveObject): string =>
  [kind, ...(namespace === undefined ? [] : [namespace]), name].join('/');

/** Pods that a node short of memory would evict before all others. */
export function podsWithoutPriority(objects: readonly LiveObject[]): string[] {
  return objects
    .filter(({ kind, metadata, spec }) => kind === 'Pod' && !metadata.deletionTimestamp && !spec?.priorityClassName)
    .map(nameOf)
    .sort();
}

/** When Argo CD last wrote something else into an object than was there: applying the same again leaves it. */
export function writtenByArgoCd({ metadata }: LiveObject): string {
  const own = (metadata.managedFields ?? []).filter(
    ({ manager, operation }) => manager === 'argocd-controller' && operation === 'Apply',
  );
  return own.map(({ time }) => time ?? '').join();
}

/** Objects that no application owns, and why that is right. */
function ownedByNobody(
  objects: readonly LiveObject[],
  platform: Platform,
): readonly { readonly pattern: RegExp; readonly because: string }[] {
  const { life } = patroniOf(platform);
  const claims = platform
    .all(Workload)
    .flatMap(({ namespace, name, props: { controller } }) =>
      controller.kind === 'StatefulSet'
        ? controller.volumeClaims.map(({ metadata }) => `${namespace}/${metadata?.name}-${name}`)
        : [],
    );
  const certified = objects
    .filter(({ kind }) => kind === 'Certificate')
    .map(({ metadata, spec }) => `${metadata.namespace}/${spec?.secretName}`);
  const { sealedSecrets } = clusterNamespaces;
  return [
    { pattern: /^ConfigMap\/[^/]+\/kube-root-ca\.crt$/, because: 'Kubernetes puts it into every namespace' },
    { pattern: /^ServiceAccount\/[^/]+\/default$/, because: 'Kubernetes puts it into every namespace' },
    {
      pattern: exactly(`Secret/${argocdNamespace}/argocd-(initial-admin-secret|redis)`),
      because: 'Argo CD makes it at its first start',
    },
    {
      pattern: exactly(`AppProject/${argocdNamespace}/default`),
      because: 'Argo CD makes it at its first start; nobody but an admin may use it',
    },
    {
      pattern: exactly(`Secret/${sealedSecrets.name}/${sealingKeyName}`),
      because: 'the key that opens everything is never in git',
    },
    {
      pattern: exactly(`PersistentVolumeClaim/(${claims.join('|')})-\\d+`),
      because: 'a StatefulSet makes it, and it outlives it',
    },
    { pattern: /^PersistentVolume\/pvc-[-0-9a-f]+$/, because: 'the provisioner makes it for a claim' },
    {
      pattern: exactly(`Endpoints/${life.namespace}/${life.scope}(-config|-failover|-sync)?`),
      because: "Patroni's lock and its primary's address",
    },
    { pattern: exactly(`Secret/(${certified.join('|')})`), because: 'cert-manager writes it for a Certificate' },
  ];
}

const exactly = (text: string): RegExp => new RegExp(`^${text}$`);

/**
 * Objects that no application owns: none lists them, and nothing that one lists made them.
 * @param before names of what was there before Argo CD was
 */
export function unowned(
  objects: readonly LiveObject[],
  applications: readonly ApplicationObject[],
  before: ReadonlySet<string>,
  platform: Platform,
): string[] {
  const owned = ownedBy(applications);
  const right = ownedByNobody(objects, platform);
  return objects
    .filter(({ metadata }) => (metadata.ownerReferences ?? []).length === 0)
    .map(nameOf)
    .filter((name) => !owned.has(name) && !before.has(name))
    .filter((name) => !right.some(({ pattern }) => pattern.test(name)))
    .sort();
}

/** Names of everything that applications list, hooks too. */
export function ownedBy(applications: readonly ApplicationObject[]): ReadonlySet<string> {
  const resources = applications.flatMap(({ status }) => [
    ...(status?.resources ?? []),
    // Hooks are listed only by the operation that ran them.
    ...(status?.operationState?.syncResult?.resources ?? []),
  ]);
  return new Set(
    resources.map(({ kind, namespace, name }) =>
      // Argo CD gives objects without a namespace that of their application in results.
      [kind, ...(namespace === undefined || isClusterScoped(kind) ? [] : [namespace]), name].join('/'),
    ),
  );
}
