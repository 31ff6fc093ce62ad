import type { AnyArea, Need } from './area.ts';

/** What is known of an area's last measurement: none; something that it depends on has changed since; nothing has. */
export type History = 'never' | 'changed' | 'fresh';

export interface ChooseOptions {
  /** That there are for all of them. */
  readonly minutes: number;
  /** Any number that is another one each day: areas of the same rank take turns by it. */
  readonly day: number;
  readonly historyOf: (name: string) => History;
  /** What the environment does not have that an area asks for, in words; undefined where it has all. */
  readonly lackOf: (area: AnyArea) => string | undefined;
}

export interface Choice {
  readonly name: string;
  readonly area: AnyArea;
  /** Why it isn't run; undefined where it is. */
  readonly skipped?: string;
}

/** Bringing up the platform that areas share, and taking it down. */
export const platformMinutes = 5;

const ranks: readonly History[] = ['never', 'changed', 'fresh'];

/** Each brings up what it needs, but for those that share a platform: they come last. */
const order: readonly Need[] = ['machine', 'api', 'cluster', 'empty', 'platform'];

/**
 * What fits into the time: first what was never measured, then what has changed since it was, then the rest; within a
 * rank another one begins each day, so that each gets its turn.
 * @returns those that are run, in the order in which they are best run, then those that are not
 */
export function choose(
  areas: readonly (readonly [name: string, area: AnyArea])[],
  { minutes, day, historyOf, lackOf }: ChooseOptions,
): Choice[] {
  const turn = areas.length === 0 ? 0 : day % areas.length;
  const turned = [...areas.slice(turn), ...areas.slice(0, turn)];
  const ranked = ranks.flatMap((rank) => turned.filter(([name]) => historyOf(name) === rank));
  let left = minutes;
  let shared = false;
  const choices = ranked.map(([name, area]): Choice => {
    const lacks = lackOf(area);
    if (lacks !== undefined) return { name, area, skipped: lacks };
    const extra = area.needs === 'platform' && !shared ? platformMinutes : 0;
    const cost = area.minutes + extra;
    if (cost > left) {
      const why = `it takes ${cost} min of ${left} that are left; run npm run prove -- ${name}`;
      return { name, area, skipped: why };
    }
    left -= cost;
    shared ||= area.needs === 'platform';
    return { name, area };
  });
  const run = choices.filter(({ skipped }) => skipped === undefined);
  return [
    ...order.flatMap((need) => run.filter(({ area }) => area.needs === need)),
    ...choices.filter(({ skipped }) => skipped !== undefined),
  ];
}
