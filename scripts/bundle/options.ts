import { parseArguments } from '../../synth/arguments.ts';
import { UsageError } from '../../synth/command.ts';

export const help = `npm run bundle -- VERB ENVIRONMENT [OPTION...]

The disaster bundle: every secret that a restored platform needs and no commit has, encrypted by age into one file in a
bucket at another provider. Only the printed envelope opens it. No secret is ever printed.

  envelope  once: makes the identity that opens bundles, and writes a page to print, with the keys that the environment
            has, which should only read; what it is encrypted to goes into config/bundles.json
  make      collects from the folder of install/secrets and from the cluster, encrypts, uploads, reads back; older bundles
            stay; what it is goes into config/bundles.json: commit that
  check     whether the newest one in the bucket is the one that is written down, and has every key in use; with
            --identity it is opened, too
  open      fetches the newest one, opens it, compares all sums, and only then writes a new folder
  record    whether what is written down of every environment has every key in use, from files alone: part of npm run check

  --out FILE         envelope: where the page goes; the file must not be there
  --replace          envelope: although there is one, whose identity opens no later bundle
  --without-cluster  make: of the folder alone, before there is a cluster
  --identity FILE    check, open: a file with the identity of the envelope
  --to FOLDER        open: which must not be there    [$DIPTYCH_SECRETS, or ~/.diptych, and the environment]
  --file FILE        check, open: a bundle on disk, in the place of the newest one in the bucket
  --anyway           open: also one that is not the one written down, or lacks a key in use
  --store NAME       bucket of objectStores           [the first one with a lock]
  --help             this text

AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are a pair of that bucket; AWS_ENDPOINT_URL_S3 is another address than its own.
`;

const verbs = ['envelope', 'make', 'check', 'open', 'record'] as const;

const optionsOfVerbs: Readonly<Record<(typeof verbs)[number], readonly string[]>> = {
  envelope: ['out', 'replace', 'store'],
  make: ['without-cluster', 'store'],
  check: ['identity', 'file', 'store'],
  open: ['identity', 'to', 'file', 'anyway', 'store'],
  record: [],
};

export interface BundleOptions {
  readonly verb: (typeof verbs)[number];
  readonly environment: string;
  readonly out: string | undefined;
  readonly replace: boolean;
  readonly withoutCluster: boolean;
  readonly identity: string | undefined;
  readonly to: string | undefined;
  readonly file: string | undefined;
  readonly anyway: boolean;
  readonly store: string | undefined;
}

/** @returns undefined where help is asked for. @throws UsageError */
export function parseOptions(args: readonly string[]): BundleOptions | undefined {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  const { values, positionals } = parseArguments({
    args: [...args],
    allowPositionals: true,
    options: {
      ...{ out: text, identity: text, to: text, file: text, store: text },
      ...{ replace: flag, 'without-cluster': flag, anyway: flag, help: flag },
    },
  });
  if (values.help) return undefined;
  const [asked, environment = '', ...more] = positionals;
  const verb = verbs.find((each) => each === asked);
  if (verb === undefined) throw new UsageError(`what to do? ${verbs.join(', ')}`);
  const wanted = verb === 'record' ? 0 : 1;
  if ((environment === '' ? 0 : 1) + more.length !== wanted) {
    throw new UsageError(wanted === 0 ? 'record is of all environments' : `${verb} is of one environment`);
  }
  const strange = Object.entries(values).find(
    ([name, value]) => value !== false && !optionsOfVerbs[verb].includes(name),
  );
  if (strange !== undefined) throw new UsageError(`--${strange[0]} is nothing for ${verb}`);
  if (verb === 'envelope' && values.out === undefined) throw new UsageError('envelope needs --out FILE');
  if (verb === 'open' && values.identity === undefined) throw new UsageError('open needs --identity FILE');
  return { ...values, verb, environment, withoutCluster: values['without-cluster'] } as BundleOptions;
}
