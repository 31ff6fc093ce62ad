import { JsonPatch, Size } from 'cdk8s';
import { buildPlatform } from '../../apps/platform.ts';
import { application } from '../../constructs/core/application.ts';
import type { ApplicationChart } from '../../constructs/core/application-chart.ts';
import type { Controller } from '../../constructs/core/controller.ts';
import { Cpu } from '../../constructs/core/cpu.ts';
import { ForeignWorkload } from '../../constructs/core/foreign-workload.ts';
import { manifestOf, objectsOf } from '../../constructs/core/kube-object.ts';
import type { Manifest } from '../../constructs/core/manifest.ts';
import { defineNamespace } from '../../constructs/core/namespace.ts';
import type { NamespaceDefinition } from '../../constructs/core/namespace.ts';
import { Platform } from '../../constructs/core/platform.ts';
import { Service } from '../../constructs/core/service.ts';
import { Workload } from '../../constructs/core/workload.ts';
import { Foundations } from '../../constructs/foundations/index.ts';
import { at, image, only, refusal, testEnvironment } from '../support/harness.ts';

const shop = defineNamespace('shop');
const agents = defineNamespace('node-agents', { podSecurity: 'privileged', onServers: true });

/** The objects of the foundations of these namespaces, for an application that `build` fills in the first of them. */
function foundations(
  build: (scope: ApplicationChart) => unknown = () => undefined,
  namespaces: readonly [NamespaceDefinition, ...NamespaceDefinition[]] = [shop, agents],
): Manifest[] {
  const first = application('foundations', { namespace: defineNamespace('argocd'), layer: 'foundations' }, (scope) => {
    new Foundations(scope, 'foundations', { namespaces, nodes: 3 });
  });
  const second = application('shop', { namespace: namespaces[0], layer: 'applications' }, build);
  const { charts } = new Platform(testEnvironment(), [first, second]);
  return charts.slice(0, 1).flatMap((chart) => objectsOf(chart).map(manifestOf));
}

/** Pods that request 100 millicores and 50 mebibytes each. */
function workload(scope: ApplicationChart, name: string, controller: Controller): Workload {
  return new Workload(scope, name, {
    name,
    program: name,
    component: 'main',
    controller,
    priority: 'applications',
    spread: 'preferred',
    containers: [
      {
        name,
        image,
        ports: [{ name: 'main', port: 8080 }],
        probes: 'none',
        resources: { cpuRequest: Cpu.millicores(100), memory: Size.mebibytes(50), because: 'the tests say so' },
      },
    ],
  });
}

function foreign(scope: ApplicationChart): void {
  new ForeignWorkload(scope, 'chart', { name: 'chart', madeBy: 'the tests', podLabels: { app: 'chart' } });
}

const quotas = (manifests: readonly Manifest[], wanted = 'requests'): Manifest[] =>
  manifests.filter(({ kind, metadata }) => kind === 'ResourceQuota' && metadata.name === wanted);

describe('namespaces', () => {
  test('pods stay on nodes with the API where the namespace says so, and anywhere else', () => {
    const selectors = [shop, agents].map(
      ({ name }) =>
        only(foundations(), 'Namespace', name).metadata.annotations?.['scheduler.alpha.kubernetes.io/node-selector'],
    );
    expect(selectors).toEqual([undefined, 'node-role.kubernetes.io/control-plane=true']);
  });

  test('each has its Pod Security level, enforced and reported', () => {
    const labels = (name: string): unknown => only(foundations(), 'Namespace', name).metadata.labels;
    const level = (value: string): Record<string, string> => ({
      'pod-security.kubernetes.io/enforce': value,
      'pod-security.kubernetes.io/audit': value,
      'pod-security.kubernetes.io/warn': value,
    });
    expect(labels('shop')).toEqual(level('restricted'));
    expect(labels('node-agents')).toEqual(level('privileged'));
  });

  test('each refuses all traffic in both directions to all of its pods', () => {
    const policies = foundations().filter(({ kind }) => kind === 'NetworkPolicy');
    expect(policies.map(({ metadata, spec }) => ({ namespace: metadata.namespace, spec }))).toEqual(
      ['shop', 'node-agents'].map((namespace) => ({
        namespace,
        spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] },
      })),
    );
  });

  test('every namespace that an application of production lives in is one of them', () => {
    const { charts } = buildPlatform('production');
    const manifests = charts.flatMap((chart) => objectsOf(chart).map(manifestOf));
    const denied = manifests.filter(({ metadata }) => metadata.name === 'default-deny');
    expect(denied.map(({ metadata }) => metadata.namespace)).toEqual(
      expect.arrayContaining(charts.map(({ destination }) => destination.name)),
    );
  });

  test('a person is asked before one is deleted', () => {
    expect(only(foundations(), 'Namespace', 'shop').metadata.annotations).toEqual({
      'argocd.argoproj.io/sync-options': 'Prune=confirm,Delete=confirm',
    });
  });
});

