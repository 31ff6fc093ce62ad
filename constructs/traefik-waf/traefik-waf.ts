import { Construct } from 'constructs';
import { Dashboard } from '../core/dashboard.ts';
import { InputError } from '../core/error.ts';
import type { Finding } from '../core/error.ts';
import { Alert } from '../core/alert.ts';
import { Objective } from '../core/objective.ts';
import type { ObjectiveProps } from '../core/objective.ts';
import type { Collects } from '../core/phase.ts';
import { WayIn } from '../core/way-in.ts';
import type { Workload } from '../core/workload.ts';
import { sized } from '../core/workload-size.ts';
import { Certificates } from './certificates.ts';
import { checkEdge } from './checks.ts';
import { edgeDashboard } from './dashboard.ts';
import { idleSeconds, traefikWafDefaults as defaults, usualLimits } from './defaults.ts';
import { edgeAlerts } from './monitoring.ts';
import { edgeObjectives, routeObjectives } from './objectives.ts';
import type { ClientLimits, RouteProps, TraefikWafProps } from './props.ts';
import { checkRoute } from './route-checks.ts';
import { edgeRoute } from './routes.ts';
import type { EdgeRoute } from './routes.ts';
import { traefik } from './traefik/index.ts';
import { routeObjects, sharedRoutes } from './traefik/ingress-routes.ts';
import type { Behind } from './traefik/ingress-routes.ts';
import { sharedMiddlewares } from './traefik/middlewares.ts';
import { traceService } from './traefik/settings.ts';
import { waf } from './waf/index.ts';

const because = {
  traefik: 'Measured: Traefik takes 95Mi with its routes, and more with each connection; the CPU is an estimate.',
  waf: 'Measured: a process with the rules takes 55Mi, a request 3 to 8 ms of CPU; how many come is an estimate.',
} as const;

/** The way in: Traefik on both nodes, and behind it a firewall that every request goes through. */
export class TraefikWaf extends Construct implements Collects {
  readonly name: string;
  readonly traefik: Workload;
  readonly waf: Workload;
  private readonly props: TraefikWafProps;
  private readonly limits: Readonly<Record<string, ClientLimits>>;
  private readonly certificates: Certificates;
  private readonly behind: Behind;
  private readonly ownRoutes: EdgeRoute[] = [];
  private readonly withheld = new Set<string>();

  /** @throws InputError with everything that is wrong */
  constructor(scope: Construct, id: string, props: TraefikWafProps) {
    super(scope, id);
    this.name = props.name ?? id;
    checkEdge(this.where, props);
    this.props = props;
    this.limits = { ...usualLimits, ...props.limits };
    this.certificates = new Certificates(this, props.issuer, props.wildcard ?? false);
    const firewall = waf(this, {
      name: `${this.name}-waf`,
      image: props.wafImage,
      pods: props.pods,
      replicas: 2,
      ...sized(props.wafSize, defaults.wafSize, because.waf),
      paranoiaLevel: props.paranoiaLevel ?? defaults.paranoiaLevel,
      idleSeconds,
      limits: this.limits,
      routes: () => this.ownRoutes,
    });
    this.waf = firewall.workload;
    this.traefik = this.makeTraefik();
    this.traefik.needs(firewall.endpoint, 'has every request looked at');
    new WayIn(this, 'way-in', {
      pods: this.traefik,
      leadsTo: this.waf,
      ...(props.traces ? { tells: props.traces } : {}),
      because: 'The load balancer leads here, and what comes goes through the firewall.',
    });
    const { hostname, port } = new URL(firewall.endpoint.url);
    this.behind = { service: hostname.split('.')[0] ?? '', port: Number(port) };
    sharedMiddlewares(this, { limits: this.limits, headers: props.headers ?? {} });
    sharedRoutes(this, this.behind, props.banned ?? []);
    for (const alert of edgeAlerts({ name: this.name, namespace: this.traefik.namespace })) {
      new Alert(this, alert.name, alert);
    }
    const { namespace } = this.traefik;
    new Dashboard(this, 'dashboard', {
      ...edgeDashboard(this.name, namespace),
      lines: { namespace, workloads: [this.traefik.name, this.waf.name] },
      ...(props.traces ? { traces: traceService } : {}),
    });
    this.promise(edgeObjectives(this.name, this.traefik.namespace));
  }

