import type { IPodSpec } from 'kubernetes-models/v1/PodSpec';
import type { IPodTemplateSpec } from 'kubernetes-models/v1/PodTemplateSpec';
import { hashOfFiles } from './config-files.ts';
import { containerSpec, secretVolume } from './container.ts';
import type { ContainerProps } from './container.ts';
import { volumeSpec } from './pod-volume.ts';
import type { PodVolume } from './pod-volume.ts';
import type { Priority } from './priority.ts';
import { hostPaths, hostVolumeSpec } from './privilege.ts';

/** How the pods of one workload share the nodes. */
export type Spread =
  /** Never two on one node; a pod without a free node waits. */
  | 'strict'
  /** Apart where there is room. */
  | 'preferred'
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
  /** Numeric user of all containers; above 10000, it is nobody on the host. */
  readonly user: number;
  readonly group: number;
  readonly terminationGracePeriodSeconds: number;
  /** Seconds after which a pod leaves a node that stopped answering; undefined keeps it bound to the node. */
  readonly leaveLostNodeAfterSeconds: number | undefined;
  readonly restartPolicy: 'Always' | 'OnFailure' | 'Never';
  readonly selector: Readonly<Record<string, string>>;
  /** Kept, not copied: wires add to them until they are frozen. */
  readonly labels: Record<string, string>;
}

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
      },
      ...affinity(props.spread, selector),
      ...tolerations(props.leaveLostNodeAfterSeconds),
      ...(initContainers.length > 0 ? { initContainers: initContainers.map(containerSpec) } : {}),
      containers: containers.map(containerSpec),
      ...volumes([...initContainers, ...containers], props.volumes),
    },
  };
}

/** New pods when a file changes that programs read once. */
function filesAnnotation(containers: readonly ContainerProps[]): Record<string, string> {
  const mounted = containers.flatMap(({ name, files = {} }) =>
    Object.entries(files).map(([path, configFiles]) => [`${name}:${path}`, configFiles] as const),
  );
  const hash = hashOfFiles(Object.fromEntries(mounted));
  return hash === undefined ? {} : { 'diptych/files': hash };
}

function affinity(spread: Spread, selector: Readonly<Record<string, string>>): Pick<IPodSpec, 'affinity'> {
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
    case 'anywhere':
      return {};
  }
}

function tolerations(seconds: number | undefined): Pick<IPodSpec, 'tolerations'> {
  if (seconds === undefined) return {};
  return {
    tolerations: ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'].map((key) => ({
      key,
      operator: 'Exists',
      effect: 'NoExecute',
      tolerationSeconds: seconds,
    })),
  };
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
  const hostDirectories = new Set(containers.flatMap(({ privileges = [] }) => hostPaths(privileges)));
  const list = [
    ...directories.map(({ name, sizeLimit }) => ({ name, emptyDir: { sizeLimit: sizeLimit.asString() } })),
    ...Object.entries(shared).map(([name, volume]) => volumeSpec(name, volume)),
    ...[...mountedFiles].map(([name, { name: configMap, executable }]) => volumeSpec(name, { configMap, executable })),
    ...[...hostDirectories].map(hostVolumeSpec),
    ...[...keys].sort().map(([secretName, names]) => ({
      name: secretVolume(secretName),
      // 0440: root owns the files, the pod's group reads them.
      secret: { secretName, defaultMode: 0o440, items: [...names].sort().map((key) => ({ key, path: key })) },
    })),
  ];
  return list.length > 0 ? { volumes: list } : {};
}
