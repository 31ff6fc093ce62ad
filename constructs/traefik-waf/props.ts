import type { Size } from 'cdk8s';
import type { Endpoint, HttpEndpoint, TraceEndpoint } from '../core/endpoint.ts';
import type { Image, WorkloadSize } from '../core/environment.ts';
import type { Exclusion, Mode, WeightedEndpoint } from './routes.ts';

/** What one client is held to: an address of IPv4, or a network of 64 bits of IPv6. */
export interface ClientLimits {
  /** Requests within `perSeconds`, on the long run. */
  readonly requests: number;
  readonly perSeconds: number;
  /** Requests that may come at once. */
  readonly burst: number;
  /** Requests that may be under way at once. */
  readonly inFlight: number;
}

/** What is asked of the answers to a route's requests, over 30 days. */
export interface RouteObjectives {
  /** Percent that are no error of the server. */
  readonly availability: number;
  /** Percent that have to be there within so many seconds: 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5 or 10. */
  readonly latency: { readonly percent: number; readonly seconds: number };
}

export interface TraefikWafProps {
  /**
   * Name of every object of Traefik; those of the firewall are called NAME-waf.
   * @default the construct's id
   */
  readonly name?: string;
  /** Traefik, 3.7.13 or newer: `environment.image('traefik')`. */
  readonly image: Image;
  /** nginx with ModSecurity and the OWASP Core Rule Set: `environment.image('waf')`. */
  readonly wafImage: Image;
  /** Where Traefik reads its routes: `apiServer(environment)`. */
  readonly kubernetesApi: Endpoint;
  /** Address of the load balancer in the private network. It alone is let in, and its word for a client's address is taken. */
  readonly loadBalancer: string;
  /** Network of the pods: `environment.networks.pods`. */
  readonly pods: string;
  /** Every host of the configuration, by its name there: one that nobody routes or withholds is refused. */
  readonly hosts: Readonly<Record<string, string>>;
  /** Name of the ClusterIssuer that orders certificates. */
  readonly issuer: string;
  /**
   * A domain whose hosts share one certificate, such as `example.com`; `false` for one for each host.
   * @default false
   */
  readonly wildcard?: string | false;
  /**
   * Ports of every node that the load balancer leads to: HTTP, HTTPS, and its question whether Traefik takes requests.
   * @default 30080, 30443 and 30081
   */
  readonly nodePorts?: { readonly web: number; readonly websecure: number; readonly health: number };
  /**
   * Whether whoever comes past the load balancer is let in too, by HTTP and HTTPS: while it is gone.
   * @default false
   */
  readonly breakGlass?: boolean;
  /**
   * CPU and memory of each Traefik.
   * @default 50m and 192 MiB
   */
  readonly size?: Pick<WorkloadSize, 'cpuRequest' | 'memory'>;
  /**
   * CPU and memory of each pod of the firewall.
   * @default 50m and 256 MiB
   */
  readonly wafSize?: Pick<WorkloadSize, 'cpuRequest' | 'memory'>;
  /**
   * Limits by their name, beside or instead of `default`, `api` and `auth`.
   * @default 100 and 50 requests a second, and 10 a minute
   */
  readonly limits?: Readonly<Record<string, ClientLimits>>;
  /**
   * Headers of every answer beside or instead of the usual ones; `false` leaves one to the applications.
   * @default HSTS for two years, no frames, no guessed types, a strict referrer, no camera and the like
   */
  readonly headers?: Readonly<Record<string, string | false>>;
  /**
   * Addresses and networks that are answered 403, whatever they ask.
   * @default none
   */
  readonly banned?: readonly string[];
  /**
   * How much the rules of the firewall ask, from 1 to 4.
   * @default 2
   */
  readonly paranoiaLevel?: number;
  /**
   * Rules that ordinary requests trip over, each with a reason and a day.
   * @default none
   */
  readonly exclusions?: readonly Exclusion[];
  /**
   * Seconds that a Traefik which was told to stop goes on taking requests: the load balancer's interval between questions,
   * times those that have to fail.
   * @default 20
   */
  readonly drainSeconds?: number;
  /**
   * Where traces of requests go (OTLP over HTTP), which begin here or are continued: `store.traces` of a `TraceStore`.
   * @default no traces
   */
  readonly traces?: TraceEndpoint | false;
}

export interface RouteProps {
  /** What answers: the endpoint of a workload, or several with their shares of the clients. */
  readonly to: HttpEndpoint | readonly WeightedEndpoint[];
  /**
   * The part of the host's paths that it is for, such as `/shop`.
   * @default / for all that no longer one has
   */
  readonly path?: string;
  /**
   * Name of the limits that each client is held to.
   * @default default
   */
  readonly limits?: string;
  /**
   * Paths with limits of their own, such as that of a login, whatever letters they are written in. OPTIONS is not counted there.
   * @default none
   */
  readonly limitedPaths?: readonly { readonly path: string; readonly limits: string }[];
  /**
   * Whether the firewall blocks, or only says what it would have blocked, as for a new route.
   * @default block
   */
  readonly mode?: Mode;
  /**
   * Methods that are let through.
   * @default GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS
   */
  readonly methods?: readonly string[];
  /**
   * Types of bodies that are let through.
   * @default application/x-www-form-urlencoded, multipart/form-data, application/json and text/plain, which actions of Next.js have
   */
  readonly contentTypes?: readonly string[];
  /**
   * Most that a body may have.
   * @default 10 MiB
   */
  readonly bodyLimit?: Size;
  /**
   * Most that a body may have that is no upload, such as JSON: each KiB of fields takes the firewall a millisecond.
   * @default 128 KiB
   */
  readonly fieldsLimit?: Size;
  /**
   * Levels that a JSON body may have.
   * @default 32
   */
  readonly jsonDepth?: number;
  /**
   * Beginnings of paths of files that are there for everybody, such as `/_next/static/`. No rule looks at what is asked of
   * them: only GET and HEAD of plain paths are let through, without cookies and whatever else a rule would look at.
   * @default none
   */
  readonly staticPaths?: readonly string[];
  /**
   * What pages may load and run, on every answer in place of the application's own; `application` for its own, which a
   * page with inline scripts needs for its nonce: answers of it without one get the default.
   * @default scripts, styles and the rest from the same host alone; in no frame
   */
  readonly contentSecurityPolicy?: string;
  /**
   * Why pages may run inline scripts without a nonce, where the policy lets them.
   * @default they may not
   */
  readonly inlineScriptsBecause?: string;
  /**
   * What is asked of its answers: whoever watches keeps a budget of it, and tells when it is used up too fast; `false` for none.
   * @default 99.9 % are no error of the server, and 99 % are there within 1 s
   */
  readonly objectives?: RouteObjectives | false;
}
