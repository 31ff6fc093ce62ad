import type { Application } from '../constructs/core/application.ts';
import type { Environment } from '../constructs/core/environment.ts';
import { argocd } from './argocd.ts';
import { backend } from './backend.ts';
import { clusterSystem } from './cluster-system.ts';
import { certManager, sealedSecrets } from './controllers.ts';
import { crds } from './crds.ts';
import { data } from './data.ts';
import { certificates, edge } from './edge.ts';
import { frontend } from './frontend.ts';
import { identity } from './identity.ts';
import { namespacesApplication } from './namespaces.ts';
import { logAgents, observability } from './observability.ts';
import { registries } from './registries.ts';
import { tracing } from './tracing.ts';

/** What a cluster has once: an environment that shares another one's finds them there. */
const ofTheCluster: readonly Application<unknown>[] = [
  clusterSystem,
  crds,
  sealedSecrets,
  certManager,
  argocd,
  certificates,
  observability,
  logAgents,
  tracing,
];

/** What an environment has that can be reached from outside. */
const ofTheEdge: readonly Application<unknown>[] = [certificates, edge];

/** The table: every Argo CD application of the platform. Waves come from the wires, not from this order. */
export const applications: readonly Application<unknown>[] = [
  namespacesApplication,
  clusterSystem,
  crds,
  sealedSecrets,
  certManager,
  argocd,
  registries,
  data,
  identity,
  certificates,
  edge,
  observability,
  logAgents,
  tracing,
  backend,
  frontend,
];

/** Those of one environment. */
export function applicationsOf({
  sharesCluster,
  privateRegistries,
  edge: configured,
  observability: watched,
}: Pick<Environment, 'sharesCluster'> & {
  readonly privateRegistries: readonly unknown[];
  readonly edge?: unknown;
  readonly observability?: { readonly logs?: unknown; readonly tracing?: unknown } | undefined;
}): readonly Application<unknown>[] {
  return applications
    .filter((each) => !sharesCluster || !ofTheCluster.includes(each))
    .filter((each) => privateRegistries.length > 0 || each !== registries)
    .filter((each) => configured !== undefined || !ofTheEdge.includes(each))
    .filter((each) => watched !== undefined || each !== observability)
    .filter((each) => watched?.logs !== undefined || each !== logAgents)
    .filter((each) => watched?.tracing !== undefined || each !== tracing);
}
