import { once } from 'node:events';
import http from 'node:http';
import type { Manifest } from '../../constructs/core/manifest.ts';

interface Watcher {
  readonly plural: string;
  readonly response: http.ServerResponse;
}

/** As much of the Kubernetes API as somebody needs who lists and watches objects of one namespace, and the rights that takes. */
export class KubeApi {
  /** What was asked for, such as `list ingressroutes`. */
  readonly asked = new Set<string>();
  private readonly server = http.createServer((request, response) => this.answer(request, response));
  private readonly watchers = new Set<Watcher>();
  private readonly objects: Manifest[];
  private version = 1;

  constructor(objects: readonly Manifest[]) {
    this.objects = objects.map((object) => versioned(object, this.version));
  }

  async start(address: string, port: number): Promise<void> {
    await once(this.server.listen(port, address), 'listening');
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  /** Puts another one in the place of the object of the same kind and name. */
  replace(manifest: Manifest): void {
    this.version += 1;
    const object = versioned(manifest, this.version);
    const { kind, metadata } = manifest;
    const index = this.objects.findIndex((each) => each.kind === kind && each.metadata.name === metadata.name);
    this.objects.splice(index, 1, object);
    for (const { plural, response } of this.watchers) {
      if (plural === pluralOf(object)) response.write(`${JSON.stringify({ type: 'MODIFIED', object })}\n`);
    }
  }

  private answer(request: http.IncomingMessage, response: http.ServerResponse): void {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://api');
    const plural = pathname.split('/').at(-1) ?? '';
    const watch = searchParams.get('watch') === 'true' || searchParams.get('watch') === '1';
    this.asked.add(`${watch ? 'watch' : 'list'} ${pathname}`);
    const items = this.objects.filter((object) => pluralOf(object) === plural);
    response.setHeader('Content-Type', 'application/json');
    const apiVersion = pathname
      .split('/')
      .slice(1, -3)
      .join('/')
      .replace(/^apis?\//, '');
    const metadata = { resourceVersion: String(this.version) };
    if (!watch) return void response.end(JSON.stringify({ apiVersion, kind: 'List', metadata, items }));
    response.flushHeaders();
    if (searchParams.get('sendInitialEvents') === 'true') {
      for (const object of items) response.write(`${JSON.stringify({ type: 'ADDED', object })}\n`);
      const annotations = { 'k8s.io/initial-events-end': 'true' };
      const object = { ...kindOf(plural), metadata: { ...metadata, annotations } };
      response.write(`${JSON.stringify({ type: 'BOOKMARK', object })}\n`);
    }
    const watcher = { plural, response };
    this.watchers.add(watcher);
    response.once('close', () => this.watchers.delete(watcher));
  }
}

/** Enough for a bookmark, whose object a client reads as one of the kind. */
function kindOf(plural: string): { readonly apiVersion: string; readonly kind: string } {
  const known: Readonly<Record<string, readonly [string, string]>> = {
    configmaps: ['v1', 'ConfigMap'],
    endpointslices: ['discovery.k8s.io/v1', 'EndpointSlice'],
    secrets: ['v1', 'Secret'],
    services: ['v1', 'Service'],
    ingressroutes: ['traefik.io/v1alpha1', 'IngressRoute'],
    ingressroutetcps: ['traefik.io/v1alpha1', 'IngressRouteTCP'],
    ingressrouteudps: ['traefik.io/v1alpha1', 'IngressRouteUDP'],
    middlewares: ['traefik.io/v1alpha1', 'Middleware'],
    middlewaretcps: ['traefik.io/v1alpha1', 'MiddlewareTCP'],
    serverstransports: ['traefik.io/v1alpha1', 'ServersTransport'],
    serverstransporttcps: ['traefik.io/v1alpha1', 'ServersTransportTCP'],
    tlsoptions: ['traefik.io/v1alpha1', 'TLSOption'],
    tlsstores: ['traefik.io/v1alpha1', 'TLSStore'],
    traefikservices: ['traefik.io/v1alpha1', 'TraefikService'],
  };
  const [apiVersion = '', kind = ''] = known[plural] ?? [];
  return { apiVersion, kind };
}

const pluralOf = ({ kind }: Manifest): string => `${kind.toLowerCase()}s`;

function versioned(object: Manifest, version: number): Manifest {
  const { name } = object.metadata;
  const metadata = { ...object.metadata, uid: `uid-${object.kind}-${name}`, resourceVersion: String(version) };
  return { ...object, metadata };
}
