/** What an API server would refuse in an object, and where in it. */
export interface Problem {
  /** Such as `spec.strategy`. */
  readonly at: string;
  readonly what: string;
  readonly allowed: string;
  readonly remedy: string;
}

export function problem(at: string, what: string, allowed: string, remedy = 'correct the value'): Problem {
  return { at, what, allowed, remedy };
}

/** A value as messages show it. */
export function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value);
  return text.length <= 80 ? text : `${text.slice(0, 76)}..."`;
}

/** A problem where the value is there and outside the limits. */
export function outside(at: string, value: number | undefined, least: number, most = Infinity): Problem[] {
  if (value === undefined || (value >= least && value <= most)) return [];
  return [problem(at, `got ${value}`, most === Infinity ? `${least} or more` : `${least} to ${most}`)];
}

/** A problem where the value is there and none of the words. */
export function unlisted(at: string, value: string | undefined, words: readonly string[]): Problem[] {
  return value === undefined || words.includes(value) ? [] : [problem(at, `got ${shown(value)}`, words.join(', '))];
}

/** A problem where the value is there and breaks a rule that says what would be right. */
export function broken<V>(at: string, value: V | undefined, rule: (value: V) => string | undefined): Problem[] {
  const allowed = value === undefined ? undefined : rule(value);
  return allowed === undefined ? [] : [problem(at, `got ${shown(value)}`, allowed)];
}

/** A problem where not exactly one of the fields is there. */
export function notOne(at: string, value: object, fields: readonly string[]): Problem[] {
  const there = fields.filter((field) => (value as Readonly<Record<string, unknown>>)[field] !== undefined);
  if (there.length === 1) return [];
  return [
    problem(at, there.length === 0 ? 'it is empty' : `it has ${there.join(' and ')}`, `one of ${fields.join(', ')}`),
  ];
}
