import fs from 'node:fs';
import path from 'node:path';
import { buildPlatform } from '../../../apps/platform.ts';
import { upstreamRelease } from '../../../config/index.ts';
import { upstreamCharts, upstreamRepositories } from '../../../prove/stand-ins/internet/upstream/index.ts';
import type { Tools } from '../../../prove/tools/cache.ts';
import { versionOf } from '../../../prove/tools/modules.ts';
import { programNames } from '../../../prove/tools/programs.ts';
import type { ProgramName } from '../../../prove/tools/programs.ts';
import { makers } from '../../../scripts/import/makers.ts';
import { committed, root } from '../../support/committed.ts';
import { toolsWithUpstreams } from './kept.ts';

let tools: Tools;
beforeEach(() => {
  tools = toolsWithUpstreams();
});
afterEach(() => {
  fs.rmSync(tools.cache, { recursive: true, force: true });
});

interface Source {
  readonly repoURL: string;
  readonly targetRevision: string;
  readonly chart?: string;
  readonly path?: string;
  readonly directory?: { readonly include: string };
  readonly kustomize?: object;
}

/** The sources of every committed application that are not our own repository. */
function committedSources(): Source[] {
  const own = buildPlatform('production').environment.repository.url;
  return committed('argocd')
    .filter(({ manifest }) => manifest.kind === 'Application')
    .flatMap(({ manifest }) => (manifest.spec as { readonly sources?: readonly Source[] }).sources ?? [])
    .filter(({ repoURL }) => repoURL !== own);
}

test('the programs of the proving ground are of the releases that the platform runs', () => {
  const images = JSON.parse(fs.readFileSync(path.join(root, 'config/images.json'), 'utf8')) as Record<
    string,
    { readonly tag: string }
  >;
  const bare = (version: string): string => version.replace(/^v|-alpine$/g, '');
  const pinned = {
    argocd: upstreamRelease('argocd').revision,
    ...Object.fromEntries(Object.entries(images).map(([name, { tag }]) => [name, tag])),
  };
  // Of the module of Jaeger nobody serves what the platform runs: prove/tools/programs.ts says which one is built.
  const both = Object.entries(pinned).filter(
    ([name]) => name !== 'jaeger' && programNames.includes(name as ProgramName),
  );
  expect(both.map(([name]) => name).sort()).toEqual([
    'argocd',
    'blackbox-exporter',
    'coredns',
    'kube-state-metrics',
    'loki',
    'node-exporter',
    'pgbouncer-exporter',
    'postgres-exporter',
    'prometheus',
    'rclone',
    'redis-exporter',
    'sealed-secrets-controller',
  ]);
  // Prometheus 3.15.1 is v0.315.1 as a module: one of Go's second version or later would have it in its path.
  const released = (version: string): string => version.replace(/^0\.(3)0?(\d+)\./, '$1.$2.');
  const built = both.map(([name]) => {
    const version = bare(versionOf(name as ProgramName));
    return [name, name === 'prometheus' ? released(version) : version];
  });
  expect(built).toEqual(both.map(([name, version]) => [name, bare(version)]));
});

describe('the upstream repositories', () => {
  test('hold what the modules bring, under the paths of the repository', () => {
    const files = upstreamRepositories(tools).map((each) => each.files);
    const parts = ['cluster-install', 'namespace-install', 'cluster-rbac', 'crds', 'base'];
    expect(files[0]).toEqual(Object.fromEntries(parts.map((part) => [`manifests/${part}/kustomization.yaml`, part])));
    expect(files[1]).toEqual({
      'helm/sealed-secrets/Chart.yaml': 'about',
      'helm/sealed-secrets/crds/bitnami.com_x.yaml': 'crd',
    });
  });

  test("hold Traefik's own definitions in the file that the tag has them in", () => {
    expect(Object.entries(upstreamRepositories(tools)[2]!.files)).toEqual([
      [makers.traefik.files[0], expect.stringContaining('name: ingressroutes.traefik.io')],
    ]);
  });

  test('are refused where the programs are pinned to another version than the platform', () => {
    const module = 'github.com/argoproj/argo-cd/v3';
    fs.mkdirSync(path.join(tools.cache, 'argocd'));
    fs.writeFileSync(path.join(tools.cache, 'argocd', 'go.mod'), `require ${module} v0.0.1\n`);
    expect(() => upstreamRepositories({ ...tools, folder: tools.cache })).toThrow(/prove\/tools pins v0\.0\.1/);
  });
});

test('every upstream source of the committed tree is here, at its revision', () => {
  const repositories = upstreamRepositories(tools);
  const charts = upstreamCharts(tools);
  const missing = committedSources().filter(({ repoURL, targetRevision, chart, path: below, directory, kustomize }) => {
    const isChart = charts.some(
      ({ repository, name, version }) => repository === repoURL && name === chart && version === targetRevision,
    );
    const { files = {} } =
      repositories.find(({ url, tag, commit }) => url === repoURL && (commit ?? tag) === targetRevision) ?? {};
    const include = directory?.include.replace('*', 'x') ?? (kustomize ? 'kustomization.yaml' : 'Chart.yaml');
    return !isChart && !(`${below ?? ''}/${include}` in files);
  });
  expect(missing).toEqual([]);
});

test('every upstream here is read by the committed tree', () => {
  const read = new Set(committedSources().map(({ repoURL }) => repoURL));
  const here = [
    ...upstreamRepositories(tools).map(({ url }) => url),
    ...upstreamCharts(tools).map((each) => each.repository),
  ];
  expect(new Set(here)).toEqual(read);
});

test("what is not its maker's says so", () => {
  const standIns = [...upstreamRepositories(tools), ...upstreamCharts(tools)].map(({ standIn = '' }) => standIn);
  expect(standIns).toEqual(['', '', '', expect.stringMatching(/^cert-manager is a chart of our own .*listen/)]);
});
