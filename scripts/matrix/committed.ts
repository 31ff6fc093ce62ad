import fs from 'node:fs';
import path from 'node:path';
import { loadAll } from 'js-yaml';
import { InputError } from '../../constructs/core/error.ts';
import type { Finding } from '../../constructs/core/error.ts';
import type { Manifest } from '../../constructs/core/manifest.ts';

/** The objects that Argo CD finds in `dist/<environment>`, by application: the name of the folder. */
export type Committed = ReadonlyMap<string, readonly Manifest[]>;

/** Reads the YAML files of an environment. @throws InputError with every file that holds something else than objects */
export function committedManifests(root: string, environment: string): Committed {
  const folder = `dist/${environment}`;
  if (!fs.existsSync(path.join(root, folder))) {
    throw new InputError({
      where: folder,
      what: 'there is no such folder',
      allowed: 'the committed output of an environment',
      remedy: 'run npm run synth',
    });
  }
  const findings: Finding[] = [];
  const applications = new Map<string, Manifest[]>();
  const files = fs.readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' });
  for (const name of files.filter((file) => /\.ya?ml$/.test(file)).sort()) {
    const [application = ''] = name.split(path.sep);
    const read = readFile(path.join(root, folder, name));
    if (typeof read !== 'string') applications.set(application, [...(applications.get(application) ?? []), ...read]);
    else
      findings.push({
        where: `${folder}/${name}`,
        what: read,
        allowed: 'Kubernetes objects',
        remedy: 'run npm run synth, or remove it',
      });
  }
  if (findings.length > 0) throw new InputError(findings);
  return applications;
}

function readFile(file: string): Manifest[] | string {
  let documents: unknown[];
  try {
    documents = loadAll(fs.readFileSync(file, 'utf8'));
  } catch (error) {
    return `it is no YAML: ${(error as Error).message}`;
  }
  const present = documents.filter((document) => document !== null && document !== undefined);
  return present.every(isManifest) ? present : 'it holds something that is no Kubernetes object';
}

function isManifest(document: unknown): document is Manifest {
  const { apiVersion, kind, metadata } = document as Partial<Manifest>;
  return typeof apiVersion === 'string' && typeof kind === 'string' && typeof metadata?.name === 'string';
}
