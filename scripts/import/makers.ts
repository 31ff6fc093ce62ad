import fs from 'node:fs';
import path from 'node:path';
import { loadAll } from 'js-yaml';
import { upstreamRelease } from '../../config/index.ts';
import type { CustomResourceDefinition } from './custom-resources.ts';
import { fetchingHere, moduleFiles } from './module-files.ts';
import type { Fetching, PinnedModule } from './module-files.ts';

/** Whose definitions of custom resources are read, out of the Go module that they publish them in. */
export interface Maker {
  readonly module: string;
  readonly version: string;
  /** Files and folders of the module with the definitions. */
  readonly files: readonly string[];
  /** Kinds of the table; the others are written by controllers, or by nobody. */
  readonly kinds: readonly string[];
  /** Whether TypeScript interfaces are written: not where a package is kept that has them. */
  readonly hasInterfaces: boolean;
}

export const makers = {
  'argo-cd': {
    module: 'github.com/argoproj/argo-cd/v3',
    version: upstreamRelease('argocd').revision,
    files: ['manifests/crds/application-crd.yaml', 'manifests/crds/appproject-crd.yaml'],
    kinds: ['Application', 'AppProject'],
    hasInterfaces: true,
  },
  'cert-manager': {
    module: 'github.com/cert-manager/cert-manager',
    version: upstreamRelease('cert-manager').revision,
    files: ['deploy/crds'],
    kinds: ['Certificate', 'Issuer', 'ClusterIssuer'],
    hasInterfaces: true,
  },
  'sealed-secrets': {
    module: 'github.com/bitnami-labs/sealed-secrets',
    version: upstreamRelease('sealed-secrets').revision,
    files: ['helm/sealed-secrets/crds'],
    kinds: ['SealedSecret'],
    hasInterfaces: true,
  },
  traefik: {
    module: 'github.com/traefik/traefik/v3',
    version: upstreamRelease('traefik').revision,
    files: ['docs/content/reference/dynamic-configuration/kubernetes-crd-definition-v1.yml'],
    kinds: [
      ...['IngressRoute', 'IngressRouteTCP', 'IngressRouteUDP', 'Middleware', 'MiddlewareTCP', 'ServersTransport'],
      ...['ServersTransportTCP', 'TLSOption', 'TLSStore', 'TraefikService'],
    ],
    hasInterfaces: false,
  },
} as const satisfies Readonly<Record<string, Maker>>;

export type MakerName = keyof typeof makers;

export const makerNames = Object.keys(makers) as readonly MakerName[];

export const importsFolder = path.resolve(import.meta.dirname, '../../imports');

/** Files and folders with the definitions of a maker, fetched where they weren't before. @throws InputError */
export function definitionFiles(name: MakerName, fetching: Fetching = fetchingHere()): readonly string[] {
  return moduleFiles(pinnedModule(makers[name], importsFolder), makers[name].files, fetching);
}

/** The module of a maker, as the go.mod of imports/ pins it. @param folder that folder */
export function pinnedModule({ module, version }: Maker, folder: string): PinnedModule {
  return { module, version, folder };
}

/** A maker's module with its version, as a table names it. */
export function sourceOf({ module, version }: Maker): string {
  return `${module}@${version}`;
}

/** The definitions that stand in files and folders. */
export function definitionsIn(files: readonly string[]): CustomResourceDefinition[] {
  return files
    .flatMap((file) =>
      fs.statSync(file).isDirectory()
        ? fs
            .readdirSync(file)
            .filter((name) => name.endsWith('.yaml'))
            .map((name) => path.join(file, name))
        : [file],
    )
    .sort()
    .flatMap((file) => loadAll(fs.readFileSync(file, 'utf8')) as CustomResourceDefinition[])
    .filter((each) => (each as CustomResourceDefinition | null)?.kind === 'CustomResourceDefinition');
}