describe('quotas', () => {
  const autoscaled: Controller = {
    kind: 'Deployment',
    replicas: { minimum: 1, maximum: 4, targetCpuPercent: 70 },
  };

  test('are twice what the workloads can request at most, with the one more pod of an update', () => {
    const manifests = foundations((scope) => {
      workload(scope, 'autoscaled', autoscaled); // 4 + 1 pods
      workload(scope, 'fixed', { kind: 'Deployment', replicas: 2 }); // 2 + 1
      workload(scope, 'agent', { kind: 'DaemonSet' }); // one a node: 3
    });
    const quota = only(manifests, 'ResourceQuota', 'requests');
    expect(quota.metadata.namespace).toBe('shop');
    expect(at(quota, 'spec.hard')).toEqual({
      'requests.cpu': '2200m',
      'requests.memory': '1100Mi',
    });
  });

  test('follow the objects as they are applied, patches included', () => {
    const manifests = foundations((scope) => {
      workload(scope, 'patched', { kind: 'Deployment', replicas: 1 }).object.addJsonPatch(
        JsonPatch.replace('/spec/template/spec/containers/0/resources/requests/memory', '60Gi'),
      );
    });
    expect(at(only(manifests, 'ResourceQuota', 'requests'), 'spec.hard')).toEqual({
      'requests.cpu': '400m',
      'requests.memory': `${2 * 2 * 60 * 1024}Mi`,
    });
  });

  test('a namespace without workloads has none', () => {
    expect(quotas(foundations())).toEqual([]);
  });

  test('a namespace with pods of somebody else has none, because they may state no requests', () => {
    const manifests = foundations((scope) => {
      workload(scope, 'autoscaled', autoscaled);
      foreign(scope);
    });
    expect(quotas(manifests)).toEqual([]);
  });

  test('pods of somebody else in another namespace take none away', () => {
    const other = application('other', { namespace: agents, layer: 'applications' }, foreign);
    const first = application('foundations', { namespace: shop, layer: 'foundations' }, (scope) => {
      new Foundations(scope, 'foundations', { namespaces: [shop, agents], nodes: 3 });
      workload(scope, 'autoscaled', autoscaled);
    });
    const { charts } = new Platform(testEnvironment(), [first, other]);
    const manifests = charts.flatMap((chart) => objectsOf(chart).map(manifestOf));
    expect(quotas(manifests).map(({ metadata }) => metadata.namespace)).toEqual(['shop']);
  });
});

describe('ways in that Services open', () => {
  const hard = (manifests: readonly Manifest[]): unknown =>
    Object.fromEntries(
      quotas(manifests, 'services').map((quota) => [quota.metadata.namespace, at(quota, 'spec.hard')]),
    );
  const none = { 'services.loadbalancers': 0, 'services.nodeports': 0 };

  test('have no room in any namespace, somebody else in it or not', () => {
    expect(hard(foundations(foreign))).toEqual({ shop: none, 'node-agents': none });
  });

  test('have room for exactly those that were declared with a reason', () => {
    const manifests = foundations((scope) => {
      const pods = workload(scope, 'edge', { kind: 'DaemonSet' });
      const because = 'the load balancer leads there';
      new Service(scope, 'way-in', {
        name: 'way-in',
        pods,
        select: false,
        ports: [30_080, 30_443].map((number) => ({ name: 'main', nodePort: { number, because } })),
      });
    });
    expect(hard(manifests)).toEqual({ shop: { ...none, 'services.nodeports': 2 }, 'node-agents': none });
  });
});

describe('priorities', () => {
  test('databases go last, then the way in, then the product, and observability goes first', () => {
    const classes = foundations().filter(({ kind }) => kind === 'PriorityClass');
    const byValue = [...classes].sort((a, b) => Number(b.value) - Number(a.value));
    expect(byValue.map(({ metadata }) => metadata.name)).toEqual([
      'critical-data',
      'edge',
      'applications',
      'observability',
    ]);
  });

  test("stay below those of Kubernetes' own pods, and none is a default", () => {
    const classes = foundations().filter(({ kind }) => kind === 'PriorityClass');
    expect(classes.map(({ globalDefault }) => globalDefault)).toEqual(classes.map(() => undefined));
    expect(Math.max(...classes.map(({ value }) => Number(value)))).toBeLessThan(2_000_000_000);
  });
});

test.each([
  ['that are there twice', [shop, defineNamespace('shop')], 'it is defined twice'],
  ['of Kubernetes', [shop, defineNamespace('kube-public')], 'it is one of Kubernetes itself'],
] as const)('namespaces are refused %s', (_, namespaces, what) => {
  expect(refusal(() => foundations(undefined, namespaces as never))[0]?.what).toBe(what);
});
