import { buildPlatform } from '../../../apps/platform.ts';
import { environments } from '../../../config/index.ts';
import type { Manifest } from '../../../constructs/core/manifest.ts';
import type { Platform } from '../../../constructs/core/platform.ts';
import { committedObjects } from '../../delivery/committed.ts';

/** An environment with the objects it runs. */
export interface Shape {
  readonly platform: Platform;
  readonly manifests: readonly Manifest[];
}

/** Every environment as committed. */
export function shapesOf(root: string): Shape[] {
  return Object.keys(environments).map((name) => ({
    platform: buildPlatform(name),
    manifests: committedObjects(root, `dist/${name}`),
  }));
}
