import { application } from '../constructs/core/application.ts';
import { UpstreamSource } from '../constructs/core/upstream-source.ts';
import { clusterNamespaces } from './namespaces.ts';

const customResourceDefinitions = {
  clusterKinds: ['apiextensions.k8s.io/CustomResourceDefinition'],
  namespacedKinds: [],
};

/**
 * The kinds that later layers write, there before anything of those kinds. cert-manager's come with its chart: its
 * makers say not to install them from the repository.
 */
export const crds = application(
  'crds',
  { namespace: clusterNamespaces.argocd, layer: 'foundations' },
  (scope, environment) => {
    new UpstreamSource(scope, 'sealed-secrets', {
      ...environment.upstream('sealed-secrets'),
      path: 'helm/sealed-secrets/crds',
      include: 'bitnami.com_*.yaml',
      ...customResourceDefinitions,
    });
    new UpstreamSource(scope, 'traefik', {
      ...environment.upstream('traefik'),
      path: 'docs/content/reference/dynamic-configuration',
      include: 'kubernetes-crd-definition-v1.yml',
      ...customResourceDefinitions,
    });
  },
);
