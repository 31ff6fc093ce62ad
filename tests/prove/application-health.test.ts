import { built } from '../support/built.ts';
import { healthOf, healthOfEach } from '../support/health.ts';

const argocd = built('argocd')!;
const withArgoCd = built('argocd') === undefined ? describe.skip : describe;

/** Seconds ago, as the API writes it. */
const ago = (seconds: number): string => `${new Date(Date.now() - seconds * 1000).toISOString().slice(0, 19)}Z`;

const source = { repoURL: 'https://example.com/platform.git', path: 'dist', targetRevision: 'production-4' };
const older = { ...source, targetRevision: 'production-3' };

const on = { prune: true, selfHeal: true };
const off = { ...on, enabled: false };

interface State {
  /** Seconds since the root changed it. @default 3600 */
  readonly pinned?: number;
  readonly sync?: string;
  readonly operation?: Readonly<Record<string, unknown>>;
  /** Whether one is asked for. */
  readonly asked?: boolean;
  readonly health?: string;
  /** Seconds since its health changed. @default 3600 */
  readonly healthFor?: number;
  readonly conditions?: readonly (readonly [type: string, seconds: number])[];
  readonly comparedTo?: object;
  /** What a person wrote there. @default everything is on, as in git */
  readonly automated?: object;
  readonly resources?: readonly object[];
}

/** An application that is Synced and Healthy since an hour, but for what is changed. */
function application(state: State): object {
  const { pinned = 3600, sync = 'Synced', health = 'Healthy', healthFor = 3600, comparedTo = source } = state;
  const {
    operation = { phase: 'Succeeded', finishedAt: ago(3600) },
    asked,
    automated = on,
    conditions = [],
    resources,
  } = state;
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: {
      name: 'backend',
      namespace: 'argocd',
      creationTimestamp: ago(86_400),
      managedFields: [
        { manager: 'argocd-controller', operation: 'Apply', time: ago(pinned) },
        // Argo CD's own notes of its state.
        { manager: 'argocd-application-controller', operation: 'Update', time: ago(1) },
      ],
    },
    spec: { source, syncPolicy: { automated } },
    ...(asked ? { operation: {} } : {}),
    status: {
      ...(health === 'none' ? {} : { health: { status: health, lastTransitionTime: ago(healthFor) } }),
      ...(sync === 'none' ? {} : { sync: { status: sync, comparedTo: { source: comparedTo } } }),
      operationState: operation,
      conditions: conditions.map(([type, seconds]) => ({ type, message: 'why', lastTransitionTime: ago(seconds) })),
      resources,
    },
  };
}

const running = (seconds: number, more: object = {}) => ({ phase: 'Running', startedAt: ago(seconds), ...more });
const finished = (phase: string, seconds: number, more: object = {}) => ({ phase, finishedAt: ago(seconds), ...more });
const pruning = { status: 'OutOfSync', requiresPruning: true, requiresDeletionConfirmation: true };
const asks = { message: 'waiting for pruning confirmation of apps/StatefulSet/postgres' };
const ended = { message: 'Operation terminated, triggered by controller sync timeout' };

/**
 * Every state a child can be in, what a wave takes it for, and how it is left without a hand. Degraded ends the root's sync,
 * which goes on with the newest commit.
 */
