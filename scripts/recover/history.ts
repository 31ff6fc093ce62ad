import type { Generation } from '../../constructs/core/environment.ts';
import { InputError } from '../../constructs/core/error.ts';
import type { Git } from '../release/git.ts';
import { parseGenerations } from './generations-file.ts';

/** What git knows of a cluster's generations. */
export interface History {
  /** Every generation that any commit of any branch or tag names, the newest commit first. */
  readonly generations: readonly Generation[];
  /** Numbers of those of them that clients were wired to: all but copies beside. */
  readonly used: readonly number[];
  /** Those of the commit that is checked out; undefined where there is none, or its file can't be read. */
  readonly head: Generations | undefined;
  /** Commits whose file could not be read, abbreviated. */
  readonly unread: readonly string[];
}

export interface Generations {
  readonly generation: Generation | undefined;
  readonly copy: Generation | undefined;
}

const nothing: History = { generations: [], used: [], head: undefined, unread: [] };

/** Whose generations are meant. */
export interface Owner {
  readonly environment: string;
  readonly cluster: string;
}

/** The generations of a cluster in every version of a file; nothing outside of a git repository. @throws InputError */
export async function readHistory(git: Git, file: string, owner: Owner): Promise<History> {
  const shallow = await git.attempt(['rev-parse', '--is-shallow-repository']);
  if (shallow.code !== 0) return nothing;
  if (shallow.stdout.trim() === 'true') {
    throw new InputError({
      where: 'this clone',
      what: 'it is shallow: generations that were used before may be missing in its history',
      allowed: 'the whole history, because the number of a generation is never used again: its archive is there',
      remedy: 'git fetch --unshallow --tags, then run again',
    });
  }
  // Without --full-history, git leaves out what a branch tried and took back before it was merged.
  const log = await git.read(['log', '--all', '--full-history', '--format=%H', '--', file]);
  const commits = log.split('\n').filter((each) => each !== '');
  const [head, ...texts] = await git.versions(['HEAD', ...commits], file);
  const generations: Generation[] = [];
  const used: number[] = [];
  const unread: string[] = [];
  for (const [index, commit] of commits.entries()) {
    const found = readable(texts[index], owner);
    if (found === 'unread') unread.push(commit.slice(0, 12));
    else if (found !== undefined) {
      generations.push(...[found.generation, found.copy].filter((each) => each !== undefined));
      if (found.generation !== undefined) used.push(found.generation.number);
    }
  }
  const checkedOut = readable(head, owner);
  return { generations, used, head: checkedOut === 'unread' ? undefined : checkedOut, unread };
}

/** The generations that the text of the file gives a cluster. @throws InputError */
export function generationsIn(text: string, { environment, cluster }: Owner): Generations {
  const { generations, copies } = parseGenerations(text)[environment] ?? {};
  return { generation: generations?.[cluster], copy: copies?.[cluster] };
}

/** @param text undefined where a commit has no such file */
function readable(text: string | undefined, owner: Owner): Generations | 'unread' | undefined {
  if (text === undefined) return undefined;
  try {
    return generationsIn(text, owner);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return 'unread';
  }
}
