import type { KeyObject } from 'node:crypto';
import { InputError } from '../../constructs/core/error.ts';
import type { Finding } from '../../constructs/core/error.ts';
import type { SecretInventoryEntry } from '../../constructs/core/secret.ts';
import { encryptionLabel, seal } from './crypto.ts';
import { generateValue, valuesByKey } from './generators.ts';
import { keysOfPart, partName, partsOf } from './inventory.ts';
import type { SecretPart } from './inventory.ts';
import { fixedDigestOf, isOutdated } from './manifest.ts';
import type { SealedFile, SealedKey } from './manifest.ts';
import { openKey } from './resealing.ts';
import type { SealingKey } from './sealing-keys.ts';

/** A part that is not completely sealed, or is to be renewed. */
export interface SealingTask {
  readonly part: SecretPart;
  /** Where it has to be sealed: every copy and key if the value is new, otherwise those that lack it. */
  readonly targets: readonly { readonly namespace: string; readonly key: string }[];
  /** An existing copy whose value is used again; undefined for a new value. */
  readonly from: { readonly file: SealedFile; readonly sealed: SealedKey } | undefined;
}

/** What has to be sealed so that every key of the inventory is, with the parts of `renew` made anew. */
export function planSealing(
  inventory: readonly SecretInventoryEntry[],
  files: readonly SealedFile[],
  renew: ReadonlySet<string>,
): SealingTask[] {
  return inventory.flatMap((entry) => {
    const used = entry.copies.map(({ namespace }) => namespace);
    // A copy in a namespace that no longer uses the secret still knows the value, so that moving a secret doesn't change
    // it. It comes last: rotation passes it by.
    const isUsed = ({ namespace }: SealedFile): boolean => used.includes(namespace);
    const same = files.filter(({ name }) => name === entry.name);
    const copies = [...same.filter(isUsed), ...same.filter((file) => !isUsed(file))];
    return partsOf(entry).flatMap((part): SealingTask[] => {
      const current = (file: SealedFile, key: string): SealedKey | undefined => {
        const sealed = file.keys.get(key);
        return sealed === undefined || isOutdated(sealed, part.source) ? undefined : sealed;
      };
      const all = used.flatMap((namespace) => keysOfPart(part).map((key) => ({ namespace, key })));
      const lacking = all.filter(
        ({ namespace, key }) => !copies.some((file) => file.namespace === namespace && current(file, key)),
      );
      const [from] = copies.flatMap((file) => {
        const sealed = current(file, part.key);
        return sealed === undefined ? [] : [{ file, sealed }];
      });
      const isNew = renew.has(partName(part)) || (lacking.length > 0 && from === undefined);
      if (isNew && part.source.kind !== 'fixed') return [{ part, targets: all, from: undefined }];
      return lacking.length > 0 ? [{ part, targets: lacking, from }] : [];
    });
  });
}

/** The tasks that ask a human for a new value. */
export function isAsked({ part, from }: SealingTask): boolean {
  return part.source.kind === 'human' && from === undefined;
}

/** Opens the values that are used again, by part name. One InputError for all that can't be. */
export function openExisting(tasks: readonly SealingTask[], privateKeys: readonly KeyObject[]): Map<string, Buffer> {
  const findings: Finding[] = [];
  const values = new Map<string, Buffer>();
  for (const { part, from, targets } of tasks) {
    if (from === undefined || part.source.kind === 'fixed') continue;
    const name = partName(part);
    const rotate = `--rotate ${name} for a new value everywhere`;
    const value = openKey(from.file, from.sealed, privateKeys);
    if (value !== undefined && isUsable(part, value)) values.set(name, value);
    else if (value !== undefined) {
      const what = `its value in ${from.file.namespace} is no private key`;
      findings.push({ where: name, what, allowed: 'a private key that gives its public half', remedy: rotate });
    } else {
      const missing = targets.map(({ namespace, key }) => `${key} of ${namespace}/${part.entry.name}`).join(', ');
      findings.push({
        where: name,
        what: `${missing} has to get the value sealed in ${from.file.namespace}, and no private key given opens that`,
        allowed: 'the same value in all copies',
        remedy: `--private-key FILE (a backup of the sealing key), or ${rotate}`,
      });
    }
  }
  if (findings.length > 0) throw new InputError(findings);
  return values;
}

export interface SealingMaterial {
  readonly files: readonly SealedFile[];
  readonly inventory: readonly SecretInventoryEntry[];
  /** Values that are not generated, by part name. Those that are sealed are overwritten with zeros. */
  readonly values: ReadonlyMap<string, Buffer>;
  readonly sealingKey: SealingKey;
  /** Date of new values, such as `2026-11-23`. */
  readonly today: string;
}

export interface Sealed {
  /** As they are once the tasks are sealed; new ones included, those that were given unchanged. */
  readonly files: SealedFile[];
  /** Certificates of the authorities that were made, by the name of their secret. */
  readonly authorities: ReadonlyMap<string, string>;
}

export function sealTasks(
  tasks: readonly SealingTask[],
  { files, inventory, values, sealingKey, today }: SealingMaterial,
): Sealed {
  const authorities = new Map<string, string>();
  const drafts = new Map(
    files.map((file) => [encryptionLabel(file.namespace, file.name), { ...file, keys: new Map(file.keys) }]),
  );
  for (const { name, type, copies } of inventory) {
    for (const { namespace } of copies) {
      const label = encryptionLabel(namespace, name);
      const keys = drafts.get(label)?.keys ?? new Map<string, SealedKey>();
      drafts.set(label, { namespace, name, type, keys });
    }
  }
  for (const { part, targets, from } of tasks) {
    const { source } = part;
    const value = values.get(partName(part)) ?? generateValue(source);
    for (const [key, member] of valuesByKey(part, value)) {
      for (const { namespace } of targets.filter((target) => target.key === key)) {
        const label = encryptionLabel(namespace, part.entry.name);
        drafts.get(label)?.keys.set(key, {
          ciphertext: seal(sealingKey.publicKey, label, member),
          sealedOn: from && source.kind !== 'fixed' ? from.sealed.sealedOn : today,
          sealedWith: sealingKey.fingerprint,
          fixedDigest: fixedDigestOf(source),
        });
      }
      if (source.kind === 'authority' && key === source.certificate) authorities.set(part.entry.name, String(member));
      member.fill(0);
    }
  }
  return { files: [...drafts.values()].filter(({ keys }) => keys.size > 0), authorities };
}

/** Whether what the part's other keys need can be made of the value. */
function isUsable(part: SecretPart, value: Buffer): boolean {
  try {
    valuesByKey(part, value);
    return true;
  } catch {
    return false;
  }
}
