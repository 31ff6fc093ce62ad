import type { IPodSpec } from 'kubernetes-models/v1/PodSpec';
import type { Manifest } from '../../../constructs/core/manifest.ts';
import { loadPod } from '../../../prove/instruments/load.ts';
import { checksOf, isAt } from '../../../prove/instruments/samples.ts';
import type { Sample } from '../../../prove/instruments/samples.ts';
import { restrictedViolations } from '../../../synth/pod-security.ts';

const sample = (replicas: number, sync = 'Synced', ready = replicas): Sample => ({
  at: new Date(0),
  replicas,
  ready,
  sync,
});

/** What doesn't hold of a round in which the replicas were these. */
function failures(replicas: readonly number[], word = 'Synced'): string[] {
  const samples = replicas.map((count) => sample(count, word));
  return checksOf('backend', { least: 3, most: 6 }, samples).flatMap(({ expected, got }) =>
    expected === got ? [] : [got],
  );
}

describe('a round of scaling', () => {
  test('holds with steps on the way up and on the way down', () => {
    expect(failures([3, 3, 5, 6, 6, 4, 3, 3])).toEqual([]);
  });

  test.each([
    ['that leaves the range', [3, 6, 2, 3]],
    ['that does not reach the top', [3, 5, 3]],
    ['that stays up', [3, 6, 6]],
    ['that wavers on the way down', [3, 6, 4, 5, 3]],
    ['that wavers on the way up', [3, 5, 4, 6, 3]],
    ['that was looked at too late', [4, 6, 3]],
  ])('%s is a failure', (_, replicas) => {
    expect(failures(replicas)).not.toEqual([]);
  });

  test('in which Argo CD saw a difference is a failure', () => {
    expect(failures([3, 6, 3], 'OutOfSync')).toEqual(['OutOfSync']);
  });

  test('is at a number once all of them are ready and no others are left', () => {
    expect([sample(6), sample(6, 'Synced', 5), sample(6, 'Synced', -1)].map((each) => isAt(6, each))).toEqual([
      true,
      false,
      false,
    ]);
  });
});

describe('a load', () => {
  const options = { namespace: 'shop', name: 'frontend', target: { app: 'x' }, port: 3000 };
  const pod = loadPod({ ...options, clients: 3, path: '/work?milliseconds=120', every: '20ms' }, 'node1');
  const argumentsOf = ({ spec }: Manifest) =>
    (spec as { readonly containers: readonly { readonly args: readonly string[] }[] }).containers.map(
      ({ args }) => args,
    );

  test('asks with as many clients, at the pace that it is told', () => {
    const args = ['every', '20ms', 'http://frontend.shop.svc.cluster.local:3000/work?milliseconds=120', '10s'];
    expect(argumentsOf(pod)).toEqual([args, args, args]);
  });

  test('asks as fast as it is answered where it is told no pace', () => {
    const args = ['load', '24', 'http://frontend.shop.svc.cluster.local:3000/sign-in', '10s'];
    expect(argumentsOf(loadPod({ ...options, clients: 24, path: '/sign-in' }, 'node1'))).toEqual([args]);
  });

  test('comes from a pod as strict as the platform asks', () => {
    expect(restrictedViolations(pod.spec as IPodSpec)).toEqual([]);
  });
});
