import { parseArgs } from 'node:util';
import { InputError } from '../../constructs/core/error.ts';
import type { Finding } from '../../constructs/core/error.ts';

/** What a run does: one of four things. */
export type SealMode = 'seal' | 'reseal' | 'status' | 'prune' | 'help';

export interface SealOptions {
  readonly mode: SealMode;
  readonly environment: string;
  /** Empty in modes that seal nothing. */
  readonly cert: string;
  readonly privateKeys: readonly string[];
  readonly valueFiles: readonly { readonly selector: string; readonly file: string }[];
  readonly values: string | undefined;
  readonly rotate: readonly string[];
  readonly skipHuman: boolean;
  readonly check: boolean;
  readonly json: boolean;
}

export const help = `npm run seal -- MODE [OPTION...]

Makes and seals the values of the secret inventory, as secrets/ENVIRONMENT/NAMESPACE/NAME.yaml.

  --cert FILE                    seal what is not sealed yet with the certificate of the sealed-secrets controller
    --rotate NAME[.KEY]          and make new values for this secret or key, in all its copies; may be repeated
    --private-key FILE           open existing copies with a backup of the sealing key, to seal the same value for a
                                 new namespace; PEM, may be repeated
    --value-file NAME.KEY=FILE   take a human value from a file, without its last line end; may be repeated
    --values FILE|-              take human values from JSON, {"name": {"key": "value"}}; - is standard input
    --skip-human                 seal the rest if human values are missing
  --reseal --cert NEW --private-key OLD
                                 seal every value again for a new sealing key; values stay as they are
  --status                       what is sealed, how old it is, and what is missing
    --check                      exit with 1 if something is missing or due for rotation
    --json                       as JSON
  --prune                        remove what is no longer in the inventory, and certificates of authorities that another one
                                 replaced 90 days ago: nothing that they signed is valid any more
  --help                         this text

  --environment NAME             production if not given

A human value that no file gives is asked for on the terminal. A value is never an argument.
`;

const declared = {
  cert: { type: 'string', modes: ['seal', 'reseal'] },
  'private-key': { type: 'string', multiple: true, modes: ['seal', 'reseal'] },
  'value-file': { type: 'string', multiple: true, modes: ['seal'] },
  values: { type: 'string', modes: ['seal'] },
  rotate: { type: 'string', multiple: true, modes: ['seal'] },
  'skip-human': { type: 'boolean', modes: ['seal'] },
  reseal: { type: 'boolean', modes: ['reseal'] },
  status: { type: 'boolean', modes: ['status'] },
  check: { type: 'boolean', modes: ['status'] },
  json: { type: 'boolean', modes: ['status'] },
  prune: { type: 'boolean', modes: ['prune'] },
  help: { type: 'boolean', short: 'h', modes: ['help'] },
  environment: { type: 'string', modes: ['seal', 'reseal', 'status', 'prune'] },
} as const;

type Name = keyof typeof declared;
const isDeclared = (name: string): name is Name => Object.hasOwn(declared, name);
const LIKE_A_VALUE = /^(value|pass|pw|secret|token|key|pin|credential)/i;

/**
 * Parses the command line. Throws one InputError for all that is wrong with it, naming arguments by their position only:
 * whatever stands where it shouldn't may be a value.
 */
