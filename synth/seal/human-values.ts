import { isUtf8 } from 'node:buffer';
import fs from 'node:fs';
import { InputError } from '../../constructs/core/error.ts';
import type { Finding } from '../../constructs/core/error.ts';
import type { SecretInventoryEntry } from '../../constructs/core/secret.ts';
import { partName, partsOf } from './inventory.ts';
import type { SecretPart } from './inventory.ts';

/** Where the values that nobody can generate come from. */
export interface ValueSources {
  /** From `--value-file NAME.KEY=FILE`. */
  readonly valueFiles: readonly { readonly selector: string; readonly file: string }[];
  /** Text of `--values`: `{"name": {"key": "value"}}`. */
  readonly json: string | undefined;
}

/**
 * The values given in files, by part name. One InputError for all that is wrong with them; neither values nor what
 * stands in their place is repeated, not even a path that can't be read: it may be the value itself.
 */
export function givenValues(sources: ValueSources, inventory: readonly SecretInventoryEntry[]): Map<string, Buffer> {
  const findings: Finding[] = [];
  const human = inventory.flatMap(partsOf).filter(({ source }) => source.kind === 'human');
  const values = new Map<string, Buffer>();
  const refuse = (where: string, what: string, allowed: string, remedy: string): void => {
    findings.push({ where, what, allowed, remedy });
  };
  const take = (where: string, part: SecretPart | undefined, read: () => Buffer | undefined): void => {
    if (part === undefined) {
      const names = human.map(partName).join(', ') || 'none: this inventory has no human value';
      refuse(where, 'names no human value of the inventory', names, 'correct the name; all others are generated');
      return;
    }
    const name = partName(part);
    const value = read();
    const problem = value && valueProblem(part, value);
    if (values.has(name)) refuse(name, 'is given twice', 'one value', 'remove one of them');
    else if (problem === undefined && value !== undefined) values.set(name, value);
    else if (problem !== undefined)
      refuse(
        name,
        `its value ${problem}`,
        'the value itself, long enough and nothing beside it',
        `correct the value that ${where} gives`,
      );
  };

  sources.valueFiles.forEach(({ selector, file }, index) => {
    const where = `--value-file, number ${index + 1}`;
    const part = human.find((each) => partName(each) === selector);
    take(where, part, () => {
      try {
        return withoutLineEnd(withoutMark(fs.readFileSync(file)));
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        refuse(
          where,
          `the file for ${selector} can't be read: ${code}`,
          'NAME.KEY=FILE',
          'name a file, never the value',
        );
        return undefined;
      }
    });
  });

  for (const { where, name, key, value } of jsonValues(sources.json, refuse)) {
    const part = human.find((each) => each.entry.name === name && each.key === key);
    take(where, part, () => value);
  }
  if (findings.length > 0) throw new InputError(findings);
  return values;
}

/** Why a value can't be taken, as the rest of a sentence; undefined if it can. */
export function valueProblem({ source }: SecretPart, value: Buffer): string | undefined {
  const minimum = (source.kind === 'human' ? source.minimumLength : undefined) ?? 1;
  if (!isUtf8(value)) return 'is no text in UTF-8';
  if (source.kind === 'human' && source.word && !/^[!-~]*$/.test(value.toString())) {
    return 'has a space, a line end or a letter that no key has';
  }
  const length = Array.from(value.toString()).length;
  if (length === 0) return 'is empty';
  if (source.kind === 'human' && source.dockerConfigOf !== undefined && !hasPassword(value, source.dockerConfigOf))
    return `is no {"auths":{"${source.dockerConfigOf}":{"auth":"..."}}}`;
  if (source.kind === 'human' && source.urlAt !== undefined && !isUrlAt(value.toString(), source.urlAt))
    return `is no URL such as https://${source.urlAt}/...`;
  return length < minimum ? `is shorter than ${minimum} characters` : undefined;
}

/** On the port of HTTPS: policies let nobody out by another one. */
function isUrlAt(value: string, host: string): boolean {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  return url?.protocol === 'https:' && url.hostname === host && url.port === '';
}

/** Whether docker's configuration holds what a registry asks for: an API server takes no Secret with anything else. */
function hasPassword(value: Buffer, registry: string): boolean {
  try {
    const auths = entriesOf((JSON.parse(value.toString()) as { readonly auths?: unknown }).auths) ?? [];
    const hostOf = (name: string): string => name.replace(/^https?:\/\//, '').replace(/\/.*$/, '');
    const known = registry === 'docker.io' ? ['docker.io', 'index.docker.io'] : [registry];
    return auths.some(
      ([name, entry]) => known.includes(hostOf(name)) && entriesOf(entry)?.some(([, text]) => text !== ''),
    );
  } catch {
    return false;
  }
}

/** Asks for a value twice, until both are the same and long enough. `ask` shows a prompt and reads a hidden line. */
export async function askTwice(part: SecretPart, ask: (prompt: string) => Promise<string>): Promise<Buffer> {
  const label = part.source.kind === 'human' ? `${part.source.prompt} (${partName(part)})` : partName(part);
  for (let hint = ''; ;) {
    const value = Buffer.from(await ask(`${hint}${label}: `));
    const problem = valueProblem(part, value);
    if (problem === undefined) {
      const again = Buffer.from(await ask('once more: '));
      const same = again.equals(value);
      again.fill(0);
      if (same) return value;
    }
    value.fill(0);
    hint = problem === undefined ? 'The two differ. ' : `The value ${problem}. `;
  }
}

interface JsonValue {
  readonly where: string;
  readonly name: string;
  readonly key: string;
  readonly value: Buffer;
}

function jsonValues(
  json: string | undefined,
  refuse: (where: string, what: string, allowed: string, remedy: string) => void,
): JsonValue[] {
  if (json === undefined) return [];
  const shape = '{"name": {"key": "value"}}, each value text';
  let document: unknown;
  try {
    document = JSON.parse(json.replace(/^\uFEFF/, ''));
  } catch {
    // The parser's message quotes the text.
    refuse('--values', 'does not parse as JSON', shape, 'correct the file');
    return [];
  }
  const entries = entriesOf(document);
  if (entries === undefined) refuse('--values', 'is not an object of objects', shape, 'correct the file');
  return (entries ?? []).flatMap(([name, keys], index) => {
    const pairs = entriesOf(keys);
    const where = `--values, secret ${index + 1}`;
    if (pairs === undefined) refuse(where, 'is not an object', shape, 'correct the file');
    return (pairs ?? []).flatMap(([key, value], position): JsonValue[] => {
      const place = `${where}, key ${position + 1}`;
      if (typeof value === 'string') return [{ where: place, name, key, value: Buffer.from(value) }];
      refuse(place, 'its value is not text', shape, 'correct the file');
      return [];
    });
  });
}

function entriesOf(value: unknown): [string, unknown][] | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value) : undefined;
}

/** Some editors write a mark of UTF-8 first, which nobody sees and which is no part of the value. */
function withoutMark(value: Buffer): Buffer {
  return value.subarray(0, 3).equals(utf8Mark) ? value.subarray(3) : value;
}

const utf8Mark = Buffer.from('\uFEFF');

/** Editors end a file with a line end that is not part of the value; only one is taken off. */
function withoutLineEnd(value: Buffer): Buffer {
  const end = value.at(-1) === 0x0a ? (value.at(-2) === 0x0d ? -2 : -1) : undefined;
  return value.subarray(0, end);
}
