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
    return refuse((error as Error).message);
  }
  try {
    // JSON is YAML, whose readers refuse what JSON's take.
    load(text);
  } catch (error) {
    if (!(error instanceof YAMLException) || error.reason !== 'duplicated mapping key') throw error;
    return refuse(`line ${(error.mark?.line ?? 0) + 1} has a key that its object has already`);
  }
  return value;
}

/** @throws InputError where the file can't be read, and as above */
export function readJson(file: string, path: string): unknown {
  let text: string;
  try {
    text = fs.readFileSync(path, 'utf8');
  } catch (error) {
    throw new InputError({
      where: file,
      what: (error as Error).message,
      allowed: 'a readable JSON file',
      remedy: 'mend the file, or restore it from git',
    });
  }
  return parseJson(file, text);
}
