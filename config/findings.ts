import { inspect } from 'node:util';
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
  const lists = listsForObjects(schema, value, []);
  const isTold = (issue: v.BaseIssue<unknown>): boolean =>
    lists.some(({ path }) => path.every((key, index) => String(issue.path?.[index]?.key) === key));
  return [
    ...lists.map(({ path, at, list }) => ({
      where: `${file}: ${path.join('.') || 'the whole file'}`,
      what: `got ${show(list)}`,
      allowed: expectation(at),
      remedy: 'change the value',
    })),
    ...issues
      .filter((issue) => issue.expected !== 'never' && !isTold(issue))
      .map((issue) => findingOf(file, schema, issue)),
    // Valibot stops at the first unknown key of an object; all of them are wanted at once.
    ...unknownKeys(file, schema, value, []),
  ];
}

function findingOf(file: string, schema: AnySchema, issue: v.BaseIssue<unknown>): Finding {
  const where = `${file}: ${v.getDotPath(issue) ?? 'the whole file'}`;
  const at = schemaAt(
    schema,
    (issue.path ?? []).map(({ key }) => String(key)),
  );
  if (issue.input === undefined)
    return { where, what: 'the value is missing', allowed: expectation(at), remedy: 'add it' };
  // Who writes false or null for it wants none.
  const remedy =
    (issue.input === false || issue.input === null) && at?.type === 'optional'
      ? 'change the value, or leave it out: it is none then'
      : 'change the value';
  return { where, what: `got ${show(issue.input)}`, allowed: issue.message, remedy };
}

interface ListForObject {
  readonly path: readonly string[];
  readonly at: AnySchema;
  readonly list: unknown;
}

/** Valibot takes a list for an object without keys. */
function listsForObjects(schema: AnySchema, value: unknown, path: readonly string[]): ListForObject[] {
  if (typeof value !== 'object' || value === null) return [];
  const { entries, value: each, item } = unwrapped(schema);
  if (Array.isArray(value) && (entries ?? each) !== undefined) return [{ path, at: schema, list: value }];
  if ((entries ?? each ?? item) === undefined) return [];
  return Object.entries(value).flatMap(([key, child]) => {
    const known = schemaAt(schema, [key]);
    return known === undefined ? [] : listsForObjects(known, child, [...path, key]);
  });
}

function unknownKeys(file: string, schema: AnySchema, value: unknown, path: readonly string[]): Finding[] {
  const { entries, value: each } = unwrapped(schema);
  if (typeof value !== 'object' || value === null || (Array.isArray(value) && (entries ?? each) !== undefined))
    return [];
  return Object.entries(value).flatMap(([key, child]) => {
    const known = schemaAt(schema, [key]);
    // Valibot passes over names that every object has.
    if (known !== undefined && !(key in Object.prototype)) return unknownKeys(file, known, child, [...path, key]);
    if (known === undefined && entries === undefined) return [];
    return {
      where: `${file}: ${[...path, key].join('.')}`,
      what: `unknown key "${key}"`,
      allowed: entries ? Object.keys(entries).join(', ') : 'names that no JavaScript object has by itself',
      remedy: 'remove it or correct its spelling',
    };
  });
}

function schemaAt(schema: AnySchema, keys: readonly string[]): AnySchema | undefined {
  return keys.reduce<AnySchema | undefined>((at, key) => {
    const { entries, item, value } = unwrapped(at);
    return (entries && Object.hasOwn(entries, key) ? entries[key] : undefined) ?? item ?? value;
  }, schema);
}

function unwrapped(schema: AnySchema | undefined): Shape {
  const { wrapped } = (schema ?? {}) as Shape;
  return (wrapped ?? schema ?? {}) as Shape;
}

function expectation(schema: AnySchema | undefined): string {
  const { message } = (schema ?? {}) as Shape;
  return typeof message === 'string' ? message : 'a value';
}

/** As a configuration has it: JSON knows neither NaN nor functions, and ends at a circle. */
function show(value: unknown): string {
  const isText = typeof value === 'string';
  const text = isText ? JSON.stringify(value) : inspect(value, { depth: 2, breakLength: Infinity, compact: true });
  // What stands before an @ may be a password, and this text ends in logs.
  const told = text.replace(/[^/@\s"]*:[^/@\s"]*@/, '...@');
  return told.length > 80 ? `${told.slice(0, 77)}...` : told;
}
