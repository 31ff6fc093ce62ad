import type { IIngressRoute } from '@kubernetes-models/traefik/traefik.io/v1alpha1/IngressRoute';
import type { IServersTransport } from '@kubernetes-models/traefik/traefik.io/v1alpha1/ServersTransport';
import type { ITLSOption } from '@kubernetes-models/traefik/traefik.io/v1alpha1/TLSOption';
import type { Construct } from 'constructs';
import { kubeObject } from '../../core/kube-object.ts';
import { idleSeconds } from '../defaults.ts';
import type { EdgeRoute } from '../routes.ts';
import { chain, ownPolicy, routeMiddlewares } from './middlewares.ts';
import { requestSeconds } from './settings.ts';

const apiVersion = 'traefik.io/v1alpha1';

type Routes = NonNullable<IIngressRoute['spec']>['routes'];

/** The Service of the firewall: the only one that routes lead to. */
export interface Behind {
  readonly service: string;
  readonly port: number;
}

/** Which route counts where several match: none by the length of its text. */
const priorities = { banned: 100_000, limitedPath: 10_000, path: 100, nothing: 1 } as const;

/** How Traefik speaks to clients and to the firewall, and what holds for all hosts. */
export function sharedRoutes(construct: Construct, behind: Behind, banned: readonly string[]): void {
  const tlsOption: ITLSOption = {
    apiVersion,
    kind: 'TLSOption',
    // By this name it holds for every host, and for names that nobody has a certificate for.
    metadata: { name: 'default' },
    spec: {
      minVersion: 'VersionTLS13',
      curvePreferences: ['X25519MLKEM768', 'X25519', 'secp256r1', 'secp384r1'],
      sniStrict: true,
    },
  };
  kubeObject(construct, 'tls-option', tlsOption);
  const transport: IServersTransport = {
    apiVersion,
    kind: 'ServersTransport',
    metadata: { name: behind.service },
    spec: {
      forwardingTimeouts: {
        dialTimeout: '2s',
        responseHeaderTimeout: `${requestSeconds}s`,
        idleConnTimeout: `${idleSeconds}s`,
      },
      maxIdleConnsPerHost: 200,
    },
  };
  kubeObject(construct, 'servers-transport', transport);
  if (banned.length > 0) {
    const match = banned.map((network) => `ClientIP(\`${network}\`)`).join(' || ');
    ingressRoute(construct, 'banned', [rule(behind, match, priorities.banned, ['headers', ownPolicy, 'banned'])]);
  }
  ingressRoute(construct, 'not-found', [
    rule(behind, 'PathPrefix(`/`)', priorities.nothing, ['headers', ownPolicy, 'not-found']),
  ]);
  ready(construct);
}

/** Answers on the port of the probes once the routes were read: before, every host is unknown to it. */
function ready(construct: Construct): void {
  const route: IIngressRoute = {
    apiVersion,
    kind: 'IngressRoute',
    metadata: { name: 'ready' },
    spec: {
      entryPoints: ['traefik'],
      routes: [
        {
          kind: 'Rule',
          match: 'Path(`/ready`)',
          services: [{ kind: 'TraefikService', name: 'ping@internal' }],
          // Asked every few seconds.
          observability: { accessLogs: false, metrics: false },
        },
      ],
    },
  };
  kubeObject(construct, 'ingress-route-ready', route);
}

/** A host, or a part of its paths. @param secretName where its certificate is */
export function routeObjects(construct: Construct, route: EdgeRoute, behind: Behind, secretName: string): void {
  routeMiddlewares(construct, route);
  const host = `Host(\`${route.host}\`)`;
  const limited = route.limitedPaths.map(({ path, limits }) =>
    // Servers such as Express take a path in letters of either case. A browser asks by OPTIONS whether it may ask: no try.
    rule(
      behind,
      `${host} && !Method(\`OPTIONS\`) && PathRegexp(\`(?i)^${path.replaceAll('.', '[.]')}(/|$)\`)`,
      priorities.limitedPath + path.length,
      chain(route, limits),
    ),
  );
  const { path } = route;
  const own = path === '/' ? host : `${host} && (Path(\`${path}\`) || PathPrefix(\`${path}/\`))`;
  const all = [...limited, rule(behind, own, priorities.path + path.length, chain(route, route.limits))];
  ingressRoute(construct, route.name, all, secretName);
}

function rule({ service, port }: Behind, match: string, priority: number, middlewares: string[]): Routes[number] {
  return {
    kind: 'Rule',
    match,
    priority,
    middlewares: middlewares.map((name) => ({ name })),
    services: [
      {
        name: service,
        port,
        // The address of the Service, by which each node leads to its own pod, and goes on doing so without the API.
        nativeLB: true,
        serversTransport: service,
      },
    ],
  };
}

function ingressRoute(construct: Construct, name: string, routes: Routes, secretName?: string): void {
  const manifest: IIngressRoute = {
    apiVersion,
    kind: 'IngressRoute',
    metadata: { name },
    spec: { entryPoints: ['websecure'], routes, tls: secretName === undefined ? {} : { secretName } },
  };
  kubeObject(construct, `ingress-route-${name}`, manifest);
}
