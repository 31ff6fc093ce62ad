// Reads pod groups and NetworkPolicies out of manifests and finds what each selector selects.
import { InputError } from '../../constructs/core/error.ts';
import { describeManifest, typeOf } from '../../constructs/core/manifest.ts';
import type { Manifest } from '../../constructs/core/manifest.ts';

export const PROTOCOLS = ['TCP', 'UDP', 'SCTP'] as const;
export type Protocol = (typeof PROTOCOLS)[number];
export type Direction = 'ingress' | 'egress';
type Labels = Readonly<Record<string, string>>;

export interface ContainerPort {
  readonly name?: string;
  readonly port: number;
  readonly protocol: Protocol;
}

/** Pods that one template (Deployment, StatefulSet, DaemonSet, Job, CronJob) makes, or that somebody else's chart makes. */
export interface PodGroup {
  /** Namespace and name, such as `shop/backend`. */
  readonly name: string;
  readonly namespace: string;
  readonly labels: Labels;
  readonly ports: readonly ContainerPort[];
  readonly hostNetwork: boolean;
}

/** A label selector of the Kubernetes API; an empty one selects everything. */
export interface Selector {
  readonly matchLabels?: Labels;
  readonly matchExpressions?: readonly {
    readonly key: string;
    /** In, NotIn, Exists or DoesNotExist; any other selects nothing. */
    readonly operator: string;
    readonly values?: readonly string[];
  }[];
}

/** One entry of `from` or `to`, as it stands in the policy. */
export interface PeerSpec {
  readonly podSelector?: Selector;
  readonly namespaceSelector?: Selector;
  readonly ipBlock?: { readonly cidr: string; readonly except?: readonly string[] };
}

export interface PortSpec {
  readonly protocol?: Protocol;
  readonly port?: number | string;
  readonly endPort?: number;
}

interface PolicySpec {
  readonly podSelector?: Selector;
  readonly policyTypes?: readonly string[];
  readonly ingress?: readonly { readonly from?: readonly PeerSpec[]; readonly ports?: readonly PortSpec[] }[];
  readonly egress?: readonly { readonly to?: readonly PeerSpec[]; readonly ports?: readonly PortSpec[] }[];
}

export interface Peer {
  readonly spec: PeerSpec;
  /** The pod groups it selects; none for an ipBlock. */
  readonly pods: readonly PodGroup[];
}

export interface Rule {
  /** Empty when the rule names no peer and thereby allows all. */
  readonly peers: readonly Peer[];
  readonly pods: ReadonlySet<PodGroup> | 'all';
  /** Texts of the ipBlocks. */
  readonly blocks: readonly string[];
  /** Absent: every port. */
  readonly ports?: readonly PortSpec[];
}

/** A NetworkPolicy. A direction in which it isolates has rules, possibly none; the other one is absent. */
export interface Policy {
  /** Namespace and name. */
  readonly name: string;
  readonly namespace: string;
  readonly manifest: Manifest;
  readonly selectsAll: boolean;
  /** The pod groups that the policy applies to; those on the host's network are exempt. */
  readonly selected: readonly PodGroup[];
  readonly ingress?: readonly Rule[];
  readonly egress?: readonly Rule[];
}

export interface Network {
  /** Own and foreign ones. */
  readonly groups: readonly PodGroup[];
  readonly policies: readonly Policy[];
  /** Namespaces that the manifests make, or into which they put pods or policies. */
  readonly ownNamespaces: ReadonlySet<string>;
  readonly select: (namespace: string, selector: Selector) => readonly PodGroup[];
}

export interface PodTemplate {
  readonly metadata?: { readonly labels?: Labels };
  readonly spec?: {
    readonly hostNetwork?: boolean;
    readonly containers?: readonly Container[];
    readonly initContainers?: readonly Container[];
  };
}

interface Container {
  readonly image?: string;
  readonly args?: readonly string[];
  readonly restartPolicy?: string;
  readonly ports?: readonly { readonly name?: string; readonly containerPort: number; readonly protocol?: Protocol }[];
}

