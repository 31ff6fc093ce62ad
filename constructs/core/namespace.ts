import { checkName } from './names.ts';

/** @see https://kubernetes.io/docs/concepts/security/pod-security-standards/ (v1.36) */
export type PodSecurityLevel = 'restricted' | 'baseline' | 'privileged';

/** A namespace of the platform, written once and handed to the applications that live in it. */
export interface NamespaceDefinition {
  readonly name: string;
  readonly podSecurity: PodSecurityLevel;
}

/** @param podSecurity anything but `restricted` needs its reason in a comment beside the call */
export function defineNamespace(name: string, podSecurity: PodSecurityLevel = 'restricted'): NamespaceDefinition {
  return { name: checkName('namespace', name), podSecurity };
}
