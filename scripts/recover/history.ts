import type { Generation } from '../../constructs/core/environment.ts';
import { InputError } from '../../constructs/core/error.ts';
import type { Git } from '../release/git.ts';
import { EnvironmentFile, NotUnderstood } from './environment-file.ts';

/** What git knows of a cluster's generations. */
export interface History {
  /** Every generation that any commit of any branch or tag names, the newest commit first. */
  readonly generations: readonly Generation[];
  /** Those of the commit that is checked out; undefined where there is none, or its file can't be read. */
  readonly head: Generations | undefined;
  /** Commits whose file could not be read, abbreviated. */
  readonly unread: readonly string[];
}

export interface Generations {
  readonly generation: Generation | undefined;
  readonly copy: Generation | undefined;
}

const nothing: History = { generations: [], head: undefined, unread: [] };

/** The generations of a cluster in every version of a file; nothing outside of a git repository. @throws InputError */
export async function readHistory(git: Git, file: string, cluster: string): Promise<History> {
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
  const commits = (await git.read(['log', '--all', '--full-history', '--format=%H', '--', file])).split('\n');
  const generations: Generation[] = [];
  const unread: string[] = [];
  for (const commit of commits.filter((each) => each !== '')) {
    const found = await generationsAt(git, commit, file, cluster);
    if (found === 'unread') unread.push(commit.slice(0, 12));
    else if (found !== undefined)
      generations.push(...[found.generation, found.copy].filter((each) => each !== undefined));
  }
  const head = await generationsAt(git, 'HEAD', file, cluster);
  return { generations, head: head === 'unread' ? undefined : head, unread };
}

/** The generations that the text of an environment's file gives a cluster. @throws NotUnderstood */
export function generationsIn(text: string, cluster: string): Generations {
  const file = new EnvironmentFile(text);
  return { generation: file.table('generations')[cluster], copy: file.table('copies')[cluster] };
}

/** @returns undefined where the commit has no such file */
async function generationsAt(
  git: Git,
  commit: string,
  file: string,
  cluster: string,
): Promise<Generations | 'unread' | undefined> {
  const { code, stdout } = await git.attempt(['show', `${commit}:./${file}`]);
  if (code !== 0) return undefined;
  try {
    return generationsIn(stdout, cluster);
  } catch (error) {
    if (!(error instanceof NotUnderstood)) throw error;
    return 'unread';
  }
}
