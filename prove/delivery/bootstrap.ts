/** What stages 60 to 80 of install/ do to a cluster, one after the other: tests/install/stages.test.ts compares them. */
export type BootstrapStep =
  | {
      /** Files and folders, from the root of the repository; of Argo CD's makers' own, its name there. */
      readonly apply: readonly string[];
      readonly options?: readonly string[];
    }
  /** The key that secrets are sealed for. */
  | { readonly sealingKey: true }
  /** Upstream's network policies would add to ours. */
  | { readonly remove: readonly string[] }
  /** What has to answer before the next step. */
  | { readonly waitFor: string };

export const upstreamManifests = 'manifests/install.yaml';

/** @param namespace of Argo CD */
export function bootstrapSteps(environment: string, namespace: string): readonly BootstrapStep[] {
  const where = `--namespace=${namespace}`;
  const settings = { apply: [`dist/${environment}/argocd`] };
  return [
    { apply: [`dist/${environment}/namespaces`] },
    { apply: [`dist/${environment}/cluster-system`] },
    { sealingKey: true },
    // Before, because programs read some settings only at start; after, because upstream brings the same ConfigMaps.
    settings,
    { apply: [upstreamManifests], options: [where, '--field-manager=install'] },
    { remove: ['networkpolicies', where, '--selector=app.kubernetes.io/part-of=argocd'] },
    settings,
    // An application that is applied before they answer is looked at again only minutes later.
    { waitFor: 'deployment/argocd-repo-server' },
    { waitFor: 'deployment/argocd-redis' },
    { waitFor: 'statefulset/argocd-application-controller' },
    { apply: [`argocd/${environment}/bootstrap`, `argocd/${environment}/root.yaml`] },
  ];
}