/** Where each kind keeps the description of its pods. */
const TEMPLATE_PATHS: Readonly<Record<string, readonly string[]>> = {
  'v1 Pod': [],
  'apps/v1 DaemonSet': ['spec', 'template'],
  'apps/v1 Deployment': ['spec', 'template'],
  'apps/v1 ReplicaSet': ['spec', 'template'],
  'apps/v1 StatefulSet': ['spec', 'template'],
  'batch/v1 CronJob': ['spec', 'jobTemplate', 'spec', 'template'],
  'batch/v1 Job': ['spec', 'template'],
};

export const namespaceOf = ({ metadata }: Manifest): string => metadata.namespace ?? 'default';

/** The text that stands for an ipBlock in an edge, whatever the order of its exceptions. */
export function blockText({ cidr, except = [] }: NonNullable<PeerSpec['ipBlock']>): string {
  return except.length === 0 ? cidr : `${cidr} except ${[...except].sort().join(',')}`;
}

export function isEmptySelector({ matchLabels = {}, matchExpressions = [] }: Selector): boolean {
  return Object.keys(matchLabels).length === 0 && matchExpressions.length === 0;
}

/**
 * The pod groups of the manifests' templates, followed by the foreign ones. Labels that every pod of a Job gets from its
 * controller are included; labels in which the pods of one template differ are not.
 * @throws InputError when two have the same name: an edge could not say which one it means
 */
export function podGroups(manifests: readonly Manifest[], foreign: readonly PodGroup[] = []): PodGroup[] {
  const groups = new Map<string, { readonly group: PodGroup; readonly origin: string }>();
  const add = (group: PodGroup, origin: string): void => {
    const other = groups.get(group.name);
    if (other) {
      throw new InputError({
        where: origin,
        what: `makes pods under the name ${group.name}, as does ${other.origin}`,
        allowed: 'one pod template for each name in a namespace',
        remedy: 'rename one of the two',
      });
    }
    groups.set(group.name, { group, origin });
  };
  for (const manifest of manifests) {
    const found = templateOf(manifest);
    if (found) add(podGroupOf(manifest, found.template), describeManifest(manifest));
  }
  for (const group of foreign) add(group, `foreign pod group ${group.name}`);
  return [...groups.values()].map(({ group }) => group);
}

/** Where a manifest describes pods, and how; undefined where it describes none. */
export function templateOf(
  manifest: Manifest,
): { readonly path: readonly string[]; readonly template: PodTemplate } | undefined {
  const path = TEMPLATE_PATHS[typeOf(manifest)];
  if (path === undefined) return undefined;
  const template = path.reduce<unknown>((value, key) => (value as Record<string, unknown>)[key], manifest);
  return { path, template: template as PodTemplate };
}

