import { App } from 'cdk8s';
import { Construct } from 'constructs';
import { AppOfApps } from '../../constructs/app-of-apps/index.ts';
import { kubeObject } from '../../constructs/core/kube-object.ts';
import { KubeConfigMap } from '../../constructs/core/level1.ts';
import { Platform } from '../../constructs/core/platform.ts';
import { SecretRef } from '../../constructs/core/secret-ref.ts';
import { collect } from '../../synth/collect.ts';
import type { SealedManifest } from '../../synth/seal/files.ts';
import { refusal, testApplication, testEnvironment } from '../support/harness.ts';

const settings = { metadata: { name: 'settings' } };
const platformOf = (...applications: ReturnType<typeof testApplication<unknown>>[]) =>
  new Platform(testEnvironment(), applications);
const collected = (platform: Platform, sealed: SealedManifest[] = []) => {
  const { name, repository, releaseTag } = platform.environment;
  const tree = new AppOfApps(new App(), 'tree', {
    environment: name,
    repository,
    releaseTag,
    namespace: 'argocd',
    entries: platform.charts.map((chart) => ({ chart, wave: 0, kinds: ['/ConfigMap'], upstream: [] })),
  });
  return collect(platform, tree, sealed);
};

test('each object has a file by its kind and name, with the namespace where it lives elsewhere', () => {
  const platform = platformOf(
    testApplication('web', (scope) => {
      kubeObject(scope, 'a', KubeConfigMap, settings);
      kubeObject(scope, 'b', KubeConfigMap, { metadata: { name: 'settings', namespace: 'other' } });
    }),
  );
  expect(collected(platform).dist.map(({ path }) => path)).toEqual([
    'web/configmap-settings.yaml',
    'web/configmap-settings.other.yaml',
  ]);
});

test('two constructs that write one object are refused and named', () => {
  const platform = platformOf(
    testApplication('web', (scope) => {
      kubeObject(scope, 'a', KubeConfigMap, settings);
      kubeObject(scope, 'b', KubeConfigMap, settings);
    }),
  );
  expect(refusal(() => collected(platform))).toEqual([
    {
      where: 'ConfigMap web/settings',
      what: 'two constructs write it: web/a and web/b',
      allowed: 'each object once in the platform',
      remedy: 'give one of them another name',
    },
  ]);
});

test('two applications that write one object are refused too', () => {
  const write = (namespace: string) => ({ metadata: { name: 'settings', namespace } });
  const platform = platformOf(
    testApplication('one', (scope) => kubeObject(scope, 'a', KubeConfigMap, write('shared'))),
    testApplication('two', (scope) => kubeObject(scope, 'a', KubeConfigMap, write('shared'))),
  );
  expect(refusal(() => collected(platform))[0]?.what).toBe('two constructs write it: one/a and two/a');
});

test('a copy of a whole construct is one mistake, told once with what is copied', () => {
  const store = (scope: Construct) => {
    const own = new Construct(scope, 'store');
    for (const name of ['settings', 'scripts', 'users']) {
      kubeObject(new Construct(own, name), 'config-map', KubeConfigMap, { metadata: { name, namespace: 'shared' } });
    }
  };
  const platform = platformOf(testApplication('one', store), testApplication('two', store));
  expect(refusal(() => collected(platform))).toEqual([
    {
      where: 'ConfigMap shared/settings and 2 more',
      what: 'two constructs write them: one/store and two/store',
      allowed: 'each object once in the platform',
      remedy: 'give two/store another name: that of its objects is its id, or name',
    },
  ]);
});

describe('sealed values', () => {
  const keys = {
    user: { kind: 'fixed', value: 'app' },
    password: { kind: 'random', bytes: 32, encoding: 'hex' },
  } as const;
  const platform = platformOf(
    testApplication('web', (scope) => {
      const secret = new SecretRef(scope, 'secret', { name: 'login', purpose: 'opens the tests', keys });
      secret.copyTo(scope, { 'argocd.argoproj.io/hook': 'PreSync' });
    }),
  );
  const sealed = (...sealedKeys: string[]): SealedManifest => ({
    namespace: 'web',
    name: 'login',
    keys: sealedKeys,
    file: 'secrets/test/web/login.yaml',
    manifest: {
      apiVersion: 'bitnami.com/v1alpha1',
      kind: 'SealedSecret',
      metadata: { name: 'login', namespace: 'web', annotations: { 'diptych/sealed-with': 'x' } },
    },
  });

  test('that are missing are named, key by key', () => {
    expect(collected(platform).unsealed).toEqual(['web/login.password', 'web/login.user']);
    expect(collected(platform, [sealed('user')]).unsealed).toEqual(['web/login.password']);
  });

  test('go to the application that uses them, as the hook it asked for', () => {
    const [file] = collected(platform, [sealed('password', 'user')]).dist;
    expect(file?.path).toBe('web/sealedsecret-login.yaml');
    expect(file?.manifest.metadata.annotations).toEqual({
      'diptych/sealed-with': 'x',
      'argocd.argoproj.io/hook': 'PreSync',
    });
  });

  test('of an authority are refused without the certificate that its clients are given', () => {
    const signing = { 'tls.key': { kind: 'authority', certificate: 'tls.crt' } } as const;
    const authority = { name: 'login', purpose: 'signs the tests', keys: signing };
    const signs = testApplication('web', (scope) => new SecretRef(scope, 'secret', authority).copyTo(scope));
    expect(collected(platformOf(signs)).unsealed).toEqual(['web/login.tls.key']);
    expect(refusal(() => collected(platformOf(signs), [sealed('tls.crt', 'tls.key')]))).toEqual([
      {
        where: 'secrets/test/login.crt',
        what: 'it is not there, and the authority login is sealed: its clients would refuse every server',
        allowed: 'both, as npm run seal wrote them',
        remedy: 'restore it from git, or have a new one made: npm run seal -- --cert FILE --rotate login',
      },
    ]);
  });

  test('that nobody uses any more are not written', () => {
    const other = { ...sealed('password'), name: 'gone' };
    expect(collected(platform, [other]).dist).toEqual([]);
  });
});
