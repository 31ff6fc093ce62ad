/** Configuration before a schema has seen it: rules between values are told together with wrong values. */
export type Values = Readonly<Record<string, unknown>>;

/** An object's values; none of anything else. */
export function values(value: unknown): Values {
  return typeof value === 'object' && value !== null ? (value as Values) : {};
}

/** An object's values that are text, with their keys. */
export function texts(record: unknown): [string, string][] {
  return Object.entries(values(record)).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
}
