import fs from 'node:fs';
import path from 'node:path';
import ts from 'typescript';

// Reads the compiled validators of the kubernetes-models packages as data. Nothing of them is run: a validator is one
// function a schema, and it states each rule as `{ keyword: 'required', params: { missingProperty: 'name' } }`.

/** A function of a file of node_modules; the file's exported one when it has no name. */
export interface Reference {
  readonly file: string;
  readonly name?: string;
}

/** A validator function, read. */
export interface Validator {
  /** What it hands the whole value to: the type it refers to, or the types that its Go type embeds. */
  readonly self: readonly Reference[];
  readonly fields: ReadonlyMap<string, Reference>;
  /** What it hands the items of a list or the values of a map to. */
  readonly elements: readonly Reference[];
  readonly types: ReadonlySet<string>;
  readonly required: ReadonlySet<string>;
  /** Every other keyword, such as enum or minLength, with its value. */
  readonly rules: ReadonlyMap<string, unknown>;
}

type Constants = ReadonlyMap<string, ts.Expression>;

function literal(node: ts.Expression, constants: Constants): unknown {
  if (ts.isStringLiteralLike(node)) return node.text;
  if (ts.isNumericLiteral(node)) return Number(node.text);
  if (ts.isPrefixUnaryExpression(node)) return -Number(literal(node.operand, constants));
  if (ts.isArrayLiteralExpression(node)) return node.elements.map((element) => literal(element, constants));
  const constant = ts.isIdentifier(node) ? constants.get(node.text) : undefined;
  return constant === undefined ? undefined : literal(constant, constants);
}

/** The name that a node is; undefined for anything else. */
function nameOf(node: ts.Node | undefined): string | undefined {
  return node !== undefined && ts.isIdentifier(node) ? node.text : undefined;
}

/** The value of the property `name`, or of the last one. */
function property(of: ts.Expression | undefined, name?: string): ts.Expression | undefined {
  if (of === undefined || !ts.isObjectLiteralExpression(of)) return undefined;
  const found = of.properties.findLast((each) => name === undefined || nameOf(each.name) === name);
  return found !== undefined && ts.isPropertyAssignment(found) ? found.initializer : undefined;
}

/** The keyword and value of `{ keyword: K, params: { name: value } }`. */
function ruleOf(node: ts.ObjectLiteralExpression, constants: Constants): [string, unknown] | undefined {
  const keyword = property(node, 'keyword');
  const value = property(property(node, 'params'));
  return keyword && value && [String(literal(keyword, constants)), literal(value, constants)];
}

function readFunction(
  declaration: ts.FunctionDeclaration,
  references: ReadonlyMap<string, Reference>,
  constants: Constants,
): Validator {
  const [self, elements]: Reference[][] = [[], []];
  const fields = new Map<string, Reference>();
  const [types, required] = [new Set<string>(), new Set<string>()];
  const rules = new Map<string, unknown>();
  const visit = (node: ts.Node): void => {
    if (ts.isObjectLiteralExpression(node)) {
      const [keyword, value] = ruleOf(node, constants) ?? [];
      if (keyword === 'type') types.add(String(value));
      else if (keyword === 'required') required.add(String(value));
      else if (keyword !== undefined) rules.set(keyword, value);
    }
    const callee = ts.isCallExpression(node) ? references.get(nameOf(node.expression) ?? '') : undefined;
    const argument = ts.isCallExpression(node) ? node.arguments[0] : undefined;
    if (callee !== undefined && argument !== undefined) {
      // validate3(data.name), validate3(data["x-name"]), validate3(data[i0]), validate3(data)
      if (ts.isPropertyAccessExpression(argument)) fields.set(argument.name.text, callee);
      else if (!ts.isElementAccessExpression(argument)) self?.push(callee);
      else if (!ts.isStringLiteral(argument.argumentExpression)) elements?.push(callee);
      else fields.set(argument.argumentExpression.text, callee);
    }
    ts.forEachChild(node, visit);
  };
  ts.forEachChild(declaration, visit);
  return { self: self ?? [], fields, elements: elements ?? [], types, required, rules };
}

/** The validators below one node_modules folder, each file parsed once. */
export class Validators {
  private readonly modules: string;
  private readonly files = new Map<string, ReadonlyMap<string, Validator>>();

  constructor(modules: string) {
    this.modules = modules;
  }

  /** The validator with the fields of the types that its Go type embeds. */
  get(reference: Reference): Validator {
    const validator = this.read(reference.file).get(reference.name ?? '');
    if (validator === undefined) throw new Error(`${reference.file} has no function ${reference.name ?? 'validate'}`);
    if (validator.fields.size === 0 && validator.self.length < 2) return validator;
    const embedded = validator.self.map((each) => this.withFields(each));
    return {
      ...validator,
      self: [],
      fields: new Map([...embedded.flatMap((each) => [...each.fields]), ...validator.fields]),
      required: new Set([...embedded.flatMap((each) => [...each.required]), ...validator.required]),
      types: new Set(['object']),
    };
  }

  /** The validator itself, or the one it does nothing but refer to. */
  private withFields(reference: Reference): Validator {
    const validator = this.get(reference);
    const [base] = validator.self;
    return base === undefined ? validator : this.withFields(base);
  }

  private read(file: string): ReadonlyMap<string, Validator> {
    const known = this.files.get(file);
    if (known !== undefined) return known;
    const text = fs.readFileSync(path.join(this.modules, file), 'utf8');
    const source = ts.createSourceFile(file, text, ts.ScriptTarget.ES2022);
    const references = new Map<string, Reference>();
    const constants = new Map<string, ts.Expression>();
    for (const statement of source.statements) {
      if (ts.isFunctionDeclaration(statement) && statement.name !== undefined) {
        references.set(statement.name.text, { file, name: statement.name.text });
      } else if (ts.isImportDeclaration(statement)) {
        const from = String(literal(statement.moduleSpecifier, constants)).replace(/(\.js)?$/, '.js');
        const target = from.startsWith('.') ? path.posix.join(path.posix.dirname(file), from) : from;
        const bindings = statement.importClause?.namedBindings;
        for (const { name } of bindings !== undefined && ts.isNamedImports(bindings) ? bindings.elements : []) {
          references.set(name.text, { file: target });
        }
      } else if (ts.isVariableStatement(statement)) {
        for (const { name, initializer } of statement.declarationList.declarations) {
          if (initializer !== undefined) constants.set(nameOf(name) ?? '', initializer);
        }
      }
    }
    const validators = new Map<string, Validator>();
    for (const statement of source.statements.filter(ts.isFunctionDeclaration)) {
      const name = statement.name?.text ?? '';
      const validator = readFunction(statement, references, constants);
      validators.set(name, validator);
      if (nameOf(constants.get('validate')) === name) validators.set('', validator);
    }
    this.files.set(file, validators);
    return validators;
  }
}
