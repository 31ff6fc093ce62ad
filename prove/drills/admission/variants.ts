import type { IPodSpec } from 'kubernetes-models/v1/PodSpec';
import type { Manifest } from '../../../constructs/core/manifest.ts';
import { restrictedViolations } from '../../../synth/pod-security.ts';
import { changed } from './changed.ts';
import type { Path } from './changed.ts';

/** A pod that differs from a committed one in one way, and what has to be said of it. */
export interface Variant {
  readonly what: string;
  readonly pod: Manifest;
  /** What the real admission refuses it for; undefined where it admits it. */
  readonly refusedFor: RegExp | undefined;
  /** Why synth refuses what the real admission admits. */
  readonly stricter?: string;
}

/** What one of the two says of a pod. */
export type Verdict = 'admitted' | 'refused';

const container: Path = ['spec', 'containers', 0];
const context: Path = [...container, 'securityContext'];
const podContext: Path = ['spec', 'securityContext'];

/** Pods that are for Pod Security to judge: each way to be refused by its level `restricted`, and ways that are not. */
export function variantsOf(pod: Manifest): readonly Variant[] {
  const refused = (what: string, refusedFor: RegExp, ...changes: readonly (readonly [Path, unknown])[]): Variant => ({
    ...admitted(what, ...changes),
    refusedFor,
  });
  const admitted = (what: string, ...changes: readonly (readonly [Path, unknown])[]): Variant => ({
    what,
    pod: changes.reduce((before, [path, value]) => changed(before, path, value), pod),
    refusedFor: undefined,
  });
  const [first] = (pod as unknown as { readonly spec: IPodSpec }).spec.containers;
  const initial = { name: 'initial', image: first?.image, resources: first?.resources };
  const annotation = `container.apparmor.security.beta.kubernetes.io/${first?.name ?? ''}`;
  const volume: Path = ['spec', 'volumes', 0];
  return [
    admitted('nothing changed'),
    refused(
      'a privileged container',
      /privileged/,
      [[...context, 'privileged'], true],
      [[...context, 'allowPrivilegeEscalation'], true],
    ),
    refused('privilege escalation', /allowPrivilegeEscalation != false/, [
      [...context, 'allowPrivilegeEscalation'],
      true,
    ]),
    refused('privilege escalation not ruled out', /allowPrivilegeEscalation != false/, [
      [...context, 'allowPrivilegeEscalation'],
      undefined,
    ]),
    refused('an added capability', /unrestricted capabilities/, [[...context, 'capabilities', 'add'], ['SYS_ADMIN']]),
    refused('capabilities that stay', /unrestricted capabilities/, [[...context, 'capabilities'], {}]),
    refused('one capability dropped', /unrestricted capabilities/, [
      [...context, 'capabilities'],
      { drop: ['NET_RAW'] },
    ]),
    admitted('the capability to bind low ports', [[...context, 'capabilities', 'add'], ['NET_BIND_SERVICE']]),
    refused('root allowed by the pod', /runAsNonRoot != true/, [[...podContext, 'runAsNonRoot'], false]),
    refused(
      'root allowed by the pod and ruled out by its containers',
      /runAsNonRoot != true/,
      [[...podContext, 'runAsNonRoot'], false],
      [[...context, 'runAsNonRoot'], true],
    ),
    refused('root allowed by a container', /runAsNonRoot != true/, [[...context, 'runAsNonRoot'], false]),
    refused('user 0 of the pod', /runAsUser=0/, [[...podContext, 'runAsUser'], 0]),
    refused(
      'user 0 of the pod, and another one of its containers',
      /runAsUser=0/,
      [[...podContext, 'runAsUser'], 0],
      [[...context, 'runAsUser'], 1000],
    ),
    refused('user 0 of a container', /runAsUser=0/, [[...context, 'runAsUser'], 0]),
    {
      ...admitted('user 0 in a user namespace', [[...podContext, 'runAsUser'], 0], [['spec', 'hostUsers'], false]),
      stricter: 'no pod here has a user namespace',
    },
    refused(
      'no seccomp profile',
      /seccompProfile/,
      [[...podContext, 'seccompProfile'], undefined],
      [[...context, 'seccompProfile'], undefined],
    ),
    refused('no seccomp profile of a container', /seccompProfile/, [
      [...context, 'seccompProfile'],
      { type: 'Unconfined' },
    ]),
    refused(
      'no seccomp profile of the pod, and one of its containers',
      /seccompProfile/,
      [[...podContext, 'seccompProfile'], { type: 'Unconfined' }],
      [[...context, 'seccompProfile'], { type: 'RuntimeDefault' }],
    ),
    admitted('a seccomp profile of the node', [
      [...context, 'seccompProfile'],
      { type: 'Localhost', localhostProfile: 'a.json' },
    ]),
    refused('no AppArmor profile of the pod', /AppArmor/, [[...podContext, 'appArmorProfile'], { type: 'Unconfined' }]),
    refused('no AppArmor profile of a container', /AppArmor/, [
      [...context, 'appArmorProfile'],
      { type: 'Unconfined' },
    ]),
    refused('no AppArmor profile by annotation', /AppArmor/, [['metadata', 'annotations', annotation], 'unconfined']),
    admitted("AppArmor's profile of the runtime", [[...context, 'appArmorProfile'], { type: 'RuntimeDefault' }]),
    refused('a type of SELinux', /seLinuxOptions/, [[...podContext, 'seLinuxOptions'], { type: 'spc_t' }]),
    refused('a user of SELinux', /seLinuxOptions/, [[...context, 'seLinuxOptions'], { user: 'system_u' }]),
    refused('a role of SELinux', /seLinuxOptions/, [[...context, 'seLinuxOptions'], { role: 'system_r' }]),
    admitted('the type of SELinux that containers have', [[...podContext, 'seLinuxOptions'], { type: 'container_t' }]),
    refused('the host network', /host namespaces/, [['spec', 'hostNetwork'], true]),
    refused('processes of the host', /host namespaces/, [['spec', 'hostPID'], true]),
    refused('memory of the host', /host namespaces/, [['spec', 'hostIPC'], true]),
    refused('a port of the host', /hostPort/, [[...container, 'ports', 0, 'hostPort'], 80]),
    refused('a folder of the host', /hostPath/, [volume, { name: 'tmp', hostPath: { path: '/' } }]),
    refused('a volume of NFS', /restricted volume type/, [
      volume,
      { name: 'tmp', nfs: { server: '10.0.0.1', path: '/' } },
    ]),
    admitted('a volume of an image', [
      volume,
      { name: 'tmp', image: { reference: first?.image, pullPolicy: 'IfNotPresent' } },
    ]),
    refused('the whole of /proc', /procMount/, [[...context, 'procMount'], 'Unmasked'], [['spec', 'hostUsers'], false]),
    refused('a probe of another host', /host/, [[...container, 'livenessProbe', 'httpGet', 'host'], '10.0.0.1']),
    refused('a connection to another host before stopping', /host/, [
      [...container, 'lifecycle'],
      { preStop: { httpGet: { host: '10.0.0.1', port: 80 } } },
    ]),
    refused('an unsafe sysctl', /forbidden sysctls/, [
      [...podContext, 'sysctls'],
      [{ name: 'kernel.msgmax', value: '1' }],
    ]),
    {
      ...admitted('a safe sysctl', [[...podContext, 'sysctls'], [{ name: 'net.ipv4.tcp_syncookies', value: '1' }]]),
      stricter: 'no pod here sets another one than the lowest port',
    },
    refused('a container at the beginning with a capability', /unrestricted capabilities/, [
      ['spec', 'initContainers'],
      [
        {
          ...initial,
          securityContext: { ...first?.securityContext, capabilities: { drop: ['ALL'], add: ['SYS_ADMIN'] } },
        },
      ],
    ]),
  ];
}

/** What our own check says of a pod. */
export function verdictOfSynth({ metadata, spec }: Manifest): Verdict {
  return restrictedViolations(spec as IPodSpec, {}, metadata.annotations).length === 0 ? 'admitted' : 'refused';
}

/** What has to be said of a variant, by synth and by the API server. */
export function expectedVerdicts({ refusedFor, stricter }: Variant): {
  readonly synth: Verdict;
  readonly server: Verdict;
} {
  const server = refusedFor === undefined ? 'admitted' : 'refused';
  return { server, synth: stricter === undefined ? server : 'refused' };
}
