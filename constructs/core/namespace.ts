import { checkName } from './names.ts';

/** @see https://kubernetes.io/docs/concepts/security/pod-security-standards/ (v1.36) */
export type PodSecurityLevel = 'restricted' | 'baseline' | 'privileged';

/** A namespace of the platform, written once and handed to the applications that live in it. */
export interface NamespaceDefinition {
  readonly name: string;
  readonly podSecurity: PodSecurityLevel;
  readonly onServers: boolean;
}

export interface NamespaceOptions {
  /**
   * Anything but `restricted` needs its reason in a comment beside the call.
   * @default restricted
   */
  readonly podSecurity?: PodSecurityLevel;
  /**
   * Whether its pods run only on nodes with the Kubernetes API, for controllers that are of no use without it. The API
   * server needs the admission plugin PodNodeSelector.
   * @default false
   * @see https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#podnodeselector (v1.36)
   */
  readonly onServers?: boolean;
}

export function defineNamespace(
  name: string,
  { podSecurity = 'restricted', onServers = false }: NamespaceOptions = {},
): NamespaceDefinition {
  return { name: checkName('namespace', name), podSecurity, onServers };
}
