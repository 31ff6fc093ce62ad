import { application } from '../constructs/core/application.ts';
import { UpstreamSource } from '../constructs/core/upstream-source.ts';
import { namespaces } from './namespaces.ts';
import { versions } from './versions.ts';

const customResourceDefinitions = {
  clusterKinds: ['apiextensions.k8s.io/CustomResourceDefinition'],
  namespacedKinds: [],
};

/**
 * The kinds that later layers write, there before anything of those kinds. cert-manager's come with its chart: its
 * makers say not to install them from the repository.
 */
export const crds = application('crds', { namespace: namespaces.argocd, layer: 'foundations' }, (scope) => {
  new UpstreamSource(scope, 'sealed-secrets', {
    repository: 'https://github.com/bitnami-labs/sealed-secrets.git',
    revision: versions.sealedSecrets,
    path: 'helm/sealed-secrets/crds',
    include: 'bitnami.com_*.yaml',
    ...customResourceDefinitions,
  });
  new UpstreamSource(scope, 'traefik', {
    repository: 'https://github.com/traefik/traefik.git',
    revision: versions.traefik,
    path: 'docs/content/reference/dynamic-configuration',
    include: 'kubernetes-crd-definition-v1.yml',
    ...customResourceDefinitions,
  });
});
