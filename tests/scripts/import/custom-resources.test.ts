import { customResourceTable } from '../../../scripts/import/custom-resources.ts';
import type { CustomResourceDefinition, Schema } from '../../../scripts/import/custom-resources.ts';
import { interfacesOf } from '../../../scripts/import/interfaces.ts';

const text: Schema = { type: 'string' };
const preserve = { 'x-kubernetes-preserve-unknown-fields': true } as const;
const reference: Schema = { type: 'object', properties: { name: text }, required: ['name'] };

function defined(kind: string, spec: Schema, required?: readonly string[]): CustomResourceDefinition {
  const properties = { apiVersion: text, kind: text, metadata: { type: 'object' }, spec, status: { type: 'object' } };
  const openAPIV3Schema: Schema = { type: 'object', properties, ...(required && { required }) };
  return {
    kind: 'CustomResourceDefinition',
    metadata: { name: kind },
    spec: { group: 'example.com', names: { kind }, versions: [{ name: 'v1', schema: { openAPIV3Schema } }] },
  };
}

const table = (properties: Readonly<Record<string, Schema>>, required: readonly string[] = []) =>
  customResourceTable('maker@v1', [defined('Thing', { type: 'object', properties, required }, ['spec'])], ['Thing']);
const spec = (...args: Parameters<typeof table>) => table(...args).definitions.ThingSpec;

describe('the table of a custom resource', () => {
  test('knows what the kind is, its metadata as Kubernetes checks it, and nothing of its status', () => {
    const { kinds, definitions } = table({});
    expect(kinds).toEqual({ 'example.com/v1 Thing': 'Thing' });
    expect(definitions.Thing).toEqual({
      apiVersion: ['s', { enum: ['example.com/v1'] }],
      kind: ['s', { enum: ['Thing'] }],
      metadata: 'M',
      'spec!': '#ThingSpec',
    });
  });

  test.each<[string, Schema, unknown]>([
    ['a string', text, 's'],
    ['base64', { type: 'string', format: 'byte' }, 'y'],
    ['a time', { type: 'string', format: 'date-time' }, 't'],
    ['an integer', { type: 'integer' }, 'l'],
    ['an integer of 32 bits', { type: 'integer', format: 'int32' }, 'i'],
    ['a boolean', { type: 'boolean' }, 'b'],
    ['an integer or string', { anyOf: [], 'x-kubernetes-int-or-string': true }, 'n'],
    ['a list', { type: 'array', items: text }, '[s'],
    ['a map', { type: 'object', additionalProperties: text }, '{s'],
    ['a map to anything', { type: 'object', additionalProperties: preserve }, '{*'],
    ['any object', { type: 'object', ...preserve }, '{*'],
    ['anything', preserve, '*'],
    ['what may be null', { type: 'object', additionalProperties: text, nullable: true }, '{s?'],
    ['rules of a value', { type: 'string', minLength: 1, enum: ['a'] }, ['s', { enum: ['a'], minLength: 1 }]],
    ['rules of elements', { type: 'array', items: { ...text, pattern: '^a$' } }, ['[s', { of: { pattern: '^a$' } }]],
  ])('says of %s what it is', (_, schema, type) => {
    expect(spec({ field: schema })).toEqual({ field: type });
  });

  test('marks what must be given, but not what the server fills in', () => {
    const properties = { given: text, filled: { ...text, default: 'x' }, free: text };
    expect(spec(properties, ['given', 'filled'])).toEqual({ 'given!': 's', filled: 's', free: 's' });
  });

  test('says which object may hold other fields too', () => {
    const { definitions } = table({ open: { type: 'object', properties: { name: text }, ...preserve } });
    expect(definitions.ThingSpecOpen).toEqual({ name: 's', '*': '*' });
  });

  test('states equal objects once, under the nearest name, across kinds', () => {
    const first = {
      type: 'object',
      properties: { deep: { type: 'object', properties: { ref: reference } }, ref: reference },
    };
    const definitions = [defined('One', first), defined('Two', { type: 'object', properties: { other: reference } })];
    expect(customResourceTable('maker@v1', definitions, ['One', 'Two']).definitions).toMatchObject({
      OneSpec: { deep: '#OneSpecDeep', ref: '#OneSpecRef' },
      OneSpecDeep: { ref: '#OneSpecRef' },
      OneSpecRef: { 'name!': 's' },
      TwoSpec: { other: '#OneSpecRef' },
    });
  });

  test('names the places whose rules only the server knows', () => {
    const list: Schema = { type: 'array', items: text, 'x-kubernetes-list-type': 'set' };
    const rule: Schema = { type: 'array', items: { ...text, 'x-kubernetes-validations': [{}] } };
    expect(table({ list, rule }).unchecked).toEqual(['Thing.spec.list', 'Thing.spec.rule[]']);
  });

  test.each<[string, Schema, string]>([
    [
      'a keyword that no table can say',
      { type: 'string', not: {} } as Schema,
      'Thing.spec.field: synth/schema cannot check not',
    ],
    ['several types', { anyOf: [text] }, 'Thing.spec.field: a value of several types'],
    ['a fraction', { type: 'number' }, 'Thing.spec.field: a value of the type number'],
    ['no type', {}, 'Thing.spec.field: a value of the type that is not stated'],
  ])('is not made of %s', (_, field, message) => {
    expect(() => table({ field })).toThrow(message);
  });

  test('is not made where a kind is missing', () => {
    expect(() => customResourceTable('maker@v1', [], ['Thing'])).toThrow('maker@v1 defines no Thing');
  });
});

test('interfaces say the same: what must be given, which values there are, and that nothing is changed', () => {
  const made = table({
    mode: { type: 'string', enum: ["it's", 'b'] },
    'x-list': { type: 'array', items: { type: 'string', enum: ['a', 'b'] } },
    map: { type: 'object', additionalProperties: reference, nullable: true },
    port: { anyOf: [], 'x-kubernetes-int-or-string': true },
  });
  expect(interfacesOf(made)).toContain(`export interface Thing {
  readonly apiVersion: 'example.com/v1';
  readonly kind: 'Thing';
  readonly metadata?: IObjectMeta;
  readonly spec: ThingSpec;
}

export interface ThingSpec {
  readonly map?: Readonly<Record<string, ThingSpecMap>> | null;
  readonly mode?: 'it\\'s' | 'b';
  readonly port?: number | string;
  readonly 'x-list'?: readonly ('a' | 'b')[];
}

export interface ThingSpecMap {
  readonly name: string;
}
`);
});
