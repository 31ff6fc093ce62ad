import { JsonPatch } from 'cdk8s';
import { kubeObject } from '../../constructs/core/kube-object.ts';
import {
  KubeConfigMap,
  KubeNamespace,
  KubePodDisruptionBudget,
  KubeService,
  IntOrString,
} from '../../constructs/core/level1.ts';
import { manifestsOf, only, refusal } from '../support/harness.ts';

describe('an object of cdk8s-plus-28', () => {
  test('is refused when its class would drop a field', () => {
    // trafficDistribution came with Kubernetes 1.30.
    const spec = { ports: [{ port: 80 }], trafficDistribution: 'PreferClose' };
    const [finding] = refusal(() =>
      manifestsOf((scope) => kubeObject(scope, 'service', KubeService, { metadata: { name: 'web' }, spec })),
    );
    expect(finding?.what).toBe('cdk8s-plus-28 drops the field spec.trafficDistribution');
  });

  test('keeps empty maps, which select everything', () => {
    const [budget] = manifestsOf((scope) =>
      kubeObject(scope, 'budget', KubePodDisruptionBudget, {
        metadata: { name: 'all' },
        spec: { selector: {}, maxUnavailable: IntOrString.fromNumber(1) },
      }),
    );
    expect(budget?.spec).toEqual({ selector: {}, maxUnavailable: 1 });
  });

  test('is refused without a name of its own', () => {
    expect(refusal(() => manifestsOf((scope) => kubeObject(scope, 'x', KubeConfigMap, {})))[0]?.what).toBe(
      'the object has no name of its own',
    );
  });
});

describe('an object', () => {
  const configMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings' } };

  test('has no fields without a value, patched or not', () => {
    const given = { ...configMap, data: { a: 'b', c: undefined, d: null }, binaryData: undefined };
    const [plain, patched] = manifestsOf((scope) => {
      kubeObject(scope, 'plain', given);
      kubeObject(scope, 'patched', given).addJsonPatch(JsonPatch.add('/immutable', true));
    });
    const metadata = { name: 'settings', namespace: 'test' };
    expect(plain).toStrictEqual({ ...configMap, metadata, data: { a: 'b' } });
    expect(patched).toStrictEqual({ ...configMap, metadata, data: { a: 'b' }, immutable: true });
  });

  test('that holds more than plain data is refused', () => {
    const given = { ...configMap, data: { at: new Date(0) } };
    expect(() => manifestsOf((scope) => kubeObject(scope, 'settings', given))).toThrow('Date is no plain data');
  });
});

test('objects get the namespace of their application, cluster-scoped ones none', () => {
  const manifests = manifestsOf((scope) => {
    kubeObject(scope, 'settings', KubeConfigMap, { metadata: { name: 'settings' } });
    kubeObject(scope, 'namespace', KubeNamespace, { metadata: { name: 'elsewhere' } });
  });
  expect(only(manifests, 'ConfigMap').metadata.namespace).toBe('test');
  expect(only(manifests, 'Namespace').metadata).not.toHaveProperty('namespace');
});

test.each(['Namespace', 'PersistentVolumeClaim', 'StatefulSet', 'PersistentVolume'])(
  'Argo CD asks before it prunes or deletes a %s',
  (kind) => {
    const [manifest] = manifestsOf((scope) =>
      kubeObject(scope, 'data', { apiVersion: 'v1', kind, metadata: { name: 'data' } }),
    );
    expect(manifest?.metadata.annotations).toEqual({
      'argocd.argoproj.io/sync-options': 'Prune=confirm,Delete=confirm',
    });
  },
);

describe('a patch is refused that', () => {
  const patched = (patch: JsonPatch) =>
    manifestsOf((scope) =>
      kubeObject(scope, 'map', KubeConfigMap, { metadata: { name: 'a' }, data: { 'x/y': '1' } }).addJsonPatch(patch),
    );

  test.each([
    ['removes nothing', JsonPatch.remove('/data/nope'), 'it would remove /data/nope, which is not there'],
    ['replaces nothing', JsonPatch.replace('/spec/a', 1), 'it would replace /spec/a, which is not there'],
    ['is a plain object', { op: 'remove', path: '/data' } as unknown as JsonPatch, 'it is a plain object'],
  ])('%s', (_, patch, what) => {
    expect(refusal(() => patched(patch))[0]?.what).toBe(what);
  });

  test('nothing else', () => {
    expect(patched(JsonPatch.replace('/data/x~1y', '2'))[0]?.data).toEqual({ 'x/y': '2' });
  });
});
