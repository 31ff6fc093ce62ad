import type { DrillCheck } from '../results/index.ts';

/** What was seen of an application at a moment. */
export interface Sample {
  readonly at: Date;
  /** Of the Deployment, as the autoscaler set them. */
  readonly replicas: number;
  readonly ready: number;
  /** Argo CD's word, such as `Synced`. */
  readonly sync: string;
}

/** The promise's numbers. */
export interface Range {
  readonly least: number;
  readonly most: number;
}

/** True once all replicas that are wanted are ready and no others are left. */
export function isAt(count: number, { replicas, ready }: Sample): boolean {
  return replicas === count && ready === count;
}

/** Checks of a whole round: what it reached, what it never left, and whether Argo CD ever saw a difference. */
export function checksOf(name: string, { least, most }: Range, samples: readonly Sample[]): DrillCheck[] {
  const replicas = samples.map((sample) => sample.replicas);
  const steps = replicas.filter((count, index) => count !== replicas[index - 1]);
  const once = `up from ${least} to ${most}, down to ${least}`;
  return [
    { what: `replicas of the ${name}, least to most`, expected: `${least} to ${most}`, got: extremes(replicas) },
    {
      what: `the ${name} scales once each way`,
      expected: once,
      got: isUpAndDown(steps, { least, most }) ? once : steps.join(', '),
    },
    {
      what: `Argo CD's word on the ${name} all the while`,
      expected: 'Synced',
      got: [...new Set(samples.map(({ sync }) => sync))].join(', '),
    },
  ];
}

/** From the least to the most and back, never a step in the other direction. */
function isUpAndDown(steps: readonly number[], { least, most }: Range): boolean {
  const peak = steps.indexOf(most);
  const up = steps.slice(0, peak + 1);
  const down = steps.slice(peak);
  const ends = [steps[0], steps[peak], steps.at(-1)];
  const monotonic = [up, down.toReversed()].every((each) => each.join() === each.toSorted((a, b) => a - b).join());
  return peak > 0 && ends.join() === [least, most, least].join() && monotonic;
}

function extremes(values: readonly number[]): string {
  return `${Math.min(...values)} to ${Math.max(...values)}`;
}
