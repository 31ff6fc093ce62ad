import fs from 'node:fs';
import path from 'node:path';
import { App } from 'cdk8s';
import { buildAppOfApps, buildPlatform } from '../../apps/platform.ts';
import { AppOfApps, ArgoCdSettings } from '../../constructs/app-of-apps/index.ts';
import { celLiteral } from '../../constructs/app-of-apps/cel.ts';
import type { Application } from '../../constructs/core/application.ts';
import { layers } from '../../constructs/core/application-chart.ts';
import type { ApplicationChart } from '../../constructs/core/application-chart.ts';
import type { Environment, RepositoryServer } from '../../constructs/core/environment.ts';
import { kubeObject, manifestOf, objectsOf } from '../../constructs/core/kube-object.ts';
import { KubeConfigMap } from '../../constructs/core/level1.ts';
import type { Manifest } from '../../constructs/core/manifest.ts';
import { Platform } from '../../constructs/core/platform.ts';
import { UpstreamSource } from '../../constructs/core/upstream-source.ts';
import type { UpstreamSourceProps } from '../../constructs/core/upstream-source.ts';
import { collect } from '../../synth/collect.ts';
import { schemaFindings } from '../../synth/schema/index.ts';
import { at, image, manifestsOf, only, testApplication, testEnvironment } from '../support/harness.ts';

interface Source {
  readonly repoURL: string;
  readonly targetRevision: string;
  readonly path?: string;
}

const production = buildPlatform('production');
const tree = treeOf(production);
const ours = production.environment.repository.url;
const applications = children(tree);

function treeOf(platform: Platform): Manifest[] {
  return objectsOf(buildAppOfApps(platform)).map(manifestOf);
}

/** The tree over applications with one object each. */
function treeWith(environment: Environment, list: readonly Application<unknown>[]): Manifest[] {
  return treeOf(new Platform(environment, list));
}

function oneObject(scope: ApplicationChart): void {
  kubeObject(scope, 'object', KubeConfigMap, { metadata: { name: 'object' } });
}

function children(manifests: readonly Manifest[]): Manifest[] {
  return manifests.filter(({ kind, metadata }) => kind === 'Application' && metadata.name !== 'root');
}

function sourcesOf(application: Manifest): Source[] {
  const { source, sources } = application.spec as { source?: Source; sources?: Source[] };
  return sources ?? (source === undefined ? [] : [source]);
}

const ownSources = (application: Manifest): Source[] =>
  sourcesOf(application).filter(({ repoURL }) => repoURL === ours);

function waveOf(name: string): number {
  return Number(only(tree, 'Application', name).metadata.annotations?.['argocd.argoproj.io/sync-wave']);
}

/** Every file of an application of production, secrets sealed. */
function distOf(application: string): Manifest[] {
  const sealed = production.secrets.flatMap((secret) => {
    const { name, keys, copies } = secret.inventoryEntry();
    return copies.map(({ namespace }) => ({
      namespace,
      name,
      keys: Object.keys(keys),
      file: `secrets/production/${namespace}/${name}.yaml`,
      manifest: { apiVersion: 'bitnami.com/v1alpha1', kind: 'SealedSecret', metadata: { name, namespace } },
    }));
  });
  const { dist } = collect(production, buildAppOfApps(production), sealed);
  return dist.filter((file) => file.path.startsWith(`${application}/`)).map(({ manifest }) => manifest);
}

