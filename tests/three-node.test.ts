import { loadEnvironment } from '../config/index.ts';
import { witnessTaint } from '../constructs/core/witness.ts';
import { k3sConfiguration } from '../synth/install/k3s.ts';
import { installPlan } from '../synth/install/plan.ts';
import { podTemplateOf } from '../synth/pods.ts';
import { committed } from './support/committed.ts';
import { at } from './support/harness.ts';

/** Members of etcd, of which one lives on each node that is none of an agent. */
function members(environment: string): number {
  const plan = installPlan(environment)!;
  return plan.nodes.map((node) => k3sConfiguration(plan, node)).filter((each) => 'agent-token-file' in each).length;
}

/** Sentinels that are left where the node with most of them is lost, how many have to agree, and how they are spread. */
function sentinels(environment: string) {
  const { manifest } = committed(`dist/${environment}/data`).find(({ file }) =>
    file.endsWith('/statefulset-redis-sentinel.yaml'),
  )!;
  const { containers, tolerations = [], topologySpreadConstraints } = podTemplateOf(manifest)!.spec!;
  const variables = containers.flatMap(({ env = [] }) => env);
  const replicas = at(manifest, 'spec.replicas') as number;
  return {
    left: replicas - Math.ceil(replicas / loadEnvironment(environment).nodes.length),
    agreeing: Number(variables.find(({ name }) => name === 'QUORUM')?.value),
    everywhere: tolerations.some(({ key }) => key === witnessTaint.key),
    spread: topologySpreadConstraints?.map(({ topologyKey, whenUnsatisfiable }) => [topologyKey, whenUnsatisfiable]),
  };
}

test('the third node gives etcd and Sentinel a quorum', () => {
  expect(members('three-node')).toBe(3);
  expect(sentinels('three-node')).toEqual({
    left: 2,
    agreeing: 2,
    everywhere: true,
    spread: [['kubernetes.io/hostname', 'DoNotSchedule']],
  });
});

test('two nodes have none without the one that has more of it', () => {
  expect(members('production')).toBe(1);
  const { left, agreeing } = sentinels('production');
  expect(left).toBeLessThan(agreeing);
});
