import type { IContainer } from 'kubernetes-models/v1/Container';
import type { IEnvVar } from 'kubernetes-models/v1/EnvVar';
import type { ILifecycleHandler } from 'kubernetes-models/v1/LifecycleHandler';
import type { IProbe } from 'kubernetes-models/v1/Probe';
import type { ISecurityContext } from 'kubernetes-models/v1/SecurityContext';
import { amount, label, portName, portOf, relativePath, resourceOf, subdomain, variableName } from './forms.ts';
import { broken, notOne, outside, problem, shown, unlisted } from './problem.ts';
import type { Problem } from './problem.ts';

/** What rules about a container ask of its pod. */
export interface Around {
  readonly secondsToStop: number;
  /** Whether it runs before the others and ends. */
  readonly ends: boolean;
}

export function containerProblems(container: IContainer, at: string, { secondsToStop, ends }: Around): Problem[] {
  const { startupProbe, readinessProbe, livenessProbe, lifecycle } = container;
  return [
    ...broken(`${at}.name`, container.name, label),
    ...broken(`${at}.image`, container.image ?? '', (image) =>
      image !== '' && image.trim() === image ? undefined : 'a reference of an image, without spaces around it',
    ),
    ...unlisted(`${at}.imagePullPolicy`, container.imagePullPolicy, ['Always', 'IfNotPresent', 'Never']),
    ...portProblems(container, at),
    ...(container.env ?? []).flatMap((each, index) => variableProblems(each, `${at}.env[${index}]`)),
    ...resourceProblems(container, at),
    ...mountProblems(container, at),
    ...contextProblems(container.securityContext, `${at}.securityContext`),
    ...(ends
      ? Object.entries({ startupProbe, readinessProbe, livenessProbe, lifecycle })
          .filter(([, value]) => value !== undefined)
          .map(([name]) => problem(`${at}.${name}`, 'it runs before the others and ends', 'none', 'remove it'))
      : [
          ...Object.entries({ startupProbe, readinessProbe, livenessProbe }).flatMap(([name, probe]) =>
            probe === undefined ? [] : probeProblems(probe, `${at}.${name}`),
          ),
          ...Object.entries(lifecycle ?? {}).flatMap(([name, handler]) =>
            typeof handler === 'object'
              ? handlerProblems(handler as ILifecycleHandler, `${at}.lifecycle.${name}`, secondsToStop)
              : [],
          ),
        ]),
  ];
}

function portProblems({ ports = [] }: IContainer, at: string): Problem[] {
  return ports.flatMap(({ name, containerPort, hostPort, protocol }, index) => [
    ...outside(`${at}.ports[${index}].containerPort`, containerPort, 1, 65_535),
    ...outside(`${at}.ports[${index}].hostPort`, hostPort, 0, 65_535),
    ...unlisted(`${at}.ports[${index}].protocol`, protocol, ['TCP', 'UDP', 'SCTP']),
    ...(name === '' ? [] : broken(`${at}.ports[${index}].name`, name, portName)),
    ...(name !== undefined && name !== '' && ports.findIndex((other) => other.name === name) < index
      ? [problem(`${at}.ports[${index}].name`, `${shown(name)} is there twice`, 'each name once', 'rename one of them')]
      : []),
  ]);
}