describe('waves', () => {
  test('a backend comes after its database and its directory, a frontend after its backend', () => {
    expect(waveOf('backend')).toBeGreaterThan(waveOf('data'));
    expect(waveOf('backend')).toBeGreaterThan(waveOf('identity'));
    expect(waveOf('frontend')).toBeGreaterThan(waveOf('backend'));
  });

  test('no layer begins before the one in front of it', () => {
    const list = layers.map((layer) => testApplication(`in-${layer}`, oneObject, layer)).reverse();
    const { waves } = new Platform(testEnvironment(), list);
    const inOrder = [...waves].sort(([, a], [, b]) => a - b).map(([name]) => name);
    expect(inOrder).toEqual(layers.map((layer) => `in-${layer}`));
    expect(new Set(waves.values()).size).toBe(layers.length);
  });

  test('the root and its project come first, then the projects, then the applications', () => {
    const wave = ({ metadata }: Manifest): number => Number(metadata.annotations?.['argocd.argoproj.io/sync-wave']);
    const first = tree.filter(({ metadata }) => metadata.name === 'root').map(wave);
    const projects = tree.filter(({ kind, metadata }) => kind === 'AppProject' && metadata.name !== 'root').map(wave);
    expect(Math.max(...first)).toBeLessThan(Math.min(...projects));
    expect(Math.max(...projects)).toBeLessThan(Math.min(...applications.map(wave)));
  });
});

describe('sources', () => {
  test('each folder of dist/ belongs to exactly one application', () => {
    const paths = applications.flatMap(ownSources).map((source) => source.path);
    const folders = production.charts
      .map((chart) => chart.application)
      .filter((application) => distOf(application).length > 0);
    expect(paths).toEqual(folders.map((folder) => `dist/production/${folder}`));
  });

  test('an application without objects of ours has no folder in dist/', () => {
    const crds = only(tree, 'Application', 'crds');
    expect(distOf('crds')).toEqual([]);
    expect(sourcesOf(crds).length).toBeGreaterThan(0);
    expect(ownSources(crds)).toEqual([]);
  });

  test('ours come last, because the last source of an object counts', () => {
    const both = applications.filter((each) => ownSources(each).length > 0 && sourcesOf(each).length > 1);
    expect(both.map(({ metadata }) => metadata.name)).toEqual(['sealed-secrets', 'cert-manager', 'argocd']);
    expect(both.map((each) => sourcesOf(each).at(-1)?.repoURL)).toEqual(both.map(() => ours));
  });

  test('those of others are pinned to a version, never to a branch', () => {
    const others = applications.flatMap(sourcesOf).filter(({ repoURL }) => repoURL !== ours);
    expect(others.length).toBeGreaterThan(0);
    expect(others.filter(({ targetRevision }) => !/^(v?\d+\.\d+\.\d+|[0-9a-f]{40})$/.test(targetRevision))).toEqual([]);
  });
});

describe('a source of others', () => {
  const digest = `sha256:${'1'.repeat(64)}`;
  const source = (props: Partial<UpstreamSourceProps>) => {
    const app = testApplication('other', (scope) => {
      new UpstreamSource(scope, 'source', {
        ...{ repository: 'https://git.example/other.git', revision: 'v1.2.3', path: 'deploy' },
        ...{ clusterKinds: [], namespacedKinds: ['apps/Deployment'] },
        ...props,
      });
    });
    return at(only(treeWith(testEnvironment(), [app]), 'Application', 'other'), 'spec.source');
  };

  test('is read at its commit, and at its tag only where that is not known', () => {
    const commit = 'a'.repeat(40);
    expect([source({ commit }), source({})]).toMatchObject([{ targetRevision: commit }, { targetRevision: 'v1.2.3' }]);
  });

  test('has the objects left out that a patch names', () => {
    const patches = [{ without: 'NetworkPolicy', apiVersion: 'networking.k8s.io/v1' }];
    const { kustomize } = source({ patches }) as { kustomize: { patches: { target: object; patch: string }[] } };
    const [{ target, patch } = { target: {}, patch: '' }] = kustomize.patches;
    expect([target, JSON.parse(patch)]).toMatchObject([{ kind: 'NetworkPolicy' }, { $patch: 'delete' }]);
  });

  test('runs images by the digests of the table, and its own where there is none', () => {
    const pinned = { ...image, repository: 'registry.example/other', tag: 'v1.2.3', digest };
    const tagged = { ...pinned, repository: 'registry.example/more', digest: undefined };
    const images = [pinned, tagged].map((each) => ({ image: each }));
    expect(source({ images })).toMatchObject({ kustomize: { images: [`registry.example/other@${digest}`] } });
    const inValues = [{ image: pinned, value: 'image.tag' }];
    const values = { image: { pullPolicy: 'Always' }, resources: {} };
    expect(source({ images: inValues, values })).toMatchObject({
      helm: { valuesObject: { image: { pullPolicy: 'Always', tag: `v1.2.3@${digest}` }, resources: {} } },
    });
  });
});

