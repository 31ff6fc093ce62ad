import fs from 'node:fs';
import path from 'node:path';
import type { Platform } from '../../../constructs/core/platform.ts';
import { TraefikWaf, traefikWafDefaults } from '../../../constructs/traefik-waf/index.ts';
import { pkiFolder } from '../../cluster/handle.ts';
import type { Cluster } from '../../cluster/handle.ts';
import { inFabric } from '../../cluster/nodes.ts';
import type { PlatformGround } from '../../drills/ground.ts';
import { base64 } from '../../instruments/web-client.ts';
import type { WebRequest } from '../../instruments/web-client.ts';
import { ProvingError } from '../../machine/error.ts';
import { entrances } from '../../stand-ins/internet/names.ts';
import { ownAddress, standIn, startLoadBalancer } from '../../stand-ins/load-balancer/index.ts';
import type { Entrance } from '../../stand-ins/load-balancer/index.ts';

/** What an area of the way in is about, whatever it asks: CI runs it again where one of these has changed. */
export const wayInSources = [
  'constructs/traefik-waf',
  'apps/edge-exclusions.ts',
  'prove/components/edge',
  'prove/instruments/web-client.js',
  'prove/stand-ins/load-balancer',
] as const;

/** Addresses of clients: of ranges that are kept for documentation. */
const networks = { ipv4: '198.51.100', ipv6: '2001:db8' } as const;

/** Subscribers of IPv6 that drills have, and addresses of each. */
const subscribers = { count: 2, addresses: 6 } as const;

/** The address of a client, from 1 to 254. */
export const clientAddress = (number: number): string => `${networks.ipv4}.${number}`;

/** An address of a subscriber of IPv6, who has a network of 64 bits; both from 1. */
export const subscriberAddress = (subscriber: number, number: number): string =>
  `${networks.ipv6}:${subscriber}::${number}`;

export interface AskOptions extends Pick<WebRequest, 'method' | 'path' | 'body' | 'protocol' | 'timeout' | 'tls'> {
  /** Number of the client. @default 1 */
  readonly client?: number;
  /** Beside that of the host. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** The way in, as the world has it: a load balancer before the nodes, and clients before that. */
export class WayIn {
  readonly edge: TraefikWaf;
  readonly entrance: Entrance;
  readonly cluster: Cluster;
  private readonly platform: Platform;
  private readonly authority: string;

  private constructor(edge: TraefikWaf, cluster: Cluster, platform: Platform) {
    this.edge = edge;
    this.entrance = entranceOf(platform);
    this.cluster = cluster;
    this.platform = platform;
    // Of the stand-in for Let's Encrypt.
    this.authority = fs.readFileSync(path.join(pkiFolder(cluster), 'world-ca.crt'), 'utf8');
  }

  /** Of a platform with an edge, with its load balancer running. @throws ProvingError where it has none */
  static async of({ cluster, platform, signal, used }: PlatformGround): Promise<WayIn> {
    const [edge] = platform.all(TraefikWaf);
    if (edge === undefined) throw new ProvingError(`${platform.environment.name} has no edge`);
    await startLoadBalancer(cluster, entranceOf(platform), { signal });
    // All of the network is this one's: a client may have any address of it.
    await inFabric(cluster, ['ip', 'route', 'replace', 'local', `${networks.ipv4}.0/24`, 'dev', 'lo']);
    for (let subscriber = 1; subscriber <= subscribers.count; subscriber++) {
      for (let number = 1; number <= subscribers.addresses; number++)
        await ownAddress(cluster, `${subscriberAddress(subscriber, number)}/128`);
    }
    used.add({ standIns: [standIn] });
    return new WayIn(edge, cluster, platform);
  }

  get namespace(): string {
    return this.edge.traefik.namespace;
  }

  /** The host of an application of the configuration, such as `shop.example.com`. */
  host(name: 'frontend' | 'backend'): string {
    return this.platform.environment.host(name);
  }

  /** A request by HTTPS, as browsers send it. */
  request(host: string, { client = 1, headers = {}, tls = {}, ...options }: AskOptions = {}): WebRequest {
    const isNew = options.protocol === 'h2';
    return {
      to: { address: entrances.v2, port: 443 },
      from: clientAddress(client),
      servername: host,
      tls: { ca: this.authority, ...tls },
      headers: { ...(isNew ? { ':authority': host } : { Host: host }), ...headers },
      ...options,
    };
  }

  /** A request of any bytes by HTTPS; lines end as HTTP has it. */
  bytes(host: string, text: string, client = 1): WebRequest {
    return { ...this.request(host, { client }), raw: base64(text.replace(/\r?\n/g, '\r\n')) };
  }
}

/** Where the load balancer of a platform stands, and where it leads. @throws ProvingError where it has none */
function entranceOf({ environment }: Platform): Entrance {
  const { edge, name } = environment;
  if (edge === undefined) throw new ProvingError(`${name} has no edge`);
  return { address: edge.loadBalancer, nodePorts: edge.nodePorts ?? traefikWafDefaults.nodePorts };
}