const states: readonly (readonly [state: string, health: string, exit: string, state: State])[] = [
  ['Synced and Healthy', 'Healthy', 'the next wave', {}],
  ['Degraded', 'Degraded', 'the next release, or recovery', { health: 'Degraded' }],
  ['starting', 'Progressing', 'ready, or 15 minutes', { health: 'Progressing', healthFor: 60, pinned: 60 }],
  ['never ready', 'Degraded', 'the next release, or recovery', { health: 'Progressing' }],
  [
    'starting again by a new release',
    'Progressing',
    'ready, or 15 minutes',
    { health: 'Progressing', pinned: 60, operation: finished('Succeeded', 30) },
  ],
  ['paused by hand', 'Degraded', 'resumed', { health: 'Suspended' }],
  ['gone from the cluster', 'Degraded', 'synced again', { health: 'Missing' }],
  ['of a health nobody knows', 'Degraded', 'looked at again', { health: 'Unknown' }],
  ['just made', 'Progressing', 'looked at, or 15 minutes', { health: 'none', sync: 'none', pinned: 5 }],
  ['never looked at', 'Degraded', 'looked at', { health: 'none', sync: 'none' }],
  ['just pinned', 'Progressing', 'compared, or 15 minutes', { comparedTo: older, pinned: 5 }],
  ['just pinned, Degraded before', 'Progressing', 'compared', { health: 'Degraded', comparedTo: older, pinned: 5 }],
  ['never compared with its pin', 'Degraded', 'compared', { comparedTo: older }],
  [
    'waiting for the repository server, which restarts',
    'Progressing',
    'compared, or 2 minutes',
    { sync: 'Unknown', conditions: [['ComparisonError', 60]] },
  ],
  [
    'of a tag, path or chart that is not there',
    'Degraded',
    'the next release',
    { sync: 'Unknown', conditions: [['ComparisonError', 180]] },
  ],
  [
    'just pinned to what is there, after what was not',
    'Progressing',
    'compared, or 2 minutes',
    { sync: 'Unknown', conditions: [['ComparisonError', 3600]], comparedTo: older, pinned: 5 },
  ],
  [
    'of a spec that is not permitted, so never compared',
    'Degraded',
    'the next release',
    { health: 'Unknown', sync: 'Unknown', comparedTo: older, conditions: [['InvalidSpecError', 180]] },
  ],
  ['in an error nobody knows', 'Degraded', 'the next release', { conditions: [['UnknownError', 180]] }],
  [
    'not to be emptied by a sync',
    'Degraded',
    'the next release',
    { sync: 'OutOfSync', operation: finished('Succeeded', 3600), conditions: [['SyncError', 180]] },
  ],
  ['of an unknown state, without an error', 'Degraded', 'compared', { sync: 'Unknown' }],
  ['about to be synced', 'Progressing', 'synced, or the error of a condition', { sync: 'OutOfSync' }],
  [
    'never in sync, however often it is synced',
    'Degraded',
    'the next release',
    {
      sync: 'OutOfSync',
      operation: finished('Succeeded', 5, { operation: { sync: { autoHealAttemptsCount: 6 } } }),
    },
  ],
  [
    'brought back from a drift',
    'Progressing',
    'synced',
    {
      sync: 'OutOfSync',
      operation: finished('Succeeded', 5, { operation: { sync: { autoHealAttemptsCount: 1 } } }),
    },
  ],
  ['asked to sync', 'Progressing', 'synced, or the timeout of the root', { sync: 'OutOfSync', asked: true }],
  ['being synced', 'Progressing', 'synced, or 15 minutes', { operation: running(60), asked: true }],
  ['migrating', 'Progressing', 'the deadline of the job', { sync: 'OutOfSync', operation: running(590), asked: true }],
  [
    'waiting for a deletion, a hook or a claim without end',
    'Degraded',
    'the timeout of its sync, then the next release',
    { sync: 'OutOfSync', operation: running(1200), asked: true },
  ],
  [
    'told to end its sync, and not ending it',
    'Degraded',
    'the next attempt to end it',
    { sync: 'OutOfSync', operation: { ...running(1200), phase: 'Terminating' }, asked: true },
  ],
  ['failed to sync', 'Degraded', 'the next release', { sync: 'OutOfSync', operation: finished('Failed', 5) }],
  ['in an error of its sync', 'Degraded', 'the next release', { sync: 'OutOfSync', operation: finished('Error', 5) }],
  [
    'about to be synced again after it failed',
    'Degraded',
    'its next attempt',
    { sync: 'OutOfSync', operation: running(30, { retryCount: 1 }), asked: true },
  ],
  [
    'failed to sync, with a new sync asked for',
    'Progressing',
    'synced',
    { sync: 'OutOfSync', operation: finished('Failed', 5), asked: true },
  ],
  ['failed after it was in sync', 'Healthy', 'the next wave', { operation: finished('Failed', 5) }],
  [
    'waiting for somebody to confirm a pruning',
    'Healthy',
    'the next wave',
    { sync: 'OutOfSync', operation: running(80_000, asks), asked: true, resources: [pruning] },
  ],
  [
    'waiting for it with all that is to be pruned beside it',
    'Healthy',
    'the next wave',
    {
      sync: 'OutOfSync',
      operation: running(60, asks),
      asked: true,
      resources: [{ status: 'OutOfSync', requiresPruning: true }, pruning],
    },
  ],
  [
    'about to prune what needs nobody',
    'Progressing',
    'pruned, or 15 minutes',
    {
      sync: 'OutOfSync',
      operation: running(60),
      asked: true,
      resources: [{ status: 'OutOfSync', requiresPruning: true }],
    },
  ],
  [
    'waiting for it, and for what else a newer release brings',
    'Degraded',
    'the timeout of its sync, then the newer release',
    {
      sync: 'OutOfSync',
      operation: running(1200, asks),
      asked: true,
      resources: [pruning, { status: 'OutOfSync' }],
    },
  ],
  [
    'not waiting for it any more, because its sync has timed out',
    'Healthy',
    'the next wave',
    { sync: 'OutOfSync', operation: finished('Failed', 3600, ended), resources: [pruning] },
  ],
  [
    'rolled back by hand',
    'Healthy',
    'the next wave',
    { sync: 'OutOfSync', automated: off, conditions: [['SyncError', 3600]] },
  ],
  [
    'left with a difference, because a person switched pruning or healing off',
    'Healthy',
    'the next wave',
    { sync: 'OutOfSync', automated: { ...on, prune: false } },
  ],
  [
    'of a new release, where a person switched healing off',
    'Progressing',
    'synced, or the error of a condition',
    {
      sync: 'OutOfSync',
      automated: { ...on, selfHeal: false },
      operation: finished('Succeeded', 3600, { syncResult: { revision: 'a0' } }),
    },
  ],
];

