import type { Finding } from '../../constructs/core/error.ts';
import { ANYWHERE } from './evaluate.ts';
import type { Edge } from './evaluate.ts';
import { arrow } from './print.ts';

/** An edge that something in the model asks for. */
export type DeclaredEdge = Omit<Edge, 'reasons'>;

/**
 * Compares the edges that the model declares with those that the policies allow.
 *
 * An edge counts as found when one edge of the other side between the same ends contains its ports; port `any`
 * contains all. Outside the cluster, `anywhere` contains every ipBlock; ipBlocks are otherwise compared as texts.
 * @returns one finding for each declared edge that is not allowed, and for each allowed edge that is not declared
 */
export function compareReachability(declared: readonly DeclaredEdge[], computed: readonly Edge[]): Finding[] {
  const asked = byEnds(declared);
  const allowed = byEnds(computed);
  const holes = declared.filter(
    (edge) => !containers(edge).some((ends) => allowed.get(ends)?.some((wider) => containsPorts(wider, edge))),
  );
  const unasked = computed.filter(
    (edge) => !containers(edge).some((ends) => asked.get(ends)?.some((wider) => containsPorts(wider, edge))),
  );
  return [
    ...holes.map((edge) => ({
      where: arrow(edge),
      what: 'is declared, but the network policies do not allow it',
      allowed: 'every declared edge, by egress at its source and ingress at its destination',
      remedy: 'add the missing rule, or remove the declaration',
    })),
    ...unasked.map((edge) => ({
      where: arrow(edge),
      what: `is allowed (${edge.reasons.join('; ')}), but nothing declares it`,
      allowed: 'declared edges only',
      remedy: 'narrow the policies, or declare the edge with its reason',
    })),
  ];
}

const key = (from: string, to: string): string => `${from}\n${to}`;

function byEnds<T extends DeclaredEdge>(edges: readonly T[]): Map<string, T[]> {
  const result = new Map<string, T[]>();
  for (const edge of edges) {
    const ends = key(edge.from, edge.to);
    const known = result.get(ends);
    if (known) known.push(edge);
    else result.set(ends, [edge]);
  }
  return result;
}

/** The ends of edges that can contain this one. A namespace has neither dot nor colon in its name, an address has. */
function containers({ from, to }: DeclaredEdge): string[] {
  const widen = (end: string): string[] => (/^[^/]*[.:]/.test(end) ? [end, ANYWHERE] : [end]);
  return widen(from).flatMap((source) => widen(to).map((destination) => key(source, destination)));
}

function containsPorts(outer: DeclaredEdge, inner: DeclaredEdge): boolean {
  if (outer.protocol !== 'any' && outer.protocol !== inner.protocol) return false;
  if (outer.port === 'any') return true;
  if (inner.port === 'any') return false;
  return outer.port <= inner.port && (inner.endPort ?? inner.port) <= (outer.endPort ?? outer.port);
}
