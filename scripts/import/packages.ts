import fs from 'node:fs';
import path from 'node:path';
import type { Fields, Table, Type } from './table.ts';
import { Validators } from './validators.ts';
import type { Reference, Validator } from './validators.ts';

export interface Source {
  /** The npm package that the facts are read from; package-lock.json pins its version. */
  readonly package: string;
  /** The kinds of the table by apiVersion. */
  readonly kinds: Readonly<Record<string, readonly string[] | 'all'>>;
  /** What upstream has and the package lacks, by definition. An entry that the package catches up with is an error. */
  readonly additions: Readonly<Record<string, Fields>>;
}

export const kubernetes: Source = {
  package: 'kubernetes-models', // 5.1.0 is Kubernetes 1.36
  kinds: {
    v1: 'all',
    'admissionregistration.k8s.io/v1': 'all',
    'apiextensions.k8s.io/v1': 'all',
    'apiregistration.k8s.io/v1': 'all',
    'apps/v1': 'all',
    'autoscaling/v2': 'all',
    'batch/v1': 'all',
    'coordination.k8s.io/v1': 'all',
    'discovery.k8s.io/v1': 'all',
    'networking.k8s.io/v1': 'all',
    'policy/v1': 'all',
    'rbac.authorization.k8s.io/v1': 'all',
    'scheduling.k8s.io/v1': 'all',
    'storage.k8s.io/v1': 'all',
  },
  // The package takes a field named `description` for prose and drops it.
  additions: {
    ApiextensionsV1CustomResourceColumnDefinition: { description: 's' },
    SchedulingV1PriorityClass: { description: 's' },
  },
};

/** Types with a code of their own, by their short name. */
const namedTypes: Readonly<Record<string, string>> = {
  ApiResourceQuantity: 'q',
  // A schema of schemas, whose `items` and `additionalProperties` are of several types.
  ApiextensionsV1JSONSchemaProps: '{*',
  MetaV1MicroTime: 't',
  MetaV1Time: 't',
  UtilIntstrIntOrString: 'p',
};

/** Maps that hold labels or are matched against them, and the one of annotations. */
const labelMaps: Readonly<Record<string, string>> = {
  'CoreV1PodSpec.nodeSelector': 'L',
  'CoreV1ServiceSpec.selector': 'L',
  'MetaV1LabelSelector.matchLabels': 'L',
  'MetaV1ObjectMeta.annotations': 'A',
  'MetaV1ObjectMeta.labels': 'L',
};

const formats: Readonly<Record<string, string>> = { byte: 'y', 'date-time': 't', int32: 'i', int64: 'l' };
const ruleNames = ['enum', 'maximum', 'maxLength', 'minimum', 'minLength', 'pattern'];

/** `IoK8sApiCoreV1PodSpec` as `CoreV1PodSpec`, whatever the package. */
function shortName({ file, name }: Reference): string {
  const type = path.posix
    .basename(file, '.js')
    .replace(/^.*(?:PkgApis|PkgProviderKubernetesCrd|Pkg|IoK8sApi)(?=[A-Z])/, '');
  // Traefik's group is traefik.io, and its package name says so twice.
  return type.replace(/^Traefikio/, 'Traefik') + (name === undefined ? '' : `.${name}`);
}

/** The apiVersion or kind that a validator allows, when it is the only one. */
function onlyValue(validators: Validators, validator: Validator, field: 'apiVersion' | 'kind'): string | undefined {
  const check = validator.fields.get(field);
  const values = check === undefined ? undefined : validators.get(check).rules.get('enum');
  return Array.isArray(values) && values.length === 1 ? String(values[0]) : undefined;
}

/** Collects the definitions that the kinds of one source need. */
class Definitions {
  readonly byName = new Map<string, Fields>();
  private readonly validators: Validators;
  private readonly files = new Map<string, string>();

  constructor(validators: Validators) {
    this.validators = validators;
  }

