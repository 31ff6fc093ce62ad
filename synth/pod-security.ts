import type { IContainer } from 'kubernetes-models/v1/Container';
import type { IPodSpec } from 'kubernetes-models/v1/PodSpec';
import { lowestPortSysctl } from '../constructs/core/pod-template.ts';
import { hostPaths, isWritable } from '../constructs/core/privilege.ts';
import type { Privilege } from '../constructs/core/privilege.ts';

const volumeTypes = new Set([
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'image',
  'persistentVolumeClaim',
  'projected',
  'secret',
]);

/** The privileges of each container, by its name. */
export type Privileges = Readonly<Record<string, readonly Privilege[]>>;

/** How AppArmor's profile of a container was named before it had a field. */
const appArmorAnnotation = 'container.apparmor.security.beta.kubernetes.io/';

const seLinuxTypes = new Set(['', 'container_t', 'container_init_t', 'container_kvm_t', 'container_engine_t']);

const confined = (type: string | undefined): boolean => type === 'RuntimeDefault' || type === 'Localhost';

/**
 * What Pod Security's level `restricted` refuses in a pod, as `path: what`; empty when it is admitted. It may refuse more,
 * never less: `npm run prove -- admission` asks a real API server of the same pods.
 * @param privileges what the pod declares to need; without it, what the API server says
 * @param annotations of the pod
 * @see https://kubernetes.io/docs/concepts/security/pod-security-standards/ (v1.36)
 */
export function restrictedViolations(
  pod: IPodSpec,
  privileges: Privileges = {},
  annotations: Readonly<Record<string, string>> = {},
): string[] {
  const paths = Object.values(privileges).flatMap(hostPaths);
  const { securityContext: podContext, volumes = [] } = pod;
  const containers = [
    ...(pod.initContainers ?? []).map((container, index) => ({ container, path: `initContainers[${index}]` })),
    ...pod.containers.map((container, index) => ({ container, path: `containers[${index}]` })),
  ];
  return [
    ...(['hostNetwork', 'hostPID', 'hostIPC'] as const).filter((field) => pod[field]).map((field) => `${field}: true`),
    ...Object.entries(annotations)
      .filter(([key, value]) => key.startsWith(appArmorAnnotation) && !/^($|runtime\/default$|localhost\/)/.test(value))
      .map(([key, value]) => `annotation ${key}: ${value}`),
    ...(podContext?.sysctls ?? [])
      .filter(({ name }) => name !== lowestPortSysctl)
      .map(({ name }) => `securityContext.sysctls: ${name}`),
    // What the pod says is refused also where each of its containers says something better.
    ...(podContext?.runAsNonRoot === false ? ['securityContext.runAsNonRoot: false'] : []),
    ...(podContext?.runAsUser === 0 ? ['securityContext.runAsUser: 0'] : []),
    ...(podContext?.seccompProfile === undefined || confined(podContext.seccompProfile.type)
      ? []
      : [`securityContext.seccompProfile: ${podContext.seccompProfile.type}`]),
    ...eitherViolations(podContext).map((violation) => `securityContext.${violation}`),
    ...volumes.flatMap((volume, index) =>
      Object.keys(volume)
        .filter((key) => key !== 'name' && !volumeTypes.has(key))
        .filter((key) => key !== 'hostPath' || !paths.includes(volume.hostPath?.path ?? ''))
        .map((key) => `volumes[${index}]: ${key}`),
    ),
    ...containers.flatMap(({ container, path }) => [
      ...containerViolations(container, path, pod, privileges[container.name] ?? []),
      ...othersDirectories(container, pod, paths, hostPaths(privileges[container.name] ?? [])).map(
        (name) => `${path}.volumeMounts: ${name}, which another container declares`,
      ),
      ...writtenDirectories(container, pod, privileges[container.name] ?? []).map(
        (name) => `${path}.volumeMounts: ${name}, which is declared for reading`,
      ),
    ]),
  ];
}

