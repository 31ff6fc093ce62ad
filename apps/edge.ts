import type { Application } from '../constructs/core/application.ts';
import { application } from '../constructs/core/application.ts';
import type { Edge, Environment } from '../constructs/core/environment.ts';
import { InputError } from '../constructs/core/error.ts';
import { AcmeIssuer, TraefikWaf } from '../constructs/traefik-waf/index.ts';
import { backend } from './backend.ts';
import { apiServer } from './cluster.ts';
import { exclusions } from './edge-exclusions.ts';
import { frontend } from './frontend.ts';
import { clusterNamespaces, namespaceOf } from './namespaces.ts';
import { tracingOf } from './tracing.ts';

/** Orders certificates for every environment of the cluster; beside cert-manager, whose definitions have to be there first. */
export const certificates = application(
  'certificates',
  { namespace: clusterNamespaces.certManager, layer: 'edge' },
  (scope, environment) => {
    const { certificates: server, dns } = edgeOf(environment);
    new AcmeIssuer(scope, 'issuer', { name: issuerOf(environment), server, dns, domains: [environment.domain] });
  },
);

/** The way in: which host leads to which application, and how. */
export const edge: Application<{ readonly edge: TraefikWaf }> = application(
  'edge',
  {
    namespace: namespaceOf('edge'),
    layer: 'edge',
    uses: (environment) => ({ frontend, backend, tracing: tracingOf(environment) }),
  },
  (scope, environment, used) => {
    const { loadBalancer, banned, nodePorts, breakGlass } = edgeOf(environment);
    const hosts = { frontend: environment.host('frontend'), backend: environment.host('backend') };
    const way = new TraefikWaf(scope, 'edge', {
      image: environment.image('traefik'),
      wafImage: environment.image('waf'),
      kubernetesApi: apiServer(environment),
      loadBalancer,
      pods: environment.networks.pods,
      hosts: environment.hosts,
      issuer: issuerOf(environment),
      size: environment.size('edge'),
      wafSize: environment.size('edge-waf'),
      exclusions: exclusions(hosts.frontend, hosts.backend),
      traces: used.tracing?.traces ?? false,
      ...(banned ? { banned } : {}),
      ...(nodePorts ? { nodePorts } : {}),
      // The floating IP leads to the ways in of the environment whose cluster it is.
      breakGlass: breakGlass !== undefined && !environment.sharesCluster,
    });
    way.route(hosts.frontend, {
      to: used.frontend.frontend.http,
      staticPaths: ['/_next/static/'],
      // Its inline scripts have a nonce, which only it knows.
      contentSecurityPolicy: 'application',
    });
    way.route(hosts.backend, {
      to: used.backend.backend.http,
      limits: 'api',
      limitedPaths: [{ path: '/auth/login', limits: 'auth' }],
      contentSecurityPolicy: "default-src 'none'; frame-ancestors 'none'",
    });
    // Whoever signs in there changes everything, and only people of the team do: it is no page for the world.
    if (!environment.sharesCluster) {
      way.withhold(environment.host('argocd'), 'reached by kubectl port-forward, with the right to the cluster first');
    }
    return { edge: way };
  },
);

const issuerOf = (environment: Environment): string => `letsencrypt-${edgeOf(environment).certificates}`;

/** @throws InputError where the configuration has none: the table leaves these applications out then */
function edgeOf({ edge: configured }: Environment): Edge {
  if (configured !== undefined) return configured;
  throw new InputError({
    where: 'the application edge',
    what: 'the configuration has no edge',
    allowed: 'an object with loadBalancer, dns and certificates',
    remedy: 'add edge to the file of the environment',
  });
}
