import type { Manifest } from '../../../constructs/core/manifest.ts';

export type Path = readonly (string | number)[];

/** A copy of an object with another value at a path; without the field where the value is undefined. */
export function changed(manifest: Manifest, path: Path, value: unknown): Manifest {
  const copy = structuredClone(manifest) as unknown as Record<string | number, unknown>;
  let at = copy;
  for (const step of path.slice(0, -1)) {
    at[step] ??= {};
    at = at[step] as Record<string | number, unknown>;
  }
  const last = path.at(-1) ?? '';
  if (value === undefined) Reflect.deleteProperty(at, last);
  else at[last] = value;
  return copy as unknown as Manifest;
}
