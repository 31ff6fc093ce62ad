import process from 'node:process';
import { InputError } from '../../constructs/core/error.ts';
import { runCommand } from '../../synth/command.ts';
import type { Output } from '../../synth/command.ts';
import { listArchives, pruneArchive, restored, stillThere } from './cluster.ts';
import type { Archive } from './cluster.ts';
import { generationOf, needsOf } from './needs.ts';
import type { ArchivesContext, Needs } from './needs.ts';
import { declared, help, parseOptions } from './options.ts';
import type { ArchivesOptions } from './options.ts';

/** Runs `npm run archives`. @returns the exit code: 0 done, 1 refused, 2 called wrongly */
export function archivesCommand(
  context: ArchivesContext,
  args: readonly string[],
  output: Output = process,
): Promise<number> {
  return runCommand(
    help,
    async () => {
      const options = parseOptions(args);
      if (options === 'help') return 'help';
      const needs = await needsOf(context, options.environment, options.cluster);
      const archives = await listArchives(context, needs);
      if (options.prune === undefined) {
        output.stdout.write(`${await list(context, needs, archives, options)}\n`);
        return 0;
      }
      const { target, stays } = chosen(needs, archives, options.prune);
      const reasons = await whyNot(context, needs, archives, target);
      if (reasons.length > 0) throw new InputError(reasons.map((what) => refusal(target, what)));
      output.stdout.write(`${target.address} ${options.confirmed ? 'goes' : 'would go'}: ${contents(target)}\n`);
      output.stdout.write(`${stays.address} stays: ${contents(stays)}\n`);
      if (!options.confirmed) {
        const again = command(options, `--prune ${target.address} --again ${target.address}`);
        output.stdout.write(`\nNothing was deleted. What is pruned is gone; to do it:\n\n    ${again}\n`);
        return 0;
      }
      await pruneArchive(context, needs, target.address);
      output.stdout.write(`\n${target.address} is gone. What was copied to the second provider is there.\n`);
      return 0;
    },
    output,
    'nothing more was done',
  );
}

/** Everything that stands in the way of deleting an archive. @throws InputError where the cluster can't be asked */
async function whyNot(
  context: ArchivesContext,
  needs: Needs,
  archives: readonly Archive[],
  { address, keptByHand }: Archive,
): Promise<readonly string[]> {
  const { used, reasons, newest, source } = needs;
  const found = [...(reasons.get(address) ?? [])];
  if (keptByHand.length > 0) found.push(`a person marked ${keptByHand.join(', ')}, to be kept`);
  const number = generationOf(address);
  if (number === newest) found.push(`generation ${newest} is the newest there was`);
  const own = archives.find((each) => each.address === used.archive.prefix(used.life.generation));
  const [oldest] = own?.fulls ?? [];
  const who = `generation ${used.life.generation}, which is in use,`;
  const began = source === address ? ' and it began with this one' : '';
  if (oldest === undefined) return [...found, `${who} has no full backup yet${began}`];
  if (number !== undefined && (await stillThere(context, needs, number))) {
    found.push(`the cluster ${used.life.scopeOf(number)} is still there`);
  }
  const test = await restored(context, needs);
  if (test === undefined || (test !== 'never tested' && test < new Date(oldest.finished))) {
    found.push(`no backup of ${who} was restored and read yet${began}`);
  }
  return found;
}

async function list(
  context: ArchivesContext,
  needs: Needs,
  archives: readonly Archive[],
  options: ArchivesOptions,
): Promise<string> {
  const lines = [];
  for (const archive of archives) {
    const reasons = await whyNot(context, needs, archives, archive);
    lines.push(archive.address, `  ${contents(archive)}`);
    lines.push(...(reasons.length > 0 ? reasons.map((reason) => `  kept: ${reason}`) : ['  nobody needs it']));
  }
  return [...lines, '', `To see what pruning one would mean: ${command(options, '--prune ADDRESS')}`].join('\n');
}

function chosen(
  { used }: Needs,
  archives: readonly Archive[],
  address: string,
): { readonly target: Archive; readonly stays: Archive } {
  const target = archives.find((each) => each.address === address);
  const stays = archives.find((each) => each.address === used.archive.prefix(used.life.generation));
  if (target !== undefined && stays !== undefined) return { target, stays };
  throw new InputError({
    where: '--prune',
    what: target === undefined ? `there is no archive ${address}` : 'the generation in use has no archive yet',
    allowed: archives.map((each) => each.address).join(', ') || 'none so far',
    remedy:
      target === undefined ? 'name one of these, as npm run archives prints it' : 'wait for its first full backup',
  });
}

function refusal({ address }: Archive, what: string) {
  return {
    where: address,
    what,
    allowed: 'an archive that nobody needs, beside a newer one that recovers',
    remedy: 'leave it; npm run archives lists who needs which',
  };
}

/** What can be recovered from an archive, and how large it is. */
function contents({ fulls, files, bytes, written, everySecondSince, missing }: Archive): string {
  const size = `${files} files, ${(bytes / 1024 ** 3).toFixed(2)} GiB`;
  const last = written === null ? '' : `, written to until ${minute(written)}`;
  const [first] = fulls;
  if (first === undefined) return `no full backup, so nothing can be recovered from it; ${size}${last}`;
  const ends = `${fulls.length} full backups from ${minute(first.finished)} to ${minute(fulls.at(-1)?.finished ?? '')}`;
  return `${ends}${between(everySecondSince, missing)}; ${size}${last}`;
}

/** What can be recovered between the ends of full backups. */
function between(everySecondSince: string | null, missing: readonly string[] | null): string {
  if (missing === null) return ', whether WAL is missing is not known';
  const lost =
    missing.length === 0
      ? ''
      : `, ${missing.length} ${missing.length === 1 ? 'segment of WAL is' : 'segments of WAL are'} missing`;
  if (everySecondSince === null) return lost;
  return `, every second since ${minute(everySecondSince)}${lost === '' ? '' : `${lost} before`}`;
}

/** The time in UTC, to the minute. */
function minute(time: string): string {
  return `${new Date(time).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

function command({ cluster, environment }: ArchivesOptions, rest: string): string {
  const others = [
    ...(cluster === declared.cluster.default ? [] : [`--cluster ${cluster}`]),
    ...(environment === declared.environment.default ? [] : [`--environment ${environment}`]),
  ];
  return ['npm run archives --', ...others, rest].join(' ');
}
