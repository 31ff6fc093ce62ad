import type { Fields, Table, Type } from './table.ts';

/** A schema of a CustomResourceDefinition, as far as it is read. */
export interface Schema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly additionalProperties?: Schema;
  readonly format?: string;
  readonly enum?: readonly unknown[];
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly minLength?: number;
  readonly pattern?: string;
  readonly nullable?: boolean;
  readonly default?: unknown;
  readonly anyOf?: readonly { readonly type?: string }[];
  readonly 'x-kubernetes-int-or-string'?: boolean;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
  readonly 'x-kubernetes-validations'?: readonly unknown[];
  readonly 'x-kubernetes-list-type'?: string;
}

export interface CustomResourceDefinition {
  readonly kind: 'CustomResourceDefinition';
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly group: string;
    readonly names: { readonly kind: string };
    readonly versions: readonly { readonly name: string; readonly schema: { readonly openAPIV3Schema: Schema } }[];
  };
}

/** Keywords that become rules of a value. */
const rules = ['enum', 'maximum', 'maxLength', 'minimum', 'minLength', 'pattern'] as const;

/** Keywords that are read, or say nothing about what a value may be. */
const known = new Set<string>([
  ...rules,
  ...[
    'additionalProperties',
    'anyOf',
    'default',
    'description',
    'format',
    'items',
    'nullable',
    'properties',
    'required',
  ],
  ...['type', 'x-kubernetes-int-or-string', 'x-kubernetes-list-map-keys', 'x-kubernetes-list-type'],
  ...['x-kubernetes-map-type', 'x-kubernetes-preserve-unknown-fields', 'x-kubernetes-validations'],
]);

/** What every kind has, and what the cluster writes. */
const notOwn = new Set(['apiVersion', 'kind', 'metadata', 'status']);

const stringFormats: Readonly<Record<string, string>> = { byte: 'y', 'date-time': 't' };
const integerFormats: Readonly<Record<string, string>> = { int32: 'i', int64: 'l' };

/** An object whose definition has no name yet. Equal ones are one. */
interface Part {
  readonly fields: Fields;
  /** Its objects by field, for their names. */
  readonly inner: readonly (readonly [string, number])[];
}

/**
 * The table of the named kinds, read from their makers' definitions. A definition's name is the shortest way to it.
 * @param kinds whose names definitions that several kinds share are called by, first come first
 * @throws Error for a missing kind, and for a keyword that no table can say
 */
export function customResourceTable(
  source: string,
  definitions: readonly CustomResourceDefinition[],
  kinds: readonly string[],
): Table {
  const reader = new Reader();
  const roots = kinds.flatMap((kind) => {
    const found = definitions.find(({ spec }) => spec.names.kind === kind);
    if (found === undefined) throw new Error(`${source} defines no ${kind}`);
    const { group, versions } = found.spec;
    return versions.map(({ name, schema }) => {
      const apiVersion = `${group}/${name}`;
      return { apiVersion, kind, id: reader.kind(apiVersion, kind, schema.openAPIV3Schema) };
    });
  });
  const names = reader.names(roots.map(({ kind, id }) => [kind, id]));
  return {
    source,
    kinds: Object.fromEntries(roots.map(({ apiVersion, kind, id }) => [`${apiVersion} ${kind}`, names.get(id) ?? ''])),
    unchecked: reader.unchecked,
    definitions: Object.fromEntries([...names].map(([id, name]) => [name, reader.named(id, names)])),
  };
}

class Reader {
  readonly unchecked: string[] = [];
  private readonly parts: Part[] = [];
  private readonly ids = new Map<string, number>();

  kind(apiVersion: string, kind: string, { properties = {}, required }: Schema): number {
    const own = Object.fromEntries(Object.entries(properties).filter(([field]) => !notOwn.has(field)));
    const { code } = this.object({ properties: own, ...(required && { required }) }, kind);
    const id = Number(code.slice(1));
    const { fields, inner } = this.parts[id] ?? { fields: {}, inner: [] };
    const identity: Fields = {
      apiVersion: ['s', { enum: [apiVersion] }],
      kind: ['s', { enum: [kind] }],
      // An API server checks it like that of its own kinds.
      [required?.includes('metadata') === true ? 'metadata!' : 'metadata']: 'M',
    };
    return this.add({ ...identity, ...fields }, inner);
  }

