import { InputError } from '../../constructs/core/error.ts';
import type { Finding } from '../../constructs/core/error.ts';
import type { SecretInventoryEntry, SecretSource } from '../../constructs/core/secret.ts';

/** One value of a secret, and the unit of sealing and rotating: a key pair is one part with two keys. */
export interface SecretPart {
  readonly entry: SecretInventoryEntry;
  readonly key: string;
  /** Key that holds the public half of a key pair, or the certificate of an authority. */
  readonly publicKey: string | undefined;
  readonly source: SecretSource;
}

/** `NAME.KEY`, as the command line writes it. */
export function partName({ entry, key }: SecretPart): string {
  return `${entry.name}.${key}`;
}

/** The keys a part fills. */
export function keysOfPart({ key, publicKey }: SecretPart): string[] {
  return publicKey === undefined ? [key] : [key, publicKey];
}

/** The parts of a secret, sorted by key. */
export function partsOf(entry: SecretInventoryEntry): SecretPart[] {
  return Object.entries(entry.keys)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, source]) => ({ entry, key, source, publicKey: publicKeyOf(source) }));
}

function publicKeyOf(source: SecretSource): string | undefined {
  if (source.kind === 'authority') return source.certificate;
  return 'publicKey' in source ? source.publicKey : undefined;
}

/**
 * The parts that `NAME` or `NAME.KEY` means (a key pair also by its public key); none if it means nothing.
 * Both halves may contain dots, so the text is compared, never split.
 */
export function selectParts(inventory: readonly SecretInventoryEntry[], selector: string): SecretPart[] {
  return inventory
    .flatMap(partsOf)
    .filter(
      (part) =>
        selector === part.entry.name || keysOfPart(part).some((key) => selector === `${part.entry.name}.${key}`),
    );
}

/** Refuses an inventory whose names collide or can't be file names and keys of Kubernetes. */
export function checkInventory(inventory: readonly SecretInventoryEntry[]): void {
  const findings: Finding[] = [];
  const seen = new Set<string>();
  const find = (where: string, what: string, allowed: string): void => {
    findings.push({
      where: `secret inventory, ${where}`,
      what,
      allowed,
      remedy: 'change the construct that declares it',
    });
  };
  const once = (where: string, selector: string): void => {
    if (seen.has(selector)) find(where, `${selector} means two things`, 'one meaning for each NAME and NAME.KEY');
    seen.add(selector);
  };
  for (const entry of inventory) {
    if (!/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/.test(entry.name)) {
      find(entry.name, 'is not a name of a Secret', 'lower-case letters, digits, dots and hyphens, at most 253');
    }
    once(entry.name, entry.name);
    const keys = partsOf(entry).flatMap(keysOfPart);
    for (const key of keys) {
      once(entry.name, `${entry.name}.${key}`);
      if (!/^[-._a-zA-Z0-9]{1,253}$/.test(key)) {
        find(entry.name, `key ${key} is not a key of a Secret`, 'letters, digits, dots, hyphens and underscores');
      }
    }
    const namespaces = entry.copies.map(({ namespace }) => namespace);
    if (namespaces.length === 0) find(entry.name, 'no namespace uses it', 'at least one copy');
    if (new Set(namespaces).size < namespaces.length) find(entry.name, 'has two copies in one namespace', 'one');
    for (const namespace of namespaces) {
      if (!/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(namespace)) {
        find(
          entry.name,
          `${namespace} is not a name of a namespace`,
          'lower-case letters, digits and hyphens, at most 63',
        );
      }
    }
  }
  if (findings.length > 0) throw new InputError(findings);
}
