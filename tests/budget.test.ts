import { JsonPatch, Size } from 'cdk8s';
import { buildPlatform } from '../apps/platform.ts';
import { environments } from '../config/index.ts';
import type { EnvironmentInput } from '../config/schema.ts';
import { Cpu } from '../constructs/core/cpu.ts';
import { ForeignWorkload } from '../constructs/core/foreign-workload.ts';
import { Platform } from '../constructs/core/platform.ts';
import type { Spread } from '../constructs/core/pod-template.ts';
import { Workload } from '../constructs/core/workload.ts';
import { PatroniCluster } from '../constructs/patroni-cluster/index.ts';
import { diskFindings } from '../synth/disk.ts';
import { minimal } from './support/patroni-cluster.ts';
import { budgetFindings, losses, nodeLoads } from '../synth/budget.ts';
import { image, testApplication, testEnvironment, testInput } from './support/harness.ts';

test('the platform fits its nodes, its budgets, and one node fewer', () => {
  const names = Object.keys(environments);
  expect(names.flatMap((name) => budgetFindings(buildPlatform(name)))).toEqual([]);
});

// A release of gitops or updates adds a database of 20m to what is there; without room for it, nothing can be added at all.
test('each node has 50m left within its budget', () => {
  const left = Object.keys(environments).flatMap((name) =>
    nodeLoads(buildPlatform(name)).map(
      ({ node, requestedAtMost, allocatable }) =>
        (allocatable.cpu * node.budget.cpuPercent) / 100 - requestedAtMost.cpu,
    ),
  );
  expect(Math.min(...left)).toBeGreaterThanOrEqual(50);
});

/** Pods of one core and one gibibyte each. */
const platform = (replicas: number, changes: Partial<EnvironmentInput> = {}) =>
  new Platform(testEnvironment(changes), [
    testApplication('test', (scope) => {
      const requests = { replicas, cpu: Cpu.cores(1), memory: Size.gibibytes(1) };
      return new ForeignWorkload(scope, 'pods', {
        name: 'pods',
        madeBy: 'the tests',
        podLabels: { app: 'x' },
        requests,
      });
    }),
  ]);
const what = (tested: Platform) => budgetFindings(tested).map((finding) => finding.what);
const nodes = testInput.nodes.map((node) => ({ ...node, budget: { cpuPercent: 100, memoryPercent: 100 } }));

test('pods that request more than all nodes have are refused', () => {
  expect(what(platform(16, { nodes }))).toContainEqual(
    'at full size, with one more pod of each Deployment during a rollout, pods request 16 CPU and 16 GiB',
  );
});

test('nodes that are too small for the sum of requests are refused', () => {
  const small = nodes.map((node) => ({ ...node, serverType: 'ccx13' }));
  expect(what(platform(4, { nodes: small }))[0]).toContain('pods request 4 CPU and 4 GiB');
});

test("pods expected on a node beyond that node's budget are refused", () => {
  expect(what(platform(8))).toContainEqual('at full size, the pods expected on node2 request 4 CPU and 4 GiB');
});

test('pods of one workload are expected in equal numbers, however much smaller a node is, and at full size', () => {
  const [node1, node2] = nodeLoads(buildPlatform('production'));
  const cpu = { least: node2?.requested.cpu, most: node2?.requestedAtMost.cpu };
  // What the real scheduler placed: one of three, and three of six, backends; all controllers on the larger node.
  expect([node1?.node.serverType, node2?.node.serverType, cpu]).toEqual([
    'ccx33',
    'ccx23',
    { least: 1120, most: 1680 },
  ]);
});

const [first, second] = nodes;
const witness = { ...first!, name: 'witness', role: 'witness' as const, address: '10.0.0.3', serverType: 'cx23' };
const three = [first!, { ...second!, role: 'server' as const }, witness];

