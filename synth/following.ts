import path from 'node:path';
import { followsAnnotation } from '../constructs/core/data-format.ts';
import type { Finding } from '../constructs/core/error.ts';
import { describeManifest } from '../constructs/core/manifest.ts';
import type { Platform } from '../constructs/core/platform.ts';
import { Workload } from '../constructs/core/workload.ts';
import type { Committed } from './committed.ts';
import type { GeneratedFile } from './write/index.ts';

/**
 * Refuses an end of following that loses rows: a store that followed another one has to become a copy of it, with the
 * volumes that it has.
 */
export function followingFindings(
  committed: Committed,
  { owners }: Pick<Platform, 'owners'>,
  dist: readonly GeneratedFile[],
): Finding[] {
  const generated = new Set(dist.map((file) => file.path));
  const gone = committed
    .gone(generated, ['statefulset'])
    .map((file) => [file, leaderOf(committed, file)] as const)
    .filter((each): each is readonly [string, string] => each[1] !== undefined);
  return dist.flatMap(({ path: file, manifest }) => {
    const owner = owners.find(({ name, namespace }) => is(manifest, name, namespace));
    const format = owner instanceof Workload ? owner.props.dataFormat : undefined;
    if (manifest.kind !== 'StatefulSet' || format === undefined || format.follows !== undefined) return [];
    const where = describeManifest(manifest);
    const before = leaderOf(committed, file);
    if (before !== undefined && format.copyOf === undefined) {
      return [
        {
          where,
          what: `it follows ${before} and is to take writes at once, while ${before} may still have some that it lacks`,
          allowed: 'a release as a copy in between',
          remedy: 'replace standbyOf by copyOf, and follow "Moving" in docs/constructs/patroni-cluster.md',
        },
      ];
    }
    const [first] = gone;
    const beginsEmpty = format.recoveredFrom === undefined && committed.texts(file).length === 0;
    if (!beginsEmpty || first === undefined) return [];
    const [name, leader] = [nameOf(first[0]), first[1]];
    return [
      {
        where,
        what: `it would begin empty, and ${name}, which follows ${leader}, is gone`,
        allowed: `copyOf in place of standbyOf: ${name} then takes writes, with the rows that it has`,
        remedy: `set copyOf and the generation of ${name}; if both is meant, remove ${name} in a release of its own`,
      },
    ];
  });
}

function is({ metadata }: GeneratedFile['manifest'], name: string, namespace: string): boolean {
  return metadata.name === name && metadata.namespace === namespace;
}

/** Whom the StatefulSet of a file follows. */
function leaderOf(committed: Committed, file: string): string | undefined {
  const follows = new RegExp(`^ +${followsAnnotation}: ['"]?([-a-z0-9]+)['"]?$`, 'm');
  return committed.texts(file).flatMap((text) => follows.exec(text)?.[1] ?? [])[0];
}

function nameOf(file: string): string {
  return path.basename(file, '.yaml').replace(/^statefulset-/, '');
}
