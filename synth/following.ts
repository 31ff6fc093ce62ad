import fs from 'node:fs';
import path from 'node:path';
import { followsAnnotation } from '../constructs/core/data-format.ts';
import type { Finding } from '../constructs/core/error.ts';
import { describeManifest } from '../constructs/core/manifest.ts';
import type { Platform } from '../constructs/core/platform.ts';
import { Workload } from '../constructs/core/workload.ts';
import type { GeneratedFile } from './write/index.ts';

/**
 * Refuses an end of following that loses rows: a store that followed another one has to become a copy of it, with the
 * volumes that it has. What followed is known from the files that the last run wrote, which is what runs; they are read
 * as text, because they may hold the marks of a merge.
 */
export function followingFindings(
  root: string,
  environment: string,
  { owners }: Pick<Platform, 'owners'>,
  dist: readonly GeneratedFile[],
): Finding[] {
  const folder = path.join(root, 'dist', environment);
  const followers = written(folder);
  const generated = new Set(dist.map((file) => file.path));
  const gone = [...followers].filter(([file]) => !generated.has(file));
  return dist.flatMap(({ path: file, manifest }) => {
    const owner = owners.find(({ name, namespace }) => is(manifest, name, namespace));
    const format = owner instanceof Workload ? owner.props.dataFormat : undefined;
    if (manifest.kind !== 'StatefulSet' || format === undefined || format.follows !== undefined) return [];
    const where = describeManifest(manifest);
    const before = followers.get(file);
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
    const beginsEmpty = format.recoveredFrom === undefined && !fs.existsSync(path.join(folder, file));
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

/** Whom the StatefulSets of the last run follow, by their files' paths. */
function written(folder: string): Map<string, string> {
  if (!fs.existsSync(folder)) return new Map();
  const files = fs
    .readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => fs.readdirSync(path.join(folder, name)).map((file) => path.join(name, file)))
    .filter((file) => path.basename(file).startsWith('statefulset-'));
  const follows = new RegExp(`^ +${followsAnnotation}: ['"]?([-a-z0-9]+)['"]?$`, 'm');
  return new Map(
    files.flatMap((file) => {
      const leader = follows.exec(fs.readFileSync(path.join(folder, file), 'utf8'))?.[1];
      return leader === undefined ? [] : [[file, leader] as const];
    }),
  );
}

function nameOf(file: string): string {
  return path.basename(file, '.yaml').replace(/^statefulset-/, '');
}
