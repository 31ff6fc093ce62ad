import { describeManifest } from '../constructs/core/manifest.ts';
import type { Manifest } from '../constructs/core/manifest.ts';
import type { Committed } from './committed.ts';
import { podTemplateOf } from './pods.ts';
import type { GeneratedFile } from './write/index.ts';

/**
 * Buckets that stores no longer archive to, a line each. Nothing of them is lost, and nothing recovers from them any more:
 * the new one begins empty, until a first backup is in it.
 */
export function movedArchives(committed: Committed, dist: readonly GeneratedFile[]): readonly string[] {
  const moves = new Map<string, string[]>();
  for (const { path, manifest } of dist) {
    const now = bucketsOf(manifest);
    if (now.size === 0) continue;
    for (const gone of committed.manifests(path).flatMap((before) => [...bucketsOf(before)])) {
      if (now.has(gone)) continue;
      const move = `${gone} keeps what it has, and nothing recovers from that any more; to ${[...now].join(', ')}`;
      moves.set(move, [...(moves.get(move) ?? []), describeManifest(manifest)]);
    }
  }
  return [...moves].map(([move, objects]) => `${move} goes ${[...new Set(objects)].join(', ')}`);
}

/** Such as `s3://backups at https://s3.example.org`: what the containers of its pods are told. */
function bucketsOf(manifest: Manifest): ReadonlySet<string> {
  const containers = podTemplateOf(manifest)?.spec?.containers ?? [];
  return new Set(
    containers.flatMap(({ env = [] }) => {
      const values = env.map(({ name, value = '' }) => ({ name, value }));
      const endpoint = values.find(({ name, value }) => name.includes('ENDPOINT') && value.startsWith('http'))?.value;
      return values
        .map(({ value }) => /^s3:\/\/[^/]+/.exec(value)?.[0])
        .filter((bucket) => bucket !== undefined)
        .map((bucket) => (endpoint === undefined ? bucket : `${bucket} at ${endpoint}`));
    }),
  );
}
