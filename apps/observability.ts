import { application } from '../constructs/core/application.ts';
import type { ApplicationChart } from '../constructs/core/application-chart.ts';
import { publicEndpoint } from '../constructs/core/endpoint.ts';
import type { HttpEndpoint } from '../constructs/core/endpoint.ts';
import type { Environment, Observability } from '../constructs/core/environment.ts';
import { InputError } from '../constructs/core/error.ts';
import { SecretRef } from '../constructs/core/secret-ref.ts';
import { LogAgent, LogStore } from '../constructs/log-stack/index.ts';
import {
  Grafana,
  NodeExporter,
  ObservabilityStack,
  statusFile,
  StatusPage,
} from '../constructs/observability-stack/index.ts';
import { apiServer, kubelets } from './cluster.ts';
import { clusterNamespaces } from './namespaces.ts';
import { tracingOf } from './tracing.ts';

/** Who watches the cluster and whatever runs in it. */
export const observability = application(
  'observability',
  {
    namespace: clusterNamespaces.observability,
    layer: 'observability',
    uses: (environment) => ({ tracing: tracingOf(environment) }),
  },
  (scope, environment, used) => {
    const { onCall, heartbeat, statusPage } = observabilityOf(environment);
    const page = statusPage && environment.objectStore(statusPage.store);
    const publicPaths = environment.edge ? publicPathsOf(environment) : [];
    const told = new SecretRef(scope, 'alert-receivers', {
      name: 'alert-receivers',
      purpose: 'leads alerts to whoever is on call, and the sign of life to whoever misses it',
      keys: {
        'on-call': {
          kind: 'human',
          prompt: 'URL that takes the alerts of Alertmanager',
          urlAt: onCall,
          word: true,
        },
        ...(heartbeat === false
          ? {}
          : {
              heartbeat: {
                kind: 'human',
                prompt: 'URL that is asked for every minute, at somebody who tells when that ends',
                urlAt: heartbeat,
                word: true,
              },
            }),
      },
    });
    new NodeExporter(scope, 'node-exporter', {
      image: environment.image('node-exporter'),
      size: environment.size('node-exporter'),
    });
    const stack = new ObservabilityStack(scope, 'observability', {
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
      publicPaths,
      ...(page ? { statusPage: statusFile(page) } : {}),
      size: environment.size('prometheus'),
      kubeStateMetricsSize: environment.size('kube-state-metrics'),
      alertmanagerSize: environment.size('alertmanager'),
      blackboxSize: environment.size('blackbox-exporter'),
    });
    const logs = logStore(scope, environment, stack);
    showDashboards(scope, environment, stack, { logs: logs?.queries, traces: used.tracing?.queries });
    if (page) {
      new StatusPage(scope, 'status-page', {
        image: environment.image('rclone'),
        store: page,
        numbers: stack.numbers,
        platform: environment.domain,
        publicPaths,
        size: environment.size('status-page'),
      });
    }
    return { logs };
  },
);

/** What reads the logs of each node, in a namespace where that may be. */
export const logAgents = application(
  'log-agents',
  { namespace: clusterNamespaces.nodeAgents, layer: 'observability', uses: () => ({ observability }) },
  (scope, environment, used) => {
    const { logs } = used.observability;
    if (logs === undefined) {
      throw new InputError({
        where: 'the application log-agents',
        what: 'the configuration has no observability.logs',
        allowed: 'an object with store',
        remedy: 'add logs to observability in the file of the environment',
      });
    }
    new LogAgent(scope, 'log-agent', {
      image: environment.image('alloy'),
      to: logs.push,
      size: environment.size('alloy'),
    });
  },
);

function logStore(
  scope: ApplicationChart,
  environment: Environment,
  { alerts }: ObservabilityStack,
): LogStore | undefined {
  const { logs } = observabilityOf(environment);
  if (logs === undefined) return undefined;
  return new LogStore(scope, 'log-store', {
    image: environment.image('loki'),
    keysImage: environment.image('rclone'),
    store: environment.objectStore(logs.store),
    alertmanagers: alerts,
    runbooks: runbooksOf(environment),
    cluster: environment.name,
    ...(logs.keepDays === undefined ? {} : { retentionDays: logs.keepDays }),
    size: environment.size('loki'),
  });
}

/** Reached by `kubectl port-forward` alone, as Argo CD is: with the right to the cluster first, and a password of its own then. */
function showDashboards(
  scope: ApplicationChart,
  environment: Environment,
  { numbers }: ObservabilityStack,
  { logs, traces }: { readonly logs: HttpEndpoint | undefined; readonly traces: HttpEndpoint | undefined },
): void {
  if (observabilityOf(environment).dashboards === false) return;
  const admin = new SecretRef(scope, 'grafana-admin', {
    name: 'grafana-admin',
    purpose: 'signs in to Grafana as admin, and is what it signs sessions with',
    keys: {
      password: { kind: 'random', bytes: 24, encoding: 'base64url' },
      'secret-key': { kind: 'random', bytes: 32, encoding: 'base64url' },
    },
  });
  new Grafana(scope, 'grafana', {
    image: environment.image('grafana'),
    numbers,
    ...(logs ? { logs } : {}),
    ...(traces ? { traces } : {}),
    password: admin.key('password'),
    secretKey: admin.key('secret-key'),
    size: environment.size('grafana'),
  });
}

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