withArgoCd('the health that a wave waits for', () => {
  test('of each state that a child can be in is told, and left again', () => {
    const verdicts = healthOfEach(
      argocd,
      'argoproj.io_Application',
      states.map(([, , , state]) => application(state)),
    );
    const told = states.map(([state, , exit], index) => [state, verdicts[index]?.status, exit]);
    expect(told).toEqual(states.map(([state, health, exit]) => [state, health, exit]));
  });

  test('is never Progressing for ever, whatever comes together', () => {
    const long = 80_000;
    const operations = [
      { phase: undefined },
      running(long),
      running(long, { retryCount: 2 }),
      { ...running(long), phase: 'Terminating' },
      ...['Succeeded', 'Failed', 'Error'].map((phase) => finished(phase, long)),
    ];
    const all = ['Synced', 'OutOfSync', 'Unknown', 'none'].flatMap((sync) =>
      ['Healthy', 'Progressing', 'Degraded', 'Suspended', 'Missing', 'Unknown', 'none'].flatMap((health) =>
        operations.flatMap((operation) =>
          [[], [['ComparisonError', long] as const]].flatMap((conditions) =>
            [source, older].flatMap((comparedTo) =>
              [on, off].map((automated): State => {
                return { sync, health, healthFor: long, pinned: long, operation, conditions, comparedTo, automated };
              }),
            ),
          ),
        ),
      ),
    );
    const verdicts = healthOfEach(argocd, 'argoproj.io_Application', all.map(application));
    const waiting = all.filter((_, index) => !['Healthy', 'Degraded'].includes(verdicts[index]?.status ?? ''));
    // What Argo CD is about to do.
    const open = ({ sync, operation, conditions = [] }: State): boolean =>
      sync === 'OutOfSync' && ['Succeeded', undefined].includes(operation?.phase as string) && conditions.length === 0;
    expect([waiting.length > 0, waiting.filter((state) => !open(state))]).toEqual([true, []]);
  });

  test('of the root, which applies itself, is Healthy', () => {
    const root = application({ sync: 'OutOfSync' }) as { readonly metadata: object };
    const annotations = { 'argocd.argoproj.io/tracking-id': 'root:argoproj.io/Application:argocd/root' };
    const metadata = { ...root.metadata, name: 'root', annotations };
    expect(healthOf(argocd, { ...root, metadata }).status).toBe('Healthy');
  });
});

