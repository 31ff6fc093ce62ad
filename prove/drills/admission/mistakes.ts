import { describeManifest, typeOf } from '../../../constructs/core/manifest.ts';
import type { Manifest } from '../../../constructs/core/manifest.ts';
import { schemaOf } from '../../../synth/schema/index.ts';
import type { ObjectSchema, ScalarCode, Schema } from '../../../synth/schema/index.ts';
import { changed } from './changed.ts';
import type { Path } from './changed.ts';
import { largestFirst } from './largest.ts';

/** A committed object with one mistake of form in it, which synth refuses. */
export interface Mistake {
  readonly what: string;
  readonly manifest: Manifest;
}

/** A value of another type, by type code; there is none for what takes anything. */
const wrongValues: Readonly<Record<ScalarCode, unknown>> = {
  '*': undefined,
  b: 'text',
  i: 'text',
  l: 'text',
  n: true,
  p: true,
  q: true,
  s: 7,
  t: 7,
  y: 7,
};

/** Fields that Kubernetes' own description of its API requires, and its server doesn't. synth asks for them. */
const notAskedFor = [
  'LimitRange: spec.limits',
  '.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[].preference',
  '.lifecycle.preStop.sleep.seconds',
  '.securityContext.sysctls[].value',
];

/**
 * Objects of each kind with every mistake that its schema names: a field that is unknown, missing, of another type or not
 * in the list, once for each place that any of them fills in.
 */
export function mistakesOf(manifests: readonly Manifest[]): readonly Mistake[] {
  const found = new Map<string, Mistake>();
  for (const manifest of largestFirst(manifests)) {
    const schema = schemaOf(manifest.apiVersion, manifest.kind);
    if (schema !== undefined) new Mistakes(manifest, found).visitAll(schema);
  }
  return [...found.values()];
}

class Mistakes {
  private readonly manifest: Manifest;
  private readonly found: Map<string, Mistake>;

  constructor(manifest: Manifest, found: Map<string, Mistake>) {
    this.manifest = manifest;
    this.found = found;
  }

  visitAll(schema: ObjectSchema): void {
    this.add('an unknown field', 'object', ['unheardOf'], 'x');
    for (const [field, value] of Object.entries(this.manifest)) {
      const inner = schema.fields.get(field);
      if (inner === undefined || ['apiVersion', 'kind', 'metadata'].includes(field)) continue;
      if (schema.required.includes(field)) this.add('a missing field', field, [field], undefined);
      this.visit(inner, value, field, [field]);
    }
  }

  /** @param place the path as it is for every item of a list and every key of a map */
  private visit(schema: Schema, value: unknown, place: string, path: Path): void {
    if (value === null || value === undefined) return;
    if (schema.is === 'scalar') {
      const wrong = wrongValues[schema.code];
      if (wrong !== undefined) this.add('another type', place, path, wrong);
      if (schema.rules?.enum !== undefined) this.add('a value that is not in the list', place, path, 'NotInTheList');
    } else if (schema.is === 'object') {
      this.visitObject(schema, value as Readonly<Record<string, unknown>>, place, path);
    } else {
      this.add('another type', place, path, 'text');
      const isList = Array.isArray(value);
      for (const [key, element] of Object.entries(value)) {
        this.visit(schema.of, element, `${place}${isList ? '[]' : '{}'}`, [...path, isList ? Number(key) : key]);
      }
    }
  }

  private visitObject(schema: ObjectSchema, value: Readonly<Record<string, unknown>>, place: string, path: Path): void {
    this.add('another type', place, path, 'text');
    if (!schema.isOpen) this.add('an unknown field', place, [...path, 'unheardOf'], 'x');
    for (const [field, each] of Object.entries(value)) {
      const inner = schema.fields.get(field);
      if (inner === undefined) continue;
      const at = [...path, field];
      if (schema.required.includes(field)) this.add('a missing field', `${place}.${field}`, at, undefined);
      this.visit(inner, each, `${place}.${field}`, at);
    }
  }

  /** Adds a mistake, unless it was made in a larger object, in another item or under another key. */
  private add(what: string, place: string, path: Path, value: unknown): void {
    if (value === undefined && notAskedFor.some((end) => `${this.manifest.kind}: ${place}`.endsWith(end))) return;
    const mistake = `${place}: ${what}`;
    const key = `${typeOf(this.manifest)}: ${mistake}`;
    if (this.found.has(key)) return;
    this.found.set(key, {
      what: `${describeManifest(this.manifest)}: ${mistake}`,
      manifest: changed(this.manifest, path, value),
    });
  }
}
