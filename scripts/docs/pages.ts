import fs from 'node:fs';
import path from 'node:path';
import type ts from 'typescript';
import { InputError } from '../../constructs/core/error.ts';
import type { GeneratedFile } from '../generated/command.ts';
import { readModules } from './options.ts';
import type { DocumentedModule, Option } from './options.ts';

const begin = '<!-- options:begin -->';
const end = '<!-- options:end -->';

/** Of the floor, the files whose options a guide has; all others say in their code what they are. */
const vocabulary: Readonly<Record<string, string>> = {
  'constructs/core/workload.ts': 'docs/guides/workload.md',
  'constructs/core/container.ts': 'docs/guides/workload.md',
  'constructs/core/secret-ref.ts': 'docs/guides/secrets.md',
  'constructs/core/service.ts': 'docs/guides/endpoints-and-wires.md',
  'constructs/core/config-files.ts': 'docs/guides/container-of-others.md',
};

/**
 * The module that each folder of `constructs/` shows to others, and what the guides have of `core/`, the floor they stand on.
 * @param program one that holds them, where there is one
 * @throws InputError for options that are not documented
 */
export function constructModules(root: string, program?: ts.Program): DocumentedModule[] {
  const folders = fs
    .readdirSync(path.join(root, 'constructs'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'core')
    .map(({ name }) => name)
    .sort();
  const files = folders.map((folder) => {
    const index = `constructs/${folder}/index.ts`;
    return fs.existsSync(path.join(root, index)) ? index : `constructs/${folder}/${folder}.ts`;
  });
  const floor = Object.keys(vocabulary).filter((file) => fs.existsSync(path.join(root, file)));
  const modules = readModules(root, [...files, ...floor], program);
  const findings = modules.flatMap((module) => module.findings);
  if (findings.length > 0) throw new InputError(findings);
  return modules;
}

/** The page of a module. */
export function pageOf({ file }: DocumentedModule): string {
  return vocabulary[file] ?? `docs/constructs/${path.posix.basename(path.posix.dirname(file))}.md`;
}

/** Every page with the tables that follow from the code. @throws InputError for pages that are missing or have no marks */
export function currentPages(root: string, modules = constructModules(root)): GeneratedFile[] {
  const missing = modules.filter((module) => !fs.existsSync(path.join(root, pageOf(module))));
  if (missing.length > 0) {
    throw new InputError(
      missing.map((module) => ({
        where: module.file,
        what: 'no page documents it',
        allowed: `a page ${pageOf(module)} with the lines ${begin} and ${end}`,
        remedy: 'write it, then run npm run docs',
      })),
    );
  }
  return [...new Set(modules.map(pageOf))].map((file) => {
    const then = fs.readFileSync(path.join(root, file), 'utf8');
    const props = modules.filter((module) => pageOf(module) === file).flatMap((module) => [...module.props]);
    return { file, then, now: withTables(file, then, props) };
  });
}

function withTables(file: string, page: string, props: readonly (readonly [string, readonly Option[]])[]): string {
  const [before, rest, ...more] = page.split(`${begin}\n`);
  const [, after, ...evenMore] = rest?.split(`${end}\n`) ?? [];
  if (before === undefined || after === undefined || more.length + evenMore.length > 0) {
    throw new InputError({
      where: file,
      what: 'there is no single place for the tables of options',
      allowed: `one line ${begin} and, below it, one line ${end}`,
      remedy: 'add or remove marks',
    });
  }
  const tables = props.map(([name, options]) => (props.length > 1 ? `### ${name}\n\n` : '') + table(options));
  // Prettier would pad every column to its widest cell.
  return [
    `${before}${begin}\n<!-- prettier-ignore-start -->\n\n`,
    tables.join('\n'),
    `\n<!-- prettier-ignore-end -->\n${end}\n${after}`,
  ].join('');
}

function table(options: readonly Option[]): string {
  const rows = options.map((option) => [
    `\`${option.name}\``,
    `\`${option.type}\``,
    option.default ?? 'has to be given',
    [option.purpose, ...option.see.map((see) => `See ${see}.`)].join(' '),
  ]);
  return [['Option', 'Type', 'Default', 'Purpose'], ['---', '---', '---', '---'], ...rows]
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`)
    .join('');
}
