import type { Measured } from '../../results/index.ts';

/** What one round of a drill measured. */
export type DrillRound = Measured['rounds'][number];
