import type { Manifest } from '../../../constructs/core/manifest.ts';
import { schemaOf } from '../../../synth/schema/index.ts';
import type { ObjectSchema, Schema } from '../../../synth/schema/index.ts';
import { changed } from './changed.ts';
import type { Path } from './changed.ts';
import { largestFirst } from './largest.ts';
import { podOf } from './spoiled.ts';

/** A committed object with one value of its type changed: it may be right or wrong, and synth and server have to agree. */
export interface Value {
  /** Kind and place, such as `Deployment: spec.strategy.rollingUpdate.maxSurge`. */
  readonly place: string;
  /** What stands there, such as `-1`. */
  readonly value: string;
  readonly manifest: Manifest;
}

const long = (length: number): string => 'a'.repeat(length);

/** Texts at the edges of what names, keys, paths and ports may be. */
const texts = ['', ' ', 'A_b', 'a=b', 'a.b', 'a/b', '../a', '/a', '80', 'a--b', '*', 'a'].concat(
  [16, 64, 254].map(long),
);

const numbers = [-1, 0, 1, 101, 65_536, 2 ** 31 - 1];

const valuesOf: Readonly<Record<string, readonly unknown[]>> = {
  s: texts,
  b: [true, false],
  i: numbers,
  l: numbers,
  q: ['-1', '0', '1', '100Ei'],
  p: [...numbers, 'a', 'A_b', long(16), '0%', '100%', '101%', '-1%'],
};

const keys = ['', 'a', 'a/b', 'a b', '..', '..a', 'a/b/c', long(254)];

/** A policy of ours judges applications by what git says; expressions of such policies are compiled by the server alone. */
const judgedElsewhere = /^(Application|ValidatingAdmissionPolicy(Binding)?)$/;

/**
 * Every place that the objects fill in, of every kind, each with values of its own type: at the edges, and removed; lists
 * emptied and with an item twice; keys that are none. Pods are tried as those of a Deployment, because the API server
 * judges them nowhere else as they are made.
 */
export function valuesIn(manifests: readonly Manifest[]): readonly Value[] {
  const found = new Map<string, Value>();
  for (const manifest of [...deploymentOfAll(manifests), ...largestFirst(manifests)]) {
    if (judgedElsewhere.test(manifest.kind)) continue;
    const schema = schemaOf(manifest.apiVersion, manifest.kind);
    if (schema !== undefined) new Values(manifest, found).visitObject(schema);
  }
  return [...found.values()];
}

/** The pods of the largest StatefulSet, which use most of what a pod can, as pods of a Deployment. */
function deploymentOfAll(manifests: readonly Manifest[]): Manifest[] {
  const deployment = manifests.find(({ kind }) => kind === 'Deployment');
  const [stateful] = largestFirst(manifests.filter(({ kind }) => kind === 'StatefulSet'));
  if (deployment === undefined || stateful === undefined) return [];
  const { metadata, spec } = podOf(stateful);
  const { labels } = metadata;
  const changes: readonly (readonly [Path, unknown])[] = [
    [['spec', 'selector', 'matchLabels'], labels],
    [['spec', 'template', 'metadata', 'labels'], labels],
    [['spec', 'template', 'spec'], spec],
  ];
  return [changes.reduce((before, [path, value]) => changed(before, path, value), deployment)];
}

class Values {
  private readonly manifest: Manifest;
  private readonly found: Map<string, Value>;

  constructor(manifest: Manifest, found: Map<string, Value>) {
    this.manifest = manifest;
    this.found = found;
  }

  visitObject(schema: ObjectSchema): void {
    for (const [field, value] of Object.entries(this.manifest)) {
      const inner = schema.fields.get(field);
      if (inner === undefined || ['apiVersion', 'kind', 'metadata'].includes(field)) continue;
      this.visit(inner, value, field, [field]);
    }
  }

