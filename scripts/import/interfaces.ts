import type { Table, Type } from './table.ts';

const scalars: Readonly<Record<string, string>> = {
  '*': 'unknown',
  A: 'Readonly<Record<string, string>>',
  b: 'boolean',
  i: 'number',
  L: 'Readonly<Record<string, string>>',
  l: 'number',
  M: 'IObjectMeta',
  n: 'number | string',
  p: 'number | string',
  q: 'number | string',
  s: 'string',
  t: 'string',
  y: 'string',
};

/** TypeScript interfaces of a table's definitions: types only, so importing them costs nothing when a program starts. */
export function interfacesOf({ source, kinds, definitions }: Table): string {
  const isKind = new Set(Object.values(kinds));
  const interfaces = Object.entries(definitions).map(([name, fields]) => {
    const lines = Object.entries(fields).map(([key, type]) => {
      if (key === '*') return '  readonly [field: string]: unknown;';
      const field = key.replace(/!$/, '');
      // A kind has to say what it is.
      const required = field !== key || (isKind.has(name) && (field === 'apiVersion' || field === 'kind'));
      return `  readonly ${identifier(field)}${required ? '' : '?'}: ${typeOf(type)};`;
    });
    return `export interface ${name} {\n${lines.join('\n')}\n}`;
  });
  return [
    `// Written by npm run import from ${source}; nobody edits it.`,
    '// No text of theirs: what their fields are called, and of which type each is.',
    "import type { IObjectMeta } from '@kubernetes-models/apimachinery/apis/meta/v1/ObjectMeta';",
    '',
    interfaces.join('\n\n'),
    '',
  ].join('\n');
}

function identifier(field: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(field) ? field : quoted(field);
}

function typeOf(type: Type): string {
  const [withMark, rules] = typeof type === 'string' ? [type, {} as Readonly<Record<string, unknown>>] : type;
  const code = withMark.replace(/\?$/, '');
  const nullable = code === withMark ? '' : ' | null';
  const of = (rules.of ?? {}) as Readonly<Record<string, unknown>>;
  if (code.startsWith('[')) return `readonly ${bracketed(typeOf([code.slice(1), of]))}[]${nullable}`;
  if (code.startsWith('{')) return `Readonly<Record<string, ${typeOf([code.slice(1), of])}>>${nullable}`;
  if (code.startsWith('#')) return code.slice(1) + nullable;
  const values = (rules.enum as readonly unknown[] | undefined)?.map((each) => quoted(String(each))).join(' | ');
  return (values ?? scalars[code] ?? 'unknown') + nullable;
}

function quoted(text: string): string {
  return `'${text.replaceAll(/['\\]/g, '\\$&')}'`;
}

function bracketed(type: string): string {
  return /^readonly | \| /.test(type) ? `(${type})` : type;
}
