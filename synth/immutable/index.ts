import type { Finding } from '../../constructs/core/error.ts';
import { describeManifest } from '../../constructs/core/manifest.ts';
import type { Manifest } from '../../constructs/core/manifest.ts';
import { quantity } from '../../constructs/core/quantity.ts';
import type { Committed } from '../committed.ts';
import type { GeneratedFile } from '../write/index.ts';
import { groupKind, immutable } from './fields.ts';
import type { ImmutableFields } from './fields.ts';

/**
 * Refuses a change of what can't be changed in place: the API server would refuse the object, and with it everything that
 * its application was to become.
 */
export function immutableFindings(committed: Committed, dist: readonly GeneratedFile[]): Finding[] {
  return dist.flatMap(({ path: file, manifest }) => {
    const rule = immutable[groupKind(manifest)];
    if (rule === undefined || isMadeAnew(manifest)) return [];
    const changesFrom = (before: Manifest): readonly Change[] =>
      before.metadata.namespace === manifest.metadata.namespace ? immutableChanges(before, manifest) : [];
    const runs = committed.objects(file, (before) => changesFrom(before).length > 0);
    return runs.flatMap(changesFrom).map(({ field, before, after }) => ({
      where: describeManifest(manifest),
      what: `${field} is ${show(before)} and would become ${show(after)}: the API server refuses that`,
      allowed: `${show(before)}, as it was made`,
      remedy: remedyOf(rule, field),
    }));
  });
}

function remedyOf({ remedy, remedies = {} }: ImmutableFields, field: string): string {
  return Object.entries(remedies).find(([begin]) => field.startsWith(begin))?.[1] ?? remedy;
}

/** Whether Argo CD deletes the old object and makes the new one. */
function isMadeAnew({ metadata: { annotations = {} } }: Manifest): boolean {
  const list = (name: string): string[] => (annotations[`argocd.argoproj.io/${name}`] ?? '').split(/, */);
  const policy = list('hook-delete-policy');
  const isHook = annotations['argocd.argoproj.io/hook'] !== undefined;
  const options = list('sync-options');
  return isHook
    ? policy.includes('BeforeHookCreation') || policy.join('') === ''
    : options.includes('Force=true') && options.includes('Replace=true');
}

/** One field that can't become what it would. */
export interface Change {
  readonly field: string;
  readonly before: unknown;
  readonly after: unknown;
}

/** What an API server would refuse to change of an object in place. */
export function immutableChanges(before: Manifest, after: Manifest): readonly Change[] {
  const rule = immutable[groupKind(after)];
  if (rule === undefined) return [];
  const value = (manifest: Manifest, field: string): unknown => at(manifest, field) ?? rule.defaults?.[field];
  return fieldsOf(rule, before, after)
    .map((field) => difference(value(before, field), value(after, field), field))
    .filter((change) => change !== undefined);
}

function fieldsOf(
  { fields = [], specBut, whereImmutable = [] }: ImmutableFields,
  before: Manifest,
  after: Manifest,
): string[] {
  const specs = [before, after].map(({ spec }) => Object.keys((spec as object | undefined) ?? {}));
  const spec = specBut === undefined ? [] : [...new Set(specs.flat())].filter((name) => !specBut.includes(name));
  return [
    ...fields,
    ...spec.sort().map((name) => `spec.${name}`),
    ...(before.immutable === true ? ['immutable', ...whereImmutable] : []),
  ];
}

function at(manifest: Manifest, field: string): unknown {
  return field
    .split('.')
    .reduce<unknown>((value, step) => (value as Record<string, unknown> | undefined)?.[step], manifest);
}

/** The first place, as deep as it goes, at which two values differ. */
function difference(before: unknown, after: unknown, field: string): Change | undefined {
  if (!isComposite(before) || !isComposite(after) || Array.isArray(before) !== Array.isArray(after)) {
    return isSame(before, after) ? undefined : { field, before, after };
  }
  const step = (key: string): string => (Array.isArray(before) ? `${field}[${key}]` : `${field}.${key}`);
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const found = difference(before[key], after[key], step(key));
    if (found !== undefined) return found;
  }
  return undefined;
}

function isComposite(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

/** An API server compares amounts, not how they are written. */
function isSame(before: unknown, after: unknown): boolean {
  if (before === after) return true;
  const amount = quantity(before);
  return amount !== undefined && amount === quantity(after);
}

const longest = 60;

function show(value: unknown): string {
  if (value === undefined) return 'not there';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > longest ? `${text.slice(0, longest)}...` : text;
}
