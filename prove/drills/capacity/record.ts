import type { DrillCheck } from '../../results/index.ts';

/** What one round measured. The units of figures that a round can't give are kept too: they are the same in each round. */
export class RoundRecord {
  readonly checks: DrillCheck[] = [];
  readonly figures: Record<string, number> = {};
  readonly units: Record<string, string> = {};

  check(what: string, expected: string, got: string): void {
    this.checks.push({ what, expected, got });
  }

  /** @param value undefined where it couldn't be measured */
  figure(name: string, unit: string, value: number | undefined): void {
    this.units[name] = unit;
    if (value !== undefined) this.figures[name] = value;
  }
}
