import { describeManifest } from '../../constructs/core/manifest.ts';
import type { Finding } from '../../constructs/core/error.ts';
import type { Manifest } from '../../constructs/core/manifest.ts';
import { knownKinds, schemaOf } from './tables.ts';
import type { CollectionSchema, ObjectSchema, Schema } from './tables.ts';
import { brokenKey, brokenLabelValue, brokenName, brokenNamespace, brokenRule, scalarTypes } from './values.ts';

export { knownKinds, schemaOf };
export type { ObjectSchema, ScalarCode, Schema } from './tables.ts';

/** What is being checked, and where in it the check stands. */
interface Check {
  readonly object: string;
  /** A secret's values are never repeated in a message. */
  readonly isSecret: boolean;
  readonly path: (string | number)[];
  readonly findings: Finding[];
}

/**
 * What an API server would refuse or silently drop in an object, by the tables of imports/: unknown kinds and
 * fields, wrong types, missing fields, values out of range, names and labels that are none.
 * @returns one finding for each, none for a valid object
 */
export function schemaFindings(manifest: Manifest): Finding[] {
  const identity = unidentified(manifest);
  if (identity !== undefined) return [identity];
  const { apiVersion, kind, metadata } = manifest;
  const schema = schemaOf(apiVersion, kind);
  if (schema === undefined) return [unknownKind(manifest)];
  const check: Check = { object: describeManifest(manifest), isSecret: kind === 'Secret', path: [], findings: [] };
  checkValue(check, manifest, schema);
  report(check, ['metadata', 'name'], metadata.name, brokenName(kind, metadata.name), 'rename the object');
  if (typeof metadata.namespace === 'string') {
    report(check, ['metadata', 'namespace'], metadata.namespace, brokenNamespace(metadata.namespace), 'correct it');
  }
  return check.findings;
}

/** A finding for an object that does not say what it is. */
function unidentified(manifest: unknown): Finding | undefined {
  const { apiVersion, kind, metadata } = (manifest ?? {}) as Readonly<Record<string, unknown>>;
  const { name } = (metadata ?? {}) as Readonly<Record<string, unknown>>;
  const where = [kind, name].filter((part) => typeof part === 'string').join(' ') || 'object without a kind';
  const parts = { apiVersion, kind, 'metadata.name': name };
  const missing = Object.entries(parts).find(([, value]) => typeof value !== 'string');
  if (missing === undefined) return undefined;
  const remedy = missing[1] === undefined ? 'add it' : 'make it a string';
  return { where: `${where}: ${missing[0]}`, what: describe(missing[1]), allowed: 'a string', remedy };
}

function unknownKind(manifest: Manifest): Finding {
  const { apiVersion, kind } = manifest;
  const known = knownKinds().map((each) => each.split(' ') as [string, string]);
  const kinds = known.filter(([version]) => version === apiVersion).map(([, each]) => each);
  const elsewhere = known.filter(([, each]) => each === kind).map(([version]) => version);
  const versions = [...new Set(known.map(([version]) => version))];
  const [unknown, allowed] =
    elsewhere.length > 0 ? ['apiVersion', elsewhere] : kinds.length > 0 ? ['kind', kinds] : ['apiVersion', versions];
  const suggestion = elsewhere[0] ?? nearest(unknown === 'kind' ? kind : apiVersion, allowed);
  return {
    where: `${describeManifest(manifest)}: ${unknown}`,
    what: `no schema is known for ${kind} of ${apiVersion}`,
    allowed: allowed.join(', '),
    remedy: `${suggestion === undefined ? '' : `write ${suggestion}, or `}add the kind in scripts/import and run npm run import`,
  };
}

