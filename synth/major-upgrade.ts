import fs from 'node:fs';
import path from 'node:path';
import type { Finding } from '../constructs/core/error.ts';
import { describeManifest } from '../constructs/core/manifest.ts';
import { majorVersionAnnotation, recoveredFromAnnotation } from '../constructs/patroni-cluster/patroni-cluster.ts';
import type { GeneratedFile } from './write.ts';

const written = new RegExp(`^ +${majorVersionAnnotation}: ['"]?(\\d+)['"]?$`, 'gm');

/**
 * Refuses another major version of PostgreSQL on the volumes of a StatefulSet that is there already, and in a cluster that
 * is made from another one's archive. What runs is known from the files that the last run wrote, read as text: they may
 * hold the marks of a merge.
 */
export function majorUpgradeFindings(root: string, environment: string, dist: readonly GeneratedFile[]): Finding[] {
  const before = (name: string): string[] => {
    const file = path.join(root, 'dist', environment, name);
    if (!fs.existsSync(file)) return [];
    return [...fs.readFileSync(file, 'utf8').matchAll(written)].map(([, major = '']) => major);
  };
  return dist.flatMap(({ path: name, manifest }) => {
    const { [majorVersionAnnotation]: version, [recoveredFromAnnotation]: origin } =
      manifest.metadata.annotations ?? {};
    if (version === undefined) return [];
    const where = describeManifest(manifest);
    const others = (file: string): string[] => before(file).filter((major) => major !== version);
    return [
      ...others(name).map((major) => ({
        where,
        what: `PostgreSQL ${version} is to start on the volumes of ${major}, and can't read them`,
        allowed: `version ${major} here; another one in another generation or cluster, with volumes of its own`,
        remedy: 'set the version back, and follow docs/runbooks/postgres-major-upgrade.md',
      })),
      ...(origin === undefined ? [] : others(path.join(path.dirname(name), `statefulset-${origin}.yaml`))).map(
        (major) => ({
          where,
          what: `PostgreSQL ${version} is to be recovered from the archive of ${origin}, which ${major} wrote`,
          allowed: `version ${major}: backups are files, and another version can't read them`,
          remedy: 'set the version back; once it is recovered, follow docs/runbooks/postgres-major-upgrade.md',
        }),
      ),
    ];
  });
}
