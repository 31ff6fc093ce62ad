import type { Workload } from '../core/workload.ts';
import type { Life } from './life.ts';

/** What `npm run recover` has to know of a store, whatever it is. */
export interface Recoverable {
  readonly life: Life;
  readonly workload: Workload;
  /** Where its backups are; false for none. */
  readonly archive:
    | {
        /** Of another life, or its own. */
        prefix(generation?: number): string;
      }
    | false;
}
