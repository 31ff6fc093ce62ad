// Who may reach whom, computed from the manifests alone: the semantics of networking.k8s.io/v1, nothing of ours.
//
// An ipBlock stands for addresses outside the pod network, as the API documents it. What a particular enforcer adds
// (kube-router lets a node reach the pods it runs) is no part of a policy and not shown.
import type { Manifest } from '../../constructs/core/manifest.ts';
import { PROTOCOLS, readNetwork } from './policies.ts';
import type { ContainerPort, Direction, PodGroup, Policy, Protocol, Rule } from './policies.ts';

export { podGroups } from './policies.ts';
export type { ContainerPort, PodGroup } from './policies.ts';

/** The end of an edge that no selector and no ipBlock limits: every address, inside and outside the cluster. */
export const ANYWHERE = 'anywhere';

/** A way that the policies leave open. */
export interface Edge {
  /** Name of a pod group, text of an ipBlock such as `0.0.0.0/0 except 10.0.0.0/8,172.16.0.0/12`, or `anywhere`. */
  readonly from: string;
  readonly to: string;
  /** `TCP`, `UDP`, `SCTP`, or `any`. */
  readonly protocol: string;
  readonly port: number | 'any';
  /** Last port of a range that starts at `port`. */
  readonly endPort?: number;
  /** What allows it on each side: `egress: shop/backend`, `ingress: no policy`, `ingress: host network`. */
  readonly reasons: readonly string[];
}

interface Span {
  readonly protocol: Protocol;
  readonly first: number;
  readonly last: number;
}

interface Allowance extends Span {
  /** Absent at the end of an edge that is no pod. */
  readonly reason?: string;
}

/** One rule that holds for a pod group, and the policy it stands in. */
interface Grant {
  readonly reason: string;
  readonly rule: Rule;
}

const LAST_PORT = 65_535;
const EVERY_PORT: readonly Span[] = PROTOCOLS.map((protocol) => ({ protocol, first: 1, last: LAST_PORT }));

/**
 * All edges between pod groups, and between pod groups and the outside, in the order of `compareEdges`.
 *
 * - A pair is listed when it has an end that these manifests govern: in a namespace of theirs, not on the host's
 *   network. Edges with the outside are listed for all pod groups in namespaces of theirs.
 * - Pods on the host's network carry their node's address: no policy applies to them, no selector finds them.
 * - A group's edge with itself is the way between two of its pods.
 * - Where rules allow every port, the ports that the destination declares are listed beside the edge with port `any`;
 *   where no policy selects either end, that edge stands alone.
 * @throws InputError when two pod groups have the same name
 */
export function reachability(manifests: readonly Manifest[], options: { foreign?: readonly PodGroup[] } = {}): Edge[] {
  const { groups, policies, ownNamespaces } = readNetwork(manifests, options.foreign);
  const egress = grantsByGroup(policies, 'egress');
  const ingress = grantsByGroup(policies, 'ingress');
  const own = (group: PodGroup): boolean => ownNamespaces.has(group.namespace);
  const governed = (group: PodGroup): boolean => own(group) && !group.hostNetwork;

  const edges: Edge[] = [];
  for (const from of groups) {
    const out = egress.get(from);
    for (const to of targets(out, groups)) {
      if (!governed(from) && !governed(to)) continue;
      const into = ingress.get(to);
      if (!out && !into) {
        const reasons = [reasonOfOpenSide('egress', from), reasonOfOpenSide('ingress', to)];
        edges.push({ from: from.name, to: to.name, protocol: 'any', port: 'any', reasons });
        continue;
      }
      const received = allowances('ingress', to, into, (rule) => admits(rule, from), to.ports);
      if (received.length === 0) continue;
      const sent = allowances('egress', from, out, (rule) => admits(rule, to), to.ports);
      for (const edge of overlap(sent, received, to.ports)) edges.push({ from: from.name, to: to.name, ...edge });
    }
  }
  for (const group of groups.filter(own)) {
    for (const [outside, sent] of outsideAllowances('egress', group, egress.get(group))) {
      for (const edge of overlap(sent, EVERY_PORT, [])) edges.push({ from: group.name, to: outside, ...edge });
    }
    const declared = ingress.has(group) ? group.ports : [];
    for (const [outside, received] of outsideAllowances('ingress', group, ingress.get(group))) {
      for (const edge of overlap(EVERY_PORT, received, declared)) {
        edges.push({ from: outside, to: group.name, ...edge });
      }
    }
  }
  return edges.sort(compareEdges);
}

/** The order of a matrix: from, to and protocol by code point, then ports by number, `any` first. */
export function compareEdges(a: Edge, b: Edge): number {
  return (
    compareText(a.from, b.from) ||
    compareText(a.to, b.to) ||
    compareText(a.protocol, b.protocol) ||
    firstPort(a) - firstPort(b) ||
    (a.endPort ?? 0) - (b.endPort ?? 0)
  );
}

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
const firstPort = ({ port }: Edge): number => (port === 'any' ? 0 : port);

