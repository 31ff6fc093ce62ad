import fs from 'node:fs';
import path from 'node:path';
// The parser of Lua that other tools of JavaScript stand on; it has no dependencies.
import luaparse from 'luaparse';

/** What Argo CD gives a health script: the object, and of Lua's library what can do no harm. */
const GLOBALS = new Set([
  ...['obj', 'error', 'ipairs', 'next', 'pairs', 'pcall', 'select', 'tonumber', 'tostring', 'type'],
  ...['math', 'string', 'table'],
]);

/** One line for each script that Lua 5.1 doesn't read, and for each name that neither the script nor Argo CD defines. */
export function luaFindings(root: string, files: readonly string[]): string[] {
  return files.flatMap((file) => {
    try {
      const options = { luaVersion: '5.1', scope: true, locations: true } as const;
      const { globals = [] } = luaparse.parse(fs.readFileSync(path.join(root, file), 'utf8'), options) as Parsed;
      return globals
        .filter(({ name }) => !GLOBALS.has(name))
        .map(
          ({ name, loc }) => `${file}:${loc.start.line}: ${name} is not defined: make it local, or correct the name`,
        );
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      return [`${file}:${error.message}`];
    }
  });
}

/** With `scope`, every name that is not local, where it is first used. */
interface Parsed {
  readonly globals?: readonly { readonly name: string; readonly loc: { readonly start: { readonly line: number } } }[];
}