describe('releases', () => {
  const list = [testApplication('a', oneObject), testApplication('b', oneObject)];
  const revisions = (environment: Environment): string[] =>
    children(treeWith(environment, list))
      .flatMap(sourcesOf)
      .map(({ targetRevision }) => targetRevision);

  test('children are pinned to the tag of the release', () => {
    expect(revisions(testEnvironment({}, 7))).toEqual(['refs/tags/test-7', 'refs/tags/test-7']);
  });

  test('children follow the branch before the first release', () => {
    expect(revisions(testEnvironment({}, 0))).toEqual(['refs/heads/main', 'refs/heads/main']);
  });

  test('releases: branch makes children follow the branch', () => {
    expect(revisions(testEnvironment({ releases: 'branch' }, 7))).toEqual(['refs/heads/main', 'refs/heads/main']);
  });

  test('the root follows the branch always, because it brings the tags', () => {
    const root = only(treeWith(testEnvironment({}, 7), list), 'Application', 'root');
    expect(at(root, 'spec.source')).toMatchObject({ targetRevision: 'refs/heads/main', path: 'argocd/test' });
  });
});

describe('synchronisation', () => {
  test('a sync of the root that failed is tried again with the newest commit, which may mend it', () => {
    expect(at(only(tree, 'Application', 'root'), 'spec.syncPolicy.retry')).toMatchObject({ refresh: true });
  });

  test('a child tries again what it began with: what heals runs no migrations, and may not bring a newer commit', () => {
    const refreshing = applications.filter((each) => at(each, 'spec.syncPolicy.retry.refresh') !== undefined);
    expect(refreshing.map(({ metadata }) => metadata.name)).toEqual([]);
  });

  test('what mends migrations that hang waits for two attempts of them and a minute', () => {
    const [backend] = applications.filter(({ metadata }) => metadata.name === 'backend');
    expect(at(backend!, 'spec.syncPolicy.retry')).toEqual({
      limit: 1,
      backoff: { duration: '1m', factor: 1, maxDuration: '1m' },
    });
    const others = applications.filter((each) => each !== backend && each.metadata.name !== 'root');
    expect(new Set(others.map((each) => at(each, 'spec.syncPolicy.retry.limit')))).toEqual(new Set([3]));
  });

  test('the root tries for ever, so what an outage made fail goes on after it; a child ends, and takes the next release', () => {
    const limit = (each: Manifest) => at(each, 'spec.syncPolicy.retry.limit');
    expect([limit(only(tree, 'Application', 'root')), ...new Set(children(tree).map(limit))]).toEqual([-1, 3, 1]);
  });

  test('the root compares applications with what it remembers of them, not with what they have become since', () => {
    const { annotations } = only(tree, 'Application', 'root').metadata;
    expect(annotations?.['argocd.argoproj.io/compare-options']).toBe('ServerSideDiff=false');
  });

  test('a rolled-back application stays as it is: the root ignores whether its children synchronise by themselves', () => {
    const root = only(tree, 'Application', 'root');
    expect(at(root, 'spec.ignoreDifferences')).toEqual([
      { group: 'argoproj.io', kind: 'Application', jsonPointers: ['/spec/syncPolicy/automated'] },
    ]);
    expect(at(root, 'spec.syncPolicy.syncOptions')).toContain('RespectIgnoreDifferences=true');
    expect(tree.filter((manifest) => at(manifest, 'spec.syncPolicy.automated.enabled') !== undefined)).toEqual([]);
  });

  test('what an autoscaler steers keeps its number of replicas at each sync, and nothing else does', () => {
    const scaled = production.charts.flatMap((chart) =>
      objectsOf(chart)
        .map(manifestOf)
        .filter(({ kind }) => kind === 'HorizontalPodAutoscaler')
        .map((each) => [chart.application, at(each, 'spec.scaleTargetRef.name'), each.metadata.namespace]),
    );
    const kept = applications.flatMap((each) =>
      ((at(each, 'spec.ignoreDifferences') ?? []) as { name: string; namespace: string }[]).map(
        ({ name, namespace, ...rest }) => {
          expect(rest).toEqual({ group: 'apps', kind: 'Deployment', jsonPointers: ['/spec/replicas'] });
          return [each.metadata.name, name, namespace];
        },
      ),
    );
    expect([kept.length > 0, kept]).toEqual([true, scaled]);
  });

  test('every application heals drift, removes what is gone, and is applied by the server', () => {
    for (const application of applications) {
      expect(at(application, 'spec.syncPolicy.automated')).toEqual({ prune: true, selfHeal: true });
      expect(at(application, 'spec.syncPolicy.syncOptions')).toContain('ServerSideApply=true');
    }
  });

  test('deleting an application deletes its objects only in the edge, observability and the product', () => {
    const list = layers.map((layer) => testApplication(`in-${layer}`, oneObject, layer));
    const cascading = children(treeWith(testEnvironment(), list)).filter(({ metadata }) => 'finalizers' in metadata);
    expect(cascading.map(({ metadata }) => metadata.name)).toEqual(['in-edge', 'in-observability', 'in-applications']);
  });

  test('a mistaken commit cannot remove the root or its project', () => {
    const roots = tree.filter(({ metadata }) => metadata.name === 'root');
    expect(roots.map(({ metadata }) => metadata.annotations?.['argocd.argoproj.io/sync-options'])).toEqual([
      'Prune=false,Delete=false',
      'Prune=false,Delete=false',
    ]);
  });

  test('the API server would take every object of the tree', () => {
    expect(tree.flatMap(schemaFindings)).toEqual([]);
  });
});

