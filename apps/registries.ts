import { application } from '../constructs/core/application.ts';
import { PullSecrets } from '../constructs/foundations/index.ts';
import { clusterNamespaces } from './namespaces.ts';

/** What nodes pull images of private registries with, before the first pod that runs one. */
export const registries = application(
  'registries',
  { namespace: clusterNamespaces.argocd, layer: 'controllers' },
  (scope, { privateRegistries }) => {
    new PullSecrets(scope, 'pull-secrets', { registries: privateRegistries });
  },
);
