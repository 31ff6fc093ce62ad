import ts from 'typescript';
import type { Generation, Recovery } from '../../constructs/core/environment.ts';

/** A key of the environment that holds a generation for each cluster. */
export type Table = 'generations' | 'copies';

/** What began from an archive. */
export type Recovered = Generation & { readonly recovery: Recovery };

/** The file may be right, but it is not written in the way that this program can read and change. */
export class NotUnderstood extends Error {}

interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

const explanations: Readonly<Record<Table, string>> = {
  generations: 'Which life each database cluster is in, and what it began from: npm run recover writes it.',
  copies: 'Generations beside the one in use, to look at what an archive holds: npm run recover -- pg --beside.',
};

/** The text of a file of config/environments: one exported object literal. */
export class EnvironmentFile {
  private readonly text: string;
  private readonly literal: ts.ObjectLiteralExpression;

  /** @throws NotUnderstood */
  constructor(text: string) {
    this.text = text;
    const { diagnostics = [] } = ts.transpileModule(text, { reportDiagnostics: true });
    const [wrong] = diagnostics;
    if (wrong) throw new NotUnderstood(ts.flattenDiagnosticMessageText(wrong.messageText, ' '));
    const source = ts.createSourceFile('environment.ts', text, ts.ScriptTarget.Latest, true);
    const [literal, ...others] = source.statements.flatMap(exportedObjects);
    if (literal === undefined || others.length > 0) {
      throw new NotUnderstood(`${others.length + (literal ? 1 : 0)} object literals are exported, not one`);
    }
    this.literal = literal;
  }

  /** The generations of a table by cluster; empty where the file has no such table. @throws NotUnderstood */
  table(name: Table): Readonly<Record<string, Generation>> {
    const property = propertyOf(this.literal, name);
    return property === undefined ? {} : (valueOf(property.initializer) as Record<string, Generation>);
  }

  /** The same text but for the generation of that cluster, as prettier would leave it. @throws NotUnderstood */
  with(name: Table, cluster: string, generation: Recovered): string {
    // Reading it makes sure that nothing in it is computed.
    const before = this.table(name);
    const changed = apply(this.text, this.edits(name, cluster, generation));
    const after = new EnvironmentFile(changed).table(name);
    const expected = { ...before, [cluster]: generation };
    if (JSON.stringify(sorted(after)) !== JSON.stringify(sorted(expected))) {
      throw new NotUnderstood(`${name} could not be changed`);
    }
    return changed;
  }

  private edits(name: Table, cluster: string, generation: Recovered): readonly Edit[] {
    const property = propertyOf(this.literal, name);
    const indent = this.indentOf(property ?? this.literal.properties[0] ?? this.literal);
    const entry = (at: string): string => entryText(cluster, generation, at);
    if (property === undefined) {
      const lines = [`/** ${explanations[name]} */`, `${name}: {`].map((line) => indent + line);
      return this.appended(this.literal, ['', ...lines, entry(`${indent}  `), `${indent}},`].join('\n'));
    }
    const table = property.initializer as ts.ObjectLiteralExpression;
    const there = propertyOf(table, cluster);
    const first = table.properties[0];
    const oneLine = first === undefined || !this.slice(table.getStart(), first.getStart()).includes('\n');
    if (oneLine) {
      this.refuseComments(table.getStart(), table.end, name);
      const others = table.properties.filter((each) => each !== there).map((each) => `${indent}  ${each.getText()},`);
      const lines = ['{', ...others, entry(`${indent}  `), `${indent}}`];
      return [{ start: table.getStart(), end: table.end, text: lines.join('\n') }];
    }
    if (there === undefined) return this.appended(table, entry(this.indentOf(first)));
    this.refuseComments(there.name.end, there.end, `${name}.${cluster}`);
    const text = entry(this.indentOf(there)).trimStart().replace(/,$/, '');
    return [{ start: there.getStart(), end: there.end, text }];
  }