withArgoCd('the health of a StatefulSet', () => {
  const deadline = { 'diptych/progress-deadline-seconds': '240' };
  /** Of two pods, all well, written to by its controller so many seconds ago, but for what is changed. */
  const set = (seconds: number, status: object = {}, annotations: object = deadline, spec: object = {}): object => ({
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: {
      name: 'postgres',
      namespace: 'data',
      generation: 2,
      annotations,
      creationTimestamp: ago(86_400),
      managedFields: [
        { manager: 'argocd-controller', operation: 'Apply', time: ago(7200) },
        { manager: 'kube-controller-manager', operation: 'Update', subresource: 'status', time: ago(seconds) },
      ],
    },
    spec: { replicas: 2, updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } }, ...spec },
    status: {
      ...{ observedGeneration: 2, replicas: 2, readyReplicas: 2, updatedReplicas: 2 },
      ...{ currentRevision: 'b', updateRevision: 'b' },
      ...status,
    },
  });
  const oneIsDown = { readyReplicas: 1, updatedReplicas: 1, currentRevision: 'a' };

  test.each([
    ['that has what it should', 'Healthy', [set(3600)]],
    [
      'that moves: seen, replaced or started not long ago',
      'Progressing',
      [
        set(60, { observedGeneration: 1 }),
        set(60, oneIsDown),
        set(60, { currentRevision: 'a', updatedReplicas: 1 }),
        set(120, oneIsDown, {}),
      ],
    ],
    [
      'that stands still for longer than its deadline, or ten minutes without one',
      'Degraded',
      [
        set(250, { observedGeneration: 1 }),
        set(250, oneIsDown),
        set(250, { currentRevision: 'a', updatedReplicas: 1 }),
        set(650, oneIsDown, {}),
      ],
    ],
    [
      'that updates a part of its pods, or whoever is deleted by hand',
      'Healthy',
      [
        set(3600, { currentRevision: 'a', updatedReplicas: 1 }, deadline, {
          updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 1 } },
        }),
        set(3600, { currentRevision: 'a', updatedReplicas: 0 }, deadline, { updateStrategy: { type: 'OnDelete' } }),
      ],
    ],
  ])('%s is %s', (_, health, sets) => {
    const verdicts = healthOfEach(argocd, 'apps_StatefulSet', sets);
    expect(verdicts.map(({ status }) => status)).toEqual(sets.map(() => health));
  });

  test('tells what it waits for', () => {
    const message = 'no progress for more than 240 s, while waiting until 1 pods are ready';
    expect(healthOf(argocd, set(250, oneIsDown))).toMatchObject({ status: 'Degraded', message: `${message}\n` });
  });
});

withArgoCd('the health of', () => {
  const object = (apiVersion: string, kind: string, ...conditions: object[]) => ({
    ...{ apiVersion, kind, metadata: { name: 'name' } },
    status: { conditions },
  });
  const autoscaler = (type: string, reason: string) =>
    object('autoscaling/v2', 'HorizontalPodAutoscaler', { type, status: 'False', reason });
  const definition = (type: string, status: string) =>
    object('apiextensions.k8s.io/v1', 'CustomResourceDefinition', { type, status });

  test.each([
    ['an autoscaler without metrics', 'Healthy', autoscaler('ScalingActive', 'FailedGetResourceMetric')],
    ['an autoscaler whose pods somebody scaled to nothing', 'Degraded', autoscaler('ScalingActive', 'ScalingDisabled')],
    ['an autoscaler that finds nothing to scale', 'Degraded', autoscaler('AbleToScale', 'FailedGetScale')],
    ['a new definition', 'Healthy', definition('Established', 'False')],
    ['a definition whose names are taken', 'Degraded', definition('NamesAccepted', 'False')],
  ])('%s is %s', (_, health, each) => {
    expect(healthOf(argocd, each).status).toBe(health);
  });
});
