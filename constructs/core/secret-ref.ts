import { Construct } from 'constructs';
import { applicationOf } from './application-chart.ts';
import { InputError } from './error.ts';
import type { Finding } from './error.ts';
import { checkName } from './names.ts';
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
    this.props = props;
    this.name = checkName(`secret ${props.name}`, props.name, 'subdomain');
    const findings = keyFindings(`secret ${this.name}`, props.keys);
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
      if (source.kind !== 'random' || (Number.isInteger(source.bytes) && source.bytes >= leastRandomBytes)) return [];
      const allowed = `a whole number of ${leastRandomBytes} or more`;
      return [{ where: `${where}, key ${key}`, what: `${source.bytes} random bytes`, allowed, remedy }];
    }),
  ];
}

function describe({ application, annotations }: Copy): string {
  return `${annotations['argocd.argoproj.io/hook'] ?? 'ordinary'} object of ${application}`;
}
