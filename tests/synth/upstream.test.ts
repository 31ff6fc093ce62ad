import { buildPlatform } from '../../apps/platform.ts';
import { loadEnvironment } from '../../config/index.ts';
import { ForeignWorkload } from '../../constructs/core/foreign-workload.ts';
import type { Manifest } from '../../constructs/core/manifest.ts';
import { Platform } from '../../constructs/core/platform.ts';
import { UpstreamSource } from '../../constructs/core/upstream-source.ts';
import type { UpstreamSourceProps } from '../../constructs/core/upstream-source.ts';
import { declaredEdges, foreignPodGroups } from '../../synth/model.ts';
import { compareReachability } from '../../synth/network/compare.ts';
import { reachability } from '../../synth/network/evaluate.ts';
import { committedFacts, factsText, keyOf, sourcesOf, upstreamManifests } from '../../synth/upstream/facts.ts';
import type { UpstreamFacts } from '../../synth/upstream/facts.ts';
import { imagesOf, upstreamFindings } from '../../synth/upstream/findings.ts';
import { skeletonOf } from '../../synth/upstream/skeleton.ts';
import { committed } from '../support/committed.ts';
import { image, testApplication, testEnvironment } from '../support/harness.ts';

const pod = {
  metadata: { labels: { app: 'x' } },
  spec: { containers: [{ name: 'x', image: 'registry.example/web:1.2.3' }] },
};
const deployment: Manifest = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'x', namespace: 'other' },
  spec: { template: pod },
};
const policy: Manifest = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name: 'open', namespace: 'other' },
  spec: { podSelector: {}, ingress: [{}] },
};

/** A platform with one source of others, and the pods that it is said to bring. */
function platformWith(props: Partial<UpstreamSourceProps> = {}, name = 'x', port?: number): Platform {
  const application = testApplication('other', (scope) => {
    new UpstreamSource(scope, 'source', {
      ...{ repository: 'https://git.example/other.git', revision: 'v1.2.3', path: 'deploy' },
      ...{ clusterKinds: [], namespacedKinds: ['apps/Deployment'], images: [{ image }] },
      ...props,
    });
    new ForeignWorkload(scope, 'x', {
      ...{ name, madeBy: 'other', podLabels: { app: 'x' } },
      ...(port === undefined ? {} : { ports: [{ name: 'http', port }] }),
    });
  });
  return new Platform(testEnvironment(), [application]);
}

const factsOf = (platform: Platform, ...objects: readonly Manifest[]): UpstreamFacts[] =>
  sourcesOf(platform).map((read) => ({ source: 'other', key: keyOf(read), objects }));

const whats = (platform: Platform, facts: readonly UpstreamFacts[]): string[] =>
  upstreamFindings(platform, facts).map(({ what }) => what);

describe('what a source of others brings', () => {
  test('is taken where it is what its application says', () => {
    const platform = platformWith();
    expect(whats(platform, factsOf(platform, deployment))).toEqual([]);
  });

  test('is unknown as soon as its version, its values or its patches are others', () => {
    const facts = factsOf(platformWith(), deployment);
    const changes = [{ revision: 'v1.2.4' }, { values: { a: 1 } }, { patches: [{ kind: 'Deployment', add: {} }] }];
    for (const change of changes) {
      expect(whats(platformWith(change), facts)).toEqual([
        'imports/upstream.json does not say what it brings, as it is written here',
      ]);
    }
  });

  test('is known still when only a digest or a commit is another', () => {
    const facts = factsOf(platformWith(), deployment);
    const images = [{ image: { ...image, digest: undefined } }];
    expect(whats(platformWith({ images, commit: 'a'.repeat(40) }), facts)).toEqual([]);
  });

  test.each(['NodePort', 'LoadBalancer'])('is refused with a Service that opens ports of the nodes: %s', (type) => {
    const service = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'way-in', namespace: 'other' },
      spec: { type },
    };
    const platform = platformWith({ namespacedKinds: ['apps/Deployment', '/Service'] });
    const facts = (of: Manifest) => factsOf(platform, deployment, skeletonOf(of, 'other'));
    expect(whats(platform, facts(service))).toEqual([
      'it opens ports of the nodes, and the quota of its namespace has no room for them',
    ]);
    expect(whats(platform, facts({ ...service, spec: { type: 'ClusterIP' } }))).toEqual([]);
  });

  test('is refused with a policy, which would add to those of the wires', () => {
    const platform = platformWith({ namespacedKinds: ['apps/Deployment', 'networking.k8s.io/NetworkPolicy'] });
    expect(whats(platform, factsOf(platform, deployment, policy))).toEqual([
      'it adds to the policies that follow from the wires, because policies are a union',
    ]);
  });

  test('is refused with rights for everybody, not with those for somebody', () => {
    const kind = 'rbac.authorization.k8s.io/RoleBinding';
    const platform = platformWith({ namespacedKinds: ['apps/Deployment', kind] });
    const binding = (subject: object): Manifest => ({
      ...{ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'RoleBinding' },
      ...{ metadata: { name: 'x', namespace: 'other' }, subjects: [subject] },
    });
    for (const name of ['system:authenticated', 'system:unauthenticated', 'system:serviceaccounts']) {
      expect(whats(platform, factsOf(platform, deployment, binding({ kind: 'Group', name })))).toEqual([
        `it gives rights to ${name}`,
      ]);
    }
    expect(whats(platform, factsOf(platform, deployment, binding({ kind: 'User', name: 'system:anonymous' })))).toEqual(
      ['it gives rights to system:anonymous'],
    );
    for (const subject of [
      { kind: 'ServiceAccount', name: 'system:authenticated' },
      { kind: 'Group', name: 'admins' },
    ]) {
      expect(whats(platform, factsOf(platform, deployment, binding(subject)))).toEqual([]);
    }
  });

  test('is refused with a kind that is not named, and where a named one is not brought', () => {
    const platform = platformWith({ clusterKinds: ['/Namespace'] });
    const role = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name: 'x' } };
    expect(whats(platform, factsOf(platform, deployment, role))).toEqual([
      'they lack rbac.authorization.k8s.io/ClusterRole and have /Namespace, which it does not bring',
    ]);
  });

  test('is refused with an image that is not in the table, also one that a controller is told to run', () => {
    const platform = platformWith();
    const told = { name: 'y', image: 'registry.example/web:2.0.0', args: ['--solver-image=registry.example/s:1'] };
    const other = { ...deployment, spec: { template: { ...pod, spec: { containers: [told] } } } };
    expect(whats(platform, factsOf(platform, other))).toEqual([
      'they lack registry.example/web:2.0.0, registry.example/s:1 and have registry.example/web:1.2.3, which it does not bring',
    ]);
  });

  test('is refused with pods that nobody wires, and where the wired ones are not made', () => {
    const platform = platformWith({}, 'y');
    expect(whats(platform, factsOf(platform, deployment))).toEqual([
      'its upstream brings them, and no ForeignWorkload stands for them: they may talk to nobody',
      'its upstream makes no such pods',
    ]);
  });

  test('is refused where the pods listen elsewhere, or have other labels', () => {
    const platform = platformWith({}, 'x', 80);
    expect(whats(platform, factsOf(platform, deployment))).toEqual(['the pods listen on none, it says 80']);
    const other = { ...deployment, spec: { template: { ...pod, metadata: { labels: { app: 'z' } } } } };
    expect(whats(platform, factsOf(platform, other))).toEqual(['the pods have other labels']);
  });
});