describe('projects', () => {
  const withOwn = production.charts.filter((chart) => production.upstreamSources(chart).length > 0);
  const projectOf = (chart: ApplicationChart) => (withOwn.includes(chart) ? chart.application : chart.layer);
  const inLayers = layers.filter((layer) => production.charts.some((chart) => projectOf(chart) === layer));
  const used = [...inLayers, ...withOwn.map(({ application }) => application)];
  const inLayer = (project: string) => production.charts.filter((chart) => projectOf(chart) === project);
  const unique = (texts: readonly string[]): string[] => [...new Set(texts)].sort();
  const permitted = (layer: string, list: string): string[] =>
    (at(only(tree, 'AppProject', layer), `spec.${list}`) as { group: string; kind: string }[]).map(
      ({ group, kind }) => `${group}/${kind}`,
    );
  const groupKind = ({ apiVersion, kind }: Manifest): string =>
    apiVersion.includes('/') ? `${apiVersion.split('/')[0]}/${kind}` : `/${kind}`;
  const own = (layer: string, clusterScoped: boolean): string[] =>
    inLayer(layer)
      .flatMap(({ application }) => distOf(application))
      .filter(({ metadata }) => (metadata.namespace === undefined) === clusterScoped)
      .map(groupKind);
  const upstream = (layer: string) =>
    inLayer(layer)
      .flatMap((chart) => production.upstreamSources(chart))
      .map(({ props }) => props);

  test('there is one for each layer, each application that reads what others publish, and the root', () => {
    const projects = tree.filter(({ kind }) => kind === 'AppProject').map(({ metadata }) => metadata.name);
    expect(projects).toEqual(['root', 'default', ...used]);
    for (const chart of production.charts) {
      expect(at(only(tree, 'Application', chart.application), 'spec.project')).toBe(projectOf(chart));
    }
  });

  test('definitions of others come by a project that may bring nothing else', () => {
    expect(permitted('crds', 'clusterResourceWhitelist')).toEqual(['apiextensions.k8s.io/CustomResourceDefinition']);
    expect(permitted('crds', 'namespaceResourceWhitelist')).toEqual([]);
  });

  test('nobody publishes from elsewhere what the foundations bring: namespaces, policies, priorities', () => {
    expect(permitted('foundations', 'clusterResourceWhitelist')).toContain('/Namespace');
    expect(at(only(tree, 'AppProject', 'foundations'), 'spec.sourceRepos')).toEqual([ours]);
  });

  test('the project "default", which Argo CD makes open to everything, permits nothing', () => {
    expect(only(tree, 'AppProject', 'default').spec).toMatchObject({
      sourceRepos: [],
      destinations: [],
      clusterResourceWhitelist: [],
      namespaceResourceWhitelist: [],
    });
  });

  test('the project of the root permits projects, applications and the policies for them, and nothing else', () => {
    const policies = ['ValidatingAdmissionPolicy', 'ValidatingAdmissionPolicyBinding'].flatMap((kind) =>
      ['applications-from-git', 'projects-from-git'].map((name) => ({
        group: 'admissionregistration.k8s.io',
        kind,
        name,
      })),
    );
    expect(only(tree, 'AppProject', 'root').spec).toMatchObject({
      sourceRepos: [ours],
      destinations: [{ server: 'https://kubernetes.default.svc', namespace: 'argocd' }],
      clusterResourceWhitelist: policies,
      namespaceResourceWhitelist: [
        { group: 'argoproj.io', kind: 'AppProject' },
        { group: 'argoproj.io', kind: 'Application' },
      ],
    });
  });

  test.each(used)('%s permits the kinds its applications bring, and no other', (layer) => {
    const cluster = [...own(layer, true), ...upstream(layer).flatMap(({ clusterKinds }) => clusterKinds)];
    const namespaced = [...own(layer, false), ...upstream(layer).flatMap(({ namespacedKinds }) => namespacedKinds)];
    expect(permitted(layer, 'clusterResourceWhitelist')).toEqual(unique(cluster));
    expect(permitted(layer, 'namespaceResourceWhitelist')).toEqual(unique(namespaced));
  });

  test.each(used)('%s permits the namespaces its applications write to, and no other', (layer) => {
    const namespaces = [
      ...inLayer(layer).map(({ destination }) => destination.name),
      ...inLayer(layer)
        .flatMap(({ application }) => distOf(application))
        .flatMap(({ metadata }) => metadata.namespace ?? []),
    ];
    expect(at(only(tree, 'AppProject', layer), 'spec.destinations')).toEqual(
      unique(namespaces).map((namespace) => ({ server: 'https://kubernetes.default.svc', namespace })),
    );
  });

  test.each(used)('%s permits the repositories its applications are read from, and no other but ours', (layer) => {
    expect(at(only(tree, 'AppProject', layer), 'spec.sourceRepos')).toEqual(
      unique([ours, ...upstream(layer).map(({ repository }) => repository)]),
    );
  });
});

