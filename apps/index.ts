import type { Application } from '../constructs/core/application.ts';
import type { Environment } from '../constructs/core/environment.ts';
import { argocd } from './argocd.ts';
import { backend } from './backend.ts';
import { clusterSystem } from './cluster-system.ts';
import { certManager, sealedSecrets } from './controllers.ts';
import { crds } from './crds.ts';
import { data } from './data.ts';
import { frontend } from './frontend.ts';
import { identity } from './identity.ts';
import { namespacesApplication } from './namespaces.ts';

/** What a cluster has once: an environment that shares another one's finds them there. */
const ofTheCluster: readonly Application<unknown>[] = [clusterSystem, crds, sealedSecrets, certManager, argocd];

/** The table: every Argo CD application of the platform. Waves come from the wires, not from this order. */
export const applications: readonly Application<unknown>[] = [
  namespacesApplication,
  clusterSystem,
  crds,
  sealedSecrets,
  certManager,
  argocd,
  data,
  identity,
  backend,
  frontend,
];

/** Those of one environment. */
export function applicationsOf({ sharesCluster }: Environment): readonly Application<unknown>[] {
  return sharesCluster ? applications.filter((each) => !ofTheCluster.includes(each)) : applications;
}