describe('what is committed of upstream', () => {
  const production = buildPlatform('production');
  const own = committed('dist/production').map(({ manifest }) => manifest);
  const differing = (...more: readonly Manifest[]) =>
    compareReachability(
      declaredEdges(production),
      reachability([...own, ...upstreamManifests(production), ...more], { foreign: foreignPodGroups(production) }),
    );

  test('opens no way that no wire declares', () => {
    expect(differing()).toEqual([]);
  });

  test("would open Argo CD's server to everybody with the policy that its makers have for it", () => {
    const theirs: Manifest = {
      ...policy,
      metadata: { name: 'argocd-server-network-policy', namespace: 'argocd' },
      spec: { podSelector: { matchLabels: { 'app.kubernetes.io/name': 'argocd-server' } }, ingress: [{}] },
    };
    const opened = differing(theirs).map(({ where }) => where);
    expect(opened).toContain('anywhere -> argocd/argocd-server any');
    expect(opened.length).toBeGreaterThan(1);
  });

  test('holds no policy, and every image of it is in the image table', () => {
    const objects = committedFacts().flatMap((facts) => facts.objects);
    expect(objects.filter(({ kind }) => kind === 'NetworkPolicy')).toEqual([]);
    const table = [...loadEnvironment('production').imageReferences].map((reference) => reference.replace(/@.*/, ''));
    const images = [...new Set(objects.flatMap(imagesOf))];
    expect(images.length).toBeGreaterThan(0);
    expect(images.filter((each) => !table.includes(each))).toEqual([]);
  });
});

describe('a skeleton', () => {
  test('keeps who an object is, its rights, policies, labels, ports and images, and nothing else', () => {
    const full = {
      ...deployment,
      metadata: { name: 'x', labels: { a: 'b' }, annotations: { text: 'theirs' } },
      spec: {
        replicas: 2,
        template: {
          ...pod,
          spec: {
            serviceAccountName: 'x',
            volumes: [],
            containers: [
              {
                ...{ name: 'x', image: 'i:1', command: ['run'], args: ['--verbose', '--solver-image=s:1'], env: [] },
                ports: [{ name: 'http', containerPort: 80, hostIP: '0.0.0.0' }],
              },
            ],
          },
        },
      },
    };
    expect(skeletonOf(full, 'other')).toEqual({
      ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'x', namespace: 'other' } },
      spec: {
        template: {
          metadata: { labels: { app: 'x' } },
          spec: {
            serviceAccountName: 'x',
            containers: [
              {
                ...{ name: 'x', image: 'i:1', args: ['--solver-image=s:1'] },
                ports: [{ name: 'http', containerPort: 80 }],
              },
            ],
          },
        },
      },
    });
    expect(skeletonOf(policy, 'elsewhere')).toEqual(policy);
    const config = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' }, data: { text: 'theirs' } };
    expect(skeletonOf(config, 'other')).toEqual({
      ...{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x', namespace: 'other' } },
    });
  });

  test('is written with a line for each object', () => {
    const text = factsText([{ source: 'a', key: 'b', objects: [deployment, policy] }]);
    expect(JSON.parse(text)).toEqual([{ source: 'a', key: 'b', objects: [deployment, policy] }]);
    expect(text.split('\n')).toHaveLength(7);
  });
});