describe('with one node gone', () => {
  test('pods that would not fit are refused where any of two servers may be lost', () => {
    expect(what(platform(8, { nodes: three }))).toEqual([
      'with node1 gone, the least number of pods requests 8 CPU and 8 GiB',
      'with node2 gone, the least number of pods requests 8 CPU and 8 GiB',
    ]);
  });

  test('nothing is asked of the others when the API is gone as well: nothing moves', () => {
    expect(what(platform(8, { nodes }))).toEqual([
      'with node2 gone, the least number of pods requests 8 CPU and 8 GiB',
    ]);
  });

  test('a majority of those that keep the state has to be left, not only a server', () => {
    const moves = (list: typeof three) => losses(platform(1, { nodes: list })).map(({ keepsApi }) => keepsApi);
    const third = { ...witness, role: 'server' as const };
    expect([moves(three), moves([...nodes]), moves([three[0]!, three[1]!, third])]).toEqual([
      [true, true],
      [false, true],
      [true, true, true],
    ]);
  });
});

test('a witness carries no pods', () => {
  const loads = nodeLoads(platform(2, { nodes: three }));
  expect(loads.map(({ node, requested }) => [node.name, requested.cpu])).toEqual([
    ['node1', 1000],
    ['node2', 1000],
  ]);
});

const probe = { path: '/', port: 'http', periodSeconds: 5, timeoutSeconds: 1, failureThreshold: 3 };

/** Web servers that request next to nothing. */
const web = (replicas: number, spread: Spread, ...patches: JsonPatch[]) =>
  new Platform(testEnvironment(), [
    testApplication('test', (scope) => {
      const workload = new Workload(scope, 'web', {
        name: 'web',
        program: 'web',
        component: 'web',
        controller: { kind: 'Deployment', replicas },
        priority: 'edge',
        spread,
        containers: [
          {
            name: 'web',
            image,
            ports: [{ name: 'http', port: 80 }],
            resources: { cpuRequest: Cpu.millicores(1), memory: Size.mebibytes(1), because: 'tiny' },
            probes: { startup: probe, readiness: probe, liveness: probe },
          },
        ],
      });
      workload.object.addJsonPatch(...patches);
      return workload;
    }),
  ]);

test('members of a store that has more of them than there are nodes are told as what they are', () => {
  const store = new Platform(testEnvironment({ nodes: testInput.nodes.slice(0, 1) }), [
    testApplication('test', (scope) => new PatroniCluster(scope, 'postgres', minimal)),
  ]);
  expect(budgetFindings(store)).toContainEqual({
    where: 'workload test/postgres',
    what: '2 members that never share a node, on 1 node: one would wait for ever',
    allowed: 'at most 1, one on each node',
    remedy: 'lower members where it is made, or add a node',
  });
});

test('pods that never share a node are refused when they are more than the nodes', () => {
  expect(what(web(3, 'strict'))).toEqual(['3 pods that never share a node, on 2 nodes: one would wait for ever']);
});

test('one more during an update is no pod too many, where pods never share a node', () => {
  expect(what(web(1, 'strict'))).toEqual([]);
});

test('a patch can hide no pod from the budget', () => {
  const memory = '/spec/template/spec/containers/0/resources/requests/memory';
  expect(what(web(1, 'preferred', JsonPatch.replace(memory, '60Gi')))).toContainEqual(
    'at full size, with one more pod of each Deployment during a rollout, pods request 0 CPU and 120 GiB',
  );
});

describe('volumes on the disks of nodes', () => {
  const found = (gibibytes: number, changes: object = {}): string[] => {
    const storage = Size.gibibytes(gibibytes);
    const application = testApplication('test', (scope) => {
      new PatroniCluster(scope, 'postgres', { ...minimal, storage, ...changes });
    });
    return diskFindings(new Platform(testEnvironment(), [application])).map((finding) => finding.what);
  };

  test('are refused where they are larger', () => {
    expect(found(223)).toEqual([]);
    expect(found(224)).toEqual([
      'the volumes of test/postgres are 224 GiB on each node',
      'the volumes of test/postgres are 224 GiB on each node',
    ]);
    expect(found(224, { members: 1 })).toEqual(['the volumes of a pod are 224 GiB on the disk of its node']);
  });

  test('are no matter of theirs in another class', () => {
    expect(found(9000, { storageClass: 'hcloud-volumes' })).toEqual([]);
  });
});