export function parseOptions(args: readonly string[]): SealOptions {
  const findings: Finding[] = [];
  const given = readTokens(args, findings);
  const refuse = (what: string, allowed: string, remedy: string): void => {
    findings.push({ where: 'npm run seal', what, allowed, remedy });
  };
  const understood = findings.length === 0;
  const mode: SealMode = (['help', 'reseal', 'status', 'prune'] as const).find((name) => given.has(name)) ?? 'seal';
  for (const name of given.keys()) {
    const { modes } = declared[name] as { readonly modes: readonly SealMode[] };
    if (mode === 'help' || modes.includes(mode)) continue;
    const allowed = modes.map(inWords).join(' or ');
    refuse(`--${name} has no meaning ${inWords(mode)}`, allowed, `leave out --${name}, or run it separately`);
  }
  if (understood && (mode === 'seal' || mode === 'reseal') && !given.has('cert')) {
    refuse(
      'the certificate to seal with is not given',
      '--cert FILE; without it only --status, --prune and --help',
      'kubeseal --fetch-cert --controller-namespace sealed-secrets > sealing.crt',
    );
  }
  if (understood && mode === 'reseal' && !given.has('private-key')) {
    refuse(
      '--reseal has to open what is sealed, and no private key is given',
      '--private-key FILE: backups of the old sealing keys',
      'without them the live controller can do it, file by file: kubeseal --re-encrypt --controller-namespace sealed-secrets -o yaml < FILE > NEW',
    );
  }
  const environment = given.get('environment')?.[0] ?? 'production';
  if (!/^[a-z0-9][a-z0-9-]*$/.test(environment)) {
    refuse('--environment is not a name', 'lower-case letters, digits and hyphens', 'name a folder of secrets/');
  }
  const valueFiles = (given.get('value-file') ?? []).map((text, index) => {
    const split = text.indexOf('=');
    if (split < 1 || split === text.length - 1) {
      refuse(`--value-file, number ${index + 1}, is not NAME.KEY=FILE`, 'NAME.KEY=FILE', 'name the key and its file');
    }
    return { selector: text.slice(0, split), file: text.slice(split + 1) };
  });
  if (findings.length > 0) throw new InputError(findings);
  return {
    mode,
    environment,
    cert: given.get('cert')?.[0] ?? '',
    privateKeys: given.get('private-key') ?? [],
    valueFiles,
    values: given.get('values')?.[0],
    rotate: given.get('rotate') ?? [],
    skipHuman: given.has('skip-human'),
    check: given.has('check'),
    json: given.has('json'),
  };
}

/** The texts of each option; everything else on the command line becomes a finding. */
function readTokens(args: readonly string[], findings: Finding[]): Map<Name, string[]> {
  const given = new Map<Name, string[]>();
  const { tokens } = parseArgs({ args: [...args], options: declared, strict: false, tokens: true });
  for (const token of tokens) {
    if (token.kind === 'option-terminator') continue;
    const where = `argument ${token.index + 1}`;
    if (token.kind === 'positional' || !isDeclared(token.name)) {
      const mistyped = token.kind === 'option' && token.value === undefined && !LIKE_A_VALUE.test(token.name);
      findings.push(mistyped ? unknownOption(where) : valueAsArgument(where));
      continue;
    }
    const { name, value, inlineValue } = token;
    const option: { readonly type: string; readonly multiple?: boolean } = declared[name];
    const refuse = (what: string, allowed: string): void => {
      findings.push({ where, what: `--${name} ${what}`, allowed, remedy: 'see npm run seal -- --help' });
    };
    const lacksText = !value || (!inlineValue && /^-./.test(value));
    if (option.type === 'boolean' && value !== undefined) refuse('takes nothing', `--${name}`);
    else if (option.type === 'string' && lacksText) refuse('needs a text', `--${name} TEXT`);
    else if (given.has(name) && option.multiple !== true) refuse('is given twice', 'once');
    else given.set(name, [...(given.get(name) ?? []), value ?? '']);
  }
  return given;
}

function inWords(mode: SealMode): string {
  return mode === 'seal' ? 'for sealing (--cert without a mode)' : `with --${mode}`;
}

function valueAsArgument(where: string): Finding {
  return {
    where,
    what: 'looks like a value; as an argument it stands in the process list and in the history of the shell',
    allowed: 'options only (npm run seal -- --help)',
    remedy: 'give it at the prompt, by --value-file NAME.KEY=FILE or by --values FILE|-; clear it from the history',
  };
}

function unknownOption(where: string): Finding {
  return {
    where,
    what: 'is no option of this command',
    allowed: Object.keys(declared)
      .map((name) => `--${name}`)
      .join(', '),
    remedy: 'see npm run seal -- --help',
  };
}
