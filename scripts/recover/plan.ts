import fs from 'node:fs';
import path from 'node:path';
import { generationsFile as file } from '../../config/index.ts';
import type { GenerationsInput } from '../../config/schema.ts';
import type { Generation } from '../../constructs/core/environment.ts';
import { InputError } from '../../constructs/core/error.ts';
import type { Platform } from '../../constructs/core/platform.ts';
import { Recoverable } from '../../constructs/stateful/index.ts';
import type { RecoveryArchive } from '../../constructs/stateful/index.ts';
import type { SynthResult } from '../../synth/synthesise.ts';
import { Git } from '../release/git.ts';
import { generationsText, parseGenerations, withGeneration } from './generations-file.ts';
import type { Recovered } from './generations-file.ts';
import { generationsIn, readHistory } from './history.ts';
import type { Generations, History, Owner } from './history.ts';
import { kinds } from './kinds.ts';
import type { Kind } from './kinds.ts';
import { microsecondsOf } from './moment.ts';
import type { RecoverOptions } from './options.ts';

/** What the command takes from the world. */
export interface RecoverContext {
  /** The repository's root. */
  readonly root: string;
  readonly now: Date;
  /**
   * Synthesises the environment, with other generations than those of the file where some are given.
   * @throws InputError, having written nothing
   */
  readonly synthesise: (environment: string, generations: GenerationsInput | undefined, dryRun: boolean) => SynthResult;
}

/** A cluster with the archive it writes. */
export interface ArchivedCluster {
  readonly cluster: Recoverable;
  readonly archive: RecoveryArchive;
}

export interface RecoveryPlan {
  readonly options: RecoverOptions;
  /** Text of the file of generations. */
  readonly textBefore: string;
  readonly text: string;
  readonly generations: GenerationsInput;
  readonly recovered: Recovered;
  /** The generation in use before. */
  readonly former: ArchivedCluster;
  readonly next: ArchivedCluster;
  /** A copy that this one takes the place of. */
  readonly replaced: Generation | undefined;
  /** What would be written. */
  readonly result: SynthResult;
  /** Commits whose generations could not be read. */
  readonly unread: readonly string[];
}

/** Decides everything and writes nothing. @throws InputError with what stands in the way */
export async function planRecovery(context: RecoverContext, options: RecoverOptions): Promise<RecoveryPlan> {
  const { kind, environment: name, cluster, beside } = options;
  const owner: Owner = { environment: name, cluster };
  const { platform } = context.synthesise(name, undefined, true);
  const { environment } = platform;
  const inUse: Generations = { generation: environment.generation(cluster), copy: environment.copy(cluster) };
  const former = findCluster(clustersOf(platform, kind), cluster, environment.generation(cluster).number);
  const textBefore = readText(context.root);
  const history = await readHistory(new Git(context.root), file, owner);
  checkInForce(textBefore, owner, inUse);
  checkCommitted(textBefore, owner, history);
  const known = [inUse.generation, inUse.copy, ...history.generations].filter((each) => each !== undefined);
  // A file of apps/ may number one itself, for an upgrade.
  const built = clustersOf(platform, kind).filter(({ life }) => life.name === cluster);
  const numbers = [
    ...known.flatMap((each) => [each.number, each.recovery?.from ?? 1]),
    ...built.map(({ life }) => life.generation),
  ];
  const number = 1 + Math.max(...numbers);
  const from = options.from ?? environment.generation(cluster).number;
  checkSource(options, from, number, known);
  const { to } = options;
  const recovered: Recovered = { number, recovery: { from, ...(to === undefined ? {} : { to }) } };
  const table = beside ? 'copies' : 'generations';
  const generations = withGeneration(parseGenerations(textBefore), name, table, cluster, recovered);
  const result = context.synthesise(name, generations, true);
  return {
    ...{ options, textBefore, text: generationsText(generations), generations, recovered, former, result },
    next: findCluster(clustersOf(result.platform, kind), cluster, number),
    replaced: beside ? inUse.copy : undefined,
    unread: history.unread,
  };
}

function clustersOf(platform: Platform, kind: Kind): Recoverable[] {
  return platform.all(Recoverable).filter((each) => each.kind === kind);
}

function findCluster(all: readonly Recoverable[], name: string, generation: number): ArchivedCluster {
  const cluster = all.find((each) => each.life.name === name && each.life.generation === generation);
  if (cluster?.archive) return { cluster, archive: cluster.archive };
  throw new InputError({
    where: '--cluster',
    what: cluster ? `${name} has no backups, so there is nothing to recover it from` : `there is no cluster ${name}`,
    allowed:
      [...new Set(all.filter(({ archive }) => archive).map((each) => each.life.name))].join(', ') || 'none so far',
    remedy: cluster ? 'another cluster; backups: false in apps/ says so' : 'name one of these',
  });
}

export function readText(root: string): string {
  try {
    return fs.readFileSync(path.join(root, file), 'utf8');
  } catch (error) {
    throw new InputError({
      where: file,
      what: `it can't be read: ${(error as NodeJS.ErrnoException).code ?? String(error)}`,
      allowed: 'a file that says which generations there are; {} for none',
      remedy: `git checkout HEAD -- ${file}`,
    });
  }
}

function checkInForce(text: string, owner: Owner, inUse: Generations): void {
  if (same(generationsIn(text, owner), inUse)) return;
  throw new InputError({
    where: file,
    what: `what is in force for ${owner.cluster} is not what stands there`,
    allowed: 'a file that nobody changes meanwhile',
    remedy: 'run again',
  });
}

/** What was never committed was never released either. */
export function checkCommitted(text: string, owner: Owner, { head }: History): void {
  if (head === undefined || same(generationsIn(text, owner), head)) return;
  throw new InputError({
    where: file,
    what: `generations or copies of ${owner.cluster} are changed and not committed`,
    allowed: 'what the last commit says: a generation that was never released has no archive to read',
    remedy: `git checkout HEAD -- ${file} && npm run synth, or commit and release it first`,
  });
}

/** The archive that is read has to be that of a generation, and reach back to the moment. */
function checkSource(
  { kind, to, from: given }: RecoverOptions,
  from: number,
  next: number,
  known: readonly Generation[],
): void {
  if (from >= next) {
    throw new InputError({
      where: '--from',
      what: `there was no generation ${from}`,
      allowed: next === 2 ? '1' : `1 to ${next - 1}`,
      remedy: 'name one of these, or leave it out for the one in use',
    });
  }
  const began = known.find((each) => each.number === from && each.recovery?.to !== undefined)?.recovery;
  if (to === undefined || began?.to === undefined || microsecondsOf(to) > microsecondsOf(began.to)) return;
  throw new InputError({
    where: given === undefined ? `--${kinds[kind].moment}` : '--from',
    what: `generation ${from} was itself recovered to ${began.to}: its archive begins later than ${to}`,
    allowed: `a moment after its recovery, or the generation that was in use at ${to}`,
    remedy: `add --from ${began.from}`,
  });
}

/** Not written down is the same as the first. */
function same(a: Generations, b: Generations): boolean {
  const picture = ({ generation, copy }: Generations): string =>
    JSON.stringify(
      [generation ?? { number: 1 }, copy].map((each) => [each?.number, each?.recovery?.from, each?.recovery?.to]),
    );
  return picture(a) === picture(b);
}