/** The rules for each pod group in one direction. A group that no policy selects is absent, one that may nothing has none. */
function grantsByGroup(policies: readonly Policy[], direction: Direction): Map<PodGroup, Grant[]> {
  const result = new Map<PodGroup, Grant[]>();
  for (const policy of policies) {
    const grants = policy[direction]?.map((rule) => ({ reason: `${direction}: ${policy.name}`, rule }));
    if (!grants) continue;
    for (const group of policy.selected) {
      const known = result.get(group);
      if (known) known.push(...grants);
      else result.set(group, [...grants]);
    }
  }
  return result;
}

/** The pod groups that the egress side alone would let through. */
function targets(grants: readonly Grant[] | undefined, groups: readonly PodGroup[]): Iterable<PodGroup> {
  if (!grants || grants.some(({ rule }) => rule.pods === 'all')) return groups;
  return new Set(grants.flatMap(({ rule }) => (rule.pods === 'all' ? [] : [...rule.pods])));
}

function admits(rule: Rule, group: PodGroup): boolean {
  return rule.pods === 'all' || rule.pods.has(group);
}

function reasonOfOpenSide(direction: Direction, group: PodGroup): string {
  return `${direction}: ${group.hostNetwork ? 'host network' : 'no policy'}`;
}

/** What one side allows by those of its rules that `applies` accepts. */
function allowances(
  direction: Direction,
  group: PodGroup,
  grants: readonly Grant[] | undefined,
  applies: (rule: Rule) => boolean,
  destination: readonly ContainerPort[],
): Allowance[] {
  if (!grants) return EVERY_PORT.map((span) => ({ ...span, reason: reasonOfOpenSide(direction, group) }));
  const result: Allowance[] = [];
  for (const { rule, reason } of grants) {
    if (applies(rule)) for (const span of spansOf(rule, destination)) result.push({ ...span, reason });
  }
  return result;
}

/** What one pod group allows to or from each outside end: its ipBlocks, and anywhere. */
function outsideAllowances(direction: Direction, group: PodGroup, grants: readonly Grant[] | undefined) {
  const destination = direction === 'ingress' ? group.ports : [];
  const ends = new Set(grants ? grants.flatMap(({ rule }) => outsideEnds(rule)) : [ANYWHERE]);
  return [...ends].map((end) => {
    const applies = (rule: Rule): boolean => outsideEnds(rule).includes(end);
    return [end, allowances(direction, group, grants, applies, destination)] as const;
  });
}

const outsideEnds = (rule: Rule): readonly string[] => (rule.pods === 'all' ? [ANYWHERE] : rule.blocks);

/** The ports of a rule. Their names are looked up at the destination, for egress rules too. */
function spansOf({ ports }: Rule, destination: readonly ContainerPort[]): readonly Span[] {
  if (!ports) return EVERY_PORT;
  return ports.flatMap(({ protocol = 'TCP', port, endPort }) => {
    if (port === undefined) return [{ protocol, first: 1, last: LAST_PORT }];
    if (typeof port === 'number') return [{ protocol, first: port, last: endPort ?? port }];
    const named = destination.filter((declared) => declared.name === port && declared.protocol === protocol);
    return named.map((declared) => ({ protocol, first: declared.port, last: declared.port }));
  });
}

/** The edges, still without ends, that both sides allow. */
function overlap(
  sent: readonly Allowance[],
  received: readonly Allowance[],
  destination: readonly ContainerPort[],
): Omit<Edge, 'from' | 'to'>[] {
  const common = new Map<string, Span>();
  for (const a of sent) {
    for (const b of received) {
      const [first, last] = [Math.max(a.first, b.first), Math.min(a.last, b.last)];
      if (a.protocol !== b.protocol || first > last) continue;
      common.set(`${a.protocol} ${first} ${last}`, { protocol: a.protocol, first, last });
    }
  }
  const spans = [...common.values()];
  const widest = spans.filter((span) => !spans.some((other) => other !== span && covers(other, span)));
  const whole = widest.filter(({ first, last }) => first === 1 && last === LAST_PORT);
  const listed = new Map(whole.length > 0 ? destination.map((port) => [`${port.protocol} ${port.port}`, port]) : []);
  const reasonsOf = (ports: readonly Span[]): string[] => {
    const givers = [...sent, ...received].filter((allowance) => ports.some((span) => covers(allowance, span)));
    return [...new Set(givers.flatMap(({ reason }) => reason ?? []))].sort(compareText);
  };

  const edges: Omit<Edge, 'from' | 'to'>[] = [];
  const everything = whole.length === PROTOCOLS.length;
  if (everything) edges.push({ protocol: 'any', port: 'any', reasons: reasonsOf(whole) });
  for (const span of everything ? [] : widest) {
    const range = span.last > span.first && { endPort: span.last };
    const ports = whole.includes(span) ? { port: 'any' as const } : { port: span.first, ...range };
    edges.push({ protocol: span.protocol, ...ports, reasons: reasonsOf([span]) });
  }
  for (const { protocol, port } of listed.values()) {
    if (!whole.some((span) => span.protocol === protocol)) continue;
    edges.push({ protocol, port, reasons: reasonsOf([{ protocol, first: port, last: port }]) });
  }
  return edges;
}

function covers(outer: Span, inner: Span): boolean {
  return outer.protocol === inner.protocol && outer.first <= inner.first && inner.last <= outer.last;
}
