import { Construct } from 'constructs';
import { applicationOf } from './application-chart.ts';
import { InputError } from './error.ts';
import type { Finding } from './error.ts';
import { checkName } from './names.ts';
import { called, checkOptions, optionProblems } from './option-names.ts';
import type { OptionNames } from './option-names.ts';
import type { SecretInventoryEntry, SecretSource } from './secret.ts';

/** One key of a secret: what containers are given instead of a value. */
export interface SecretKeyReference {
  readonly secret: SecretRef;
  readonly key: string;
}

export interface SecretRefProps {
  /** Name of the Kubernetes Secret in each namespace that uses it. */
  readonly name: string;
  /** One sentence: what it opens. */
  readonly purpose: string;
  /** Where each key's value comes from. */
  readonly keys: Readonly<Record<string, SecretSource>>;
  /**
   * Type of the Kubernetes Secret. Immutable after creation.
   * @default Opaque
   */
  readonly type?: string;
  /**
   * Days after which `npm run seal -- --status` asks for new values; false for values that are never to be replaced, because
   * what was written with them could not be read any more.
   * @default 365
   */
  readonly rotationDays?: number | false;
}

const options: OptionNames<SecretRefProps> = {
  name: 'required',
  purpose: 'required',
  keys: 'required',
  type: true,
  rotationDays: true,
};

type Kind = SecretSource['kind'];

/** What each kind of key is given: the one's options are none of the other's. */
const sources: { readonly [K in Kind]: OptionNames<Extract<SecretSource, { readonly kind: K }>> } = {
  random: { kind: 'required', bytes: 'required', encoding: 'required' },
  rsa: { kind: 'required', bits: 'required', publicKey: true },
  ed25519: { kind: 'required', publicKey: true },
  authority: { kind: 'required', certificate: 'required' },
  human: { kind: 'required', prompt: 'required', minimumLength: true, word: true, dockerConfigOf: true, urlAt: true },
  fixed: { kind: 'required', value: 'required' },
};

/** The hook annotations of a copy that has to exist before the application's other objects. */
type CopyAnnotations = Readonly<Record<string, string>>;

interface Copy {
  readonly namespace: string;
  readonly application: string;
  readonly annotations: CopyAnnotations;
}

/**
 * A secret by reference: values are made and sealed by `npm run seal` and never pass through a construct. The list of
 * all of them is the secret inventory.
 */
export class SecretRef extends Construct {
  readonly name: string;
  private readonly props: SecretRefProps;
  private readonly copies = new Map<string, Copy>();

  constructor(scope: Construct, id: string, props: SecretRefProps) {
    super(scope, id);
    checkOptions(`secret ${called(props, id)}`, props, options);
    this.props = props;
    this.name = checkName(`secret ${props.name}`, props.name, 'subdomain');
    const findings = [
      ...rotationFindings(`secret ${this.name}`, props.rotationDays),
      ...keyFindings(`secret ${this.name}`, props.keys),
    ];
    if (findings.length > 0) throw new InputError(findings);
  }

  /** @throws InputError naming the keys there are */
  key(key: string): SecretKeyReference {
    if (!(key in this.props.keys)) {
      throw new InputError({
        where: `secret ${this.name}`,
        what: `there is no key "${key}"`,
        allowed: Object.keys(this.props.keys).join(', '),
        remedy: 'name one of these, or add the key where the secret is declared',
      });
    }
    return { secret: this, key };
  }

  /** Says that the namespace of `scope` needs this secret. */
  copyTo(scope: Construct, annotations: CopyAnnotations = {}): void {
    const { destination, application } = applicationOf(scope);
    this.add({ namespace: destination.name, application, annotations });
  }

  /** Says that a namespace needs this secret, whichever applications are in it: the one that declares it brings the copy. */
  copyInto(namespace: string): void {
    this.add({ namespace, application: applicationOf(this).application, annotations: {} });
  }

  inventoryEntry(): SecretInventoryEntry & { readonly copies: readonly Copy[] } {
    const { purpose, keys, type = 'Opaque', rotationDays = 365 } = this.props;
    const copies = [...this.copies.values()].sort((a, b) => (a.namespace < b.namespace ? -1 : 1));
    return { name: this.name, purpose, type, keys, copies, rotationDays };
  }

  private add(copy: Copy): void {
    const { namespace, application } = copy;
    const other = this.copies.get(namespace);
    if (other !== undefined && JSON.stringify(other) !== JSON.stringify(copy)) {
      throw new InputError({
        where: `secret ${namespace}/${this.name}`,
        what: `${other.application} and ${application} need it in different ways: ${describe(other)} and ${describe(copy)}`,
        allowed: 'one application owns a secret of a namespace, either as a hook or as an ordinary object',
        remedy: 'declare a second secret for the other use',
      });
    }
    this.copies.set(namespace, copy);
  }
}

/**
 * Whether it is a key of a secret, and neither the secret itself, a text nor nothing: types are not looked at where a program
 * runs.
 */
export function isSecretKey(value: unknown): value is SecretKeyReference {
  return value instanceof Object && (value as Partial<SecretKeyReference>).secret instanceof SecretRef;
}

/** Fewer could be guessed. */
const leastRandomBytes = 16;

function keyFindings(where: string, keys: SecretRefProps['keys']): Finding[] {
  const remedy = 'correct it where the secret is declared';
  const none = { where, what: 'it has no keys', allowed: 'one key or more', remedy };
  return [
    ...(Object.keys(keys).length === 0 ? [none] : []),
    ...Object.entries(keys).flatMap(([key, source]): Finding[] => {
      if (!/^(?!\.\.|\.$)[-\w.]{1,253}$/.test(key)) {
        const allowed = 'letters, digits, dashes, underscores and dots, not two dots first';
        return [{ where, what: `it has a key "${key}"`, allowed, remedy }];
      }
      return sourceProblems(source).map((problem) => ({ where: `${where}, key ${key}`, remedy, ...problem }));
    }),
  ];
}

/** Types are not looked at where a program runs: what is wrong here would be seen only when somebody seals it. */
function sourceProblems(source: SecretSource): Omit<Finding, 'where' | 'remedy'>[] {
  const { kind } = Object(source) as Partial<SecretSource>;
  if (kind === undefined || !Object.hasOwn(sources, kind)) {
    return [
      { what: `its value is of the kind ${JSON.stringify(kind ?? null)}`, allowed: Object.keys(sources).join(', ') },
    ];
  }
  const problems = optionProblems<SecretSource>('it', source, sources[kind]);
  if (problems.length > 0 || source.kind !== 'random') return problems;
  const { bytes, encoding } = source;
  return [
    ...(Number.isInteger(bytes) && bytes >= leastRandomBytes
      ? []
      : [{ what: `${JSON.stringify(bytes)} random bytes`, allowed: `a whole number of ${leastRandomBytes} or more` }]),
    ...(['hex', 'base64url'].includes(encoding)
      ? []
      : [{ what: `its encoding is ${JSON.stringify(encoding)}`, allowed: 'hex or base64url' }]),
  ];
}

function rotationFindings(where: string, days: SecretRefProps['rotationDays']): Finding[] {
  if (days === undefined || days === false || (Number.isInteger(days) && days >= 1)) return [];
  return [
    {
      where,
      what: `rotationDays: ${JSON.stringify(days)}`,
      allowed: 'a whole number of days from 1 on, or false for values that nothing may replace',
      remedy: 'correct it where the secret is declared',
    },
  ];
}

function describe({ application, annotations }: Copy): string {
  return `${annotations['argocd.argoproj.io/hook'] ?? 'ordinary'} object of ${application}`;
}
