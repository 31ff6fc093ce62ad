import type { EnvironmentInput, StockInput } from '../../config/schema.ts';
import type { ExistingServer, SoldType } from './hetzner.ts';

/** What a node could be made of in a location, and why each type before it could not. */
interface Tried {
  readonly node: string;
  readonly type: string | undefined;
  readonly reasons: readonly string[];
}

export interface TriedLocation {
  readonly location: string;
  readonly nodes: readonly Tried[];
}

export interface Choice {
  /** Undefined where no location has all. */
  readonly chosen: StockInput[string] | undefined;
  /** Each location that was looked at, the last of them the chosen one. */
  readonly tried: readonly TriedLocation[];
}

/**
 * The first location where every node can be ordered as one of its types, the most wanted first. Servers that there are stay
 * as they are, and where they are.
 */
export function chooseStock(
  environment: string,
  { hetzner, nodes }: Pick<EnvironmentInput, 'hetzner' | 'nodes'>,
  sold: readonly SoldType[],
  existing: readonly ExistingServer[],
  now: Date,
): Choice {
  const there = new Map(existing.map((server) => [server.name, server]));
  const [anchor] = existing;
  const tried: TriedLocation[] = [];
  for (const location of anchor === undefined ? (hetzner?.locations ?? []) : [anchor.location.name]) {
    const found = nodes.map((node): Tried => {
      const server = there.get(`${environment}-${node.name}`);
      if (server !== undefined) return { node: node.name, type: server.server_type.name, reasons: ['it is there'] };
      return {
        node: node.name,
        ...firstOf([node.serverType, ...(node.machine?.otherTypes ?? [])], location, sold, now),
      };
    });
    tried.push({ location, nodes: found });
    const types = found.flatMap(({ node, type }) => (type === undefined ? [] : [[node, type] as const]));
    if (types.length === nodes.length) {
      return { chosen: { location, serverTypes: Object.fromEntries(types) }, tried };
    }
  }
  return { chosen: undefined, tried };
}

function firstOf(
  types: readonly string[],
  location: string,
  sold: readonly SoldType[],
  now: Date,
): Pick<Tried, 'type' | 'reasons'> {
  const reasons: string[] = [];
  for (const type of types) {
    const why = reason(type, location, sold, now);
    if (why === undefined) return { type, reasons };
    reasons.push(`${type} ${why}`);
  }
  return { type: undefined, reasons };
}

/** Why a type can't be ordered; undefined where it can. */
function reason(type: string, location: string, sold: readonly SoldType[], now: Date): string | undefined {
  const found = sold.find(({ name }) => name === type);
  if (found === undefined) return 'is not sold any more';
  const place = found.locations.find(({ name }) => name === location);
  if (place === undefined) return 'is not sold there';
  const { deprecation } = place;
  if (deprecation !== null && new Date(deprecation.unavailable_after) <= now) return 'is not sold there any more';
  return place.available ? undefined : 'is out of stock';
}
