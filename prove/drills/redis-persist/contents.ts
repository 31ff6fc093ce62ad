import fs from 'node:fs';
import path from 'node:path';
import type { RedisStore } from '../../components/redis/store.ts';
import { ProvingError } from '../../machine/error.ts';
import { waitFor } from '../../machine/wait-for.ts';

const databases = ['0', '3'] as const;
/** Strings of 2 kB in the first database, and how many are written at a time: a server that is busy for seconds is taken for down. */
const many = { count: 3000, piece: 300 } as const;

/** Of each key of the drill, by its database and name. */
export type Contents = ReadonlyMap<string, KeyContents>;

interface KeyContents {
  readonly type: string;
  /** When it ends, in milliseconds since 1970; undefined where it doesn't. */
  readonly end: number | undefined;
  readonly checksum: string;
}

/** Of `files/`. */
function program(name: string): string {
  return fs.readFileSync(path.join(import.meta.dirname, 'files', name), 'utf8');
}

/** Writes keys of every type, with and without an end, into several databases. */
export async function fill(store: RedisStore, primary: string): Promise<void> {
  const write = async (database: string, ...command: readonly string[]): Promise<void> => {
    const answer = await store.ask(primary, '-n', database, 'eval', ...command);
    if (answer?.[0] !== 'done') throw new ProvingError(`${primary} takes no keys: ${answer?.[0] ?? 'no answer'}`);
  };
  for (const database of databases) await write(database, program('kinds.lua'), '0');
  for (let from = 1; from <= many.count; from += many.piece) {
    await write(databases[0], program('many.lua'), '0', String(from), String(from + many.piece - 1));
  }
}

/** What a member has of the drill's keys. */
export async function contentsOf(store: RedisStore, name: string, signal: AbortSignal): Promise<Contents> {
  const all = new Map<string, KeyContents>();
  for (const database of databases) {
    const lines = await waitFor(`the keys of ${name}`, { atMost: 60, every: 500, signal }, () =>
      store.ask(name, '-n', database, 'eval', program('contents.lua'), '0'),
    );
    for (const line of lines.filter((each) => each !== '')) all.set(...parseLine(database, line));
  }
  return all;
}

/** @throws ProvingError for what is no line of contents.lua */
function parseLine(database: string, line: string): [string, KeyContents] {
  const [, name, type, end, checksum] = /^(persist:\S+) (\w+) (-1|\d+) ([0-9a-f]{40})$/.exec(line) ?? [];
  if (name === undefined || type === undefined || checksum === undefined) throw new ProvingError(`no key: ${line}`);
  return [`${database} ${name}`, { type, end: end === '-1' ? undefined : Number(end), checksum }];
}

/** Keys that are not as they were at another time, each with what differs; those whose end has come since have to be gone. */
export function differences(before: Contents, after: Contents, now: Date): readonly string[] {
  const ended = ({ end }: KeyContents): boolean => end !== undefined && end <= now.getTime();
  const expected = new Map([...before].filter(([, each]) => !ended(each)));
  const names = [...new Set([...expected.keys(), ...after.keys()])];
  return names.flatMap((name) => {
    const [was, is] = [expected.get(name), after.get(name)];
    if (was === undefined) return [`${name} should not be there`];
    if (is === undefined) return [`${name} is missing`];
    const fields = (['type', 'end', 'checksum'] as const).filter((field) => was[field] !== is[field]);
    return fields.length === 0 ? [] : [`${name} has another ${fields.join(', ')}`];
  });
}