  /** Lines behind the last property of an object that is written on several lines, and behind the comment beside it. */
  private appended(object: ts.ObjectLiteralExpression, lines: string): Edit[] {
    const { properties } = object;
    const last = properties.at(-1);
    if (last === undefined) throw new NotUnderstood('an object without properties');
    const comma = properties.hasTrailingComma ? properties.end : last.end;
    const beside = ts.getTrailingCommentRanges(this.text, comma)?.at(-1)?.end ?? comma;
    return [
      ...(properties.hasTrailingComma ? [] : [{ start: comma, end: comma, text: ',' }]),
      { start: beside, end: beside, text: `\n${lines}` },
    ];
  }

  private refuseComments(start: number, end: number, where: string): void {
    if (/\/\/|\/\*/.test(this.slice(start, end))) throw new NotUnderstood(`${where} has a comment that would be lost`);
  }

  private slice(start: number, end: number): string {
    return this.text.slice(start, end);
  }

  /** The white space before the line on which a node begins. */
  private indentOf(node: ts.Node): string {
    const line = this.text.lastIndexOf('\n', node.getStart()) + 1;
    return /^[ \t]*/.exec(this.text.slice(line))?.[0] ?? '';
  }
}

/** What an operator would write by hand. */
export function entryText(cluster: string, { number, recovery: { from, to } }: Recovered, indent = ''): string {
  const key = /^[A-Za-z]\w*$/.test(cluster) ? cluster : `'${cluster}'`;
  const recovery = [`from: ${from}`, ...(to === undefined ? [] : [`to: '${to}'`])].join(', ');
  const lines = [`${key}: {`, `  number: ${number},`, `  recovery: { ${recovery} },`, '},'];
  return lines.map((line) => indent + line).join('\n');
}

function exportedObjects(statement: ts.Statement): ts.ObjectLiteralExpression[] {
  if (!ts.isVariableStatement(statement)) return [];
  if (!statement.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)) return [];
  return statement.declarationList.declarations.flatMap(({ initializer }) => {
    const value = initializer && unwrapped(initializer);
    return value && ts.isObjectLiteralExpression(value) ? [value] : [];
  });
}

/** Without `as const`, `satisfies EnvironmentInput` and brackets. */
function unwrapped(node: ts.Expression): ts.Expression {
  return ts.isAsExpression(node) || ts.isSatisfiesExpression(node) || ts.isParenthesizedExpression(node)
    ? unwrapped(node.expression)
    : node;
}

/** @throws NotUnderstood where another property may bring or hide it */
function propertyOf(object: ts.ObjectLiteralExpression, key: string): ts.PropertyAssignment | undefined {
  const properties = object.properties.map((property) => {
    const named = property.name !== undefined && (ts.isIdentifier(property.name) || ts.isStringLiteral(property.name));
    if (ts.isPropertyAssignment(property) && named) return { name: property.name.text, property };
    throw new NotUnderstood(`"${property.getText().slice(0, 40)}" is no property with a plain name and a value`);
  });
  return properties.find(({ name }) => name === key)?.property;
}

/** The value of a literal of objects, numbers and strings. @throws NotUnderstood for anything that is computed */
function valueOf(node: ts.Expression): unknown {
  if (ts.isNumericLiteral(node)) return Number(node.text);
  if (ts.isStringLiteralLike(node)) return node.text;
  if (!ts.isObjectLiteralExpression(node)) {
    throw new NotUnderstood(`"${node.getText().slice(0, 40)}" is no plain value`);
  }
  const names = node.properties.map(({ name }) => (name && 'text' in name ? name.text : ''));
  return Object.fromEntries(
    names.map((name) => {
      const property = propertyOf(node, name);
      return [name, property && valueOf(property.initializer)];
    }),
  );
}

/** From the end, so that places stay what they are; of two edits at one place the first one stands first. */
function apply(text: string, edits: readonly Edit[]): string {
  return [...edits]
    .reverse()
    .sort((a, b) => b.start - a.start)
    .reduce((changed, { start, end, text: inserted }) => changed.slice(0, start) + inserted + changed.slice(end), text);
}

function sorted(record: Readonly<Record<string, Generation>>): unknown {
  return Object.keys(record)
    .sort()
    .map((name) => {
      const { number, recovery } = record[name] ?? { number: 0 };
      return [name, number, recovery?.from, recovery?.to];
    });
}
