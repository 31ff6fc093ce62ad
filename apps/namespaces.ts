import { application } from '../constructs/core/application.ts';
import { defineNamespace } from '../constructs/core/namespace.ts';
import { Foundations } from '../constructs/foundations/index.ts';

/** Every namespace of the platform, named here and nowhere else. */
export const namespaces = {
  /** Its controller is a StatefulSet: on an agent that is lost, it would be gone until the agent returns. */
  argocd: defineNamespace('argocd', { onServers: true }),
  certManager: defineNamespace('cert-manager'),
  sealedSecrets: defineNamespace('sealed-secrets'),
  data: defineNamespace('data'),
  identity: defineNamespace('identity'),
  /** The product: backends and frontends. */
  shop: defineNamespace('shop'),
};

export const namespacesApplication = application(
  'namespaces',
  { namespace: namespaces.argocd, layer: 'foundations' },
  (scope, environment) => {
    new Foundations(scope, 'foundations', {
      namespaces: Object.values(namespaces),
      nodes: environment.nodes.length,
    });
  },
);
