import { buildPlatform } from '../../../apps/platform.ts';
import { affectedBy, isInUse, isOnePerNode, missingOn, nodesOf, ownerOf } from '../../../prove/cluster/pods.ts';
import type { PodObject } from '../../../prove/cluster/pods.ts';
import { spreadOf } from '../../../prove/drills/failures/node-down.ts';
import { movablePods } from '../../../prove/drills/failures/placement.ts';
import { failedOf, gapsOf, lastFailure, longestGap, reasonsOf, slowestOf } from '../../../prove/instruments/figures.ts';
import type { RecordedRequest } from '../../../prove/instruments/recorder.ts';

describe('what a client saw', () => {
  const request = (at: number, ok: boolean, milliseconds: number, text = ''): RecordedRequest => ({
    at: new Date(at),
    ok,
    milliseconds,
    text,
  });
  const requests = [
    request(1000, true, 10, 'body'),
    request(1100, false, 2000, 'Get "http://backend/": dial tcp 10.43.0.7:3000: i/o timeout'),
    request(3100, false, 900, 'Get "http://backend/": dial tcp 10.43.0.7:3000: i/o timeout'),
    request(4000, true, 40, 'body'),
    request(4100, true, 10, 'body'),
  ];

  test('is counted by failures and the slowest answer', () => {
    expect([failedOf(requests), slowestOf(requests)]).toEqual([2, 40]);
  });

  test('has its longest gap between the ends of two answers', () => {
    expect(longestGap(requests, new Date(1000), new Date(4200))).toBe(3);
  });

  test('has a gap before the first answer and after the last one too', () => {
    expect(longestGap(requests.slice(1), new Date(1010), new Date(4200))).toBe(3);
    expect(longestGap(requests.slice(0, 3), new Date(1000), new Date(5010))).toBe(4);
  });

  test('has gaps in their order, of which the last ends with the time looked at', () => {
    expect(gapsOf(requests, new Date(1000), new Date(5110))).toEqual([0, 3, 0.1, 1]);
  });

  test('ends failing when the last failure is told', () => {
    expect(lastFailure(requests, new Date(1000))).toBe(3);
    expect(lastFailure(requests.slice(3), new Date(1000))).toBe(0);
  });

  test('fails for reasons that are counted, without the address asked for', () => {
    expect(reasonsOf(requests)).toBe('2 x dial tcp 10.43.0.7:3000: i/o timeout');
    expect(reasonsOf(requests.slice(3))).toBe('none');
  });
});

describe('pods', () => {
  interface Shape {
    readonly owner?: readonly [kind: string, name: string];
    readonly hash?: string;
    readonly node?: string;
    readonly ready?: boolean;
    readonly leaving?: boolean;
    readonly spec?: Partial<PodObject['spec']>;
  }
  const pod = ({ owner, hash, node = 'node1', ready = true, leaving = false, spec }: Shape): PodObject => ({
    metadata: {
      name: 'x',
      namespace: 'shop',
      uid: 'u',
      ...(hash === undefined ? {} : { labels: { 'pod-template-hash': hash } }),
      ...(leaving ? { deletionTimestamp: '2026-11-23T12:00:00Z' } : {}),
      ...(owner === undefined ? {} : { ownerReferences: [{ kind: owner[0], name: owner[1], controller: true }] }),
    },
    spec: { nodeName: node, ...spec },
    status: { phase: 'Running', conditions: [{ type: 'Ready', status: ready ? 'True' : 'Unknown' }] },
  });
  const constraint = { topologyKey: 'kubernetes.io/hostname', whenUnsatisfiable: 'DoNotSchedule' };
  const backend = (shape: Shape = {}) => pod({ owner: ['ReplicaSet', 'backend-5d9f'], hash: '5d9f', ...shape });

  test('belong to a Deployment by their ReplicaSet, to others by name, and to nobody, a DaemonSet or a Job not at all', () => {
    expect(ownerOf(backend())).toBe('Deployment shop/backend');
    expect(ownerOf(pod({ owner: ['StatefulSet', 'redis'] }))).toBe('StatefulSet shop/redis');
    expect(ownerOf(pod({ owner: ['DaemonSet', 'agent'] }))).toBeUndefined();
    // One that runs at the moment of a fault has ended by the time that is waited for.
    expect(ownerOf(pod({ owner: ['Job', 'backup-29'] }))).toBeUndefined();
    expect(ownerOf(pod({}))).toBeUndefined();
  });

  test('are in use while they are ready and stay', () => {
    const states = [backend(), backend({ ready: false }), backend({ leaving: true })].map(isInUse);
    expect(states).toEqual([true, false, false]);
  });

  test('are one a node where a rule forbids two, and not where it only prefers that', () => {
    const topologyKey = 'kubernetes.io/hostname';
    const spreading = (whenUnsatisfiable: string) =>
      pod({ spec: { topologySpreadConstraints: [{ topologyKey, whenUnsatisfiable }] } });
    const required = { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey }] } };
    expect(isOnePerNode(spreading('DoNotSchedule'))).toBe(true);
    expect(isOnePerNode(spreading('ScheduleAnyway'))).toBe(false);
    expect(isOnePerNode(pod({ spec: { affinity: required } }))).toBe(true);
    expect(isOnePerNode(backend())).toBe(false);
  });

  test('of a lost node are missing until as many as before are in use on the other one', () => {
    const onePerNode = { hash: '1', spec: { topologySpreadConstraints: [constraint] } };
    const before = [
      backend(),
      backend({ node: 'node2' }),
      pod({ owner: ['StatefulSet', 'redis'] }),
      pod({ ...onePerNode, owner: ['ReplicaSet', 'dns-1'], node: 'node2' }),
      pod({ owner: ['StatefulSet', 'sentinels'], node: 'node2', spec: { volumes: [{ persistentVolumeClaim: {} }] } }),
    ];
    const affected = affectedBy('node2', before);
    expect([...affected]).toEqual([['Deployment shop/backend', 2]]);
    // The API still calls the lost pod ready.
    expect(missingOn('node1', affected, before)).toEqual(['Deployment shop/backend: 1 of 2']);
    expect(missingOn('node1', affected, [backend(), backend({ ready: false })])).toHaveLength(1);
    expect(missingOn('node1', affected, [backend(), backend()])).toEqual([]);
  });

  test('of a StatefulSet can be moved unless a volume or a rule binds them', () => {
    const own = { owner: ['StatefulSet', 'argocd'] } as const;
    const volumes = [{ persistentVolumeClaim: { claimName: 'data' } }];
    const movable = pod(own);
    const bound = [
      pod({ ...own, spec: { volumes } }),
      pod({ ...own, spec: { topologySpreadConstraints: [constraint] } }),
    ];
    expect(movablePods('node1', [movable, ...bound, backend(), pod({ ...own, node: 'node2' })])).toEqual([movable]);
  });

  test('are looked for on both nodes of every Deployment of ours that has several', () => {
    const names = spreadOf(buildPlatform('production')).map(({ name }) => name);
    expect(names.sort()).toEqual(['backend', 'edge', 'edge-waf', 'frontend', 'kube-state-metrics', 'redis-proxy']);
  });

  test('are on the nodes where some are in use', () => {
    const pods = [backend({ node: 'node2' }), backend(), backend()];
    expect(nodesOf('Deployment shop/backend', pods)).toEqual(['node1', 'node2']);
    expect(nodesOf('Deployment shop/backend', [backend(), backend({ node: 'node2', leaving: true })])).toEqual([
      'node1',
    ]);
  });
});
