import { Size } from 'cdk8s';
import { buildAppOfApps } from '../../apps/platform.ts';
import { applicationsOf } from '../../apps/index.ts';
import { registries } from '../../apps/registries.ts';
import type { ApplicationChart } from '../../constructs/core/application-chart.ts';
import type { ContainerProps } from '../../constructs/core/container.ts';
import { Cpu } from '../../constructs/core/cpu.ts';
import type { Image } from '../../constructs/core/environment.ts';
import { manifestOf, objectsOf } from '../../constructs/core/kube-object.ts';
import type { Manifest } from '../../constructs/core/manifest.ts';
import { Platform } from '../../constructs/core/platform.ts';
import { UpstreamSource } from '../../constructs/core/upstream-source.ts';
import { Workload } from '../../constructs/core/workload.ts';
import { collect } from '../../synth/collect.ts';
import { policyFindings } from '../../synth/policies.ts';
import { image as open, at, only, refusal, testApplication, testEnvironment } from '../support/harness.ts';

const environment = testEnvironment({ privateRegistries: { company: 'registry.example' } });
const image = environment.image('web');

function container(of: Image, name = 'web'): ContainerProps {
  const resources = { cpuRequest: Cpu.millicores(100), memory: Size.mebibytes(50), because: 'the tests say so' };
  return { name, image: of, probes: 'none', resources };
}

/** An application with one Deployment. */
const web = (name: string, ...[main = open, first]: readonly Image[]) =>
  testApplication(name, (scope: ApplicationChart) => {
    new Workload(scope, 'web', {
      name: 'web',
      program: 'web',
      component: 'web',
      controller: { kind: 'Deployment', replicas: 1 },
      priority: 'applications',
      spread: 'anywhere',
      containers: [container(main)],
      ...(first === undefined ? {} : { initContainers: [container(first, 'first')] }),
    });
  });

const platformOf = (...of: ReturnType<typeof web>[]): Platform => new Platform(environment, [...of, registries]);
const objects = (platform: Platform): Manifest[] =>
  platform.charts.flatMap((chart) => objectsOf(chart).map(manifestOf));
const pulls = (platform: Platform): unknown =>
  at(only(objects(platform), 'Deployment'), 'spec.template.spec.imagePullSecrets');
const sealed = (namespace: string) => ({
  namespace,
  name: 'registry-company',
  keys: ['.dockerconfigjson'],
  file: `secrets/test/${namespace}/registry-company.yaml`,
  manifest: {
    apiVersion: 'bitnami.com/v1alpha1',
    kind: 'SealedSecret',
    metadata: { name: 'registry-company', namespace },
  },
});

describe('an image of a private registry', () => {
  test('is pulled with the Secret of that registry', () => {
    expect(pulls(platformOf(web('shop', image)))).toEqual([{ name: 'registry-company' }]);
  });

  test('is so too where only a container that runs first has it', () => {
    expect(pulls(platformOf(web('shop', open, image)))).toEqual([{ name: 'registry-company' }]);
  });

  test('has its password in each namespace with pods that run it, and in no other, brought by one application', () => {
    const platform = platformOf(web('shop', image), web('data', image), web('edge', open));
    expect(platform.secrets.map((secret) => secret.inventoryEntry())).toMatchObject([
      {
        name: 'registry-company',
        type: 'kubernetes.io/dockerconfigjson',
        keys: { '.dockerconfigjson': { kind: 'human', dockerConfigOf: 'registry.example' } },
        copies: [
          { namespace: 'data', application: 'registries' },
          { namespace: 'shop', application: 'registries' },
        ],
      },
    ]);
  });

  test('is refused in pods that somebody else makes: they would name no Secret', () => {
    const repository = 'https://git.example/x.git';
    const props = { repository, revision: 'v1.0.0', clusterKinds: [], namespacedKinds: [], images: [{ image }] };
    const source = testApplication('source', (scope) => new UpstreamSource(scope, 'source', props));
    expect(refusal(() => new Platform(environment, [source]))).toMatchObject([
      { where: `upstream source ${repository}`, what: expect.stringContaining('registry.example/web') as string },
    ]);
  });

  test('is refused where no namespace is given its password', () => {
    const manifests = objects(new Platform(environment, [web('shop', image)]));
    const context = { images: new Set([image.reference]), secrets: new Map(), privileges: new Map() };
    const what = policyFindings(manifests, context).map((finding) => finding.what);
    expect(what).toContain(
      'it reads registry-company..dockerconfigjson, which the secret inventory does not have for shop',
    );
  });
});

describe('their passwords', () => {
  const platform = platformOf(web('shop', image), web('data', image));
  const copies = [sealed('data'), sealed('shop')];
  const treeOf = (...list: Parameters<typeof buildAppOfApps>) => objectsOf(buildAppOfApps(...list)).map(manifestOf);

  test('are files of one folder, whichever namespace they are for', () => {
    const { dist } = collect(platform, buildAppOfApps(platform, copies), copies);
    expect(dist.map((file) => file.path).filter((path) => path.startsWith('registries/'))).toEqual([
      'registries/sealedsecret-registry-company.data.yaml',
      'registries/sealedsecret-registry-company.shop.yaml',
    ]);
  });

  test('come before the applications, by a project that may bring them where they are needed, and nothing else', () => {
    const tree = treeOf(platform, copies);
    const wave = (name: string) =>
      Number(only(tree, 'Application', name).metadata.annotations?.['argocd.argoproj.io/sync-wave']);
    expect(wave('registries')).toBeLessThan(wave('shop'));
    const { destinations, namespaceResourceWhitelist: kinds } = only(tree, 'AppProject', 'controllers').spec as {
      readonly destinations: readonly { readonly namespace: string }[];
      readonly namespaceResourceWhitelist: readonly unknown[];
    };
    expect([destinations.map(({ namespace }) => namespace), kinds]).toEqual([
      ['argocd', 'data', 'shop'],
      [{ group: 'bitnami.com', kind: 'SealedSecret' }],
    ]);
  });

  test('are no application before they are sealed: Argo CD would look for a folder that is not there', () => {
    const names = treeOf(platform)
      .filter(({ kind }) => kind === 'Application')
      .map(({ metadata }) => metadata.name);
    expect(names.sort()).toEqual(['data', 'root', 'shop']);
  });
});

test('an environment without private registries has no application for them', () => {
  expect([testEnvironment(), environment].map((each) => applicationsOf(each).includes(registries))).toEqual([
    false,
    true,
  ]);
});
