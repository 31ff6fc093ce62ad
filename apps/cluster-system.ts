import { ClusterSystem } from '../constructs/cluster-system/index.ts';
import { application } from '../constructs/core/application.ts';
import { argocd } from './argocd.ts';
import { apiServer, apiServerAsClient, kubelets } from './cluster.ts';
import { systemNamespace } from './namespaces.ts';

/** What K3s brings by itself, under our policies. */
export const clusterSystem = application(
  'cluster-system',
  { namespace: systemNamespace, layer: 'foundations', uses: () => ({ argocd }) },
  (scope, environment, used) => {
    new ClusterSystem(scope, 'cluster-system', {
      kubernetesApi: apiServer(environment),
      apiServer: apiServerAsClient(environment),
      kubelets: kubelets(environment),
      fetcher: used.argocd.repoServer,
    });
  },
);
