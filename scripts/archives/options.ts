import { InputError } from '../../constructs/core/error.ts';
import { parseArguments } from '../../synth/arguments.ts';

export interface ArchivesOptions {
  readonly environment: string;
  /** Name of the store, without a generation. */
  readonly cluster: string;
  /** Address of the archive that is to go; undefined for a list. */
  readonly prune: string | undefined;
  /** Whether it was named twice. */
  readonly confirmed: boolean;
}

export const help = `npm run archives [-- OPTION...]

Lists the archives of a database's generations: what each holds, and who needs it. Prunes one that nobody needs, when it is
asked twice. It asks the running cluster, by kubectl and its current context; keys stay where they are.

  --prune ADDRESS     what would be deleted, what stays recoverable, or why it is refused; deletes nothing
  --again ADDRESS     with --prune and the same address: deletes it, for good
  --cluster NAME      the database cluster                                [postgres]
  --environment NAME  the environment of config/environments              [production]
  --help              this text

Copies at the second provider stay: nobody here may delete them.
`;

export const declared = {
  prune: { type: 'string' },
  again: { type: 'string' },
  cluster: { type: 'string', default: 'postgres' },
  environment: { type: 'string', default: 'production' },
  help: { type: 'boolean', default: false },
} as const;

/**
 * Reads the command line.
 * @returns `help` when that is all that was asked for
 * @throws InputError for two addresses that differ; what node:util throws for an option that doesn't exist
 */
export function parseOptions(args: readonly string[]): ArchivesOptions | 'help' {
  const { values } = parseArguments({ args: [...args], allowPositionals: false, options: declared });
  const { help: wanted, prune, again, cluster, environment } = values;
  if (wanted) return 'help';
  if (again !== undefined && again !== prune) {
    throw new InputError({
      where: '--again',
      what: `it says ${again}, and --prune ${prune ?? 'nothing'}`,
      allowed: 'exactly the same address: what is pruned is gone',
      remedy: 'see first what --prune alone says',
    });
  }
  return { environment, cluster, prune, confirmed: again !== undefined };
}
