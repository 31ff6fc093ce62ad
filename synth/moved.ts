import path from 'node:path';
import { emptyAnnotation, followsAnnotation, recoveredFromAnnotation } from '../constructs/core/data-format.ts';
import type { Finding } from '../constructs/core/error.ts';
import { describeManifest } from '../constructs/core/manifest.ts';
import type { Manifest } from '../constructs/core/manifest.ts';
import type { Committed } from './committed.ts';
import type { GeneratedFile } from './write/index.ts';

/** Kinds whose loss is a failure or a loss of data: of the others Argo CD makes a new one before anybody misses it. */
const missed = [
  ...['customresourcedefinition', 'daemonset', 'deployment', 'namespace', 'persistentvolume', 'persistentvolumeclaim'],
  ...['service', 'statefulset'],
];

/**
 * Refuses objects that change hands between applications, as all do when one is renamed: the one that had them removes
 * what the other one has just brought, or asks a person to. And refuses volumes that are left behind by a new name.
 */
export function movedFindings(committed: Committed, dist: readonly GeneratedFile[]): Finding[] {
  const files = new Set(dist.map((file) => file.path));
  const gone = committed
    .gone(files, missed)
    .flatMap((file) => committed.objects(file, () => true).map((manifest) => ({ file, manifest })));
  // Another namespace is another object, in a file of the same name.
  const renamed = dist
    .filter(({ manifest }) => holdsData(manifest))
    .flatMap(({ path: file, manifest }) =>
      committed.objects(file, (other) => !isIdentical(other, manifest)).map((other) => ({ file, manifest: other })),
    );
  const all = [...gone, ...renamed];
  return all.length === 0 ? [] : [...handovers(all, dist), ...leftBehind(committed, all, dist)];
}

interface Gone {
  readonly file: string;
  readonly manifest: Manifest;
}

function handovers(gone: readonly Gone[], dist: readonly GeneratedFile[]): Finding[] {
  const brought = new Map(dist.map((file) => [identity(file.manifest), file]));
  const moves = new Map<string, string[]>();
  for (const { file, manifest } of gone) {
    const now = brought.get(identity(manifest));
    if (now === undefined) continue;
    const key = `${applicationOf(file)} ${applicationOf(now.path)}`;
    moves.set(key, [...(moves.get(key) ?? []), describeManifest(manifest)]);
  }
  return [...moves].map(([key, objects]) => {
    const [from = '', to = ''] = key.split(' ');
    return {
      where: `application ${to}`,
      what: `it would take over from the application ${from}, which removes what it had: ${objects.join(', ')}`,
      allowed: 'an object stays with its application, and an application keeps its name',
      remedy: `leave them in ${from}; or take them out in one release and bring them in a later one: their pods are gone meanwhile, volumes of a StatefulSet stay`,
    };
  });
}

/** Data that stays with the old name while the new one begins empty. */
function leftBehind(committed: Committed, gone: readonly Gone[], dist: readonly GeneratedFile[]): Finding[] {
  const identities = new Set(dist.map(({ manifest }) => identity(manifest)));
  const left = gone.filter(
    ({ manifest }) => holdsData(manifest) && !identities.has(identity(manifest)) && !follows(manifest),
  );
  return dist
    .filter(({ manifest }) => holdsData(manifest) && !isFilled(manifest))
    .filter(({ path: file, manifest }) => committed.objects(file, (other) => isIdentical(other, manifest)).length === 0)
    .flatMap(({ manifest }) => {
      const before = left.find((each) => programOf(each.manifest) === programOf(manifest))?.manifest;
      if (before === undefined) return [];
      return {
        where: describeManifest(manifest),
        what: `it begins empty, and ${describeManifest(before)}, whose volumes stay behind, is gone`,
        allowed: 'the name and the namespace that it has; or another generation, recovered from its backups',
        remedy: `set it back, or see npm run recover -- --help; if it is to begin empty, give its generation in config/generations.json "empty": true; one without generations comes in the release after that which removes ${before.metadata.name}`,
      };
    });
}

function identity({ kind, metadata: { namespace = '', name } }: Manifest): string {
  return `${kind} ${namespace}/${name}`;
}

function isIdentical(one: Manifest, other: Manifest): boolean {
  return identity(one) === identity(other);
}

function applicationOf(file: string): string {
  return path.dirname(file);
}

function holdsData({ kind, spec }: Manifest): boolean {
  const claims = (spec as { readonly volumeClaimTemplates?: readonly unknown[] } | undefined)?.volumeClaimTemplates;
  return kind === 'PersistentVolumeClaim' || (kind === 'StatefulSet' && (claims ?? []).length > 0);
}

function follows({ metadata }: Manifest): boolean {
  return metadata.annotations?.[followsAnnotation] !== undefined;
}

/** Made from backups, or from what it follows; or meant to be empty. */
function isFilled(manifest: Manifest): boolean {
  const { annotations = {} } = manifest.metadata;
  return follows(manifest) || recoveredFromAnnotation in annotations || emptyAnnotation in annotations;
}

/** What an object is, whichever name it has. */
function programOf({ kind, metadata: { labels = {} } }: Manifest): string {
  return [kind, labels['app.kubernetes.io/name'], labels['app.kubernetes.io/component']].join(' ');
}
