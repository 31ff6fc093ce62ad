import { UsageError } from '../../synth/command.ts';
import type { Outcome } from './checks.ts';

/** Checks whose findings somebody may know of and deploy all the same. */
const acceptable = ['examples', 'secrets', 'images', 'protection'] as const;

export type AcceptableCheck = (typeof acceptable)[number];

export function isAcceptable(check: string): check is AcceptableCheck {
  return (acceptable as readonly string[]).includes(check);
}

/**
 * What `--accept` names.
 * @param waited the checks that the command waits for; all, where none is given
 * @throws UsageError for a check that nobody can accept, or that is in nobody's way
 */
export function acceptedChecks(names: readonly string[], waited: readonly string[] = acceptable): AcceptableCheck[] {
  const allowed = acceptable.filter((check) => waited.includes(check));
  return names.map((name) => {
    const found = allowed.find((check) => check === name);
    if (found !== undefined) return found;
    throw new UsageError(`--accept ${name}: it takes ${allowed.join(', ')}`);
  });
}

/** What is left to mend. */
export function toMend<Name extends string>(
  outcomes: readonly Outcome<Name>[],
  accepted: readonly AcceptableCheck[],
): Outcome<Name>[] {
  return outcomes.filter(
    ({ check, findings }) => findings.length > 0 && !(isAcceptable(check) && accepted.includes(check)),
  );
}
