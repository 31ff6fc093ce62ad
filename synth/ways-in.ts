import { clusterDns, describePeer, isAnyone, isPodPeer } from '../constructs/core/endpoint.ts';
import type { Anyone, Peer, PodPeer } from '../constructs/core/endpoint.ts';
import { contains, parseCidr } from '../constructs/core/cidr.ts';
import type { Finding } from '../constructs/core/error.ts';
import { describeManifest } from '../constructs/core/manifest.ts';
import type { Manifest } from '../constructs/core/manifest.ts';
import type { Platform } from '../constructs/core/platform.ts';
import { WayIn } from '../constructs/core/way-in.ts';
import type { WayInProps } from '../constructs/core/way-in.ts';
import { podTemplateOf } from './pods.ts';

type Labels = Readonly<Record<string, string>>;

/** What a rule asks, looked up once. */
interface Doors {
  /** Pods that the world may reach. */
  readonly open: readonly PodPeer[];
  /** Pods that what comes in may be led to. */
  readonly behind: readonly PodPeer[];
  /** Selector of each Service, by `namespace/name`. */
  readonly services: ReadonlyMap<string, Labels>;
}

type Rule = (manifest: Manifest, doors: Doors) => readonly Omit<Finding, 'where'>[];

/** Every way from outside to a pod that no `WayIn` declares, and every route that goes past the firewall. */
export function wayInFindings(platform: Platform, manifests: readonly Manifest[]): Finding[] {
  const ways = platform.all(WayIn).map(({ props }) => props);
  const doors = {
    open: ways.map(({ pods }) => pods),
    behind: ways.flatMap(({ leadsTo }) => leadsTo ?? []),
    services: selectorsOf(manifests),
  };
  return [
    ...manifests.flatMap((manifest) =>
      rules.flatMap((rule) =>
        rule(manifest, doors).map((finding) => ({ where: describeManifest(manifest), ...finding })),
      ),
    ),
    ...admissionFindings(platform, doors),
    ...ways.flatMap((way) => pastFindings(platform, way)),
    ...tlsFindings(manifests),
  ];
}

const remedy = 'lead to it by a route: edge.route(host, { to: ... }) in apps/edge.ts';

const rules: readonly Rule[] = [
  function noOtherKinds({ kind, apiVersion }) {
    const others = kind === 'Ingress' || apiVersion.startsWith('gateway.networking.k8s.io/');
    if (!others && kind !== 'IngressRouteTCP' && kind !== 'IngressRouteUDP') return [];
    return [{ what: `${kind} leads past the firewall`, allowed: 'routes of the edge', remedy }];
  },
  function routesLeadToTheFirewall(manifest, doors) {
    return ['IngressRoute', 'TraefikService'].includes(manifest.kind)
      ? servicesIn(manifest.spec)
          .filter((service) => !leadsBehind(manifest, service, doors))
          .map(({ name }) => ({
            what: `it leads to ${name}, which is not what stands behind the way in`,
            allowed: doors.behind.map(describePeer).join(', ') || 'nothing: no way in is declared',
            remedy,
          }))
      : [];
  },
  function nodePortsAreWaysIn(manifest, { open }) {
    const { type, externalIPs = [], selector = {} } = (manifest.spec ?? {}) as ServiceSpec;
    const opens =
      type === 'NodePort' || type === 'LoadBalancer' ? `type ${type}` : externalIPs.map((ip) => `address ${ip}`)[0];
    if (manifest.kind !== 'Service' || opens === undefined) return [];
    if (open.some((pods) => isOf(pods, manifest, selector))) return [];
    return [
      {
        what: `its ${opens} opens a port of every node to its pods`,
        allowed: open.map(describePeer).join(', ') || 'none: no way in is declared',
        remedy: `${remedy}; or, for what is no HTTP, declare new WayIn(...) with the reason`,
      },
    ];
  },
  function hostPortsAreWaysIn(manifest, { open }) {
    const template = podTemplateOf(manifest);
    const { hostNetwork, containers = [], initContainers = [] } = template?.spec ?? {};
    const all = [...initContainers, ...containers].flatMap(({ ports = [] }) => ports);
    // On the network of the node, every port is one of the node, and who listens need not say so.
    const ports =
      hostNetwork === true ? all.map((each) => each.containerPort) : all.flatMap((each) => each.hostPort ?? []);
    if (hostNetwork !== true && ports.length === 0) return [];
    if (open.some((pods) => isOf(pods, manifest, template?.metadata?.labels ?? {}))) return [];
    const which = ports.length === 0 ? 'whatever port it likes' : `the port ${ports.join(', ')}`;
    return [{ what: `it takes ${which} of its node`, allowed: 'a Service', remedy }];
  },
];

interface ServiceSpec {
  readonly type?: string;
  readonly externalIPs?: readonly string[];
  readonly selector?: Labels;
}

interface ServiceReference {
  readonly name: string;
  readonly kind?: string;
  readonly namespace?: string;
}

