import { parseArgs } from 'node:util';
import { InputError } from '../../constructs/core/error.ts';
import type { Finding } from '../../constructs/core/error.ts';
import { parseMoment } from './moment.ts';

export interface RecoverOptions {
  readonly environment: string;
  /** Name of the cluster, without a generation. */
  readonly cluster: string;
  /** As PostgreSQL takes it; undefined for all there is. */
  readonly to: string | undefined;
  /** The generation to read; undefined for the one in use. */
  readonly from: number | undefined;
  /** Whether clients stay where they are. */
  readonly beside: boolean;
  readonly dryRun: boolean;
}

export const help = `npm run recover -- pg --to TIME [OPTION...]

Writes down that a database is recovered from its archive: config/generations.json, what npm run synth makes of it,
a commit message, and the steps from there with all names filled in. It changes nothing in a cluster: the release does.

  --to TIME           ISO 8601 with Z or an offset, such as 2026-11-22T10:00:00Z; or latest, for all that was archived
  --from NUMBER       the generation whose archive is read                [the one in use]
  --beside            a cluster beside the running one, to look at what it holds; clients stay where they are
  --cluster NAME      the database cluster                                [postgres]
  --environment NAME  the environment of config/environments              [production]
  --dry-run           check everything, tell what would be written, and write nothing
  --help              this text

The procedure around it: docs/runbooks/postgres-recovery.md.
`;

/** What can be recovered so far: `pg`. */
export const recoveredKind = 'pg';

export const declared = {
  to: { type: 'string' },
  from: { type: 'string' },
  beside: { type: 'boolean', default: false },
  cluster: { type: 'string', default: 'postgres' },
  environment: { type: 'string', default: 'production' },
  'dry-run': { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

/**
 * Reads the command line.
 * @returns `help` when that is all that was asked for
 * @throws InputError with all that is wrong; what node:util throws for an option that doesn't exist
 */
export function parseOptions(args: readonly string[], now: Date): RecoverOptions | 'help' {
  const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options: declared });
  if (values.help) return 'help';
  const findings: Finding[] = [];
  if (positionals.length !== 1 || positionals[0] !== recoveredKind) {
    findings.push({
      where: 'npm run recover',
      what: positionals.length === 0 ? 'it is not said what to recover' : `it can't recover ${positionals.join(' ')}`,
      allowed: 'pg, for a cluster of PostgreSQL',
      remedy: 'npm run recover -- pg --to TIME',
    });
  }
  const moment =
    values.to === undefined ? timeIsMissing : values.to === 'latest' ? undefined : parseMoment(values.to, now);
  if (typeof moment === 'object') findings.push({ where: '--to', ...moment });
  if (values.from !== undefined && !/^[1-9]\d{0,5}$/.test(values.from)) {
    findings.push({
      where: '--from',
      what: `"${values.from}" is no generation`,
      allowed: 'a number from 1, as in config/generations.json',
      remedy: 'correct it, or leave it out for the generation in use',
    });
  }
  if (findings.length > 0) throw new InputError(findings);
  return {
    environment: values.environment,
    cluster: values.cluster,
    to: typeof moment === 'object' ? undefined : moment,
    from: values.from === undefined ? undefined : Number(values.from),
    beside: values.beside,
    dryRun: values['dry-run'],
  };
}

const timeIsMissing = {
  what: 'it is not said to when',
  allowed: '--to TIME, such as --to 2026-11-22T10:00:00Z, or --to latest for all that was archived',
  remedy: 'add it',
};