/** What is refused alike in the security context of a pod and of a container. */
function eitherViolations(context: IPodSpec['securityContext'] | IContainer['securityContext']): string[] {
  const { seLinuxOptions, appArmorProfile, windowsOptions } = context ?? {};
  const { type = '', user = '', role = '' } = seLinuxOptions ?? {};
  return [
    ...(seLinuxTypes.has(type) ? [] : [`seLinuxOptions.type: ${type}`]),
    ...(user === '' ? [] : [`seLinuxOptions.user: ${user}`]),
    ...(role === '' ? [] : [`seLinuxOptions.role: ${role}`]),
    ...(appArmorProfile === undefined || confined(appArmorProfile.type)
      ? []
      : [`appArmorProfile: ${appArmorProfile.type}`]),
    ...(windowsOptions?.hostProcess ? ['windowsOptions.hostProcess: true'] : []),
  ];
}

function containerViolations(
  container: IContainer,
  path: string,
  pod: IPodSpec,
  privileges: readonly Privilege[],
): string[] {
  const declared = (what: Partial<Record<'capability' | 'user', unknown>>): boolean =>
    privileges.some((privilege) => Object.entries(what).every(([key, value]) => Reflect.get(privilege, key) === value));
  const context = container.securityContext;
  const nonRoot = context?.runAsNonRoot ?? pod.securityContext?.runAsNonRoot;
  const user = context?.runAsUser ?? pod.securityContext?.runAsUser;
  const seccomp = (context?.seccompProfile ?? pod.securityContext?.seccompProfile)?.type;
  const added = context?.capabilities?.add ?? [];
  return [
    ...(context?.privileged ? ['privileged: true'] : []),
    ...(context?.allowPrivilegeEscalation === false ? [] : ['allowPrivilegeEscalation: not false']),
    ...(nonRoot === true || declared({ user: 0 }) ? [] : ['runAsNonRoot: not true']),
    ...(user === 0 && !declared({ user: 0 }) ? ['runAsUser: 0'] : []),
    ...(confined(seccomp) ? [] : [`seccompProfile: ${seccomp ?? 'none'}`]),
    ...(context?.capabilities?.drop?.includes('ALL') ? [] : ['capabilities.drop: not ALL']),
    ...added
      .filter((name) => name !== 'NET_BIND_SERVICE' && !declared({ capability: name }))
      .map((name) => `capabilities.add: ${name}`),
    ...(container.ports ?? []).filter(({ hostPort }) => hostPort).map(({ hostPort }) => `hostPort: ${hostPort}`),
    ...(context?.procMount !== undefined && context.procMount !== 'Default' ? [`procMount: ${context.procMount}`] : []),
    ...eitherViolations(context),
    ...probeHosts(container),
  ].map((violation) => `${path}.${violation}`);
}

/** Volumes of the container that are directories of the node which the pod declares, but not for this container. */
function othersDirectories(
  { volumeMounts = [] }: IContainer,
  { volumes = [] }: IPodSpec,
  declared: readonly string[],
  own: readonly string[],
): string[] {
  const others = declared.filter((path) => !own.includes(path));
  const names = volumes.filter(({ hostPath }) => others.includes(hostPath?.path ?? '')).map(({ name }) => name);
  return volumeMounts.map(({ name }) => name).filter((name) => names.includes(name));
}

/** Directories of the node that the container declares, and could write into without saying so. */
function writtenDirectories(
  { volumeMounts = [] }: IContainer,
  { volumes = [] }: IPodSpec,
  own: readonly Privilege[],
): string[] {
  const read = hostPaths(own).filter((path) => !isWritable(own, path));
  const names = volumes.filter(({ hostPath }) => read.includes(hostPath?.path ?? '')).map(({ name }) => name);
  return volumeMounts.filter(({ name, readOnly }) => names.includes(name) && !readOnly).map(({ name }) => name);
}

/** A probe of another host makes the kubelet ask where the pod may not. Refused since Kubernetes 1.34. */
function probeHosts({ livenessProbe, readinessProbe, startupProbe, lifecycle }: IContainer): string[] {
  const handlers = {
    livenessProbe,
    readinessProbe,
    startupProbe,
    postStart: lifecycle?.postStart,
    preStop: lifecycle?.preStop,
  };
  return Object.entries(handlers).flatMap(([name, handler]) =>
    [handler?.httpGet?.host, handler?.tcpSocket?.host].filter(Boolean).map((host) => `${name}.host: ${host ?? ''}`),
  );
}
