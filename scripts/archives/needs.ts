import { generationsFile } from '../../config/index.ts';
import { InputError } from '../../constructs/core/error.ts';
import type { Platform } from '../../constructs/core/platform.ts';
import { Recoverable } from '../../constructs/stateful/index.ts';
import type { ArchiveCommands, RecoveryArchive, RecoveryCommands } from '../../constructs/stateful/index.ts';
import { readHistory } from '../recover/history.ts';
import { checkCommitted, readText } from '../recover/plan.ts';
import type { Ended } from '../release/child-process.ts';
import { Git } from '../release/git.ts';

/** What the command takes from the world. */
export interface ArchivesContext {
  /** The repository's root. */
  readonly root: string;
  /** Names of all environments. */
  readonly environments: readonly string[];
  /** What is committed for one of them. @throws InputError */
  readonly platformOf: (environment: string) => Platform;
  /** Runs kubectl. @throws InputError where there is none */
  readonly kubectl: (args: readonly string[]) => Promise<Ended>;
}

/** A store whose archives are pruned by hand. */
type Prunable = Recoverable & { readonly commands: RecoveryCommands & { readonly archives: ArchiveCommands } };

export interface Needs {
  /** The generation in use. */
  readonly used: Prunable & { readonly archive: RecoveryArchive };
  readonly platform: Platform;
  /** Why an archive is needed, by its address; what no reason stands for, nothing in the repository needs. */
  readonly reasons: ReadonlyMap<string, readonly string[]>;
  /** What the generation in use began from: needed until it has a full backup that was restored. */
  readonly source: string | undefined;
  /** Of the newest generation there ever was: what clients wrote there, nobody may have looked through. */
  readonly newest: number;
}

/** Who needs which archive, of all environments and of the whole history of git. @throws InputError */
export async function needsOf(context: ArchivesContext, environment: string, cluster: string): Promise<Needs> {
  const platforms = new Map(context.environments.map((name) => [name, context.platformOf(name)]));
  const platform = platforms.get(environment) ?? context.platformOf(environment);
  const inUse = platform.environment.generation(cluster);
  const used = recoverables(platform).find(({ life }) => life.name === cluster && life.generation === inUse.number);
  if (!used?.archive) throw new InputError(notThere(cluster, platform, used !== undefined));
  const reasons = new Map<string, string[]>();
  for (const [name, each] of platforms) {
    for (const { life, archive } of recoverables(each)) {
      if (!archive) continue;
      const who = `generation ${life.generation} of ${life.name} in ${name}`;
      add(reasons, archive.prefix(life.generation), `${who} writes to it`);
      const from = life.recovery?.from;
      const provable = name === environment && life === used.life;
      if (from !== undefined && !provable) add(reasons, archive.prefix(from), `${who} begins with it`);
    }
  }
  const git = new Git(context.root);
  await git.checkRepository();
  const history = await readHistory(git, generationsFile, { environment, cluster });
  checkCommitted(readText(context.root), { environment, cluster }, history);
  if (history.unread.length > 0) {
    throw new InputError({
      where: generationsFile,
      what: `what ${history.unread.join(', ')} say of it can't be read, so a newer generation may have been`,
      allowed: 'a history that tells which generation is the newest',
      remedy: 'delete the archive by hand, when you have seen in these commits that nobody needs it',
    });
  }
  const copy = platform.environment.copy(cluster)?.number;
  const built = recoverables(platform).filter(({ life }) => life.name === cluster && life.generation !== copy);
  const numbers = [...history.used, ...built.map(({ life }) => life.generation)];
  const from = used.life.recovery?.from;
  return {
    used: used as Needs['used'],
    platform,
    reasons,
    source: from === undefined ? undefined : used.archive.prefix(from),
    newest: Math.max(...numbers),
  };
}

/** The generation of an archive, by its address; undefined for one that is none of this store. */
export function generationOf(address: string): number | undefined {
  const [, number] = /\/[^/]+-(\d+)$/.exec(address) ?? [];
  return number === undefined ? undefined : Number(number);
}

function recoverables(platform: Platform): Prunable[] {
  return platform.all(Recoverable).filter((each): each is Prunable => each.commands.archives !== undefined);
}

function add(reasons: Map<string, string[]>, address: string, reason: string): void {
  reasons.set(address, [...(reasons.get(address) ?? []), reason]);
}

function notThere(cluster: string, platform: Platform, isThere: boolean) {
  const all = recoverables(platform).filter(({ archive }) => archive);
  return {
    where: '--cluster',
    what: isThere ? `${cluster} has no backups` : `there is no cluster ${cluster} with archives that wait for a person`,
    allowed: [...new Set(all.map(({ life }) => life.name))].join(', ') || 'none so far',
    remedy: 'name one of these',
  };
}
