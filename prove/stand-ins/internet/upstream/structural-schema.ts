import path from 'node:path';
import type { Reference, Validators } from '../../../../scripts/schema-validators.ts';
import type { ScalarCode, Schema } from '../../../../synth/schema/tables.ts';

/** What an API server takes as `openAPIV3Schema` below a definition: every type is stated, and nothing refers to it. */
export interface StructuralSchema {
  readonly type?: 'array' | 'boolean' | 'integer' | 'number' | 'object' | 'string';
  readonly format?: string;
  readonly nullable?: true;
  readonly properties?: Readonly<Record<string, StructuralSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: StructuralSchema;
  readonly items?: StructuralSchema;
  readonly anyOf?: readonly { readonly type: string }[];
  readonly enum?: readonly unknown[];
  readonly maximum?: number;
  readonly maxItems?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly minItems?: number;
  readonly minLength?: number;
  readonly pattern?: string;
  readonly 'x-kubernetes-int-or-string'?: true;
  readonly 'x-kubernetes-preserve-unknown-fields'?: true;
}

const anything: StructuralSchema = { 'x-kubernetes-preserve-unknown-fields': true };
const anyObject: StructuralSchema = { type: 'object', ...anything };
const integerOrText: StructuralSchema = {
  anyOf: [{ type: 'integer' }, { type: 'string' }],
  'x-kubernetes-int-or-string': true,
};
const time: StructuralSchema = { type: 'string', format: 'date-time' };

const scalars: Readonly<Record<ScalarCode, StructuralSchema>> = {
  '*': anything,
  b: { type: 'boolean' },
  i: { type: 'integer', format: 'int32' },
  l: { type: 'integer', format: 'int64' },
  p: integerOrText,
  q: integerOrText,
  s: { type: 'string' },
  t: time,
  y: { type: 'string', format: 'byte' },
};

/** The schema of a value that synth checks by its tables. What holds itself is any object from the second time on. */
export function schemaOfTable(table: Schema, outer: readonly Schema[] = []): StructuralSchema {
  if (outer.includes(table)) return anyObject;
  const schema = (inner: Schema) => schemaOfTable(inner, [...outer, table]);
  const nullable = table.nullable ? ({ nullable: true } as const) : {};
  switch (table.is) {
    case 'object':
      return {
        ...objectOf([...table.fields].map(([name, field]) => [name, schema(field)])),
        ...requiring(table.required),
        ...nullable,
      };
    case 'list':
      return { type: 'array', items: schema(table.of), ...nullable };
    case 'map':
      return { type: 'object', additionalProperties: schema(table.of), ...nullable };
    case 'scalar': {
      const { pattern, ...others } = table.rules ?? {};
      const rules = rulesOf(Object.entries({ ...others, ...(pattern && { pattern: pattern.source }) }));
      return { ...scalars[table.code], ...rules, ...nullable };
    }
  }
}

/** Types of Kubernetes that say more than their validators do. */
const named: Readonly<Record<string, StructuralSchema>> = {
  IoK8sApimachineryPkgApiResourceQuantity: integerOrText,
  IoK8sApimachineryPkgApisMetaV1MicroTime: time,
  IoK8sApimachineryPkgApisMetaV1Time: time,
  IoK8sApimachineryPkgUtilIntstrIntOrString: integerOrText,
};

/**
 * The schema of a value that a validator of the kubernetes-models packages checks. What holds itself is any object from
 * the second time on.
 * @throws Error for a rule that a structural schema doesn't know
 */
export function schemaOfValidator(
  reference: Reference,
  validators: Validators,
  outer: readonly string[] = [],
): StructuralSchema {
  const known = reference.name === undefined ? named[path.posix.basename(reference.file, '.js')] : undefined;
  if (known !== undefined) return known;
  const id = `${reference.file} ${reference.name ?? ''}`;
  if (outer.includes(id)) return anyObject;
  const schema = (inner: Reference) => schemaOfValidator(inner, validators, [...outer, id]);

  const { self, fields, elements, types, required, rules } = validators.get(reference);
  const [base] = self;
  const stated = rulesOf(rules);
  if (base !== undefined) return { ...schema(base), ...stated };
  if (fields.size > 0) {
    return { ...objectOf([...fields].map(([name, field]) => [name, schema(field)])), ...requiring([...required]) };
  }
  const [type, ...more] = types;
  const [element] = elements;
  // A value of several types, or of none in particular.
  if (type === undefined || more.length > 0) return anything;
  if (type === 'array') return { type, items: element === undefined ? anything : schema(element), ...stated };
  if (type === 'object') {
    return element === undefined ? anyObject : { type, additionalProperties: schema(element), ...stated };
  }
  return { type: type as 'string', ...stated };
}

function objectOf(properties: readonly (readonly [string, StructuralSchema])[]): StructuralSchema {
  return properties.length === 0 ? anyObject : { type: 'object', properties: Object.fromEntries(properties) };
}

function requiring(required: readonly string[]): Pick<StructuralSchema, 'required'> {
  return required.length === 0 ? {} : { required };
}

const ruleNames = ['enum', 'format', 'maximum', 'maxItems', 'maxLength', 'minimum', 'minItems', 'minLength', 'pattern'];

function rulesOf(rules: Iterable<readonly [string, unknown]>): StructuralSchema {
  const kept = [...rules].filter(([name, value]) => {
    if (!ruleNames.includes(name)) throw new Error(`a structural schema has no rule ${name}`);
    // The bounds of int64 lie beyond what JSON carries exactly; the format states them.
    return typeof value !== 'number' || Number.isSafeInteger(value);
  });
  return Object.fromEntries(kept);
}
