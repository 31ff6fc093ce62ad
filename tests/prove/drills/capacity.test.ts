import fs from 'node:fs';
import path from 'node:path';
import { Size } from 'cdk8s';
import { applicationsOf } from '../../../apps/index.ts';
import { buildPlatform } from '../../../apps/platform.ts';
import production from '../../../config/environments/production.ts';
import { environments, parseEnvironment } from '../../../config/index.ts';
import { Cpu } from '../../../constructs/core/cpu.ts';
import type { Environment } from '../../../constructs/core/environment.ts';
import { ForeignWorkload } from '../../../constructs/core/foreign-workload.ts';
import { Platform } from '../../../constructs/core/platform.ts';
import { priorities } from '../../../constructs/core/priority.ts';
import { UpstreamSource } from '../../../constructs/core/upstream-source.ts';
import { foreignDeployments, priorityOf } from '../../../prove/drills/capacity/foreign.ts';
import {
  add,
  computed,
  differences,
  groupsOf,
  keptPods,
  mebibytes,
  millicores,
  missingPods,
  placedPods,
  requestsOf,
} from '../../../prove/drills/capacity/placement.ts';
import type { Group, Pod } from '../../../prove/drills/capacity/placement.ts';
import { shapesOf } from '../../../prove/drills/capacity/shapes.ts';
import { nodeLoads } from '../../../synth/budget.ts';
import { root } from '../../support/committed.ts';
import { testApplication, testEnvironment } from '../../support/harness.ts';

const serversOf = ({ nodes }: Environment) => nodes.filter(({ role }) => role === 'server');

const web: Group = {
  name: 'shop/web',
  namespace: 'shop',
  selector: { app: 'web' },
  own: true,
  strict: false,
  bound: false,
  each: { cpu: 250, memory: 512 },
  count: { least: 1, most: 2, rollout: 3 },
};

interface Told {
  readonly name?: string;
  readonly node?: string | undefined;
  readonly ready?: boolean;
  readonly phase?: string;
  readonly leaving?: boolean;
  readonly app?: string;
}

