/** One thing that is wrong, in the four parts a reader needs to mend it. */
export interface Finding {
  /** Path of the value or object, such as `networks.pods` or `Deployment shop/backend`. */
  readonly where: string;
  /** What was found there. */
  readonly what: string;
  /** What would be right. */
  readonly allowed: string;
  /** What to do now. */
  readonly remedy: string;
}

/** The input is wrong, not the program: printed without a stack, exit code 1, nothing written. */
export class InputError extends Error {
  readonly findings: readonly Finding[];

  constructor(findings: Finding | readonly Finding[]) {
    const list = Array.isArray(findings) ? (findings as readonly Finding[]) : [findings as Finding];
    super(list.map(formatFinding).join('\n'));
    this.name = 'InputError';
    this.findings = list;
  }
}

export function formatFinding({ where, what, allowed, remedy }: Finding): string {
  return `${where}: ${what}\n  allowed: ${allowed}\n  remedy:  ${remedy}`;
}