  private visit(schema: Schema, value: unknown, place: string, path: Path): void {
    // Of the kinds with pods, one shows what is said of pods.
    if (/[tT]emplate\.spec\.(containers|initContainers|volumes|affinity|tolerations|securityContext)/.test(place)) {
      if (this.manifest.kind !== 'Deployment') return;
    }
    // Without an item, a list would have a hole.
    if (typeof path.at(-1) !== 'number') this.add(place, path, undefined, 'removed');
    if (schema.is === 'scalar') {
      for (const each of valuesOf[schema.code] ?? []) this.add(place, path, each);
      for (const each of schema.rules?.enum ?? []) this.add(place, path, each);
    } else if (schema.is === 'object') {
      for (const [field, each] of Object.entries(value as object)) {
        const inner = schema.fields.get(field);
        if (inner !== undefined) this.visit(inner, each, `${place}.${field}`, [...path, field]);
      }
    } else if (Array.isArray(value)) {
      this.add(place, path, [], 'an empty list');
      this.add(place, path, [...(value as unknown[]), value[0]], 'an item twice');
      for (const [index, each] of value.entries()) this.visit(schema.of, each, `${place}[]`, [...path, index]);
    } else {
      const [first] = Object.values(value as object) as unknown[];
      this.add(place, path, {}, 'an empty map');
      for (const key of keys) this.add(place, path, { ...(value as object), [key]: first }, `the key ${shown(key)}`);
      for (const [key, each] of Object.entries(value as object)) {
        this.visit(schema.of, each, `${place}{}`, [...path, key]);
      }
    }
  }

  /** Adds a value, unless it was tried in a larger object, in another item or under another key. */
  private add(place: string, path: Path, value: unknown, words = shown(value)): void {
    const where = `${this.manifest.kind}: ${place}`;
    const key = `${where}: ${words}`;
    if (this.found.has(key)) return;
    this.found.set(key, { place: where, value: words, manifest: changed(this.manifest, path, value) });
  }
}

function shown(value: unknown): string {
  return typeof value === 'string' && value.length > 12 ? `${value.length} letters` : JSON.stringify(value);
}

/** Where synth refuses what the server takes, and why. Nowhere may it be the other way round. */
export const stricter: readonly { readonly place: RegExp; readonly value?: RegExp; readonly because: string }[] = [
  {
    place: /(Policy|protocol|operator|strategy\.type)$/,
    value: /^""$/,
    because: 'the server takes an empty word for none, which says nothing to a reader',
  },
  { place: /terminationGracePeriodSeconds$/, value: /^-1$/, because: 'the server makes one second of it' },
  { place: /revisionHistoryLimit$/, value: /^-1$/, because: 'the server does not look at it in a StatefulSet' },
  { place: /targetPort$/, value: /^0$/, because: 'the server takes it for the port itself' },
  { place: /sleep\.seconds$/, value: /^removed$/, because: 'the server takes it for no sleep' },
  { place: /\.env$/, value: /^an item twice$/, because: 'the server warns, and one of the two is lost' },
  { place: /projected\.sources$/, value: /^an item twice$/, because: 'one of the two files would be lost' },
  { place: /\.image$/, value: /^" "$/, because: 'the server looks at images of pods only, and no runtime has one' },
  { place: /claimName$/, because: 'the server does not look at it, and no claim has such a name' },
  { place: /items\[\]\.key$/, because: 'the server does not look at it, and no Secret or ConfigMap has such a key' },
  {
    place: /volumes\[\]\.\w+$/,
    value: /^removed$/,
    because: 'the server makes a directory without a limit of a volume without a source',
  },
  { place: /projected\.sources\[\]\.\w+$/, value: /^removed$/, because: 'the source would bring nothing' },
  {
    place: /^(LimitRange|NetworkPolicy|PodDisruptionBudget|ResourceQuota): spec(\.limits)?$/,
    value: /^removed$/,
    because: 'the object would say nothing',
  },
  {
    place: /nodeAffinity\.preferredDuringSchedulingIgnoredDuringExecution\[\]\.preference$/,
    value: /^removed$/,
    because: 'the server takes it for any node, so that it would prefer none',
  },
  {
    place: /topologySpreadConstraints\[\]\.topologyKey$/,
    because: 'the server does not look at it, and no node has such a label',
  },
  {
    place: /nodePort$/,
    value: /^(-1|1|101|65536|2147483647)$/,
    because: 'a dry run does not look at the range; who really makes one is refused',
  },
  { place: /defaultRequest$/, value: /^the key "a\/b"$/, because: 'no container could request half of one' },
];

/** Why synth may refuse a value that the server takes; undefined where it may not. */
export function whyStricter({ place, value }: Pick<Value, 'place' | 'value'>): string | undefined {
  return stricter.find((each) => each.place.test(place) && (each.value?.test(value) ?? true))?.because;
}