/** What each way to change an application comes to: tests/prove/source-policy.test.ts. */
describe('policies', () => {
  const list = [testApplication('a', oneObject), testApplication('b', oneObject)];
  const variable = (manifests: readonly Manifest[], name: string): string => {
    const variables = at(only(manifests, 'ValidatingAdmissionPolicy', 'applications-from-git'), 'spec.variables');
    return (variables as { name: string; expression: string }[]).find((each) => each.name === name)!.expression;
  };
  const policies = tree.filter(({ kind }) => kind.startsWith('ValidatingAdmissionPolicy'));

  test('refuse, also where they cannot be evaluated', () => {
    const bindings = policies.filter(({ kind }) => kind.endsWith('Binding'));
    expect(bindings.map((each) => at(each, 'spec.policyName'))).toEqual(['applications-from-git', 'projects-from-git']);
    expect(bindings.map((each) => at(each, 'spec.validationActions'))).toEqual([['Deny'], ['Deny']]);
    const rules = policies.filter((each) => !bindings.includes(each));
    expect(rules.map((each) => at(each, 'spec.failurePolicy'))).toEqual(['Fail', 'Fail']);
  });

  test('are there before what they judge', () => {
    const waveOf = ({ metadata }: Manifest): number => Number(metadata.annotations?.['argocd.argoproj.io/sync-wave']);
    const judged = tree.filter(({ kind }) => kind.startsWith('App'));
    expect(Math.max(...policies.map(waveOf))).toBeLessThan(Math.min(...judged.map(waveOf)));
  });

  test('know each application of the table, and the root', () => {
    const names = [...variable(tree, 'committed').matchAll(/^ {2}"([^"]+)"/gm)].map(([, name]) => name);
    expect(names).toEqual(['root', ...applications.map(({ metadata }) => metadata.name)]);
  });

  test('let applications read the branch, and releases up to the last one', () => {
    const known = variable(treeWith(testEnvironment({}, 7), list), 'tree');
    expect(known).toContain('"branch": dyn("refs/heads/main")');
    expect(known).toMatch(/"tag": dyn\("refs\/tags\/test-"\),\s+"release": dyn\(7\)/);
    expect(variable(treeWith(testEnvironment({}, 0), list), 'tree')).toMatch(/"release": dyn\(0\)/);
  });

  test('leave the applications of another tree in the same Argo CD to that one, and nothing else', () => {
    const props = { environment: 'test', repository: { url: ours, branch: 'main' }, namespace: 'argocd', entries: [] };
    const home = new AppOfApps(new App(), 'tree', {
      ...props,
      releaseTag: undefined,
      neighbours: ['staging-root', 'staging-data'],
    });
    const policy = only(objectsOf(home).map(manifestOf), 'ValidatingAdmissionPolicy', 'applications-from-git');
    expect(at(policy, 'spec.matchConditions.0.expression')).toBe(
      '!(object.metadata.name in ["staging-root", "staging-data"])',
    );
  });
});

