import type { Duration } from 'cdk8s';
import type { Schedule } from '../core/schedule.ts';

export interface Overdue {
  readonly seconds: number;
  /** Such as `26 hours`. */
  readonly inWords: string;
}

/**
 * How old something may become that is done by schedule: its longest gap, and what one that was late or failed once takes.
 */
export function overdueAfter(schedule: Schedule, late: Duration): Overdue {
  const minutes = schedule.longestGap().toMinutes() + late.toMinutes();
  const [length, unit] =
    minutes % 1440 === 0 && minutes > 1440 ? [1440, 'days'] : minutes % 60 === 0 ? [60, 'hours'] : [1, 'minutes'];
  return { seconds: minutes * 60, inWords: `${minutes / length} ${unit}` };
}
