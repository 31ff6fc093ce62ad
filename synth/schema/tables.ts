import fs from 'node:fs';
import path from 'node:path';

/** The rules of a value beside its type, named as in OpenAPI. */
export interface Rules {
  readonly enum?: readonly string[];
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly minLength?: number;
  readonly pattern?: RegExp;
}

/** Type codes of values without parts: imports/README.md says what each stands for. */
export type ScalarCode = 's' | 'b' | 'i' | 'l' | 'q' | 'p' | 'n' | 't' | 'y' | '*';

export interface ScalarSchema {
  readonly is: 'scalar';
  readonly code: ScalarCode;
  readonly nullable: boolean;
  readonly rules: Rules | undefined;
}

export interface CollectionSchema {
  readonly is: 'list' | 'map';
  readonly of: Schema;
  /** What the keys and values of a map must be; undefined when any will do. */
  readonly holds: 'labels' | 'annotations' | undefined;
  readonly nullable: boolean;
}

export interface ObjectSchema {
  readonly is: 'object';
  readonly fields: ReadonlyMap<string, Schema>;
  readonly required: readonly string[];
  /** Whether it may hold other fields too. */
  readonly isOpen: boolean;
  readonly nullable: boolean;
}

export type Schema = ScalarSchema | CollectionSchema | ObjectSchema;

type Type = string | readonly [string, RawRules];
type RawRules = Omit<Rules, 'pattern'> & { readonly pattern?: string; readonly of?: RawRules };

interface Table {
  readonly kinds: Readonly<Record<string, string>>;
  readonly definitions: Readonly<Record<string, Readonly<Record<string, Type>>>>;
  readonly read: Map<string, Definition>;
}

/** The tables by API group; every other group is Kubernetes' own. */
const tableOfGroup: ReadonlyMap<string, string> = new Map([
  ['argoproj.io', 'argo-cd'],
  ['bitnami.com', 'sealed-secrets'],
  ['cert-manager.io', 'cert-manager'],
  ['traefik.io', 'traefik'],
]);

const tables = new Map<string, Table>();

function table(name: string): Table {
  let loaded = tables.get(name);
  if (loaded === undefined) {
    const content = fs.readFileSync(path.join(import.meta.dirname, '../../imports', `${name}.json`), 'utf8');
    loaded = { ...(JSON.parse(content) as Pick<Table, 'kinds' | 'definitions'>), read: new Map() };
    tables.set(name, loaded);
  }
  return loaded;
}

/** Every `apiVersion kind` that has a schema. */
export function knownKinds(): string[] {
  return ['kubernetes', ...tableOfGroup.values()].flatMap((name) => Object.keys(table(name).kinds)).sort();
}

/** The schema of a kind; undefined when the tables have none. Only the table of its group is loaded. */
export function schemaOf(apiVersion: string, kind: string): ObjectSchema | undefined {
  const from = table(tableOfGroup.get(apiVersion.split('/', 1)[0] ?? '') ?? 'kubernetes');
  const definition = from.kinds[`${apiVersion} ${kind}`];
  return definition === undefined ? undefined : readDefinition(from, definition);
}

/** Read where it is asked for: objects use few of the definitions that theirs refers to, and one may hold itself. */
class Definition implements ObjectSchema {
  readonly is = 'object';
  readonly required: readonly string[];
  readonly isOpen: boolean;
  readonly nullable: boolean;
  private readonly from: Table;
  private readonly types: Readonly<Record<string, Type>>;
  private readFields: ReadonlyMap<string, Schema> | undefined;

  constructor(from: Table, name: string, nullable: boolean) {
    const { '*': others, ...types } = from.definitions[name] ?? {};
    this.from = from;
    this.types = types;
    this.required = Object.keys(types).flatMap((key) => (key.endsWith('!') ? key.slice(0, -1) : []));
    this.isOpen = others !== undefined;
    this.nullable = nullable;
  }

  get fields(): ReadonlyMap<string, Schema> {
    this.readFields ??= new Map(
      Object.entries(this.types).map(([key, type]) => [
        key.replace(/!$/, ''),
        typeof type === 'string' ? readType(this.from, type) : readType(this.from, type[0], type[1]),
      ]),
    );
    return this.readFields;
  }
}

function readDefinition(from: Table, name: string, nullable = false): Definition {
  const key = `${name}${nullable ? '?' : ''}`;
  const definition = from.read.get(key) ?? new Definition(from, name, nullable);
  from.read.set(key, definition);
  return definition;
}

const scalars = new Map<string, ScalarSchema>();

function readType(from: Table, withMark: string, rawRules?: RawRules): Schema {
  const nullable = withMark.endsWith('?');
  const code = nullable ? withMark.slice(0, -1) : withMark;
  const { of, pattern, ...others } = rawRules ?? {};
  const given = pattern === undefined ? others : { ...others, pattern: new RegExp(pattern, 'u') };
  const rules = Object.keys(given).length === 0 ? undefined : given;
  if (code.startsWith('#')) return readDefinition(from, code.slice(1), nullable);
  if (code === 'M') return readDefinition(table('kubernetes'), 'MetaV1ObjectMeta');
  if (code === 'L' || code === 'A') {
    return { is: 'map', of: readType(from, 's'), holds: code === 'L' ? 'labels' : 'annotations', nullable };
  }
  if (code.startsWith('[') || code.startsWith('{')) {
    const is = code.startsWith('[') ? 'list' : 'map';
    return { is, of: readType(from, code.slice(1), of), holds: undefined, nullable };
  }
  const plain = rules === undefined ? scalars.get(withMark) : undefined;
  const scalar = plain ?? { is: 'scalar', code: code as ScalarCode, nullable, rules };
  if (rules === undefined) scalars.set(withMark, scalar);
  return scalar;
}
