import type { Manifest } from '../../../constructs/core/manifest.ts';

/** Those with the most in them first: a place is tried in the object that fills in most beside it. */
export function largestFirst(manifests: readonly Manifest[]): Manifest[] {
  return manifests
    .map((manifest) => ({ manifest, size: JSON.stringify(manifest).length }))
    .sort((a, b) => b.size - a.size)
    .map(({ manifest }) => manifest);
}
