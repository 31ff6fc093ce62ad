import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { dump, load, loadAll } from 'js-yaml';
import { kustomizePatch } from '../../constructs/app-of-apps/index.ts';
import { upstreamRelease } from '../../config/index.ts';
import { InputError } from '../../constructs/core/error.ts';
import type { Manifest } from '../../constructs/core/manifest.ts';
import type { Platform } from '../../constructs/core/platform.ts';
import { valuesOf } from '../../constructs/core/upstream-source.ts';
import { describeSource, keyOf, sourcesOf } from '../../synth/upstream/facts.ts';
import type { ReadSource, UpstreamFacts } from '../../synth/upstream/facts.ts';
import { skeletonOf } from '../../synth/upstream/skeleton.ts';
import { importsFolder, makers, pinnedModule } from './makers.ts';
import type { MakerName } from './makers.ts';
import { fetchingHere, moduleFiles } from './module-files.ts';
import type { Fetching } from './module-files.ts';

/** Programs that render, as Argo CD has them inside, and where modules are kept. */
export interface Renderers {
  readonly helm: string;
  readonly kubectl: string;
  readonly fetching: Fetching;
}

/** Which part of a Go module is what its makers publish elsewhere. */
interface Origin {
  readonly maker: MakerName;
  /** Folders and files of the module that a source may read. */
  readonly files: readonly string[];
  /** The folder of the chart that a Helm repository has by its name. */
  readonly chart?: string;
}

/** What the kustomization of Argo CD is made of. */
export const argocdFolders = ['cluster-install', 'namespace-install', 'cluster-rbac', 'crds', 'base'].map(
  (name) => `manifests/${name}`,
);

const origins: Readonly<Record<string, Origin>> = {
  [upstreamRelease('argocd').repository]: { maker: 'argo-cd', files: argocdFolders },
  [upstreamRelease('cert-manager').repository]: {
    maker: 'cert-manager',
    files: ['deploy/charts/cert-manager'],
    chart: 'deploy/charts/cert-manager',
  },
  [upstreamRelease('sealed-secrets').repository]: { maker: 'sealed-secrets', files: ['helm/sealed-secrets'] },
  [upstreamRelease('traefik').repository]: { maker: 'traefik', files: makers.traefik.files },
};

/** The programs that the environment names in HELM and KUBECTL, else those on the PATH. */
export function renderersHere(fetching: Fetching = fetchingHere()): Renderers {
  const { HELM = '', KUBECTL = '' } = fetching.env;
  return { helm: HELM === '' ? 'helm' : HELM, kubectl: KUBECTL === '' ? 'kubectl' : KUBECTL, fetching };
}

/** What the sources of platforms bring, each once. @throws InputError where a module or a program can't be had */
export function renderedFacts(platforms: readonly Platform[], renderers: Renderers): UpstreamFacts[] {
  const reads = new Map(platforms.flatMap(sourcesOf).map((read) => [keyOf(read), read]));
  return [...reads].map(([key, read]) => ({
    source: describeSource(read),
    key,
    objects: renderSource(read, renderers)
      .map((object) => skeletonOf(object, read.chart.destination.name))
      .sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1)),
  }));
}

const nameOf = ({ kind, metadata: { namespace = '', name } }: Manifest): string => `${kind} ${namespace} ${name}`;

/**
 * The objects of one source, rendered as Argo CD renders it, but that images keep their tags.
 * @throws InputError as above
 */
export function renderSource(read: ReadSource, { helm, kubectl, fetching }: Renderers): Manifest[] {
  const { chart, source } = read;
  const { props } = source;
  const namespace = chart.destination.name;
  const work = fs.mkdtempSync(path.join(os.tmpdir(), 'diptych-render-'));
  try {
    const folder = path.join(work, unpacked(read, path.join(work, 'source'), fetching));
    const run = (program: string, args: readonly string[]): Manifest[] => {
      const env = { ...fetching.env, HOME: work };
      const { error, status, stdout, stderr } = spawnSync(program, args, { env, encoding: 'utf8', maxBuffer: 2 ** 26 });
      if (error === undefined && status === 0) return objectsIn(stdout);
      throw new InputError({
        where: `upstream source ${describeSource(read)}`,
        what: error === undefined ? `${program}: ${stderr.trim()}` : `${program}: ${error.message}`,
        allowed: 'helm 4 and kubectl, on the PATH or named in HELM and KUBECTL',
        remedy: 'install them, or name those that npm run prove -- doctor --fix builds',
      });
    };
    if (fs.existsSync(path.join(folder, 'kustomization.yaml'))) {
      const overlay = path.join(work, 'overlay');
      fs.mkdirSync(overlay);
      const kustomization = {
        resources: [path.relative(overlay, folder)],
        patches: props.patches?.map(kustomizePatch) ?? [],
      };
      fs.writeFileSync(path.join(overlay, 'kustomization.yaml'), dump(kustomization));
      return run(kubectl, ['kustomize', overlay]);
    }
    if (props.values === undefined && props.releaseName === undefined) return plainObjects(folder, props.include);
    const values = path.join(work, 'values.json');
    fs.writeFileSync(values, JSON.stringify(valuesOf(props, ({ tag }) => tag) ?? {}));
    const release = props.releaseName ?? chart.application;
    return run(helm, ['template', release, folder, '--namespace', namespace, '--values', values, '--skip-crds']);
  } finally {
    fs.rmSync(work, { recursive: true, force: true });
  }
}

/** Lays out a repository as its makers have it, as far as it is read. @returns the folder of the source in `work` */
function unpacked(read: ReadSource, target: string, fetching: Fetching): string {
  const { props } = read.source;
  const origin = origins[props.repository];
  if (origin === undefined) {
    throw new InputError({
      where: `upstream source ${describeSource(read)}`,
      what: 'nobody knows which Go module has what it reads',
      allowed: Object.keys(origins).join(', '),
      remedy: 'add it to origins in scripts/import/render.ts',
    });
  }
  const maker = makers[origin.maker];
  const kept = moduleFiles(pinnedModule(maker, importsFolder), origin.files, fetching);
  for (const [index, file] of origin.files.entries()) {
    fs.cpSync(kept[index] ?? '', path.join(target, file), { recursive: true });
  }
  if (origin.chart !== undefined) asReleased(path.join(target, origin.chart, 'Chart.yaml'), props.revision);
  return path.join(path.basename(target), origin.chart ?? props.path ?? '');
}

/** A chart's version is written into it when it is published. */
function asReleased(file: string, version: string): void {
  const about = load(fs.readFileSync(file, 'utf8')) as object;
  fs.writeFileSync(file, dump({ ...about, version, appVersion: version }));
}

/** As Argo CD reads a folder of manifests. */
function plainObjects(folder: string, include = '*'): Manifest[] {
  const pattern = new RegExp(`^${include.replace(/[.+^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')}$`);
  const names = fs.readdirSync(folder).filter((name) => /\.(ya?ml|json)$/.test(name) && pattern.test(name));
  return names.sort().flatMap((name) => objectsIn(fs.readFileSync(path.join(folder, name), 'utf8')));
}

function objectsIn(text: string): Manifest[] {
  return (loadAll(text) as (Manifest | null | undefined)[]).filter((each) => each !== null && each !== undefined);
}