  /** Adds the object that a reference checks, and what it consists of. Returns its name. */
  add(reference: Reference): string {
    const name = shortName(reference);
    const file = this.files.get(name);
    if (file !== undefined && file !== reference.file) throw new Error(`${name} is both ${file} and ${reference.file}`);
    if (file !== undefined) return name;
    this.files.set(name, reference.file);
    const validator = this.validators.get(reference);
    const isKind = onlyValue(this.validators, validator, 'kind') !== undefined;
    const fields: [string, Type][] = [];
    for (const [field, check] of validator.fields) {
      // Status is the cluster's to write. A template of a kind (volumeClaimTemplates) may leave out what it is.
      if (isKind && field === 'status') continue;
      const required = validator.required.has(field) && !(isKind && (field === 'apiVersion' || field === 'kind'));
      fields.push([required ? `${field}!` : field, labelMaps[`${name}.${field}`] ?? this.typeOf(check)]);
    }
    this.byName.set(name, Object.fromEntries(fields));
    return name;
  }

  private typeOf(reference: Reference): Type {
    const named = namedTypes[shortName(reference)];
    if (named !== undefined) return named;
    const validator = this.validators.get(reference);
    const code = this.codeOf(reference, validator);
    const rules = [...validator.rules].filter(([name]) => name !== 'format').sort(([a], [b]) => (a < b ? -1 : 1));
    const unread = rules.find(([name]) => !ruleNames.includes(name));
    if (unread !== undefined) throw new Error(`${reference.file}: synth/schema cannot check ${unread[0]}`);
    if (rules.length === 0) return code;
    const [inner, innerRules] = typeof code === 'string' ? [code, {}] : code;
    return [inner, { ...innerRules, ...Object.fromEntries(rules) }];
  }

  private codeOf(reference: Reference, validator: Validator): Type {
    const [base] = validator.self;
    if (base !== undefined) return this.typeOf(base);
    const [type, ...more] = validator.types;
    if (more.length > 0) throw new Error(`${reference.file}: a value of the types ${[...validator.types].join(', ')}`);
    if (validator.fields.size > 0) return `#${this.add(reference)}`;
    const format = formats[String(validator.rules.get('format'))];
    switch (type) {
      case undefined:
        return '*';
      case 'string':
        return format ?? 's';
      case 'integer':
        return format ?? 'l';
      case 'boolean':
        return 'b';
      case 'array':
      case 'object': {
        const element = validator.elements[0] === undefined ? '*' : this.typeOf(validator.elements[0]);
        const sign = type === 'array' ? '[' : '{';
        return typeof element === 'string' ? sign + element : [sign + element[0], { of: element[1] }];
      }
      default:
        throw new Error(`${reference.file}: a value of the type ${type}`);
    }
  }
}

/** The table of a package of models. @param modules folder of the installed packages */
export function packageTable({ package: name, kinds: wanted, additions }: Source, modules: string): Table {
  const validators = new Validators(modules);
  const definitions = new Definitions(validators);
  const kinds: [string, string][] = [];
  const versions = Object.keys(wanted).map((version) => JSON.stringify([version]));
  for (const file of fs.readdirSync(path.join(modules, name, '_schemas')).sort()) {
    if (!file.endsWith('.js') || file.endsWith('List.js')) continue;
    // A kind names its version itself: of the others, two in three, nothing needs to be understood.
    const text = fs.readFileSync(path.join(modules, name, '_schemas', file), 'utf8');
    if (!versions.some((version) => text.includes(version))) continue;
    const reference = { file: path.posix.join(name, '_schemas', file) };
    const validator = validators.get(reference);
    const apiVersion = onlyValue(validators, validator, 'apiVersion');
    const kind = onlyValue(validators, validator, 'kind');
    if (apiVersion === undefined || kind === undefined) continue;
    const ofVersion = wanted[apiVersion] ?? [];
    if (ofVersion === 'all' || ofVersion.includes(kind))
      kinds.push([`${apiVersion} ${kind}`, definitions.add(reference)]);
  }
  for (const [definition, fields] of Object.entries(additions)) {
    const before = definitions.byName.get(definition) ?? {};
    for (const [field, type] of Object.entries(fields)) {
      if (JSON.stringify(before[field]) !== JSON.stringify(type)) continue;
      throw new Error(
        `${name} states ${definition}.${field} itself now: remove it from the additions in scripts/import/packages.ts`,
      );
    }
    definitions.byName.set(definition, { ...before, ...fields });
  }
  const manifest = JSON.parse(fs.readFileSync(path.join(modules, name, 'package.json'), 'utf8')) as { version: string };
  return {
    source: `${name}@${manifest.version}`,
    kinds: Object.fromEntries(kinds),
    definitions: Object.fromEntries(definitions.byName),
  };
}