  /** Names for the parts, nearest to the roots first. */
  names(roots: readonly (readonly [string, number])[]): ReadonlyMap<number, string> {
    const names = new Map<number, string>();
    const queue = [...roots];
    for (let at = queue.shift(); at !== undefined; at = queue.shift()) {
      const [name, id] = at;
      if (names.has(id)) continue;
      if ([...names.values()].includes(name)) throw new Error(`two definitions would be called ${name}`);
      names.set(id, name);
      for (const [field, part] of this.parts[id]?.inner ?? []) queue.push([name + capitalised(field), part]);
    }
    return names;
  }

  /** The fields of a part, with the names of its parts in place of their numbers. */
  named(id: number, names: ReadonlyMap<number, string>): Fields {
    const named = (code: string) => code.replace(/#(\d+)/, (_, part: string) => `#${names.get(Number(part)) ?? ''}`);
    return Object.fromEntries(
      Object.entries(this.parts[id]?.fields ?? {}).map(([field, type]) => [
        field,
        typeof type === 'string' ? named(type) : [named(type[0]), type[1]],
      ]),
    );
  }

  private add(fields: Fields, inner: Part['inner']): number {
    const key = JSON.stringify(fields);
    const existing = this.ids.get(key);
    if (existing !== undefined) return existing;
    const id = this.parts.push({ fields, inner }) - 1;
    this.ids.set(key, id);
    return id;
  }

  private typeOf(schema: Schema, at: string): Type {
    const unread = Object.keys(schema).find((keyword) => !known.has(keyword));
    if (unread !== undefined) throw new Error(`${at}: synth/schema cannot check ${unread}`);
    const list = schema['x-kubernetes-list-type'] ?? 'atomic';
    if (schema['x-kubernetes-validations'] !== undefined || list !== 'atomic') this.unchecked.push(at);
    const { code, of } = this.codeOf(schema, at);
    const own = Object.fromEntries(rules.filter((rule) => rule in schema).map((rule) => [rule, schema[rule]]));
    // As synth reads it: what isn't written the same way in JavaScript is known now.
    if (schema.pattern !== undefined) new RegExp(schema.pattern, 'u');
    const stated = { ...own, ...(of && { of }) };
    const marked = schema.nullable === true ? `${code}?` : code;
    return Object.keys(stated).length === 0 ? marked : [marked, stated];
  }

  private codeOf(schema: Schema, at: string): { code: string; of?: Readonly<Record<string, unknown>> } {
    const isOpen = schema['x-kubernetes-preserve-unknown-fields'] === true;
    if (schema['x-kubernetes-int-or-string'] === true) return { code: 'n' };
    if (schema.anyOf !== undefined) throw new Error(`${at}: a value of several types`);
    switch (schema.type) {
      case 'string':
        return { code: stringFormats[schema.format ?? ''] ?? 's' };
      case 'integer':
        return { code: integerFormats[schema.format ?? ''] ?? 'l' };
      case 'boolean':
        return { code: 'b' };
      case 'array':
        return this.collection('[', schema.items, `${at}[]`);
      case 'object':
        if (schema.additionalProperties !== undefined) {
          return this.collection('{', schema.additionalProperties, `${at}{}`);
        }
        return schema.properties === undefined && isOpen ? { code: '{*' } : this.object(schema, at);
      case undefined:
        if (isOpen) return { code: '*' };
    }
    throw new Error(`${at}: a value of the type ${schema.type ?? 'that is not stated'}`);
  }

  private collection(sign: string, schema: Schema | undefined, at: string) {
    const element = schema === undefined ? '*' : this.typeOf(schema, at);
    return typeof element === 'string' ? { code: sign + element } : { code: sign + element[0], of: element[1] };
  }

  private object(schema: Schema, at: string): { code: string } {
    const { properties = {}, required = [] } = schema;
    const inner: [string, number][] = [];
    const fields: [string, Type][] = [];
    for (const [field, each] of Object.entries(properties).sort(([a], [b]) => (a < b ? -1 : 1))) {
      const type = this.typeOf(each, `${at}.${field}`);
      const part = /#(\d+)/.exec(typeof type === 'string' ? type : type[0])?.[1];
      if (part !== undefined) inner.push([field, Number(part)]);
      // What the server fills in before it checks needn't be given.
      fields.push([required.includes(field) && each.default === undefined ? `${field}!` : field, type]);
    }
    if (schema['x-kubernetes-preserve-unknown-fields'] === true) fields.push(['*', '*']);
    return { code: `#${this.add(Object.fromEntries(fields), inner)}` };
  }
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
