import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { toolsHere } from '../../../prove/tools/cache.ts';
import type { Tools } from '../../../prove/tools/cache.ts';
import { versionOf } from '../../../prove/tools/modules.ts';
import { programOf } from '../../../prove/tools/programs.ts';
import { makers } from '../../../scripts/import/makers.ts';
import { keptPath } from '../../../scripts/import/module-files.ts';

const definition = (name: string): string =>
  `---\napiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n  name: ${name}\n`;

/** Tools whose cache has what would be fetched of upstream, as far as its names and forms matter. */
export function toolsWithUpstreams(): Tools {
  const cache = fs.mkdtempSync(path.join(os.tmpdir(), 'diptych-upstream-'));
  const tools = { ...toolsHere(), cache };
  const keep = (module: string, version: string, file: string, below: string, text: string): void => {
    const target = path.join(keptPath({ module, version, folder: '' }, file, cache), below);
    fs.mkdirSync(path.dirname(target), { recursive: true });
    fs.writeFileSync(target, text);
  };
  const ofProgram = (program: 'argocd' | 'sealed-secrets-controller', file: string, below: string, text: string) =>
    keep(programOf(program).module ?? '', versionOf(program), file, below, text);
  for (const folder of ['cluster-install', 'namespace-install', 'cluster-rbac', 'crds', 'base']) {
    ofProgram('argocd', `manifests/${folder}`, 'kustomization.yaml', folder);
  }
  ofProgram('sealed-secrets-controller', 'helm/sealed-secrets', 'Chart.yaml', 'about');
  ofProgram('sealed-secrets-controller', 'helm/sealed-secrets', 'crds/bitnami.com_x.yaml', 'crd');
  const { traefik, 'cert-manager': certManager } = makers;
  keep(traefik.module, traefik.version, traefik.files[0], '', definition('ingressroutes.traefik.io'));
  for (const name of ['certificates', 'issuers']) {
    const file = `cert-manager.io_${name}.yaml`;
    keep(certManager.module, certManager.version, 'deploy/crds', file, definition(`${name}.cert-manager.io`));
  }
  keep(certManager.module, certManager.version, 'deploy/crds', 'README.md', 'no definition');
  return tools;
}
