import { InputError } from '../../constructs/core/error.ts';
import type { Finding } from '../../constructs/core/error.ts';
import { kindNames, kinds } from './kinds.ts';
import type { Kind } from './kinds.ts';
import { parseMoment } from './moment.ts';
import { parseArguments } from '../../synth/arguments.ts';

export interface RecoverOptions {
  readonly kind: Kind;
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
npm run recover -- redis --at TIME [OPTION...]
npm run recover -- ad --at TIME [OPTION...]

Writes down that a store is recovered from its backups: config/generations.json, what npm run synth makes of it,
a commit message, and the steps from there with all names filled in. It changes nothing in a cluster: the release does.

  --to TIME           pg: ISO 8601 with Z or an offset, such as 2026-11-22T10:00:00Z; or latest, for all that was archived
  --at TIME           redis, ad: the same; it begins with the newest backup that was complete by then
  --from NUMBER       the generation whose archive is read                [the one in use]
  --beside            pg: a cluster beside the running one, to look at what it holds; clients stay where they are
  --cluster NAME      which one of its kind                               [postgres; redis; samba]
  --environment NAME  the environment of config/environments              [production]
  --dry-run           check everything, tell what would be written, and write nothing
  --help              this text

The procedure around it: postgres-recovery.md, redis-recovery.md and directory-recovery.md in docs/runbooks/.
`;

export const declared = {
  to: { type: 'string' },
  at: { type: 'string' },
  from: { type: 'string' },
  beside: { type: 'boolean', default: false },
  cluster: { type: 'string' },
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
  const { values, positionals } = parseArguments({ args: [...args], allowPositionals: true, options: declared });
  if (values.help) return 'help';
  const findings: Finding[] = [];
  const [named = ''] = positionals;
  const known = positionals.length === 1 && isKind(named);
  if (!known) {
    findings.push({
      where: 'npm run recover',
      what: positionals.length === 0 ? 'it is not said what to recover' : `it can't recover ${positionals.join(' ')}`,
      allowed: 'pg, for a cluster of PostgreSQL; redis, for Redis or Valkey; ad, for the directory',
      remedy: 'npm run recover -- pg --to TIME, npm run recover -- redis --at TIME, or npm run recover -- ad --at TIME',
    });
  }
  const kind = known ? named : values.at === undefined ? 'pg' : 'redis';
  const { moment: option, cluster, beside } = kinds[kind];
  const other = option === 'to' ? 'at' : 'to';
  if (values[other] !== undefined) {
    findings.push({
      where: `--${other}`,
      what: `it is no option of ${kind}`,
      allowed: kinds[kind].moments,
      remedy: `name the moment by --${option}`,
    });
  }
  if (values.beside && !beside) {
    findings.push({
      where: '--beside',
      what: `it is no option of ${kind}`,
      allowed: 'a recovery in place: what it begins with is only read, and the way back is open until you confirm',
      remedy: 'leave it out; what a backup holds, the restore test counts',
    });
  }
  const given = values[option];
  const moment =
    given === undefined && values[other] === undefined
      ? timeIsMissing(option)
      : given === undefined || given === 'latest'
        ? undefined
        : parseMoment(given, now);
  if (typeof moment === 'object') findings.push({ where: `--${option}`, ...moment });
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
    kind,
    environment: values.environment,
    cluster: values.cluster ?? cluster,
    to: typeof moment === 'object' ? undefined : moment,
    from: values.from === undefined ? undefined : Number(values.from),
    beside: values.beside,
    dryRun: values['dry-run'],
  };
}

function timeIsMissing(option: 'to' | 'at') {
  return {
    what: 'it is not said to when',
    allowed: `--${option} TIME, such as --${option} 2026-11-22T10:00:00Z, or --${option} latest for the newest there is`,
    remedy: 'add it',
  };
}

function isKind(text: string): text is Kind {
  return (kindNames as readonly string[]).includes(text);
}
