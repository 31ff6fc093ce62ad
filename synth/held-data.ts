import path from 'node:path';
import {
  encryptedAnnotation,
  holdsAnnotation,
  identityAnnotation,
  recoveredFromAnnotation,
} from '../constructs/core/data-format.ts';
import type { Finding } from '../constructs/core/error.ts';
import { describeManifest } from '../constructs/core/manifest.ts';
import type { Manifest } from '../constructs/core/manifest.ts';
import type { Committed } from './committed.ts';
import type { GeneratedFile } from './write/index.ts';

/**
 * Refuses what would part a store from what it has, and what it is recovered from: a database under another name begins
 * empty, a domain keeps its names, and backups are read with the key that they were written with, or without any.
 */
export function heldDataFindings(committed: Committed, dist: readonly GeneratedFile[]): Finding[] {
  return dist.flatMap(({ path: file, manifest }) => {
    if (manifest.kind !== 'StatefulSet') return [];
    const origin = annotation(manifest, recoveredFromAnnotation);
    const files = [file, ...(origin === undefined ? [] : [`${path.dirname(file)}/statefulset-${origin}.yaml`])];
    return files.flatMap((each) => [
      ...committed
        .objects(each, (before) => renamed(before, manifest) !== undefined)
        .map((before) => renameFinding(before, manifest)),
      ...committed
        .objects(each, (before) => othersOf(before, manifest).length > 0)
        .map((before) => identityFinding(before, manifest)),
      ...committed
        .objects(each, (before) => isOtherwiseEncrypted(before, manifest))
        .map((before) => encryptionFinding(before, manifest)),
    ]);
  });
}

/** What is gone, where something else has come. */
function renamed(before: Manifest, now: Manifest): { readonly gone: string[]; readonly come: string[] } | undefined {
  const [had, has] = [before, now].map((each) => annotation(each, holdsAnnotation)?.split(','));
  if (had === undefined || has === undefined) return undefined;
  const gone = had.filter((name) => !has.includes(name));
  const come = has.filter((name) => !had.includes(name));
  return gone.length > 0 && come.length > 0 ? { gone, come } : undefined;
}

function renameFinding(before: Manifest, now: Manifest): Finding {
  const { gone, come } = renamed(before, now) ?? { gone: [], come: [] };
  const [old, other] = [gone.join(', '), come.join(', ')];
  return {
    where: describeManifest(now),
    what: `${other} begins empty, and ${old}, which stays in it, is no longer declared`,
    allowed: `${old}, as ${before.metadata.name} has it`,
    remedy: `set it back; if ${other} is meant, declare both in one release, and leave ${old} out in a later one`,
  };
}

/** What it was begun as, and would not be any more. */
function othersOf(before: Manifest, now: Manifest): string[] {
  const [was, is] = [before, now].map((each) => annotation(each, identityAnnotation)?.split(', '));
  return was === undefined || is === undefined ? [] : was.filter((each) => !is.includes(each));
}

function identityFinding(before: Manifest, now: Manifest): Finding {
  const was = othersOf(before, now);
  const is = othersOf(now, before);
  const isOrigin = before.metadata.name !== now.metadata.name;
  return {
    where: describeManifest(now),
    what: `it was begun with the ${was.join(' and the ')}, and would be told ${is.join(' and ')}: it would refuse to start`,
    allowed: `${was.join(', ')}, as ${isOrigin ? `${before.metadata.name}, which it is recovered from,` : before.metadata.name} has it`,
    remedy:
      'set it back; other names are another domain: make one of another name beside it and move what signs in there, or give it a ' +
      'generation that begins empty, without every account, keytab and SID of this one (docs/runbooks/directory-recovery.md)',
  };
}

function isOtherwiseEncrypted(before: Manifest, now: Manifest): boolean {
  const [was, is] = [before, now].map((each) => annotation(each, encryptedAnnotation));
  return was !== undefined && is !== undefined && was !== is;
}

function encryptionFinding(before: Manifest, now: Manifest): Finding {
  const was = annotation(before, encryptedAnnotation) === 'true' ? 'encrypted' : 'not encrypted';
  const isOrigin = before.metadata.name !== now.metadata.name;
  return {
    where: describeManifest(now),
    what: `the backups ${isOrigin ? `of ${before.metadata.name}, which it is recovered from,` : 'that it has'} are ${was}, and could not be read any more`,
    allowed: `backups that are ${was}`,
    remedy: 'set encryption back; or make a store of another name, and move what it holds into that one',
  };
}

function annotation({ metadata }: Manifest, name: string): string | undefined {
  return metadata.annotations?.[name];
}
