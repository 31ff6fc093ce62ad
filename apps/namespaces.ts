import { application } from '../constructs/core/application.ts';
import { workersOf } from '../constructs/core/environment.ts';
import type { Environment } from '../constructs/core/environment.ts';
import { defineNamespace } from '../constructs/core/namespace.ts';
import type { NamespaceDefinition } from '../constructs/core/namespace.ts';
import { Foundations } from '../constructs/foundations/index.ts';

/** What a cluster has once, whichever environments live in it. */
export const clusterNamespaces = {
  /** Its controller is a StatefulSet: on an agent that is lost, it would be gone until the agent returns. */
  argocd: defineNamespace('argocd', { onServers: true }),
  certManager: defineNamespace('cert-manager'),
  /** What reads the logs of nodes mounts directories of theirs. */
  nodeAgents: defineNamespace('node-agents', { podSecurity: 'privileged' }),
  observability: defineNamespace('observability'),
  sealedSecrets: defineNamespace('sealed-secrets'),
};

/** K3s makes it and what runs there; only policies of ours are in it. */
export const systemNamespace = defineNamespace('kube-system');

/** The namespaces that each environment has, named here and nowhere else. */
export type OwnNamespace = 'data' | 'edge' | 'identity' | 'shop';

/** The namespaces of an environment. `edge` is the way in, `shop` the product: backends and frontends. */
export function namespacesOf({
  prefix,
}: Pick<Environment, 'prefix'>): Readonly<Record<OwnNamespace, NamespaceDefinition>> {
  const define = (name: OwnNamespace): NamespaceDefinition => defineNamespace(prefix + name);
  return { data: define('data'), edge: define('edge'), identity: define('identity'), shop: define('shop') };
}

/** One of them, for an application that lives in it. */
export const namespaceOf =
  (name: OwnNamespace) =>
  (environment: Environment): NamespaceDefinition =>
    namespacesOf(environment)[name];

export const namespacesApplication = application(
  'namespaces',
  { namespace: clusterNamespaces.argocd, layer: 'foundations' },
  (scope, environment) => {
    const { nodes, sharesCluster, edge: configured, observability } = environment;
    const ofTheCluster = Object.values(clusterNamespaces)
      .filter(() => !sharesCluster)
      .filter((namespace) => observability !== undefined || namespace !== clusterNamespaces.observability)
      .filter((namespace) => observability?.logs !== undefined || namespace !== clusterNamespaces.nodeAgents);
    const own = namespacesOf(environment);
    const inUse = Object.values(own).filter((namespace) => configured !== undefined || namespace !== own.edge);
    new Foundations(scope, 'foundations', {
      namespaces: [...ofTheCluster, ...inUse],
      priorities: !sharesCluster,
      nodes: workersOf(nodes).length,
    });
  },
);