function checkValue(check: Check, value: unknown, schema: Schema): void {
  if (value === null && schema.nullable) return;
  if (schema.is === 'object') checkObject(check, value, schema);
  else if (schema.is !== 'scalar') checkCollection(check, value, schema);
  else if (!scalarTypes[schema.code].test(value)) wrongType(check, value, scalarTypes[schema.code].words);
  else if (schema.rules !== undefined) report(check, [], value, brokenRule(value, schema.rules), 'correct the value');
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function checkObject(check: Check, value: unknown, { fields, required, isOpen }: ObjectSchema): void {
  if (!isObject(value)) {
    wrongType(check, value, `an object with the fields ${[...fields.keys()].join(', ')}`);
    return;
  }
  for (const name of required) {
    if (value[name] !== undefined) continue;
    const schema = fields.get(name);
    addFinding(check, [name], 'the field is missing', schema === undefined ? 'a value' : words(schema), `add ${name}`);
  }
  for (const name of Object.keys(value)) {
    if (value[name] === undefined) continue;
    const schema = fields.get(name);
    if (schema === undefined) {
      if (!isOpen) unknownField(check, name, [...fields.keys()]);
      continue;
    }
    check.path.push(name);
    checkValue(check, value[name], schema);
    check.path.pop();
  }
}

function checkCollection(check: Check, value: unknown, schema: CollectionSchema): void {
  if (schema.is === 'list' ? !Array.isArray(value) : !isObject(value)) {
    wrongType(check, value, words(schema));
    return;
  }
  const entries: Iterable<[string | number, unknown]> = Array.isArray(value)
    ? value.entries()
    : Object.entries(value as object);
  for (const [key, element] of entries) {
    check.path.push(key);
    checkValue(check, element, schema.of);
    if (schema.holds !== undefined) {
      report(check, [], key, brokenKey(String(key)), 'rename the key');
      const isLabel = schema.holds === 'labels' && typeof element === 'string';
      if (isLabel) report(check, [], element, brokenLabelValue(element), 'correct the value, or make it an annotation');
    }
    check.path.pop();
  }
}

function unknownField(check: Check, name: string, allowed: readonly string[]): void {
  const suggestion = nearest(name, allowed);
  const isStatus = name === 'status' && check.path.length === 0;
  const otherwise = isStatus ? 'remove it: the cluster writes the status' : 'remove it, or move it to where it belongs';
  const remedy = suggestion === undefined ? otherwise : `write ${suggestion}`;
  addFinding(check, [name], `there is no field ${name} here`, allowed.join(', '), remedy);
}

function wrongType(check: Check, value: unknown, allowed: string): void {
  const remedy =
    value === null
      ? 'leave the field out'
      : allowed === scalarTypes.s.words && (typeof value === 'number' || typeof value === 'boolean')
        ? 'put it in quotes'
        : 'give it a value of that type';
  addFinding(check, [], described(check, value), allowed, remedy);
}

/** Adds a finding when there is something broken. */
function report(check: Check, at: readonly string[], value: unknown, broken: string | undefined, remedy: string): void {
  if (broken !== undefined) addFinding(check, at, described(check, value), broken, remedy);
}

function addFinding(check: Check, at: readonly string[], what: string, allowed: string, remedy: string): void {
  let where = '';
  for (const part of [...check.path, ...at]) {
    if (typeof part === 'number') where += `[${part}]`;
    else if (/^[$\w]+$/.test(part)) where += where === '' ? part : `.${part}`;
    else where += `[${JSON.stringify(part)}]`;
  }
  check.findings.push({ where: `${check.object}: ${where}`, what, allowed, remedy });
}

/** A schema's type in words. */
function words(schema: Schema): string {
  if (schema.is === 'scalar') return schema.rules?.enum?.join(', ') ?? scalarTypes[schema.code].words;
  if (schema.is === 'object') return 'an object';
  return schema.is === 'list' ? `a list, each item ${words(schema.of)}` : `an object, each value ${words(schema.of)}`;
}

function described(check: Check, value: unknown): string {
  return check.isSecret && value !== null && check.path[0] !== 'metadata'
    ? `a ${typeof value} (not shown)`
    : describe(value);
}

function describe(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'an object';
  const text = JSON.stringify(value);
  return text.length <= 100 ? text : `${text.slice(0, 96)}..."`;
}

/** The allowed name that a mistyped one most likely means; undefined when none is close. */
function nearest(name: string, allowed: readonly string[]): string | undefined {
  const lower = name.toLowerCase();
  const ranked = allowed
    .map((each) => ({ each, distance: distance(lower, each.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance);
  const [best] = ranked;
  return best !== undefined && best.distance <= Math.max(1, Math.floor(name.length / 3)) ? best.each : undefined;
}

/** How many characters to add, drop or replace to make `b` of `a` (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
