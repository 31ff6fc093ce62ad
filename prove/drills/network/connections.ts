import { parseCidr } from '../../../constructs/core/cidr.ts';
import type { DeclaredEdge } from '../../../synth/network/compare.ts';
import { ANYWHERE } from '../../../synth/network/evaluate.ts';
import { ProvingError } from '../../machine/error.ts';

/** Whole numbers from `first` to `last`: ports, or IPv4 addresses. */
export interface Span {
  readonly first: number;
  readonly last: number;
}

/** A pod group's name, or addresses outside of the cluster. */
export type End = string | Span;

/** What may pass between two ends. */
export interface Connection {
  readonly from: End;
  readonly to: End;
  readonly protocol: string;
  readonly ports: Span;
}

export const PROTOCOLS = ['TCP', 'UDP', 'SCTP'] as const;
export const EVERY_PORT: Span = { first: 1, last: 65_535 };
const EVERY_ADDRESS: Span = { first: 0, last: 2 ** 32 - 1 };

/** Edges as the wires and the evaluator word them. @throws ProvingError where an end is a block of IPv6 */
export function connectionsOf(edges: readonly DeclaredEdge[]): Connection[] {
  return edges.flatMap(({ from, to, protocol, port, endPort }) => {
    const ports = port === 'any' ? EVERY_PORT : { first: port, last: endPort ?? port };
    const protocols = protocol === 'any' ? PROTOCOLS : [protocol];
    return endsOf(from).flatMap((source) =>
      endsOf(to).flatMap((destination) =>
        protocols.map((each) => ({ from: source, to: destination, protocol: each, ports })),
      ),
    );
  });
}

/**
 * Connections of the one list that the other doesn't have, a line each. Lists may cut addresses and ports differently:
 * only what they contain counts.
 */
export function missingFrom(list: readonly Connection[], wanted: readonly Connection[]): string[] {
  const ends = [...list, ...wanted].flatMap(({ from, to }) => [from, to]);
  const spans = ends.filter((end) => typeof end !== 'string');
  const cuts = [...new Set(spans.flatMap(({ first, last }) => [first, last + 1]))].sort((a, b) => a - b);
  const present = portsByEnds(list, cuts);
  return [...portsByEnds(wanted, cuts)].flatMap(([ends, ports]) =>
    subtract(merged(ports), present.get(ends) ?? []).map((span) => `${ends} ${spanText(span, String)}`),
  );
}

/** Ports by the text of both ends and protocol, with addresses cut at every border that one of the lists has. */
function portsByEnds(connections: readonly Connection[], cuts: readonly number[]): Map<string, Span[]> {
  const texts = (end: End): readonly string[] =>
    typeof end === 'string' ? [end] : cut(end, cuts).map((span) => spanText(span, addressText));
  const result = new Map<string, Span[]>();
  for (const { from, to, protocol, ports } of connections) {
    for (const source of texts(from)) {
      for (const destination of texts(to)) {
        const key = `${source} to ${destination} ${protocol}`;
        result.set(key, [...(result.get(key) ?? []), ports]);
      }
    }
  }
  return result;
}

function endsOf(text: string): End[] {
  if (text === ANYWHERE) return [EVERY_ADDRESS];
  const [block = '', except] = text.split(' except ');
  if (parseCidr(block) === undefined) return [text];
  return [...subtract([addressesOf(block)], except?.split(',').map(addressesOf) ?? [])];
}

function addressesOf(block: string): Span {
  const cidr = parseCidr(block);
  if (cidr?.family !== 4) throw new ProvingError(`${block}: only blocks of IPv4 can be compared`);
  const first = Number(cidr.address);
  return { first, last: first + 2 ** (32 - cidr.prefix) - 1 };
}

function subtract(spans: readonly Span[], holes: readonly Span[]): readonly Span[] {
  return holes.reduce(
    (rest, hole) =>
      rest
        .flatMap(({ first, last }) => [
          { first, last: Math.min(last, hole.first - 1) },
          { first: Math.max(first, hole.last + 1), last },
        ])
        .filter(({ first, last }) => first <= last),
    spans,
  );
}

function merged(spans: readonly Span[]): Span[] {
  const result: Span[] = [];
  for (const span of [...spans].sort((a, b) => a.first - b.first)) {
    const before = result.at(-1);
    if (before === undefined || before.last + 1 < span.first) result.push(span);
    else result.splice(-1, 1, { first: before.first, last: Math.max(before.last, span.last) });
  }
  return result;
}

function cut({ first, last }: Span, cuts: readonly number[]): Span[] {
  const starts = [first, ...cuts.filter((each) => first < each && each <= last)];
  return starts.map((start, index) => ({ first: start, last: (starts[index + 1] ?? last + 1) - 1 }));
}

const addressText = (address: number): string => [24, 16, 8, 0].map((bits) => (address >>> bits) & 255).join('.');

function spanText({ first, last }: Span, text: (value: number) => string): string {
  return first === last ? text(first) : `${text(first)}-${text(last)}`;
}
