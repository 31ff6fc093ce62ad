import type { IPodSpec } from 'kubernetes-models/v1/PodSpec';
import type { IToleration } from 'kubernetes-models/v1/Toleration';
import type { IPodTemplateSpec } from 'kubernetes-models/v1/PodTemplateSpec';
import { hashOfFiles } from './config-files.ts';
import { containerSpec, secretVolume } from './container.ts';
import type { ContainerProps } from './container.ts';
import { volumeSpec } from './pod-volume.ts';
import type { PodVolume } from './pod-volume.ts';
import type { Priority } from './priority.ts';
import { hostPaths, hostVolumeSpec, isWritable } from './privilege.ts';
import { witnessTaint } from './witness.ts';

/** How the pods of one workload share the nodes. */
export type Spread =
  /** Never two on one node; a pod without a free node waits. */
  | 'strict'
  /** Apart where there is room. */
  | 'preferred'
  /**
   * In equal numbers, the odd one on a node with the Kubernetes API, and on a witness too: what votes, and needs a majority.
   */
  | 'voters'
  /** Of a DaemonSet: on every node, on a witness and on one that is kept for servers too. */
  | 'everywhere'
  /** On a node with the Kubernetes API, where there is room: what is of no use without it, or would crowd the others. */
  | 'servers-first'
  /** Wherever the scheduler likes. */
  | 'anywhere';

export interface PodTemplateProps {
  readonly containers: readonly ContainerProps[];
  /** Run one after the other before the containers start, and end. */
  readonly initContainers: readonly ContainerProps[];
  readonly volumes: Readonly<Record<string, PodVolume>>;
  readonly serviceAccountName: string;
  readonly priority: Priority;
  readonly spread: Spread;
  /** Labels of pods whose node it has to be; undefined for any. */
  readonly beside: Readonly<Record<string, string>> | undefined;
  /** Numeric user of all containers; above 10000, it is nobody on the host. */
  readonly user: number;
  readonly group: number;
  /** Whom the pods ask for names: the cluster's DNS, or whom their node asks. */
  readonly nameServers: 'cluster' | 'node';
  /** That programs may listen on; undefined for the kernel's own. */
  readonly lowestPort: number | undefined;
  readonly terminationGracePeriodSeconds: number;
  /** Seconds after which a pod leaves a node that stopped answering; undefined keeps it bound to the node. */
  readonly leaveLostNodeAfterSeconds: number | undefined;
  readonly restartPolicy: 'Always' | 'OnFailure' | 'Never';
  readonly selector: Readonly<Record<string, string>>;
  /** Kept, not copied: wires add to them until they are frozen. */
  readonly labels: Record<string, string>;
}

/** Of the pod's own network; Pod Security admits it at every level. */
export const lowestPortSysctl = 'net.ipv4.ip_unprivileged_port_start';

/** Two of one place are two of one node. */
export const hostname = 'kubernetes.io/hostname';

/** A pod that Pod Security's `restricted` level admits. */
export function podTemplate(props: PodTemplateProps): IPodTemplateSpec {
  const { containers, initContainers, user, group, selector } = props;
  const annotations = filesAnnotation([...initContainers, ...containers]);
  return {
    metadata: {
      labels: props.labels,
      ...(Object.keys(annotations).length > 0 ? { annotations } : {}),
    },
    spec: {
      serviceAccountName: props.serviceAccountName,
      // Whoever asks the API mounts it by name; else every container would have it.
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      ...(props.nameServers === 'node' ? { dnsPolicy: 'Default' as const } : {}),
      priorityClassName: props.priority,
      restartPolicy: props.restartPolicy,
      terminationGracePeriodSeconds: props.terminationGracePeriodSeconds,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: user,
        runAsGroup: group,
        fsGroup: group,
        fsGroupChangePolicy: 'OnRootMismatch',
        seccompProfile: { type: 'RuntimeDefault' },
        ...(props.lowestPort === undefined
          ? {}
          : { sysctls: [{ name: lowestPortSysctl, value: String(props.lowestPort) }] }),
      },
      ...affinity(props, selector),
      ...evenly(props.spread, selector),
      ...tolerations(props),
      ...(initContainers.length > 0 ? { initContainers: initContainers.map(containerSpec) } : {}),
      containers: containers.map(containerSpec),
      ...volumes([...initContainers, ...containers], props.volumes),
      ...pullSecrets([...initContainers, ...containers]),
    },
  };
}

/** What the node pulls images with that not everybody may have. */
function pullSecrets(containers: readonly ContainerProps[]): Pick<IPodSpec, 'imagePullSecrets'> {
  const names = [...new Set(containers.flatMap(({ image }) => image.pullSecret ?? []))].sort();
  return names.length > 0 ? { imagePullSecrets: names.map((name) => ({ name })) } : {};
}

