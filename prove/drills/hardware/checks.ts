import type { Result } from '../../machine/run.ts';
import type { DrillCheck } from '../../results/index.ts';

/** What a drill asked, and what it was told. */
export class Checks {
  readonly all: DrillCheck[] = [];

  same(what: string, got: string, expected: string): void {
    this.all.push({ what, expected, got });
  }

  /** The text says it, however its lines are broken. */
  says(what: string, text: string, expected: string): void {
    const flat = flattened(text);
    this.same(what, flat.includes(expected) ? expected : flat.slice(0, 600), expected);
  }

  succeeds(what: string, { status, stderr }: Result): void {
    this.same(what, status === 0 ? 'done' : `exit code ${status}: ${flattened(stderr).slice(0, 600)}`, 'done');
  }

  /** It is refused for that reason, and for no other. */
  fails(what: string, { status, stderr }: Result, because: string): void {
    const told = flattened(stderr);
    this.same(
      what,
      status === 1 && told.includes(because) ? because : `exit code ${status}: ${told.slice(0, 600)}`,
      because,
    );
  }
}

/** Without the frame that OpenTofu draws around what it says, and its broken lines. */
function flattened(text: string): string {
  return text.replace(/[│╷╵]/g, ' ').replace(/\s+/g, ' ').trim();
}