function pod({ name = 'web-1', node, ready = true, phase = 'Running', leaving = false, app = 'web' }: Told = {}): Pod {
  return {
    metadata: {
      name,
      namespace: 'shop',
      labels: { app, 'pod-template-hash': 'x' },
      ...(leaving ? { deletionTimestamp: '2026-11-23T00:00:00Z' } : {}),
    },
    spec: {
      ...(node === undefined ? {} : { nodeName: node }),
      containers: [{ resources: { requests: { cpu: '250m', memory: '512Mi' } } }, {}],
    },
    status: { phase, conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
  };
}

describe('the computed pods', () => {
  test("request at their least what synth's budget has for all nodes together", () => {
    const platform = buildPlatform('production');
    const loads = nodeLoads(platform).map(({ requested }) => requested);
    expect(computed(groupsOf(platform), 'least').requests).toEqual(add(loads));
  });

  test('are at their most as many as the autoscaler allows, and one more during a rollout', () => {
    const sizes = { ...production.sizes, backend: { minReplicas: 3, maxReplicas: 6 } };
    const images = JSON.parse(fs.readFileSync(path.join(root, 'config/images.json'), 'utf8')) as unknown;
    const environment = parseEnvironment('test', { ...production, sizes }, images, {});
    const platform = new Platform(environment, applicationsOf(environment));
    const backend = groupsOf(platform).find(({ name }) => name === 'shop/backend');
    expect(backend?.count).toEqual({ least: 3, most: 6, rollout: 7 });
  });

  test('leave out Jobs', () => {
    expect(groupsOf(buildPlatform('production')).map(({ name }) => name)).not.toContain('shop/backend-migrations');
  });
});

describe('a placed pod', () => {
  const placed = (told: Told) => placedPods([pod(told)], ['lost']).length;

  test('is on a node', () => expect([placed({ node: 'node1' }), placed({})]).toEqual([1, 0]));

  test('is not on a lost node, whatever the API still says', () => expect(placed({ node: 'lost' })).toBe(0));

  test('has not ended', () => expect(placed({ node: 'node1', phase: 'Succeeded' })).toBe(0));

  test('is not about to go', () => expect(placed({ node: 'node1', leaving: true })).toBe(0));
});

test('what a lost node has kept is made anew there, of whatever kind: ran, is not ready, and is not about to go', () => {
  const pods = [
    pod({ name: 'kept', node: 'lost', ready: false }),
    pod({ name: 'ready', node: 'lost' }),
    pod({ name: 'new', node: 'lost', ready: false, phase: 'Pending' }),
    pod({ name: 'leaving', node: 'lost', ready: false, leaving: true }),
    pod({ name: 'elsewhere', node: 'node1', ready: false }),
  ];
  expect(keptPods(pods, 'lost').map(({ metadata }) => metadata.name)).toEqual(['kept']);
});

describe('the difference between computed and placed', () => {
  test('is empty for exactly the computed pods', () => {
    expect(differences([web], [pod()], 'least')).toEqual([]);
  });

  test('names what is missing, and what is not ready', () => {
    expect(differences([web], [pod(), pod({ ready: false })], 'rollout')).toEqual([
      'shop/web: 1 ready and 1 others of 3',
    ]);
  });

  test('names pods that are too many', () => {
    expect(differences([web], [pod(), pod({ ready: false })], 'least')).toEqual([
      'shop/web: 1 ready and 1 others of 1',
    ]);
  });

  test('names pods that nobody computed', () => {
    expect(differences([web], [pod(), pod({ name: 'stray-1', app: 'stray' })], 'least')).toEqual([
      'shop/stray-1: not computed',
    ]);
  });

  test('counts pods without a place', () => {
    expect(missingPods([web], [pod({ ready: false })], 'rollout')).toBe(2);
  });

  test('those that never share a node are expected on the nodes that are left', () => {
    const strict = { ...web, strict: true };
    const left = { nodes: 1, stranded: [] };
    expect(differences([strict], [pod()], 'rollout', left)).toEqual([]);
    expect(missingPods([strict], [], 'rollout', left)).toBe(1);
  });

  test('those with volumes of their own are not expected elsewhere while their node is lost', () => {
    const bound = { ...web, bound: true };
    const left = { nodes: 1, stranded: [pod({ node: 'lost', leaving: true })] };
    expect(differences([bound], [pod(), pod()], 'rollout', left)).toEqual([]);
    expect(missingPods([bound], [pod()], 'rollout', left)).toBe(1);
    expect(missingPods([web], [pod()], 'rollout', left)).toBe(2);
  });

  test("the platform's stores and Sentinels are such, what keeps numbers and lines, and what each node has", () => {
    const observability = { ...production.observability, tracing: undefined };
    const platform = buildPlatform('production', { changes: { observability } });
    const bound = groupsOf(platform).filter((group) => group.bound);
    expect(bound.map(({ name }) => name)).toEqual([
      'kube-system/coredns',
      'data/postgres',
      'data/redis',
      'data/redis-sentinel',
      'identity/samba',
      'observability/node-exporter',
      'observability/alertmanager',
      'observability/prometheus',
      'observability/loki',
      'node-agents/alloy',
    ]);
  });
});

describe('requests', () => {
  test('are summed over pods and containers', () => {
    expect(requestsOf([pod(), pod()])).toEqual({ cpu: 500, memory: 1024 });
  });

  test('are read as the API server writes them', () => {
    expect([millicores('250m'), millicores('2'), mebibytes('512Mi'), mebibytes('2Gi')]).toEqual([250, 2000, 512, 2048]);
  });

  test('in other units are refused, not counted as nothing', () => {
    expect(() => millicores('1.5')).toThrow('a CPU request of 1.5');
    expect(() => mebibytes('1G')).toThrow('a memory request of 1G');
  });
});

describe('the shapes', () => {
  test('are every environment as committed', () => {
    expect(shapesOf(root).map(({ platform }) => platform.environment.name)).toEqual(Object.keys(environments));
  });

  test('with several servers let pods reach the API on each of them', () => {
    const several = shapesOf(root).filter(({ platform }) => serversOf(platform.environment).length > 1);
    expect(several.length).toBeGreaterThan(0);
    for (const { platform, manifests } of several) {
      const policies = JSON.stringify(manifests.filter(({ kind }) => kind === 'NetworkPolicy'));
      const servers = serversOf(platform.environment);
      expect(servers.filter(({ address }) => !policies.includes(`"${address}/32"`))).toEqual([]);
    }
  });
});

describe("the stand-in of a chart's pods", () => {
  const platform = new Platform(testEnvironment(), [
    testApplication('test', (scope) => {
      const props = { repository: 'https://charts.example', revision: 'v1.0.0', clusterKinds: [], namespacedKinds: [] };
      new UpstreamSource(scope, 'chart', { ...props, chart: 'x', values: { global: { priorityClassName: 'edge' } } });
      const requests = { replicas: 2, cpu: Cpu.millicores(50), memory: Size.mebibytes(128) };
      const common = { madeBy: 'the tests' };
      new ForeignWorkload(scope, 'b', { ...common, name: 'uncounted', podLabels: { app: 'b' } });
      return new ForeignWorkload(scope, 'a', { ...common, name: 'counted', podLabels: { app: 'a' }, requests });
    }),
  ]);
  const [standIn, ...more] = foreignDeployments(platform, []);
  const container = (made = standIn) =>
    (made as { spec?: { template?: { spec?: { containers?: readonly object[] } } } } | undefined)?.spec?.template?.spec
      ?.containers?.[0];

  test('has their number, labels, requests and the priority of their chart, in their namespace', () => {
    expect(standIn).toMatchObject({
      metadata: { name: 'counted', namespace: 'test' },
      spec: {
        replicas: 2,
        selector: { matchLabels: { app: 'a' } },
        template: { metadata: { labels: { app: 'a' } }, spec: { priorityClassName: 'edge' } },
      },
    });
    expect(container()).toMatchObject({ resources: { requests: { cpu: '50m', memory: '128Mi' } } });
  });

  test('has the priority of the patches, where its manifests are patched', () => {
    const patched = new Platform(testEnvironment(), [
      testApplication('test', (scope) => {
        const add = { '/spec/template/spec/priorityClassName': 'edge' };
        const props = { repository: 'https://git.example', revision: 'v1.0.0', clusterKinds: [], namespacedKinds: [] };
        new UpstreamSource(scope, 'source', { ...props, path: 'x', patches: [{ kind: 'Deployment', add }] });
        return new ForeignWorkload(scope, 'a', { name: 'a', madeBy: 'the tests', podLabels: { app: 'a' } });
      }),
    ]);
    const foreign = patched.owners.filter((owner) => owner instanceof ForeignWorkload);
    expect(foreign.map((owner) => priorityOf(patched, owner))).toEqual(['edge']);
  });

  test('is of a priority class of ours, whoever makes the pods', () => {
    const found = Object.keys(environments).flatMap((name) => {
      const built = buildPlatform(name);
      const foreign = built.owners.filter((owner) => owner instanceof ForeignWorkload);
      // What nobody builds yet requests nothing.
      const made = foreign.filter(({ requests }) => requests !== undefined);
      return made.map((owner) => [owner.name, priorityOf(built, owner)] as const);
    });
    expect(found.length).toBeGreaterThan(10);
    expect(found.filter(([, priority]) => priority === undefined || !(priority in priorities))).toEqual([]);
  });

  test('is there only for pods that are counted', () => expect(more).toEqual([]));

  test('leaves its requests to a LimitRange where there is one', () => {
    const limits = { apiVersion: 'v1', kind: 'LimitRange', metadata: { name: 'requests', namespace: 'test' } };
    expect(container(foreignDeployments(platform, [limits])[0])).not.toHaveProperty('resources');
  });
});
