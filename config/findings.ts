import * as v from 'valibot';
import type { Finding } from '../constructs/core/error.ts';

type AnySchema = v.BaseSchema<unknown, unknown, v.BaseIssue<unknown>>;

/** The parts of a schema that tell which keys there may be. */
interface Shape {
  readonly entries?: Readonly<Record<string, AnySchema>>;
  readonly item?: AnySchema;
  readonly value?: AnySchema;
  readonly wrapped?: AnySchema;
  readonly message?: unknown;
}

/** All values that are wrong, each by the first rule it breaks, in the words of this project; empty when none is. */
export function schemaFindings(file: string, schema: AnySchema, value: unknown): Finding[] {
  const issues = v.safeParse(schema, value, { abortPipeEarly: true }).issues ?? [];
  return [
    ...issues.filter(({ expected }) => expected !== 'never').map((issue) => findingOf(file, schema, issue)),
    // Valibot stops at the first unknown key of an object; all of them are wanted at once.
    ...unknownKeys(file, schema, value, []),
  ];
}

function findingOf(file: string, schema: AnySchema, issue: v.BaseIssue<unknown>): Finding {
  const where = `${file}: ${v.getDotPath(issue) ?? 'the whole file'}`;
  if (issue.input === undefined) {
    const keys = (issue.path ?? []).map(({ key }) => String(key));
    return { where, what: 'the value is missing', allowed: expectation(schemaAt(schema, keys)), remedy: 'add it' };
  }
  return { where, what: `got ${show(issue.input)}`, allowed: issue.message, remedy: 'change the value' };
}

function unknownKeys(file: string, schema: AnySchema, value: unknown, path: readonly string[]): Finding[] {
  if (typeof value !== 'object' || value === null) return [];
  const { entries } = schema as Shape;
  return Object.entries(value).flatMap(([key, child]) => {
    const known = schemaAt(schema, [key]);
    if (known !== undefined) return unknownKeys(file, known, child, [...path, key]);
    if (entries === undefined) return [];
    return {
      where: `${file}: ${[...path, key].join('.')}`,
      what: `unknown key "${key}"`,
      allowed: Object.keys(entries).join(', '),
      remedy: 'remove it or correct its spelling',
    };
  });
}

function schemaAt(schema: AnySchema, keys: readonly string[]): AnySchema | undefined {
  return keys.reduce<AnySchema | undefined>((at, key) => {
    const { wrapped } = (at ?? {}) as Shape;
    const { entries, item, value } = (wrapped ?? at ?? {}) as Shape;
    return entries?.[key] ?? item ?? value;
  }, schema);
}

function expectation(schema: AnySchema | undefined): string {
  const { entries, message } = (schema ?? {}) as Shape;
  if (typeof message === 'string') return message;
  return entries === undefined ? 'a value' : `an object with ${Object.keys(entries).join(', ')}`;
}

function show(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
