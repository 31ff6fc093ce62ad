import { application } from '../constructs/core/application.ts';
import { publicEndpoint } from '../constructs/core/endpoint.ts';
import type { Environment, Observability } from '../constructs/core/environment.ts';
import { InputError } from '../constructs/core/error.ts';
import { SecretRef } from '../constructs/core/secret-ref.ts';
import { NodeExporter, ObservabilityStack } from '../constructs/observability-stack/index.ts';
import { apiServer, kubelets } from './cluster.ts';
import { clusterNamespaces } from './namespaces.ts';

/** Who watches the cluster and whatever runs in it. */
export const observability = application(
  'observability',
  { namespace: clusterNamespaces.observability, layer: 'observability' },
  (scope, environment) => {
    const { onCall, heartbeat } = observabilityOf(environment);
    const told = new SecretRef(scope, 'alert-receivers', {
      name: 'alert-receivers',
      purpose: 'leads alerts to whoever is on call, and the sign of life to whoever misses it',
      keys: {
        'on-call': {
          kind: 'human',
          prompt: 'URL that takes the alerts of Alertmanager',
          minimumLength: 12,
          word: true,
        },
        ...(heartbeat === false
          ? {}
          : {
              heartbeat: {
                kind: 'human',
                prompt: 'URL that is asked for every minute, at somebody who tells when that ends',
                minimumLength: 12,
                word: true,
              },
            }),
      },
    });
    new NodeExporter(scope, 'node-exporter', {
      image: environment.image('node-exporter'),
      size: environment.size('node-exporter'),
    });
    new ObservabilityStack(scope, 'observability', {
      image: environment.image('prometheus'),
      kubeStateMetricsImage: environment.image('kube-state-metrics'),
      alertmanagerImage: environment.image('alertmanager'),
      blackboxImage: environment.image('blackbox-exporter'),
      cluster: environment.name,
      kubernetesApi: apiServer(environment),
      kubelets: kubelets(environment),
      nodes: environment.nodes,
      runbooks: runbooksOf(environment),
      receivers: [
        {
          name: 'on-call',
          kind: 'webhook',
          url: told.key('on-call'),
          endpoint: publicEndpoint('whoever is on call', onCall),
        },
      ],
      heartbeat:
        heartbeat === false
          ? false
          : {
              url: told.key('heartbeat'),
              endpoint: publicEndpoint('whoever misses the sign of life', heartbeat),
            },
      publicPaths: environment.edge ? publicPathsOf(environment) : [],
      size: environment.size('prometheus'),
      kubeStateMetricsSize: environment.size('kube-state-metrics'),
      alertmanagerSize: environment.size('alertmanager'),
      blackboxSize: environment.size('blackbox-exporter'),
    });
  },
);

/** The page that people open first, and one of the API that asks nobody else. */
function publicPathsOf(environment: Environment): string[] {
  return [`https://${environment.host('frontend')}/`, `https://${environment.host('backend')}/health/live`];
}

/** As the pages of a repository are read on GitHub and GitLab. */
function runbooksOf({ repository: { url, host, branch } }: Environment): string {
  const path = url.replace(/^(\w+:\/\/)?([^@/]*@)?[^/:]+(:\d+)?[/:]/, '').replace(/\.git$/, '');
  return `https://${host}/${path}/blob/${branch}/docs/runbooks`;
}

/** @throws InputError where the configuration has none: the table leaves this application out then */
function observabilityOf({ observability: configured }: Environment): Observability {
  if (configured !== undefined) return configured;
  throw new InputError({
    where: 'the application observability',
    what: 'the configuration has no observability',
    allowed: 'an object with onCall and heartbeat',
    remedy: 'add observability to the file of the environment',
  });
}