function podGroupOf(manifest: Manifest, { metadata, spec = {} }: PodTemplate): PodGroup {
  const { name } = manifest.metadata;
  const ofJob = manifest.kind === 'Job' && { 'job-name': name, 'batch.kubernetes.io/job-name': name };
  // Init containers that keep running are sidecars; ports of the others are never open beside the main containers'.
  const sidecars = (spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
  const ports = [...(spec.containers ?? []), ...sidecars].flatMap((container) => container.ports ?? []);
  return {
    name: `${namespaceOf(manifest)}/${name}`,
    namespace: namespaceOf(manifest),
    labels: { ...metadata?.labels, ...ofJob },
    ports: ports.map(({ name: portName, containerPort, protocol = 'TCP' }) => ({
      ...(portName !== undefined && { name: portName }),
      port: containerPort,
      protocol,
    })),
    hostNetwork: spec.hostNetwork ?? false,
  };
}

/** Pod groups and policies, with every selector resolved. Throws like `podGroups`. */
export function readNetwork(manifests: readonly Manifest[], foreign: readonly PodGroup[] = []): Network {
  const groups = podGroups(manifests, foreign);
  const indexes = new Map(
    [...groupBy(groups, ({ namespace }) => namespace)].map(([namespace, members]) => [namespace, index(members)]),
  );
  const select = (namespace: string, selector: Selector): readonly PodGroup[] =>
    indexes.get(namespace)?.(selector) ?? [];

  const made = manifests.filter((manifest) => typeOf(manifest) === 'v1 Namespace');
  const labels = new Map(made.map(({ metadata }) => [metadata.name, metadata.labels ?? {}]));
  // Kubernetes puts its own label on every namespace, whatever the manifest says.
  const selectNamespaces = index(
    [...new Set([...labels.keys(), ...indexes.keys()])].map((name) => ({
      name,
      labels: { ...labels.get(name), 'kubernetes.io/metadata.name': name },
    })),
  );
  const resolvePeer = (home: string, spec: PeerSpec): Peer => {
    if (spec.ipBlock || !(spec.podSelector || spec.namespaceSelector)) return { spec, pods: [] };
    const namespaces = spec.namespaceSelector
      ? selectNamespaces(spec.namespaceSelector).map(({ name }) => name)
      : [home];
    const pods = namespaces.flatMap((namespace) => select(namespace, spec.podSelector ?? {}));
    return { spec, pods: pods.filter(({ hostNetwork }) => !hostNetwork) };
  };
  const resolveRule = (home: string, specs: readonly PeerSpec[] = [], ports: readonly PortSpec[] = []): Rule => {
    const peers = specs.map((spec) => resolvePeer(home, spec));
    return {
      peers,
      pods: peers.length === 0 ? 'all' : new Set(peers.flatMap(({ pods }) => pods)),
      blocks: peers.flatMap(({ spec }) => (spec.ipBlock ? blockText(spec.ipBlock) : [])),
      ...(ports.length > 0 && { ports }),
    };
  };
  const policies = manifests
    .filter((manifest) => typeOf(manifest) === 'networking.k8s.io/v1 NetworkPolicy')
    .map((manifest): Policy => {
      const { podSelector = {}, policyTypes = [], ingress = [], egress = [] } = (manifest.spec ?? {}) as PolicySpec;
      const namespace = namespaceOf(manifest);
      const stated = policyTypes.length > 0;
      return {
        name: `${namespace}/${manifest.metadata.name}`,
        namespace,
        manifest,
        selectsAll: isEmptySelector(podSelector),
        selected: select(namespace, podSelector).filter(({ hostNetwork }) => !hostNetwork),
        ...((!stated || policyTypes.includes('Ingress')) && {
          ingress: ingress.map(({ from, ports }) => resolveRule(namespace, from, ports)),
        }),
        ...((stated ? policyTypes.includes('Egress') : egress.length > 0) && {
          egress: egress.map(({ to, ports }) => resolveRule(namespace, to, ports)),
        }),
      };
    });
  const ownNamespaces = new Set([
    ...labels.keys(),
    ...manifests.filter((manifest) => typeOf(manifest) in TEMPLATE_PATHS).map(namespaceOf),
    ...policies.map(({ namespace }) => namespace),
  ]);
  return { groups, policies, ownNamespaces, select };
}

/** A function that finds the items a selector selects, starting from the rarest of the labels it asks for. */
function index<T extends { readonly labels: Labels }>(items: readonly T[]): (selector: Selector) => readonly T[] {
  const tagged = items.flatMap((item) =>
    Object.entries(item.labels).map((label) => ({ item, label: label.join('=') })),
  );
  const byLabel = groupBy(tagged, ({ label }) => label);
  return (selector) => {
    let candidates = items;
    for (const label of Object.entries(selector.matchLabels ?? {})) {
      const labelled = byLabel.get(label.join('=')) ?? [];
      if (labelled.length < candidates.length) candidates = labelled.map(({ item }) => item);
    }
    return candidates.filter(({ labels }) => matches(selector, labels));
  };
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group) group.push(item);
    else groups.set(keyOf(item), [item]);
  }
  return groups;
}

function matches({ matchLabels = {}, matchExpressions = [] }: Selector, labels: Labels): boolean {
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(({ key, operator, values = [] }) => {
      const value = labels[key];
      if (operator === 'Exists') return value !== undefined;
      if (operator === 'DoesNotExist') return value === undefined;
      const listed = value !== undefined && values.includes(value);
      return operator === 'In' ? listed : operator === 'NotIn' && !listed;
    })
  );
}
