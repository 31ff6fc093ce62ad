import fs from 'node:fs';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { load } from 'js-yaml';
import { InputError } from '../../constructs/core/error.ts';
import type { Finding } from '../../constructs/core/error.ts';
import type { Manifest } from '../../constructs/core/manifest.ts';
import { authorityPath } from '../../config/authorities.ts';
import { toYaml } from '../yaml.ts';
import { fromManifest, sealedSecretProblem, toManifest } from './manifest.ts';
import type { SealedFile } from './manifest.ts';

/** A SealedSecret as it stands in `secrets/`. */
export interface SealedManifest {
  readonly namespace: string;
  readonly name: string;
  /** Keys whose values are sealed, sorted. */
  readonly keys: readonly string[];
  /** Path from the root of the repository, with slashes. */
  readonly file: string;
  readonly manifest: Manifest;
}

/** `secrets/production/shop/backend.yaml`. */
export function sealedPath(environment: string, { namespace, name }: Pick<SealedFile, 'namespace' | 'name'>): string {
  return `secrets/${environment}/${namespace}/${name}.yaml`;
}

// Left behind only if a run was killed while writing; the next one overwrites it.
const TEMPORARY = /^\..+\.(yaml|crt)\.sealing$/;

/**
 * Every SealedSecret of `secrets/<environment>`, sorted by path; none if there is no such folder.
 * Throws one InputError for all files that are not SealedSecrets of strict scope in their own place. Errors never
 * repeat content: what doesn't belong there may be a plain secret.
 */
export function sealedManifests(root: string, environment: string): SealedManifest[] {
  const findings: Finding[] = [];
  const found: SealedManifest[] = [];
  for (const folder of list(root, `secrets/${environment}`)) {
    const files = folder.isDirectory() ? list(root, `secrets/${environment}/${folder.name}`) : [folder];
    for (const entry of files.filter(({ name }) => !TEMPORARY.test(name))) {
      if (entry === folder && entry.isFile() && entry.name.endsWith('.crt')) continue;
      const file = path.posix.join('secrets', environment, folder.name, ...(entry === folder ? [] : [entry.name]));
      const read =
        entry === folder || !entry.isFile() ? 'is not a file of a namespace folder' : readManifest(root, file);
      if (typeof read !== 'string') {
        const keys = [...fromManifest(read).keys.keys()].sort();
        found.push({ namespace: folder.name, name: read.metadata.name, keys, file, manifest: read });
      } else {
        findings.push({
          where: file,
          what: read,
          allowed: `SealedSecrets of strict scope, as ${sealedPath(environment, { namespace: 'NAMESPACE', name: 'NAME' })}`,
          remedy:
            'restore it from git or remove it; a value that was committed or shared unsealed has to be replaced as well',
        });
      }
    }
  }
  if (findings.length > 0) throw new InputError(findings);
  return found;
}

/**
 * Writes those of `after` that differ from `before`, and certificates of authorities, and returns their paths. All are
 * staged first and renamed last, so that an error or an interrupt leaves each secret as it was or as it should be.
 */
export function writeSealedFiles(
  root: string,
  environment: string,
  before: readonly SealedFile[],
  after: readonly SealedFile[],
  authorities: ReadonlyMap<string, string> = new Map(),
): string[] {
  const changed = [
    ...[...authorities].map(([name, text]) => ({ file: authorityPath(environment, name), text })),
    ...after
      .filter((file) => !before.some((old) => isDeepStrictEqual(old, file)))
      .map((file) => ({ file: sealedPath(environment, file), text: toYaml(toManifest(file)) })),
  ];
  const moves = changed.map(({ file, text }) => {
    const target = path.join(root, file);
    const temporary = path.join(path.dirname(target), `.${path.basename(target)}.sealing`);
    return { target, temporary, text };
  });
  uninterrupted(() => {
    try {
      for (const { temporary, text } of moves) {
        fs.mkdirSync(path.dirname(temporary), { recursive: true });
        fs.writeFileSync(temporary, text, { flush: true });
      }
      for (const { temporary, target } of moves) fs.renameSync(temporary, target);
    } finally {
      for (const { temporary } of moves) fs.rmSync(temporary, { force: true });
    }
  });
  return changed.map(({ file }) => file).sort();
}

/** Removes files of `secrets/`, and folders that are empty then. */
export function removeSealedFiles(root: string, files: readonly string[]): void {
  for (const file of files) {
    fs.rmSync(path.join(root, file));
    const folder = path.dirname(path.join(root, file));
    if (fs.readdirSync(folder).length === 0) fs.rmdirSync(folder);
  }
}

function list(root: string, folder: string): fs.Dirent[] {
  const absolute = path.join(root, folder);
  if (!fs.existsSync(absolute)) return [];
  return fs.readdirSync(absolute, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The SealedSecret of a file, or what is wrong with it. The YAML parser's own message quotes the file: it is dropped. */
function readManifest(root: string, file: string): Manifest | string {
  let document: unknown;
  try {
    document = load(fs.readFileSync(path.join(root, file), 'utf8'));
  } catch {
    return 'does not parse as one YAML document';
  }
  if (!file.endsWith('.yaml')) return 'is not a .yaml file';
  const problem = sealedSecretProblem(document, path.basename(path.dirname(file)), path.basename(file, '.yaml'));
  return problem ?? (document as Manifest);
}

/** Lets signals wait until `work`, which is synchronous, is done. */
function uninterrupted(work: () => void): void {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  const wait = (): void => undefined;
  for (const signal of signals) process.on(signal, wait);
  try {
    work();
  } finally {
    for (const signal of signals) process.off(signal, wait);
  }
}
