import { createPrivateKey } from 'node:crypto';
import { InputError } from '../../constructs/core/error.ts';
import { sealedManifests } from '../../synth/seal/files.ts';
import { fromManifest } from '../../synth/seal/manifest.ts';
import { fingerprintOf } from '../../synth/seal/sealing-keys.ts';
import type { Contents } from './contents.ts';

/** Fingerprints of the keys that a bundle's contents can open sealed values with. @throws InputError for one that is none */
export function sealingKeysOf(contents: Contents): string[] {
  const prints = [...contents].flatMap(([name, content]) => {
    if (name !== 'sealing.key' && !/^cluster\/sealing\/.*\/tls\.key$/.test(name)) return [];
    try {
      return fingerprintOf(createPrivateKey(Buffer.from(content)));
    } catch {
      throw new InputError({
        where: name,
        what: 'it is no private key',
        allowed: 'the key in PEM that secrets are sealed with',
        remedy: 'bring it back: what it says is not repeated here',
      });
    }
  });
  return [...new Set(prints)].sort();
}

/** Fingerprints of the keys that the committed values of an environment are sealed with. */
export function keysInUse(root: string, environment: string): string[] {
  const prints = sealedManifests(root, environment).flatMap(({ manifest }) =>
    [...fromManifest(manifest).keys.values()].flatMap(({ sealedWith }) => sealedWith ?? []),
  );
  return [...new Set(prints)].sort();
}