  /** Of every application, once all of them are built. */
  get routes(): readonly EdgeRoute[] {
    return this.ownRoutes;
  }

  /** Leads what is asked of a host to a workload. @throws InputError with everything that is wrong */
  route(host: string, props: RouteProps): void {
    const route = edgeRoute(host, props, this.props.exclusions ?? []);
    checkRoute(this.where, route, props, { routes: this.ownRoutes, limits: Object.keys(this.limits) });
    this.ownRoutes.push(route);
    for (const { endpoint } of route.to) this.waf.observes(endpoint, `leads ${route.host} there`);
    routeObjects(this, route, this.behind, this.certificates.for(host));
    if (route.objectives) this.promise(routeObjectives(route, this.traefik.namespace, route.objectives));
  }

  /** Says that a host of the configuration leads nowhere from outside, and why. */
  withhold(host: string, because: string): void {
    if (because.trim().length < 10) {
      throw new InputError({
        where: `${this.where}: withhold ${host}`,
        what: `it says why in "${because}"`,
        allowed: 'a sentence: how it is reached, and why not from outside',
        remedy: 'write one',
      });
    }
    this.withheld.add(host);
  }

  /** @throws InputError for hosts that nobody routes, and for exclusions of routes that are none */
  collect(): void {
    const routed = new Set(this.ownRoutes.map(({ host }) => host));
    const hosts = Object.entries(this.props.hosts);
    const findings: Finding[] = [
      ...hosts
        .filter(([, host]) => !routed.has(host) && !this.withheld.has(host))
        .map(([name, host]) => ({
          where: `hosts.${name}`,
          what: `nobody routes ${host}: whoever asks for it finds nothing`,
          allowed: `hosts with a route of ${this.name}, or withheld with a reason`,
          remedy: `in apps/edge.ts, call route(environment.host('${name}'), ...) or withhold(...) of it, or remove the host`,
        })),
      ...[...new Set([...routed, ...this.withheld])]
        .filter((host) => hosts.length > 0 && !hosts.some(([, each]) => each === host))
        .map((host) => ({
          where: `${this.where}: ${routed.has(host) ? 'route' : 'withhold'} ${host}`,
          what: 'it is no host of the configuration, so another environment would claim it too',
          allowed: hosts.map(([, each]) => each).join(', '),
          remedy: 'add it to hosts of each environment, and name it by environment.host(...)',
        })),
      ...[...this.withheld]
        .filter((host) => routed.has(host))
        .map((host) => ({
          where: `${this.where}: withhold ${host}`,
          what: 'it has a route',
          allowed: 'one of the two',
          remedy: 'remove the route, or do not withhold it',
        })),
      ...(this.props.exclusions ?? [])
        .filter(({ route }) => !routed.has(route))
        .map(({ route, rule }) => ({
          where: `${this.where}: exclusion of rule ${rule}`,
          what: `there is no route ${route}`,
          allowed: [...routed].join(', ') || 'none: there are no routes',
          remedy:
            'name the host by environment.host(...), because each environment has its own; or remove the exclusion',
        })),
    ];
    if (findings.length > 0) throw new InputError(findings);
  }

  private promise(objectives: readonly ObjectiveProps[]): void {
    for (const each of objectives) new Objective(this, `objective-${each.service}-${each.name}`, each);
  }

  private get where(): string {
    return `TraefikWaf ${this.name}`;
  }

  private makeTraefik(): Workload {
    const { props } = this;
    const { because: why, ...size } = sized(props.size, defaults.size, because.traefik);
    return traefik(this, {
      name: this.name,
      namespace: this.waf.namespace,
      image: props.image,
      kubernetesApi: props.kubernetesApi,
      loadBalancer: `${props.loadBalancer}/32`,
      nodePorts: props.nodePorts ?? defaults.nodePorts,
      breakGlass: props.breakGlass ?? false,
      drainSeconds: props.drainSeconds ?? defaults.drainSeconds,
      traces: props.traces ?? false,
      resources: { ...size, because: why },
    });
  }
}
