import path from 'node:path';
import ts from 'typescript';
import type { Finding } from '../../constructs/core/error.ts';

/** One option of a construct, as its declaration documents it. */
export interface Option {
  readonly name: string;
  readonly type: string;
  /** The first lines of its comment; where there are none, those of its type or of the list's elements. */
  readonly purpose: string;
  /** The text of `@default`; undefined for an option that has to be given. */
  readonly default: string | undefined;
  /** The texts of `@see`. */
  readonly see: readonly string[];
}

/** What one module exports that documentation is about. */
export interface DocumentedModule {
  /** Path from the root, with slashes. */
  readonly file: string;
  readonly classes: readonly string[];
  /** Every exported interface called `...Props`, and those that one is given, alone or in a list; with inherited options. */
  readonly props: ReadonlyMap<string, readonly Option[]>;
  /** Options without a purpose, and defaults that are missing or don't apply. */
  readonly findings: readonly Finding[];
}

/**
 * A program of these modules, as the repository's tsconfig.json has it.
 * @param files paths from the root, with slashes
 */
function programOf(root: string, files: readonly string[]): ts.Program {
  const { config } = ts.readConfigFile(path.join(root, 'tsconfig.json'), (file) => ts.sys.readFile(file)) as {
    config: unknown;
  };
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  // No option is of a type of Node.js: reading those takes longer than all constructs.
  return ts.createProgram(
    files.map((file) => path.join(root, file)),
    { ...options, types: [] },
  );
}

/**
 * Reads modules of TypeScript, which have to compile.
 * @param files paths from the root, with slashes
 * @param program one that holds them, where there is one
 */
export function readModules(
  root: string,
  files: readonly string[],
  program = programOf(root, files),
): DocumentedModule[] {
  const checker = program.getTypeChecker();
  return files.map((file) => {
    const source = program.getSourceFile(path.join(root, file));
    const symbol = source === undefined ? undefined : checker.getSymbolAtLocation(source);
    const exported =
      symbol === undefined ? [] : checker.getExportsOfModule(symbol).map((each) => original(checker, each));
    const findings: Finding[] = [];
    const interfaces = exported.filter(({ flags }) => flags & ts.SymbolFlags.Interface);
    const called = interfaces.filter(({ name }) => name.endsWith('Props'));
    const given = called.flatMap((each) => partsOf(checker, each));
    const props = interfaces.filter((each) => called.includes(each) || given.includes(each));
    return {
      file,
      classes: exported.filter(({ flags }) => flags & ts.SymbolFlags.Class).map(({ name }) => name),
      props: new Map(props.map((each) => [each.name, readOptions(checker, each, findings)])),
      findings,
    };
  });
}

/** What an `export ... from` leads to. */
function original(checker: ts.TypeChecker, symbol: ts.Symbol): ts.Symbol {
  return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
}

/** What its options take: each of several kinds, and what lists hold. */
function partsOf(checker: ts.TypeChecker, symbol: ts.Symbol): readonly (ts.Symbol | undefined)[] {
  return checker
    .getPropertiesOfType(checker.getDeclaredTypeOfSymbol(symbol))
    .map((property) => checker.getTypeOfSymbol(property))
    .flatMap((type) => (type.isUnion() ? type.types : [type]))
    .map((type) => (checker.isArrayType(type) ? checker.getIndexTypeOfType(type, ts.IndexKind.Number) : type))
    .map((type) => type?.getSymbol());
}

/** Required ones first; else in the order of the code, inherited ones last. */
function readOptions(checker: ts.TypeChecker, symbol: ts.Symbol, findings: Finding[]): Option[] {
  const options = checker
    .getPropertiesOfType(checker.getDeclaredTypeOfSymbol(symbol))
    .map((property) => readOption(checker, symbol.name, property, findings));
  return [...options.filter((option) => option.default === undefined), ...options.filter((option) => option.default)];
}

function readOption(checker: ts.TypeChecker, owner: string, property: ts.Symbol, findings: Finding[]): Option {
  const { name } = property;
  const tags = (tag: string): string[] =>
    property
      .getJsDocTags(checker)
      .filter((each) => each.name === tag)
      .map(({ text }) => oneLine(ts.displayPartsToString(text)));
  const type = checker.getNonNullableType(checker.getTypeOfSymbol(property));
  const element = checker.isArrayType(type) ? (checker.getIndexTypeOfType(type, ts.IndexKind.Number) ?? type) : type;
  const purpose =
    documentation(checker, property) || documentation(checker, element.aliasSymbol ?? element.getSymbol());
  const [defaultText] = tags('default');
  const optional = Boolean(property.flags & ts.SymbolFlags.Optional);
  const refuse = (what: string, allowed: string, remedy: string): void => {
    findings.push({ where: `${owner}.${name}`, what, allowed, remedy });
  };
  if (!purpose) refuse('nothing says what it is for', 'a sentence above it', 'write one');
  if (optional && !defaultText) refuse('nothing says what it is by default', 'a line @default', 'write one');
  if (!optional && defaultText) refuse('it has to be given and has a default', 'one of the two', 'remove one');
  return { name, type: typeText(checker, property, type), purpose, default: defaultText, see: tags('see') };
}

/** Nothing for what TypeScript itself brings: what `Omit` does says nothing of an option. */
function documentation(checker: ts.TypeChecker, symbol: ts.Symbol | undefined): string {
  const [declaration] = symbol?.declarations ?? [];
  return symbol === undefined || declaration?.getSourceFile().hasNoDefaultLib
    ? ''
    : oneLine(ts.displayPartsToString(symbol.getDocumentationComment(checker)));
}

/** The type as the code has it, but the values of a named list of strings instead of its name. */
function typeText(checker: ts.TypeChecker, property: ts.Symbol, type: ts.Type): string {
  if (type.aliasSymbol && type.isUnion() && type.types.every((member) => member.isStringLiteral())) {
    return type.types.map((member) => checker.typeToString(member).replaceAll('"', "'")).join(' | ');
  }
  const declaration = property.valueDeclaration as ts.PropertySignature | undefined;
  return oneLine(declaration?.type?.getText() ?? checker.typeToString(type))
    .replaceAll('readonly ', '')
    .replace(/^Readonly<(.*)>$/, '$1');
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
