import { describeManifest } from '../../constructs/core/manifest.ts';
import type { Manifest } from '../../constructs/core/manifest.ts';
import type { Finding } from '../../constructs/core/error.ts';
import { stateFile } from '../buckets/wanted.ts';

/** @see https://www.rfc-editor.org/rfc/rfc6761 and https://www.rfc-editor.org/rfc/rfc2606 (both 2026-11) */
const nobodysName = /(^|\.)example(\.(com|net|org))?$|\.(test|invalid|localhost)$/;
/** @see https://www.rfc-editor.org/rfc/rfc5737 (2026-11) */
const nobodysAddress = /^(192\.0\.2|198\.51\.100|203\.0\.113)\.\d+$/;
/** @see https://www.rfc-editor.org/rfc/rfc3849 (2026-11) */
const nobodysNetwork = /(?<![\w:])2001:db8:[\da-f:]*/;
/** Within text that may be anything, only what nobody writes without meaning it. */
const inAnyText = new RegExp(
  [
    /(?<![\w.-])(?:[\w.+-]+@)?(?:[a-z0-9-]+\.)*example\.(?:com|net|org)(?![\w-])/,
    /(?<![\d.])(?:192\.0\.2|198\.51\.100|203\.0\.113)\.\d+/,
    nobodysNetwork,
  ]
    .map(({ source }) => source)
    .join('|'),
  'gi',
);

export interface ExampleSources {
  readonly environment: string;
  /** What `config/environments/<environment>.ts` says. */
  readonly input: unknown;
  /** `config/images.json`. */
  readonly images: Readonly<Record<string, { readonly repository: string }>>;
  /** The text of `.github/CODEOWNERS`; undefined where there is none. */
  readonly owners: string | undefined;
  /** The text of `terraform/state.s3.tfbackend`; undefined where it is of nobody's machines. */
  readonly state: string | undefined;
  /** Everything that Argo CD would apply. */
  readonly manifests: readonly Manifest[];
}

/** Values that came with this repository and are nobody's: domains, addresses, accounts and mail addresses. */
export function exampleFindings({
  environment,
  input,
  images,
  owners = '',
  state = '',
  manifests,
}: ExampleSources): Finding[] {
  const file = `config/environments/${environment}.ts`;
  const configured = [
    ...textsOf(input).map(([path, text]) => [`${file}: ${path}`, text] as const),
    ...Object.entries(images).map(([name, { repository }]) => [`config/images.json: ${name}`, repository] as const),
  ].flatMap(([where, text]) => exampleIn(text).map((word) => ({ where, text, word })));
  const known = configured.map(({ word }) => word);
  const teams = owners
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .flatMap((line) => line.match(/\S*@\S+/g) ?? [])
    .filter((team) => exampleIn(team).length > 0);
  return [
    ...configured.map(({ where, text }) => finding(where, text, 'put your own there')),
    ...[...new Set(teams)].map((team) => finding('.github/CODEOWNERS', team, 'put your team or people there')),
    ...(/(?<=^\s*bucket\s*=\s*")[^"]+/m.exec(state) ?? [])
      .filter((bucket) => exampleIn(bucket).length > 0)
      .map((bucket) => finding(`${stateFile}: bucket`, bucket, 'put your own there, before npm run buckets -- state')),
    ...manifests.flatMap((manifest) =>
      [...new Set(textsOf(manifest).flatMap(([, text]) => text.match(inAnyText) ?? []))]
        .filter((text) => !known.some((word) => text.toLowerCase().endsWith(word)))
        .map((text) => finding(describeManifest(manifest), text, 'change it where apps/ or a construct has it')),
    ),
  ];
}

function finding(where: string, text: string, remedy: string): Finding {
  return { where, what: `${text} is an example`, allowed: 'what is yours', remedy };
}

/** What in a value of the configuration is nobody's. */
function exampleIn(text: string): string[] {
  const words = text.toLowerCase().split(/[^a-z0-9.-]+/);
  const found = words.filter(
    (word) => nobodysName.test(word) || nobodysAddress.test(word) || word.startsWith('example-'),
  );
  return [...found, ...(nobodysNetwork.exec(text.toLowerCase()) ?? [])].slice(0, 1);
}

/** Every text of a value, with its path. */
function textsOf(value: unknown, path: readonly string[] = []): [string, string][] {
  if (typeof value === 'string') return [[path.join('.'), value]];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, each]) => textsOf(each, [...path, key]));
}
