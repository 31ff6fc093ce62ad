import { argoCdRequests, ArgoCdSettings } from '../constructs/app-of-apps/index.ts';
import { application } from '../constructs/core/application.ts';
import type { ApplicationChart } from '../constructs/core/application-chart.ts';
import { publicEndpoint, serverEndpoint, serviceHost } from '../constructs/core/endpoint.ts';
import type { Endpoint } from '../constructs/core/endpoint.ts';
import type { Environment } from '../constructs/core/environment.ts';
import { ForeignWorkload } from '../constructs/core/foreign-workload.ts';
import type { Priority } from '../constructs/core/priority.ts';
import { Scrape } from '../constructs/core/scrape.ts';
import { UpstreamSource } from '../constructs/core/upstream-source.ts';
import { apiServer } from './cluster.ts';
import { clusterNamespaces } from './namespaces.ts';

/** Upstream's manifests name none: a node short of memory would evict what mends it first. */
const priority: Priority = 'edge';

/** Argo CD under its own care: upstream's manifests with our settings in place of its empty ones. */
export const argocd = application(
  'argocd',
  { namespace: clusterNamespaces.argocd, layer: 'controllers' },
  (scope, environment) => {
    new UpstreamSource(scope, 'install', {
      ...environment.upstream('argocd'),
      // What its makers render install.yaml of.
      path: 'manifests/cluster-install',
      patches: [
        { kind: 'Deployment|StatefulSet', add: { '/spec/template/spec/priorityClassName': priority } },
        // Policies add up: theirs would open the server to everybody, and metrics to every namespace.
        { without: 'NetworkPolicy', apiVersion: 'networking.k8s.io/v1' },
      ],
      images: ['argocd', 'argocd-dex', 'argocd-redis'].map((name) => ({ image: environment.image(name) })),
      clusterKinds: [
        'apiextensions.k8s.io/CustomResourceDefinition',
        'rbac.authorization.k8s.io/ClusterRole',
        'rbac.authorization.k8s.io/ClusterRoleBinding',
      ],
      namespacedKinds: [
        '/ConfigMap',
        '/Secret',
        '/Service',
        '/ServiceAccount',
        'apps/Deployment',
        'apps/StatefulSet',
        'rbac.authorization.k8s.io/Role',
        'rbac.authorization.k8s.io/RoleBinding',
      ],
    });
    new ArgoCdSettings(scope, 'settings', { host: environment.host('argocd'), repository: environment.repository });
    return network(scope, environment);
  },
);

/** In place of upstream's policies, which say nothing of where each part may go and let everybody come to the server. */
function network(scope: ApplicationChart, environment: Environment): { readonly repoServer: ForeignWorkload } {
  const api = apiServer(environment);
  const version = environment.upstream('argocd').revision;
  const part = (name: string, ports: ForeignWorkload['ports']): ForeignWorkload =>
    new ForeignWorkload(scope, name, {
      name: `argocd-${name}`,
      madeBy: `manifests/cluster-install of Argo CD ${version}`,
      podLabels: { 'app.kubernetes.io/name': `argocd-${name}` },
      ports,
      requests: { replicas: 1, ...argoCdRequests },
    });
  const server = part('server', [
    { name: 'server', port: 8080 },
    { name: 'metrics', port: 8083 },
  ]);
  const repoServer = part('repo-server', [
    { name: 'server', port: 8081 },
    { name: 'metrics', port: 8084 },
  ]);
  const controller = part('application-controller', [{ name: 'metrics', port: 8082 }]);
  const host = serviceHost('argocd-metrics', controller.namespace);
  new Scrape(scope, 'scrape', {
    endpoint: { name: 'metrics of Argo CD', path: '/metrics', targets: [{ peer: controller, host, port: 8082 }] },
    about: 'others',
  });
  const applicationSet = part('applicationset-controller', [
    { name: 'webhook', port: 7000 },
    { name: 'metrics', port: 8080 },
  ]);
  const notifications = part('notifications-controller', []);
  const dex = part('dex-server', [
    { name: 'http', port: 5556 },
    { name: 'grpc', port: 5557 },
    { name: 'metrics', port: 5558 },
  ]);
  const redis = part('redis', [{ name: 'redis', port: 6379 }]);

  const endpoint = (peer: ForeignWorkload, ...ports: number[]): Endpoint => ({
    name: peer.name,
    targets: ports.map((port) => ({ peer, host: serviceHost(peer.name, peer.namespace), port })),
  });
  for (const client of [server, controller, applicationSet, notifications, dex])
    client.needs(api, 'reads its settings');
  redis.needs(api, 'writes the password it makes at its first start');
  for (const client of [server, controller, repoServer]) client.needs(endpoint(redis, 6379), 'caches what it rendered');
  for (const client of [server, controller, applicationSet, notifications]) {
    client.needs(endpoint(repoServer, 8081), 'asks for rendered manifests');
  }
  server.needs(endpoint(dex, 5556, 5557), 'signs people in');
  repoServer.needs(serverEndpoint('the git server', environment.repository), 'fetches the repository');
  repoServer.needs(publicEndpoint('GitHub', 'github.com'), 'fetches the repositories of others');
  repoServer.needs(publicEndpoint('chart repositories', 'charts.jetstack.io'), 'fetches charts');
  return { repoServer };
}
