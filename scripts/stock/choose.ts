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
 * as they are, and where they are, unless what they are is none of their types any more.
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
      const types = [node.serverType, ...(node.machine?.otherTypes ?? [])];
      const is = there.get(`${environment}-${node.name}`)?.server_type.name;
      // One that is to become another type is looked for as a new one.
      if (is === undefined || !types.includes(is)) return { node: node.name, ...firstOf(types, location, sold, now) };
      const why = reason(is, location, sold, now);
      const again = why === undefined ? [] : [`another one could not be made now: ${is} ${why}`];
      return { node: node.name, type: is, reasons: ['it is there', ...again, ...leaving(is, location, sold, now)] };
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
    if (why === undefined) return { type, reasons: [...reasons, ...leaving(type, location, sold, now)] };
    reasons.push(`${type} ${why}`);
  }
  return { type: undefined, reasons };
}

type Place = SoldType['locations'][number];

function placeOf(type: string, location: string, sold: readonly SoldType[]): Place | undefined {
  return sold.find(({ name }) => name === type)?.locations.find(({ name }) => name === location);
}

/** Why a type can't be ordered; undefined where it can. */
function reason(type: string, location: string, sold: readonly SoldType[], now: Date): string | undefined {
  if (!sold.some(({ name }) => name === type)) return 'is not sold any more';
  const place = placeOf(type, location, sold);
  if (place === undefined) return 'is not sold there';
  const { deprecation } = place;
  if (deprecation !== null && new Date(deprecation.unavailable_after) <= now) return 'is not sold there any more';
  return place.available ? undefined : 'is out of stock';
}

/** Of one that is announced to leave, until when it can be ordered: what Terraform goes by too. */
function leaving(type: string, location: string, sold: readonly SoldType[], now: Date): string[] {
  const { unavailable_after: day } = placeOf(type, location, sold)?.deprecation ?? {};
  return day === undefined || new Date(day) <= now ? [] : [`sold there until ${day.slice(0, 10)}`];
}