/** New pods when a file changes that programs read once. Asked for when the object is written: files may follow from others. */
function filesAnnotation(containers: readonly ContainerProps[]): Record<string, string> {
  const mounted = containers
    .flatMap(({ name, files = {} }) =>
      Object.entries(files).map(([path, configFiles]) => [`${name}:${path}`, configFiles] as const),
    )
    .filter(([, { reloaded }]) => !reloaded);
  if (mounted.length === 0) return {};
  return {
    get 'diptych/files'() {
      return hashOfFiles(Object.fromEntries(mounted));
    },
  };
}

function affinity(
  { spread, beside }: Pick<PodTemplateProps, 'spread' | 'beside'>,
  selector: Readonly<Record<string, string>>,
): Pick<IPodSpec, 'affinity'> {
  if (beside !== undefined) {
    const theirs = { topologyKey: hostname, labelSelector: { matchLabels: { ...beside } } };
    return { affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [theirs] } } };
  }
  const term = { topologyKey: hostname, labelSelector: { matchLabels: { ...selector } } };
  switch (spread) {
    case 'strict':
      return { affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } } };
    case 'preferred': {
      // Beside those of its own release: where old ones count too, the new ones end up unevenly when those are gone.
      const podAffinityTerm = { ...term, matchLabelKeys: ['pod-template-hash'] };
      return {
        affinity: {
          podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, podAffinityTerm }] },
        },
      };
    }
    // Of those that vote: without that node nobody could move anything, so the majority is where it is of use.
    case 'voters':
    case 'servers-first': {
      const preference = { matchExpressions: [{ key: serverLabel, operator: 'Exists' as const }] };
      return {
        affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, preference }] } },
      };
    }
    case 'everywhere':
    case 'anywhere':
      return {};
  }
}

/** Of nodes with the Kubernetes API, as K3s sets it; the taint of those that are kept for it is called the same. */
const serverLabel = 'node-role.kubernetes.io/control-plane';

function evenly(
  spread: Spread,
  selector: Readonly<Record<string, string>>,
): Pick<IPodSpec, 'topologySpreadConstraints'> {
  if (spread !== 'voters') return {};
  const labelSelector = { matchLabels: { ...selector } };
  return {
    topologySpreadConstraints: [
      {
        maxSkew: 1,
        topologyKey: hostname,
        whenUnsatisfiable: 'DoNotSchedule',
        labelSelector,
        // A node that is lost counts no more: those of the others may come back.
        nodeTaintsPolicy: 'Honor',
      },
    ],
  };
}

function tolerations({
  spread,
  leaveLostNodeAfterSeconds: seconds,
}: Pick<PodTemplateProps, 'spread' | 'leaveLostNodeAfterSeconds'>): Pick<IPodSpec, 'tolerations'> {
  const lost = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'];
  const list: IToleration[] = [
    ...(spread === 'voters' || spread === 'everywhere' ? [{ ...witnessTaint, operator: 'Exists' as const }] : []),
    ...(spread === 'everywhere'
      ? [{ key: serverLabel, operator: 'Exists' as const, effect: 'NoSchedule' as const }]
      : []),
    ...(seconds === undefined
      ? []
      : lost.map((key) => ({
          key,
          operator: 'Exists' as const,
          effect: 'NoExecute' as const,
          tolerationSeconds: seconds,
        }))),
  ];
  return list.length > 0 ? { tolerations: list } : {};
}

function volumes(
  containers: readonly ContainerProps[],
  shared: Readonly<Record<string, PodVolume>>,
): Pick<IPodSpec, 'volumes'> {
  const directories = containers.flatMap(({ writableDirectories = [] }) => writableDirectories);
  const keys = new Map<string, Set<string>>();
  for (const { secret, key } of containers.flatMap(({ secretFiles = {} }) => Object.values(secretFiles))) {
    keys.set(secret.name, (keys.get(secret.name) ?? new Set()).add(key));
  }
  const mountedFiles = new Map(
    containers.flatMap(({ files = {} }) => Object.values(files).map((each) => [each.volume, each] as const)),
  );
  const privileged = containers.flatMap(({ privileges = [] }) => privileges);
  const hostDirectories = new Set(hostPaths(privileged));
  const list = [
    ...directories.map(({ name, sizeLimit }) => ({ name, emptyDir: { sizeLimit: sizeLimit.asString() } })),
    ...Object.entries(shared).map(([name, volume]) => volumeSpec(name, volume)),
    ...[...mountedFiles].map(([name, { name: configMap, executable }]) => volumeSpec(name, { configMap, executable })),
    ...[...hostDirectories].map((directory) => hostVolumeSpec(directory, isWritable(privileged, directory))),
    ...[...keys].sort().map(([secretName, names]) => ({
      name: secretVolume(secretName),
      // 0440: root owns the files, the pod's group reads them.
      secret: { secretName, defaultMode: 0o440, items: [...names].sort().map((key) => ({ key, path: key })) },
    })),
  ];
  return list.length > 0 ? { volumes: list } : {};
}
