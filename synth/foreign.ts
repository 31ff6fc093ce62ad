import fs from 'node:fs';
import path from 'node:path';
import type { Finding } from '../constructs/core/error.ts';
import { installFolder } from './install/index.ts';
import { valuesFolder } from './machines.ts';

/**
 * Whether Argo CD would apply a file that no construct wrote: everything below the root's folder, and what lies in the
 * folder of an application itself.
 * @see https://argo-cd.readthedocs.io/en/stable/user-guide/directory/ (v3.5)
 */
export function isApplied(
  file: string,
  environment: string,
  charts: readonly { readonly application: string }[],
): boolean {
  if (!/\.(ya?ml|json|jsonnet)$/.test(file)) return false;
  const folders = charts.map(({ application }) => `dist/${environment}/${application}`);
  return file.startsWith(`argocd/${environment}/`) || folders.includes(path.posix.dirname(file));
}

/** Files in the folders of an environment that no construct wrote. */
export function foreignFindings(
  files: readonly string[],
  environment: string,
  charts: readonly { readonly application: string }[],
): Finding[] {
  return files.map((where) => ({
    where,
    what: `no construct wrote it, and Argo CD would ${isApplied(where, environment, charts) ? '' : 'not '}apply it`,
    allowed: 'what npm run synth writes, and nothing else',
    remedy: 'remove it, or write it from a construct',
  }));
}

/** Folders beside those of the environments, and values of machines. */
export function strayFindings(root: string, environments: readonly string[]): Finding[] {
  return [...strayFolders(root, environments), ...strayValues(root, environments)];
}

function strayValues(root: string, environments: readonly string[]): Finding[] {
  const full = path.join(root, valuesFolder);
  const files = fs.existsSync(full) ? fs.readdirSync(full).sort() : [];
  return files
    .filter((file) => file.endsWith('.tfvars.json') && !environments.includes(file.replace('.tfvars.json', '')))
    .map((file) => ({
      where: `${valuesFolder}/${file}`,
      what: 'there is no such environment, so nothing keeps it as it should be',
      allowed: environments.join(', '),
      remedy: 'remove it once its machines are destroyed, which asks for it (terraform/README.md)',
    }));
}

function strayFolders(root: string, environments: readonly string[]): Finding[] {
  return ['dist', 'argocd', 'secrets', installFolder].flatMap((folder) => {
    const full = path.join(root, folder);
    const entries = fs.existsSync(full) ? fs.readdirSync(full, { withFileTypes: true }) : [];
    return entries
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
      .sort()
      .filter((name) => !environments.includes(name))
      .map((name) => ({
        where: `${folder}/${name}`,
        what: 'there is no such environment, so nothing keeps it as it should be',
        allowed: environments.join(', '),
        remedy: `remove it once no Argo CD reads it, or write config/environments/${name}.ts`,
      }));
  });
}
