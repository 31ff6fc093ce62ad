/** A type code, with rules when there are any: see imports/README.md. */
export type Type = string | readonly [string, Readonly<Record<string, unknown>>];
export type Fields = Readonly<Record<string, Type>>;

/** A table of field names and types, as a file of imports/ holds it. */
export interface Table {
  /** What it was read from, with the version. */
  readonly source: string;
  /** The definition of an `apiVersion kind`. */
  readonly kinds: Readonly<Record<string, string>>;
  /** Places whose further rules only an API server evaluates. @default none */
  readonly unchecked?: readonly string[];
  readonly definitions: Readonly<Record<string, Fields>>;
}

/** A table as JSON with a line for each definition, so that a change of versions can be read as a diff. */
export function tableText({ source, kinds, unchecked = [], definitions }: Table): string {
  const parts = [
    `"source":${JSON.stringify(source)}`,
    `"kinds":${lines(kinds)}`,
    ...(unchecked.length === 0 ? [] : [`"unchecked":${JSON.stringify(unchecked)}`]),
    `"definitions":${lines(Object.fromEntries(Object.entries(definitions).map(([name, fields]) => [name, sorted(fields)])))}`,
  ];
  return `{${parts.join(',\n')}}\n`;
}

function lines(entries: Readonly<Record<string, unknown>>): string {
  const each = Object.entries(sorted(entries)).map(
    ([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`,
  );
  return `{\n${each.join(',\n')}\n}`;
}

function sorted<T>(entries: Readonly<Record<string, T>>): Readonly<Record<string, T>> {
  return Object.fromEntries(Object.entries(entries).sort(([a], [b]) => (a < b ? -1 : 1)));
}