describe('CEL', () => {
  test.each([
    [['a', 'b'], '["a", "b"]'],
    [['a', 1], '[dyn("a"), dyn(1)]'],
    [{ a: 'x', b: 'y' }, '{"a": "x", "b": "y"}'],
    [{ a: [], b: true }, '{"a": dyn([]), "b": dyn(true)}'],
    [{ a: undefined, 'b\n"': 'c' }, '{"b\\n\\"": "c"}'],
  ])('says which values are of several types: %j', (value, expected) => {
    expect(celLiteral(value)).toBe(expected);
  });
});

describe('settings', () => {
  const settings = manifestsOf((scope) => new ArgoCdSettings(scope, 'settings', { host: 'argocd.example.com' }));
  const data = (name: string) => only(settings, 'ConfigMap', name).data as Record<string, string>;
  const file = (name: string): string =>
    fs.readFileSync(path.join(import.meta.dirname, '../../constructs/app-of-apps/files', name), 'utf8');

  test('a wave waits for the applications before it: the health script is in force', () => {
    const script = data('argocd-cm')['resource.customizations.health.argoproj.io_Application'];
    expect(script).toBe(`${file('clock.lua')}\n${file('application-health.lua')}`);
  });

  test.each(['argoproj.io_Application', 'apps_StatefulSet'])('the health script of %s has a clock', (kind) => {
    const settings = data('argocd-cm');
    expect(settings[`resource.customizations.health.${kind}`]).toContain(file('clock.lua'));
    expect(settings[`resource.customizations.useOpenLibs.${kind}`]).toBe('true');
  });

  test('no sync runs for ever, and one that waits for a restore within the hour is not ended', () => {
    const seconds = Number(data('argocd-cmd-params-cm')['controller.sync.timeout.seconds']);
    expect(seconds).toBeGreaterThan(3600);
  });

  test.each([
    ['autoscaling_HorizontalPodAutoscaler', 'horizontalpodautoscaler-health.lua'],
    ['apiextensions.k8s.io_CustomResourceDefinition', 'customresourcedefinition-health.lua'],
  ])('no release fails or waits for what mends itself: the health script of %s is in force', (kind, script) => {
    expect(data('argocd-cm')[`resource.customizations.health.${kind}`]).toBe(file(script));
  });

  test('a commit waits no longer than about a minute', () => {
    const settings = data('argocd-cm');
    expect([settings['timeout.reconciliation'], settings['timeout.reconciliation.jitter']]).toEqual(['60s', '10s']);
  });

  test('drift is corrected within the promised minute also when it comes again and again', () => {
    expect(Number(data('argocd-cmd-params-cm')['controller.self.heal.backoff.cap.seconds'])).toBeLessThan(60);
  });

  test('the interface knows its address, and Argo CD recognises the ConfigMaps as its own', () => {
    expect(data('argocd-cm').url).toBe('https://argocd.example.com');
    const partOf = settings.map(({ metadata }) => metadata.labels?.['app.kubernetes.io/part-of']);
    expect(partOf).toEqual(['argocd', 'argocd', 'argocd']);
  });

  describe('of a repository on a server of its own', () => {
    const given = (repository: RepositoryServer) =>
      manifestsOf((scope) => new ArgoCdSettings(scope, 'settings', { host: 'argocd.example.com', repository }));
    const host = 'git.example';

    test.each([
      [22, `${host} ssh-ed25519 A\n${host} ssh-rsa B\n`],
      [2222, `[${host}]:2222 ssh-ed25519 A\n[${host}]:2222 ssh-rsa B\n`],
    ])('Argo CD knows its keys, at port %i', (port, known) => {
      const [keys] = given({ host, port, hostKeys: ['ssh-ed25519 A', 'ssh-rsa B'] }).filter(
        ({ metadata }) => metadata.name === 'argocd-ssh-known-hosts-cm',
      );
      expect(keys).toMatchObject({
        metadata: { labels: { 'app.kubernetes.io/part-of': 'argocd' } },
        data: { ssh_known_hosts: known },
      });
    });

    test('Argo CD knows its certificate, by its host alone', () => {
      const certificates = only(given({ host, port: 8443, certificates: 'PEM' }), 'ConfigMap', 'argocd-tls-certs-cm');
      expect(certificates.data).toEqual({ [host]: 'PEM' });
    });

    test('Argo CD keeps what it comes with where it has none', () => {
      expect(given({ host, port: 443 })).toEqual(settings);
    });
  });

  test('a developer may see, synchronise, roll back and read logs of the product, and nothing else', () => {
    const policy = data('argocd-rbac-cm')['policy.csv']!.split('\n');
    expect(policy.filter((line) => line.startsWith('p, role:developer'))).toEqual([
      'p, role:developer, applications, get, applications/*, allow',
      'p, role:developer, applications, sync, applications/*, allow',
      'p, role:developer, applications, update, applications/*, allow',
      'p, role:developer, logs, get, applications/*, allow',
    ]);
    expect(data('argocd-cm')['application.sync.requireOverridePrivilegeForRevisionSync']).toBe('true');
  });

  test('who has no role may do nothing', () => {
    expect(data('argocd-rbac-cm')['policy.default']).toBe('');
  });
});
