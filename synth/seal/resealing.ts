import type { KeyObject } from 'node:crypto';
import { InputError } from '../../constructs/core/error.ts';
import type { Finding } from '../../constructs/core/error.ts';
import { encryptionLabel, open, seal } from './crypto.ts';
import type { SealedFile, SealedKey } from './manifest.ts';
import type { SealingKey } from './sealing-keys.ts';

/**
 * Opens every value that another certificate sealed and seals it with this one. Values and their dates stay. One
 * InputError for all that can't be opened.
 */
export function resealAll(
  files: readonly SealedFile[],
  privateKeys: readonly KeyObject[],
  { publicKey, fingerprint }: SealingKey,
): SealedFile[] {
  const findings: Finding[] = [];
  const resealed = files.map((file) => {
    const keys = new Map(file.keys);
    for (const [key, sealed] of file.keys) {
      if (sealed.sealedWith === fingerprint) continue;
      const value = openKey(file, sealed, privateKeys);
      if (value === undefined) {
        findings.push({
          where: `${file.namespace}/${file.name} ${key}`,
          what: 'is opened by none of the private keys given',
          allowed: `a value sealed for ${file.namespace}/${file.name}`,
          remedy: `add --private-key FILE with the key it was sealed with (certificate ${sealed.sealedWith ?? 'unknown'})`,
        });
        continue;
      }
      const ciphertext = seal(publicKey, encryptionLabel(file.namespace, file.name), value);
      keys.set(key, { ...sealed, ciphertext, sealedWith: fingerprint });
      value.fill(0);
    }
    return { ...file, keys };
  });
  if (findings.length > 0) throw new InputError(findings);
  return resealed;
}

/** A value of the file, or undefined if none of the private keys opens it there. */
export function openKey(file: SealedFile, sealed: SealedKey, privateKeys: readonly KeyObject[]): Buffer | undefined {
  return open(privateKeys, encryptionLabel(file.namespace, file.name), sealed.ciphertext);
}