/** @see https://kubernetes.io/docs/concepts/workloads/pods/downward-api/ (v1.36) */
const podFields =
  /^(metadata\.(name|namespace|uid)|metadata\.(labels|annotations)\['[^']+'\]|spec\.(nodeName|serviceAccountName)|status\.(hostIPs?|podIPs?))$/;

function variableProblems({ name, value, valueFrom }: IEnvVar, at: string): Problem[] {
  const { fieldRef, configMapKeyRef, secretKeyRef } = valueFrom ?? {};
  return [
    ...broken(`${at}.name`, name, variableName),
    ...(valueFrom !== undefined && value !== undefined && value !== ''
      ? [problem(at, `${name} has a value and valueFrom`, 'one of the two', 'remove one of them')]
      : []),
    // What no process can be given: the text would end there.
    ...(value?.includes('\0') ? [problem(`${at}.value`, 'it has a character NUL', 'text without it')] : []),
    ...(valueFrom === undefined
      ? []
      : notOne(`${at}.valueFrom`, valueFrom, [
          ...['fieldRef', 'resourceFieldRef', 'configMapKeyRef', 'secretKeyRef', 'fileKeyRef'],
        ])),
    ...broken(`${at}.valueFrom.fieldRef.fieldPath`, fieldRef?.fieldPath, (path) =>
      podFields.test(path)
        ? undefined
        : "metadata.name, metadata.namespace, metadata.uid, metadata.labels['KEY'], metadata.annotations['KEY'], " +
          'spec.nodeName, spec.serviceAccountName, status.hostIP, status.hostIPs, status.podIP, status.podIPs',
    ),
    ...Object.entries({ configMapKeyRef, secretKeyRef }).flatMap(([field, reference]) =>
      reference === undefined ? [] : broken(`${at}.valueFrom.${field}.name`, reference.name ?? '', subdomain),
    ),
  ];
}

function resourceProblems({ resources = {} }: IContainer, at: string): Problem[] {
  const { requests = {}, limits = {} } = resources;
  const negative = Object.entries({ requests, limits }).flatMap(([field, quantities]) =>
    Object.entries(quantities).flatMap(([name, quantity]) => [
      ...broken(`${at}.resources.${field}[${JSON.stringify(name)}]`, quantity, (each) =>
        amount(each) < 0 ? '0 or more' : resourceOf(name, each, 'container'),
      ),
    ]),
  );
  const more = Object.entries(requests).flatMap(([name, request]) => {
    const limit = limits[name];
    if (limit === undefined || amount(request) <= amount(limit)) return [];
    const what = `it requests ${request} and may have ${limit}`;
    return [problem(`${at}.resources.limits.${name}`, what, 'a limit that is not below the request')];
  });
  return [...negative, ...more];
}

function mountProblems({ volumeMounts = [] }: IContainer, at: string): Problem[] {
  return volumeMounts.flatMap(({ mountPath, subPath, subPathExpr }, index) => [
    ...broken(`${at}.volumeMounts[${index}].mountPath`, mountPath, (text) => (text === '' ? 'a path' : undefined)),
    ...(subPath ? broken(`${at}.volumeMounts[${index}].subPath`, subPath, relativePath) : []),
    ...(subPath && subPathExpr
      ? [problem(`${at}.volumeMounts[${index}]`, 'it has subPath and subPathExpr', 'one of the two', 'remove one')]
      : []),
  ]);
}

/** The largest number of a user or group. */
const mostIdentities = 2 ** 31 - 1;

export function identityProblems(
  context: { readonly runAsUser?: number; readonly runAsGroup?: number; readonly fsGroup?: number } | undefined,
  at: string,
): Problem[] {
  return (['runAsUser', 'runAsGroup', 'fsGroup'] as const).flatMap((field) =>
    outside(`${at}.${field}`, context?.[field], 0, mostIdentities),
  );
}

export function profileProblems(
  profile: { readonly type: string; readonly localhostProfile?: string } | undefined,
  at: string,
): Problem[] {
  if (profile === undefined) return [];
  return [
    ...unlisted(`${at}.type`, profile.type, ['Localhost', 'RuntimeDefault', 'Unconfined']),
    ...((profile.type === 'Localhost') === (profile.localhostProfile !== undefined)
      ? []
      : [problem(`${at}.localhostProfile`, `got ${shown(profile.localhostProfile)}`, 'one with Localhost, else none')]),
  ];
}

function contextProblems(context: ISecurityContext | undefined, at: string): Problem[] {
  const { allowPrivilegeEscalation, privileged, capabilities } = context ?? {};
  const more = privileged === true || capabilities?.add?.some((name) => /^(CAP_)?SYS_ADMIN$/.test(name));
  return [
    ...identityProblems(context, at),
    ...profileProblems(context?.seccompProfile, `${at}.seccompProfile`),
    ...profileProblems(context?.appArmorProfile, `${at}.appArmorProfile`),
    ...(allowPrivilegeEscalation === false && more
      ? [problem(`${at}.allowPrivilegeEscalation`, 'false, beside a privilege that is one', 'true, or less privilege')]
      : []),
  ];
}

function probeProblems(probe: IProbe, at: string): Problem[] {
  const { successThreshold = 1, terminationGracePeriodSeconds } = probe;
  const isReadiness = at.endsWith('readinessProbe');
  return [
    ...handlerProblems(probe, at, 0, ['exec', 'httpGet', 'tcpSocket', 'grpc']),
    ...(
      ['initialDelaySeconds', 'periodSeconds', 'timeoutSeconds', 'failureThreshold', 'successThreshold'] as const
    ).flatMap((field) => outside(`${at}.${field}`, probe[field], 0)),
    ...(isReadiness || successThreshold <= 1 ? [] : outside(`${at}.successThreshold`, successThreshold, 0, 1)),
    ...(isReadiness && terminationGracePeriodSeconds !== undefined
      ? [problem(`${at}.terminationGracePeriodSeconds`, 'a readiness probe stops nothing', 'none', 'remove it')]
      : outside(`${at}.terminationGracePeriodSeconds`, terminationGracePeriodSeconds, 1)),
  ];
}

function handlerProblems(
  handler: ILifecycleHandler & Pick<IProbe, 'grpc'>,
  at: string,
  secondsToStop: number,
  kinds: readonly string[] = ['exec', 'httpGet', 'tcpSocket', 'sleep'],
): Problem[] {
  const { exec, httpGet, tcpSocket, sleep } = handler;
  return [
    ...notOne(at, handler, kinds),
    ...(exec !== undefined && (exec.command ?? []).length === 0
      ? [problem(`${at}.exec.command`, 'it is empty', 'a program with its arguments')]
      : []),
    ...broken(`${at}.httpGet.port`, httpGet?.port, portOf),
    ...unlisted(`${at}.httpGet.scheme`, httpGet?.scheme, ['HTTP', 'HTTPS', '']),
    ...broken(`${at}.tcpSocket.port`, tcpSocket?.port, portOf),
    ...(sleep === undefined ? [] : outside(`${at}.sleep.seconds`, sleep.seconds, 0, secondsToStop)),
  ];
}
