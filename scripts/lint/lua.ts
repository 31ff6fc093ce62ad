import fs from 'node:fs';
import path from 'node:path';
// The parser of Lua that other tools of JavaScript stand on; it has no dependencies.
import luaparse from 'luaparse';

/** Of Lua's library, what both kinds of script are given. */
const LIBRARY = [
  ...['error', 'ipairs', 'next', 'pairs', 'pcall', 'select', 'tonumber', 'tostring', 'type'],
  ...['math', 'string', 'table'],
];

/** What Argo CD gives a health script: the object, and the clock. */
const OF_ARGOCD = new Set([
  ...LIBRARY,
  ...['obj', 'os'],
  // What clock.lua, which is put in front of some, has.
  ...['elapsed', 'written'],
]);

/** What Redis gives a script of EVAL. */
const OF_REDIS = new Set([...LIBRARY, 'redis', 'cjson', 'KEYS', 'ARGV']);
const isOfRedis = (file: string): boolean => /(^|\/)redis[^/]*\//.test(file);

/** One line for each script that Lua 5.1 doesn't read, and for each name that neither the script nor who runs it defines. */
export function luaFindings(root: string, files: readonly string[]): string[] {
  return files.flatMap((file) => {
    try {
      const options = { luaVersion: '5.1', scope: true, locations: true } as const;
      const { globals = [] } = luaparse.parse(fs.readFileSync(path.join(root, file), 'utf8'), options) as Parsed;
      return globals
        .filter(({ name }) => !(isOfRedis(file) ? OF_REDIS : OF_ARGOCD).has(name))
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
