import type { Manifest } from '../../../constructs/core/manifest.ts';
import { podTemplateOf } from '../../../synth/pods.ts';
import { changed } from './changed.ts';
import type { Path } from './changed.ts';

/** One way to be wrong, and what the API server says to it. */
export interface Spoiled {
  readonly what: string;
  readonly manifest: Manifest;
  readonly refusedWith: RegExp;
}

const container: Path = ['spec', 'containers', 0];
const context: Path = [...container, 'securityContext'];

/**
 * Objects that must not get past the API server, each made of a committed one by one change.
 * @param pod a pod as a committed Deployment would make it
 */
export function spoiledObjects(pod: Manifest, deployment: Manifest): Spoiled[] {
  const inPod = (what: string, path: Path, value: unknown, refusedWith: RegExp): Spoiled => ({
    what,
    manifest: changed(pod, path, value),
    refusedWith,
  });
  const inDeployment = (what: string, path: Path, value: unknown, refusedWith: RegExp): Spoiled => ({
    what,
    manifest: changed(deployment, path, value),
    refusedWith,
  });
  const policy = /violates PodSecurity "restricted:latest"/;
  return [
    inPod('a privileged container', [...context, 'privileged'], true, /privileged/),
    inPod('privilege escalation', [...context, 'allowPrivilegeEscalation'], true, /allowPrivilegeEscalation != false/),
    inPod('an added capability', [...context, 'capabilities', 'add'], ['SYS_ADMIN'], /unrestricted capabilities/),
    inPod('capabilities that stay', [...context, 'capabilities'], {}, /unrestricted capabilities/),
    inPod('root allowed', ['spec', 'securityContext', 'runAsNonRoot'], false, /runAsNonRoot != true/),
    inPod('user 0', ['spec', 'securityContext', 'runAsUser'], 0, /runAsUser=0/),
    inPod('no seccomp profile', ['spec', 'securityContext', 'seccompProfile'], undefined, /seccompProfile/),
    inPod('the host network', ['spec', 'hostNetwork'], true, /host namespaces/),
    inPod('processes of the host', ['spec', 'hostPID'], true, /host namespaces/),
    inPod('memory of the host', ['spec', 'hostIPC'], true, /host namespaces/),
    inPod('a port of the host', [...container, 'ports', 0, 'hostPort'], 80, /hostPort|Invalid value/),
    inPod('a folder of the host', ['spec', 'volumes', 0], { name: 'tmp', hostPath: { path: '/' } }, /hostPath/),
    inPod('a probe of another host', [...container, 'livenessProbe', 'httpGet', 'host'], '10.0.0.1', /host/),
    inPod('an unsafe sysctl', ['spec', 'securityContext', 'sysctls'], [{ name: 'kernel.msgmax', value: '1' }], policy),
    inPod(
      'an account that does not exist',
      ['spec', 'serviceAccountName'],
      'nobody',
      /serviceaccount "nobody" not found/,
    ),
    inPod('a priority that does not exist', ['spec', 'priorityClassName'], 'first', /no PriorityClass with name first/),
    inPod('no requests, where a quota counts', [...container, 'resources'], {}, /must specify requests/),
    inPod('more than the quota', [...container, 'resources', 'requests', 'cpu'], '100', /exceeded quota/),
    inDeployment('an unknown field', ['spec', 'template', 'spec', 'contianers'], [], /unknown field/),
    inDeployment(
      'text for a number',
      ['spec', 'revisionHistoryLimit'],
      'three',
      /strict decoding|Invalid|cannot unmarshal|expected/,
    ),
    inDeployment(
      'a selector that misses its pods',
      ['spec', 'selector', 'matchLabels', 'other'],
      'x',
      /selector.*does not match template `labels`/,
    ),
    inDeployment('a name with a capital', ['metadata', 'name'], 'Backend', /RFC 1123/),
  ];
}

/** A pod as the controller of a workload would make it. */
export function podOf(workload: Manifest): Manifest {
  const template = podTemplateOf(workload);
  if (template === undefined) throw new TypeError(`${workload.kind} ${workload.metadata.name} makes no pods`);
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: workload.metadata.name,
      namespace: workload.metadata.namespace ?? '',
      labels: { ...template.metadata?.labels },
    },
    spec: { ...template.spec, volumes: [...(template.spec?.volumes ?? []), ...claimed(workload)] },
  };
}

/** The volumes that a StatefulSet gives its first pod. */
function claimed({ metadata, spec }: Manifest): object[] {
  const { volumeClaimTemplates = [] } = spec as {
    readonly volumeClaimTemplates?: readonly { readonly metadata: { readonly name: string } }[];
  };
  return volumeClaimTemplates.map(({ metadata: { name } }) => ({
    name,
    persistentVolumeClaim: { claimName: `${name}-${metadata.name}-0` },
  }));
}
