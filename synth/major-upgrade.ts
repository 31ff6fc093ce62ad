import fs from 'node:fs';
import path from 'node:path';
import type { Finding } from '../constructs/core/error.ts';
import { describeManifest } from '../constructs/core/manifest.ts';
import { majorVersionAnnotation } from '../constructs/patroni-cluster/patroni-cluster.ts';
import type { GeneratedFile } from './write.ts';

const written = new RegExp(`^ +${majorVersionAnnotation}: ['"]?(\\d+)['"]?$`, 'gm');

/**
 * Refuses another major version of PostgreSQL on the volumes of a StatefulSet that is there already. What runs is known
 * from the file that the last run wrote, read as text: it may hold the marks of a merge.
 */
export function majorUpgradeFindings(root: string, environment: string, dist: readonly GeneratedFile[]): Finding[] {
  return dist.flatMap(({ path: name, manifest }) => {
    const version = manifest.metadata.annotations?.[majorVersionAnnotation];
    const file = path.join(root, 'dist', environment, name);
    if (version === undefined || !fs.existsSync(file)) return [];
    const before = [...fs.readFileSync(file, 'utf8').matchAll(written)].map(([, major]) => major);
    return before
      .filter((major) => major !== version)
      .map((major) => ({
        where: describeManifest(manifest),
        what: `PostgreSQL ${version} is to start on the volumes of ${major}, and can't read them`,
        allowed: `version ${major} here; another one in another generation or cluster, with volumes of its own`,
        remedy: 'set the version back, and follow docs/runbooks/postgres-major-upgrade.md',
      }));
  });
}
