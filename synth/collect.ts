import type { AppOfApps } from '../constructs/app-of-apps/index.ts';
import { InputError } from '../constructs/core/error.ts';
import { isClusterScoped, manifestOf, objectsOf } from '../constructs/core/kube-object.ts';
import { describeManifest } from '../constructs/core/manifest.ts';
import type { Manifest } from '../constructs/core/manifest.ts';
import type { Platform } from '../constructs/core/platform.ts';
import type { SecretInventoryEntry } from '../constructs/core/secret.ts';
import { authorityPath } from '../config/authorities.ts';
import type { SealedManifest } from './seal/files.ts';
import type { GeneratedFile } from './write/index.ts';

/** What will be written, and what isn't there to be written yet. */
export interface Collection {
  /** Files below `dist/<environment>`. */
  readonly dist: readonly GeneratedFile[];
  /** Files below `argocd/<environment>`. */
  readonly argocd: readonly GeneratedFile[];
  /** Keys that no sealed file holds, as `namespace/name.key`. */
  readonly unsealed: readonly string[];
}

export function collect(platform: Platform, tree: AppOfApps, sealed: readonly SealedManifest[]): Collection {
  const own = platform.charts.flatMap((chart) =>
    objectsOf(chart).map((object) =>
      file(
        chart.application,
        chart.destination.name,
        manifestOf(object),
        `application ${chart.application}`,
        object.node.path,
      ),
    ),
  );
  const secrets = sealedFiles(platform, sealed);
  refuseTwins(own);
  return {
    dist: [...own, ...secrets.files],
    argocd: objectsOf(tree).map((object) => treeFile(manifestOf(object), platform.environment.prefix)),
    unsealed: secrets.unsealed,
  };
}

interface OwnedFile extends GeneratedFile {
  /** Path of the construct, for messages: files don't name it, because code may move. */
  readonly construct: string;
}

function file(
  application: string,
  namespace: string,
  manifest: Manifest,
  source: string,
  construct: string,
): OwnedFile {
  const { kind, metadata } = manifest;
  const elsewhere = metadata.namespace !== undefined && metadata.namespace !== namespace;
  // A dot can't be part of a namespace, so the two never run into each other.
  const name = `${metadata.name}${elsewhere ? `.${metadata.namespace}` : ''}`;
  return { path: `${application}/${kind.toLowerCase()}-${name}.yaml`, source, manifest, construct };
}

/** The application of the root itself stands beside its folders. */
function treeFile(manifest: Manifest, prefix: string): GeneratedFile {
  const { kind } = manifest;
  const name = manifest.metadata.name.slice(prefix.length);
  const source = 'the table in apps/index.ts';
  if (kind === 'Application') {
    return { path: name === 'root' ? 'root.yaml' : `applications/${name}.yaml`, source, manifest };
  }
  if (kind.startsWith('ValidatingAdmissionPolicy')) {
    const binds = kind === 'ValidatingAdmissionPolicyBinding';
    return { path: `policies/${name}${binds ? '-binding' : ''}.yaml`, source, manifest };
  }
  const folder = name === 'root' ? 'bootstrap/project-root' : `projects/${name}`;
  return { path: `${folder}.yaml`, source, manifest };
}

