import path from 'node:path';
import { majorAnnotation, minorAnnotation } from '../constructs/core/data-format.ts';
import type { Finding } from '../constructs/core/error.ts';
import { describeManifest } from '../constructs/core/manifest.ts';
import type { Manifest } from '../constructs/core/manifest.ts';
import type { Platform } from '../constructs/core/platform.ts';
import { Workload } from '../constructs/core/workload.ts';
import type { Committed } from './committed.ts';
import type { GeneratedFile } from './write/index.ts';

/**
 * Refuses another major version of a program on the volumes of a StatefulSet that is there already, and in one that is
 * made from another one's backups; and an older minor one of a program that can't go back.
 */
export function majorUpgradeFindings(
  committed: Committed,
  { owners }: Pick<Platform, 'owners'>,
  dist: readonly GeneratedFile[],
): Finding[] {
  const stateful = dist.filter(({ manifest }) => manifest.kind === 'StatefulSet');
  return owners.flatMap((owner) => {
    const format = owner instanceof Workload ? owner.props.dataFormat : undefined;
    const file = stateful.find(({ manifest }) => is(manifest, owner));
    if (format === undefined || file === undefined) return [];
    const { program, major, minor, recoveredFrom, runbook, alternatives = [] } = format;
    const version = minor === undefined ? String(major) : `${major}.${minor}`;
    const instead = alternatives.flatMap((other) =>
      written(committed, file.path, majorAnnotation({ program: other })).map((its) => `${other} ${its}`),
    );
    const others = (name: string): string[] => {
      const majors = written(committed, name, majorAnnotation(format)).filter((other) => other !== String(major));
      if (minor === undefined || majors.length > 0) return majors;
      const newer = written(committed, name, minorAnnotation(format)).filter((other) => Number(other) > minor);
      return newer.map((other) => `${major}.${other}`);
    };
    const where = describeManifest(file.manifest);
    const origin = recoveredFrom && path.join(path.dirname(file.path), `statefulset-${recoveredFrom}.yaml`);
    return [
      ...instead.map((other) => ({
        where,
        what: `${program} ${version} is to start on the volumes of ${other}, and can't read them`,
        allowed: `${other} here; another program in a store of another name, with volumes of its own`,
        remedy: `set it back, and follow docs/runbooks/${runbook}.md`,
      })),
      ...others(file.path).map((other) => ({
        where,
        what: `${program} ${version} is to start on the volumes of ${other}, and can't read them`,
        allowed: `version ${other} here; another one in another generation or cluster, with volumes of its own`,
        remedy: `set the version back, and follow docs/runbooks/${runbook}.md`,
      })),
      ...(origin === undefined ? [] : others(origin)).map((other) => ({
        where,
        what: `${program} ${version} is to be recovered from the archive of ${recoveredFrom ?? ''}, which ${other} wrote`,
        allowed: `version ${other}: backups are files, and another version can't read them`,
        remedy: `set the version back; once it is recovered, follow docs/runbooks/${runbook}.md`,
      })),
    ];
  });
}

function is(
  { metadata }: Manifest,
  { name, namespace }: { readonly name: string; readonly namespace: string },
): boolean {
  return metadata.name === name && metadata.namespace === namespace;
}

/** The versions that a file of an earlier run names: two in the middle of a merge, none where there is no file. */
function written(committed: Committed, file: string, annotation: string): string[] {
  const line = new RegExp(`^ +${annotation}: ['"]?(\\d+)['"]?$`, 'gm');
  const named = committed.texts(file).flatMap((text) => [...text.matchAll(line)].map(([, version = '']) => version));
  return [...new Set(named)];
}
