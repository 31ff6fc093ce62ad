import { parseArguments } from '../../synth/arguments.ts';
import { UsageError } from '../../synth/command.ts';

export const help = `npm run way-back -- ENVIRONMENT [OPTION...]

Whether a lost cluster could be brought back, from the folder of secrets, the repository and the buckets alone: every secret that
is needed, every key that anything is sealed with, and for each store a whole backup that it is configured to begin with.
install/run --restore asks it before it touches a machine. It writes nothing but --out.

  --snapshot NAME    a snapshot of etcd in the bucket of k3s.snapshots, or latest: fetched, and proven to be whole, of K3s, and of
                     the token in the folder. Stores stay as they are, so backups are not asked for
  --out FILE         --snapshot: where it goes, unpacked; its name goes to FILE.name
  --secrets FOLDER   [$DIPTYCH_SECRETS, or ~/.diptych, and the environment]
  --help             this text

Keys of a bucket are those in the folder (tokens/STORE), else AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; AWS_ENDPOINT_URL_S3 is
another address than its own. Exit code: 0 there is a way back, 1 there is none, 2 called wrongly.
`;

export interface WayBackOptions {
  readonly environment: string;
  readonly secrets: string | undefined;
  readonly snapshot: string | undefined;
  readonly out: string | undefined;
}

/** @returns undefined where help is asked for. @throws UsageError */
export function parseOptions(args: readonly string[]): WayBackOptions | undefined {
  const text = { type: 'string' } as const;
  const { values, positionals } = parseArguments({
    args: [...args],
    allowPositionals: true,
    options: { secrets: text, snapshot: text, out: text, help: { type: 'boolean', default: false } },
  });
  if (values.help) return undefined;
  const [environment, ...more] = positionals;
  if (environment === undefined || more.length > 0) throw new UsageError('it is about one environment');
  if (values.out !== undefined && values.snapshot === undefined) throw new UsageError('--out is of --snapshot');
  return { environment, secrets: values.secrets, snapshot: values.snapshot, out: values.out };
}