/** The sealed copies that workloads asked for, each in the folder of the application that owns it. */
function sealedFiles(
  platform: Platform,
  sealed: readonly SealedManifest[],
): { readonly files: GeneratedFile[]; readonly unsealed: string[] } {
  refuseLostAuthorities(platform, sealed);
  const files: GeneratedFile[] = [];
  const unsealed: string[] = [];
  const homes = new Map(platform.charts.map((chart) => [chart.application, chart.destination.name]));
  const byName = new Map(sealed.map((manifest) => [`${manifest.namespace}/${manifest.name}`, manifest]));
  for (const secret of platform.secrets) {
    const { name, keys, copies } = secret.inventoryEntry();
    for (const { namespace, application, annotations } of copies) {
      const found = byName.get(`${namespace}/${name}`);
      const missing = Object.keys(keys).filter((key) => !found?.keys.includes(key));
      unsealed.push(...missing.map((key) => `${namespace}/${name}.${key}`));
      if (found === undefined) continue;
      const { metadata } = found.manifest;
      const all = { ...metadata.annotations, ...annotations };
      const manifest = { ...found.manifest, metadata: { ...metadata, annotations: all } };
      const home = homes.get(application) ?? namespace;
      files.push(file(application, home, manifest, `secrets/${platform.environment.name}`, secret.node.path));
    }
  }
  return { files, unsealed: unsealed.sort() };
}

/** One that signs, and whose certificate no client is given: each of them would refuse every server. */
function refuseLostAuthorities({ secrets, environment }: Platform, sealed: readonly SealedManifest[]): void {
  const isSealed = ({ name, keys }: SecretInventoryEntry): boolean =>
    Object.values(keys).some(
      (source) =>
        source.kind === 'authority' &&
        sealed.some((each) => each.name === name && each.keys.includes(source.certificate)),
    );
  const findings = secrets
    .map((secret) => secret.inventoryEntry())
    .filter((entry) => isSealed(entry) && environment.authority(entry.name).certificates === undefined)
    .map(({ name }) => ({
      where: authorityPath(environment.name, name),
      what: `it is not there, and the authority ${name} is sealed: its clients would refuse every server`,
      allowed: 'both, as npm run seal wrote them',
      remedy: `restore it from git, or have a new one made: npm run seal -- --cert FILE --rotate ${name}`,
    }));
  if (findings.length > 0) throw new InputError(findings);
}

/** Kubernetes knows one object of a kind, namespace and name, whichever application brings it. */
function refuseTwins(files: readonly OwnedFile[]): void {
  const seen = new Map<string, OwnedFile>();
  /** By the two constructs that are alike down to the object: a copy of a whole store is one mistake. */
  const alike = new Map<string, { readonly constructs: readonly string[]; readonly objects: string[] }>();
  for (const candidate of files) {
    const { manifest } = candidate;
    const scope = isClusterScoped(manifest.kind) ? '' : manifest.metadata.namespace;
    const key = `${manifest.apiVersion} ${manifest.kind} ${scope}/${manifest.metadata.name}`;
    const twin = seen.get(key);
    seen.set(key, twin ?? candidate);
    if (twin === undefined) continue;
    const constructs = whereTheyDiffer(twin.construct, candidate.construct);
    const pair = alike.get(constructs.join(' ')) ?? { constructs, objects: [] };
    pair.objects.push(describeManifest(manifest));
    alike.set(constructs.join(' '), pair);
  }
  const findings = [...alike.values()].map(
    ({ constructs: [one = '', other = ''], objects: [first = '', ...more] }) => ({
      where: more.length === 0 ? first : `${first} and ${more.length} more`,
      what: `two constructs write ${more.length === 0 ? 'it' : 'them'}: ${one} and ${other}`,
      allowed: 'each object once in the platform',
      remedy:
        more.length === 0
          ? 'give one of them another name'
          : `give ${other} another name: that of its objects is its id, or name`,
    }),
  );
  if (findings.length > 0) throw new InputError(findings);
}

/** Paths of constructs without what both end with, but for their last step. */
function whereTheyDiffer(...paths: readonly [string, string]): readonly string[] {
  const [one = [], other = []] = paths.map((each) => each.split('/'));
  const [application, again] = [one[0], other[0]];
  let shared = 0;
  const longest = Math.min(one.length, other.length) - (application === again ? 1 : 2);
  while (shared < longest && one.at(-1 - shared) === other.at(-1 - shared)) shared += 1;
  return [one, other].map((each) => each.slice(0, each.length - shared).join('/'));
}
