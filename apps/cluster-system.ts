import { ClusterDns } from '../constructs/cluster-dns/index.ts';
import { ClusterSystem } from '../constructs/cluster-system/index.ts';
import { application } from '../constructs/core/application.ts';
import { argocd } from './argocd.ts';
import { apiServer, apiServerAsClient, dnsAddress, kubelets } from './cluster.ts';
import { identity } from './identity.ts';
import { systemNamespace } from './namespaces.ts';

/** What every pod of the cluster asks, and what K3s brings by itself, under our policies. */
export const clusterSystem = application(
  'cluster-system',
  { namespace: systemNamespace, layer: 'foundations', uses: () => ({ argocd, identity }) },
  (scope, environment, used) => {
    new ClusterSystem(scope, 'cluster-system', {
      kubernetesApi: apiServer(environment),
      apiServer: apiServerAsClient(environment),
      kubelets: kubelets(environment),
    });
    new ClusterDns(scope, 'cluster-dns', {
      whose: environment.clusterDns,
      image: environment.image('coredns'),
      address: dnsAddress(environment),
      kubernetesApi: apiServer(environment),
      fetcher: used.argocd.repoServer,
      zones: [used.identity.names],
      size: environment.size('coredns'),
    });
  },
);
