import type { Size } from 'cdk8s';
import type { IContainer } from 'kubernetes-models/v1/Container';
import type { ISecurityContext } from 'kubernetes-models/v1/SecurityContext';
import type { ConfigFiles } from './config-files.ts';
import type { Cpu } from './cpu.ts';
import type { TrustedAuthority } from './endpoint.ts';
import type { Image } from './environment.ts';
import type { Mount } from './pod-volume.ts';
import { derivedLabel } from './names.ts';
import { hostPaths, hostVolume, isWritable, privilegedContext } from './privilege.ts';
import type { Privilege } from './privilege.ts';
import { probeFields } from './probes.ts';
import type { Probes } from './probes.ts';
import type { SecretKeyReference } from './secret-ref.ts';
import { literal } from './variables.ts';

export interface ContainerPort {
  /** What probes, Services and `workload.port(name)` call it. */
  readonly name: string;
  /** Where the program listens. */
  readonly port: number;
  /**
   * What it speaks below.
   * @default TCP
   */
  readonly protocol?: 'TCP' | 'UDP';
}

/** What a container is promised and held to, with the source of the numbers. */
export interface Resources {
  readonly cpuRequest: Cpu;
  /** Request and limit in one: memory that is promised twice is memory that the kernel takes back by force. */
  readonly memory: Size;
  /**
   * Ceiling of CPU time.
   * @default none: a request already shares CPU fairly, and a ceiling throttles while the node idles
   */
  readonly cpuLimit?: Cpu;
  /** Where the numbers come from. */
  readonly because: string;
}

/** A directory that the container may write to, lost with the pod. */
export interface WritableDirectory {
  /** Name of the volume. */
  readonly name: string;
  /** Where the container sees it. */
  readonly path: string;
  /** The kubelet evicts the pod when more is written. */
  readonly sizeLimit: Size;
}

/** What a container does before it is told to stop; it serves meanwhile. */
export interface BeforeStop {
  /** The program and its arguments. */
  readonly command: readonly string[];
  /** After which the program ends by itself: the time to stop goes on meanwhile. */
  readonly atMostSeconds: number;
}

export interface ContainerProps {
  /** Its name in the pod. */
  readonly name: string;
  /** What runs: `environment.image(name)`. */
  readonly image: Image;
  /**
   * The program and its arguments.
   * @default the image's entrypoint
   */
  readonly command?: readonly string[];
  /**
   * Variables; the process gets each text as it is given.
   * @default none
   */
  readonly environment?: Readonly<Record<string, string>>;
  /**
   * Variables that the kubelet fills from a field of the pod, such as `metadata.name`.
   * @default none
   */
  readonly podFields?: Readonly<Record<string, string>>;
  /**
   * Variables that hold the path of a file with the secret's value, such as `DATABASE_PASSWORD_FILE`.
   * @default none
   */
  readonly secretFiles?: Readonly<Record<string, SecretKeyReference>>;
  /**
   * Whose certificates tell it that it talks to the right server: files, at `authorityFile(authority)`.
   * @default none
   */
  readonly authorities?: readonly TrustedAuthority[];
  /**
   * What it listens on.
   * @default none
   */
  readonly ports?: readonly ContainerPort[];
  readonly resources: Resources;
  /** `none` only for containers that end by themselves. */
  readonly probes: Probes | 'none';
  /**
   * Seconds between the order to stop and SIGTERM, in which routers learn that the pod is leaving.
   * @default 0
   */
  readonly preStopSleepSeconds?: number;
  /**
   * A program that runs in it between the order to stop and SIGTERM, instead of a sleep.
   * @default none
   */
  readonly beforeStop?: BeforeStop;
  /**
   * Where it may write; everything else is read-only.
   * @default none
   */
  readonly writableDirectories?: readonly WritableDirectory[];
  /**
   * Volumes of the workload that this container sees.
   * @default none
   */
  readonly mounts?: readonly Mount[];
  /**
   * Directories with files of ConfigMaps, by their path.
   * @default none
   */
  readonly files?: Readonly<Record<string, ConfigFiles>>;
  /**
   * Numeric user and group of its own, where it shall not be what the others are.
   * @default those of the pod
   */
  readonly user?: number;
  /**
   * What it may beyond Pod Security's level `restricted`.
   * @default nothing
   */
  readonly privileges?: readonly Privilege[];
}

