import fs from 'node:fs';
import { YAMLException, load } from 'js-yaml';
import { InputError } from '../constructs/core/error.ts';

/**
 * The value of a JSON text.
 * @param file for messages, such as `config/images.json`
 * @throws InputError for what JSON.parse refuses, and for a key twice in one object, of which it takes the last
 */
export function parseJson(file: string, text: string, remedy = 'mend the file, or restore it from git'): unknown {
  const refuse = (what: string): never => {
    throw new InputError({ where: file, what, allowed: 'JSON, each key once in its object', remedy });
  };
  if (text.startsWith('\uFEFF'))
    return refuse('it begins with a byte order mark, which editors do not show: save it without');
  if (/^[<=>]{7}/m.test(text)) return refuse('it holds the marks of a merge');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return refuse(withLine((error as Error).message, text));
  }
  if (keysIn(text) === keysOf(value)) return value;
  try {
    // JSON is YAML, whose readers refuse what JSON's take, and say where.
    load(text);
  } catch (error) {
    if (!(error instanceof YAMLException) || error.reason !== 'duplicated mapping key') throw error;
    return refuse(`line ${(error.mark?.line ?? 0) + 1} has a key that its object has already`);
  }
  return value;
}

/** How many keys stand in a text: strings before a colon. */
function keysIn(json: string): number {
  return [...json.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?/g)].filter(([, colon]) => colon !== undefined).length;
}

function keysOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const below = Object.values(value).reduce((sum: number, each) => sum + keysOf(each), 0);
  return below + (Array.isArray(value) ? 0 : Object.keys(value).length);
}

/** A parser counts characters, an editor lines. */
function withLine(message: string, text: string): string {
  return message.replace(
    / in JSON at position (\d+).*$/,
    (_, position: string) => ` in JSON, line ${text.slice(0, Number(position)).split('\n').length}`,
  );
}

/** @throws InputError where the file can't be read, and as above */
export function readJson(file: string, path: string): unknown {
  return parseJson(file, readText(file, path));
}

/** @throws InputError where the file can't be read */
export function readText(file: string, path: string): string {
  try {
    return fs.readFileSync(path, 'utf8');
  } catch (error) {
    throw new InputError({
      where: file,
      what: (error as Error).message,
      allowed: 'a readable JSON file',
      remedy: 'mend the file, or restore it from git',
    });
  }
}
