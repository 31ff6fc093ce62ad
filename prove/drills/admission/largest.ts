import { typeOf } from '../../../constructs/core/manifest.ts';
import type { Manifest } from '../../../constructs/core/manifest.ts';

/** Of each kind the object with the most in it: it fills in the most places. */
export function largestOfEachKind(manifests: readonly Manifest[]): Manifest[] {
  const size = (manifest: Manifest) => JSON.stringify(manifest).length;
  const largest = new Map<string, Manifest>();
  for (const manifest of manifests) {
    const known = largest.get(typeOf(manifest));
    if (known === undefined || size(manifest) > size(known)) largest.set(typeOf(manifest), manifest);
  }
  return [...largest.values()];
}