/** Where the keys of a secret appear as files. */
export function secretFile({ secret, key }: SecretKeyReference): string {
  return `${secretDirectory(secret.name)}/${key}`;
}

export function secretDirectory(secretName: string): string {
  return `/run/secrets/${secretName}`;
}

export function containerSpec(props: ContainerProps): IContainer {
  const { resources, probes, podFields = {} } = props;
  const secretFiles = Object.entries(props.secretFiles ?? {});
  const variables = {
    ...props.environment,
    ...Object.fromEntries(secretFiles.map(([name, reference]) => [name, secretFile(reference)])),
  };
  const secrets = [...new Set(secretFiles.map(([, { secret }]) => secret.name))].sort();
  return {
    name: props.name,
    image: props.image.reference,
    imagePullPolicy: 'IfNotPresent',
    ...(props.command ? { command: props.command.map(literal) } : {}),
    ...(props.ports
      ? { ports: props.ports.map(({ name, port, protocol = 'TCP' }) => ({ name, containerPort: port, protocol })) }
      : {}),
    ...(Object.keys({ ...variables, ...podFields }).length > 0
      ? {
          env: Object.keys({ ...variables, ...podFields })
            .sort()
            .map((name) => {
              const fieldPath = podFields[name];
              return fieldPath === undefined
                ? { name, value: literal(variables[name] ?? '') }
                : { name, valueFrom: { fieldRef: { fieldPath } } };
            }),
        }
      : {}),
    resources: {
      requests: { cpu: resources.cpuRequest.asString(), memory: resources.memory.asString() },
      limits: {
        ...(resources.cpuLimit ? { cpu: resources.cpuLimit.asString() } : {}),
        memory: resources.memory.asString(),
      },
    },
    ...probeFields(probes),
    ...beforeStopFields(props),
    securityContext: { ...privilegedContext(props.privileges ?? []), ...ownUser(props) },
    ...volumeMounts(props, secrets),
  };
}

function ownUser({ user }: ContainerProps): Pick<ISecurityContext, 'runAsUser' | 'runAsGroup'> {
  return user === undefined ? {} : { runAsUser: user, runAsGroup: user };
}

function beforeStopFields({ preStopSleepSeconds = 0, beforeStop }: ContainerProps): Pick<IContainer, 'lifecycle'> {
  if (beforeStop) return { lifecycle: { preStop: { exec: { command: [...beforeStop.command] } } } };
  return preStopSleepSeconds > 0 ? { lifecycle: { preStop: { sleep: { seconds: preStopSleepSeconds } } } } : {};
}

function volumeMounts(
  { writableDirectories = [], mounts = [], files = {}, privileges = [] }: ContainerProps,
  secrets: readonly string[],
): Pick<IContainer, 'volumeMounts'> {
  const list = [
    ...writableDirectories.map(({ name, path }) => ({ name, mountPath: path })),
    ...mounts.map(({ volume, path, folder, readOnly = false }) => ({
      name: volume,
      mountPath: path,
      ...(folder === undefined ? {} : { subPath: folder }),
      ...(readOnly ? { readOnly } : {}),
    })),
    ...Object.entries(files).map(([path, { volume }]) => ({ name: volume, mountPath: path, readOnly: true })),
    ...hostPaths(privileges).map((path) => ({
      name: hostVolume(path),
      mountPath: path,
      ...(isWritable(privileges, path) ? {} : { readOnly: true }),
    })),
    ...secrets.map((name) => ({ name: secretVolume(name), mountPath: secretDirectory(name), readOnly: true })),
  ];
  return list.length > 0 ? { volumeMounts: list } : {};
}

export function secretVolume(secretName: string): string {
  return derivedLabel('secret', secretName);
}