/** Wherever they stand: routes have them in lists, in weights and in mirrors. */
function servicesIn(value: unknown): ServiceReference[] {
  if (Array.isArray(value)) return value.flatMap(servicesIn);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, child]) => [
    ...(['services', 'mirrors'].includes(key) ? (child as ServiceReference[]) : []),
    ...(key === 'mirroring' ? [child as ServiceReference] : []),
    ...servicesIn(child),
  ]);
}

/** Whether Traefik itself answers, or a Service of pods that stand behind; where another object leads is asked of that one. */
function leadsBehind(manifest: Manifest, { kind, name, namespace }: ServiceReference, doors: Doors): boolean {
  if (kind === 'TraefikService') return !name.includes('@') || name === 'ping@internal';
  const selector = doors.services.get(`${namespace ?? manifest.metadata.namespace ?? ''}/${name}`);
  return selector !== undefined && doors.behind.some((pods) => isOf(pods, manifest, selector));
}

/** Whether what such labels select is of those pods. */
function isOf(pods: PodPeer, { metadata }: Manifest, labels: Labels): boolean {
  return (
    pods.namespace === metadata.namespace &&
    Object.entries(pods.selector).every(([key, value]) => labels[key] === value)
  );
}

function selectorsOf(manifests: readonly Manifest[]): ReadonlyMap<string, Labels> {
  const services = manifests.filter(({ kind }) => kind === 'Service');
  return new Map(
    services.map(({ metadata, spec }) => [
      `${metadata.namespace ?? ''}/${metadata.name}`,
      (spec as { readonly selector?: Labels }).selector ?? {},
    ]),
  );
}

/** Rules that let somebody in who is no pod and no node. The cluster's DNS is asked by all who are let out. */
function admissionFindings({ owners, environment }: Platform, { open }: Doors): Finding[] {
  const inside = [environment.networks.pods, environment.networks.wireguard].flatMap((text) => parseCidr(text) ?? []);
  const isInside = (peer: Peer | Anyone): boolean =>
    !isAnyone(peer) &&
    (isPodPeer(peer) ||
      peer.cidrs.every(({ cidr }) => {
        const range = parseCidr(cidr);
        return range !== undefined && inside.some((each) => contains(each, range));
      }));
  const isDns = ({ namespace, name }: PodPeer): boolean =>
    namespace === clusterDns.namespace && name === clusterDns.name;
  return owners
    .filter((owner) => !open.includes(owner) && !isDns(owner))
    .flatMap(({ admissions }) => admissions)
    .filter(({ from }) => !isInside(from))
    .map(({ server, from, port, reason }) => ({
      where: `admission ${describePeer(from)} -> ${describePeer(server)} (${reason})`,
      what: `${describePeer(from)} may reach its port ${port} from outside`,
      allowed: open.map(describePeer).join(', ') || 'none: no way in is declared',
      remedy: `${remedy}; or, for what is no HTTP, declare new WayIn(...) with the reason`,
    }));
}

/** Who is reached from outside and speaks to other pods than to those that look at what comes. */
function pastFindings({ connections }: Platform, { pods, leadsTo, tells }: WayInProps): Finding[] {
  if (leadsTo === undefined) return [];
  const isTold = (peer: Peer | Anyone, port: number): boolean =>
    tells?.targets.some((target) => target.peer === peer && (target.podPort ?? target.port) === port) ?? false;
  return connections
    .filter(({ from, to }) => from === pods && isPodPeer(to) && to !== leadsTo && to !== clusterDns)
    .filter(({ to, port }) => !isTold(to, port))
    .map(({ to, reason }) => ({
      where: `wire ${describePeer(pods)} -> ${describePeer(to)} (${reason})`,
      what: 'it leads past the firewall',
      allowed: describePeer(leadsTo),
      remedy: 'remove the wire',
    }));
}

/** Of two defaults Traefik takes neither, and its own speaks TLS 1.2. */
function tlsFindings(manifests: readonly Manifest[]): Finding[] {
  const options = manifests.filter(({ kind }) => kind === 'TLSOption');
  const defaults = options.filter(({ metadata }) => metadata.name === 'default');
  return [
    ...options
      .filter(({ spec }) => (spec as { readonly minVersion?: string }).minVersion !== 'VersionTLS13')
      .map((manifest) => ({
        where: describeManifest(manifest),
        what: `clients may speak ${(manifest.spec as { readonly minVersion?: string }).minVersion ?? 'TLS 1.2'}`,
        allowed: 'VersionTLS13 and nothing older',
        remedy: 'leave minVersion as the construct has it',
      })),
    ...(defaults.length < 2
      ? []
      : [
          {
            where: defaults.map(describeManifest).join(', '),
            what: 'there are several defaults, and Traefik takes none of them',
            allowed: 'one TLSOption that is called default',
            remedy: 'rename the others',
          },
        ]),
  ];
}
