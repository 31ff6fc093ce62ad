import { createHash } from 'node:crypto';
import { Decrypter, Encrypter } from 'age-encryption';
import { createTar, parseTar } from 'nanotar';
import * as v from 'valibot';
import { InputError } from '../../constructs/core/error.ts';
import type { Contents } from './contents.ts';

/** What a bundle says of itself. */
export interface Index {
  readonly environment: string;
  /** In UTC. */
  readonly made: string;
  /** Fingerprints of the keys that it opens sealed values with. */
  readonly sealing: readonly string[];
  /** Of what runs there, and of this repository, by name. */
  readonly versions: Readonly<Record<string, string>>;
  /** SHA-256 of each file. */
  readonly files: Readonly<Record<string, string>>;
}

const indexFile = 'bundle.json';
const indexSchema = v.object({
  environment: v.string(),
  made: v.string(),
  sealing: v.array(v.string()),
  versions: v.record(v.string(), v.string()),
  files: v.record(v.string(), v.string()),
});

export interface Opened {
  readonly index: Index;
  readonly contents: Contents;
}

/** What age encrypts to a recipient: a tar with the files, what they are for, and their sums. */
export async function seal(
  contents: Contents,
  about: Omit<Index, 'files'>,
  readme: string,
  recipient: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const files = Object.fromEntries([...contents].map(([name, content]) => [name, sumOf(content)]));
  const index: Index = { ...about, files };
  const texts = { [indexFile]: `${JSON.stringify(index, undefined, 2)}\n`, 'README.txt': readme };
  // Texts last: what is read at the end of a tar has to have something in it.
  const all = [
    ...[...contents].map(([name, data]) => ({ name, data })),
    ...Object.entries(texts).map(([name, text]) => ({ name, data: new TextEncoder().encode(text) })),
  ];
  const encrypter = new Encrypter();
  encrypter.addRecipient(recipient);
  return copied(
    await encrypter.encrypt(createTar(all, { attrs: { mode: '600', uid: 0, gid: 0, mtime: Date.parse(about.made) } })),
  );
}

/**
 * Opens one, and compares every file with its sum.
 * @throws InputError for another identity, and for what is cut off or changed
 */
export async function open(bundle: Uint8Array, identity: string): Promise<Opened> {
  const decrypter = new Decrypter();
  try {
    decrypter.addIdentity(identity);
  } catch {
    throw new InputError({
      where: '--identity',
      what: 'it is no identity of age',
      allowed: 'the line of the envelope that begins with AGE-SECRET-KEY-1',
      remedy: 'type it anew: it has a sum of its own, by which mistakes are seen',
    });
  }
  let tar: Uint8Array;
  try {
    tar = await decrypter.decrypt(bundle);
  } catch (error) {
    if ((error as Error).message.includes('no identity')) {
      throw new InputError({
        where: '--identity',
        what: 'the bundle is not for this identity',
        allowed: 'the identity of the envelope that the bundle was made for',
        remedy: 'take the envelope of this environment; an older bundle may be of an older envelope',
      });
    }
    throw damaged('it is no whole file of age: it was cut off or changed');
  }
  const files = new Map(
    parseTar(copied(tar)).flatMap(({ name, data }) => (data === undefined ? [] : [[name, data] as const])),
  );
  const index = indexOf(files.get(indexFile));
  const contents = new Map([...files].filter(([name]) => name in index.files));
  const wrong = Object.entries(index.files).filter(
    ([name, sum]) => sumOf(contents.get(name) ?? new Uint8Array()) !== sum,
  );
  if (wrong.length > 0) throw damaged(`${wrong.map(([name]) => name).join(', ')} is not what was put in`);
  return { index, contents };
}

/** @throws InputError for the bundle of another environment */
export function checkEnvironment({ environment }: Index, asked: string): void {
  if (environment === asked) return;
  throw new InputError({
    where: 'the bundle',
    what: `it is of the environment ${environment}`,
    allowed: `a bundle of ${asked}`,
    remedy: `name ${environment}, or take another bundle`,
  });
}

export function sumOf(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

export function damaged(what: string): InputError {
  return new InputError({
    where: 'the bundle',
    what,
    allowed: 'a bundle as it was made',
    remedy: 'take an older one: each lies in the bucket under the time at which it was made',
  });
}

function indexOf(file: Uint8Array | undefined): Index {
  const text = new TextDecoder().decode(file ?? new Uint8Array());
  const found = v.safeParse(v.pipe(v.string(), v.parseJson(), indexSchema), text);
  if (found.success) return found.output;
  throw damaged('it has no list of what is in it');
}

/** Of a buffer that is nobody else's. */
function copied(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes);
}
