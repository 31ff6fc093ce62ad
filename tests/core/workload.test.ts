import { Duration, JsonPatch, Size } from 'cdk8s';
import type { ContainerProps } from '../../constructs/core/container.ts';
import { progressDeadlineAnnotation } from '../../constructs/core/controller.ts';
import { Cpu } from '../../constructs/core/cpu.ts';
import { kubernetesApi } from '../../constructs/core/endpoint.ts';
import { persistentVolumeClaim } from '../../constructs/core/pod-volume.ts';
import type { Spread } from '../../constructs/core/pod-template.ts';
import { execProbes } from '../../constructs/core/probes.ts';
import { rollingUpdate } from '../../constructs/core/rolling-update.ts';
import { Schedule } from '../../constructs/core/schedule.ts';
import { SecretRef } from '../../constructs/core/secret-ref.ts';
import { witnessTaint } from '../../constructs/core/witness.ts';
import { Workload, workloadDefaults } from '../../constructs/core/workload.ts';
import type { WorkloadProps } from '../../constructs/core/workload.ts';
import { restrictedViolations } from '../../synth/pod-security.ts';
import { podTemplateOf } from '../../synth/pods.ts';
import { at, image, manifestsOf, only, refusal } from '../support/harness.ts';

const probe = { path: '/', port: 'http', periodSeconds: 5, timeoutSeconds: 1, failureThreshold: 3 };
const container: ContainerProps = {
  name: 'web',
  image,
  ports: [{ name: 'http', port: 8080 }],
  resources: { cpuRequest: Cpu.millicores(100), memory: Size.mebibytes(128), because: 'measured' },
  probes: { startup: probe, readiness: probe, liveness: probe },
};
const base: WorkloadProps = {
  name: 'web',
  program: 'server',
  component: 'web',
  controller: { kind: 'Deployment', replicas: 2 },
  priority: 'applications',
  spread: 'preferred',
  containers: [container],
};
const make = (changes: Partial<WorkloadProps> = {}) =>
  manifestsOf((scope) => new Workload(scope, 'web', { ...base, ...changes }));

describe('every kind of workload', () => {
  const controllers: WorkloadProps['controller'][] = [
    { kind: 'Deployment', replicas: 2 },
    { kind: 'StatefulSet', replicas: 2, serviceName: 'web', volumeClaims: [] },
    { kind: 'DaemonSet' },
    { kind: 'Job', retries: 1, deadline: Duration.minutes(1) },
    { kind: 'CronJob', schedule: Schedule.utc('0 4 * * 0'), retries: 1, deadline: Duration.minutes(1) },
  ];
  test.each(controllers)(
    'as a $kind passes Pod Security restricted and has an account without a token',
    (controller) => {
      const manifests = make({ controller });
      const workload = only(manifests, controller.kind);
      expect(restrictedViolations(podTemplateOf(workload)!.spec!)).toEqual([]);
      expect(podTemplateOf(workload)!.spec!.serviceAccountName).toBe('web');
      expect(only(manifests, 'ServiceAccount').automountServiceAccountToken).toBe(false);
    },
  );
});

test('a CronJob runs once at a time, by UTC, also when its minute was missed, and ends', () => {
  const controller = {
    kind: 'CronJob',
    schedule: Schedule.utc('0 4 * * 0'),
    retries: 2,
    deadline: Duration.hours(1),
  } as const;
  const manifests = make({ controller });
  expect(only(manifests, 'CronJob').spec).toMatchObject({
    schedule: '0 4 * * 0',
    timeZone: 'Etc/UTC',
    concurrencyPolicy: 'Forbid',
    startingDeadlineSeconds: 3600,
    jobTemplate: {
      spec: { backoffLimit: 2, activeDeadlineSeconds: 3600, template: { spec: { restartPolicy: 'Never' } } },
    },
  });
  expect(manifests.map(({ kind }) => kind)).not.toContain('PodDisruptionBudget');
});

describe('a CronJob with another', () => {
  const controller = {
    kind: 'CronJob',
    schedule: Schedule.utc('0 4 * * 0'),
    retries: 2,
    deadline: Duration.hours(1),
  } as const;

  test.each([{ schedule: Schedule.utc('0 5 * * 0') }, { retries: 3 }, { deadline: Duration.hours(2) }])(
    '%j is another one',
    (given) => {
      expect(make({ controller: { ...controller, ...given } })).not.toEqual(make({ controller }));
    },
  );
});

describe('a StatefulSet', () => {
  const controller = { kind: 'StatefulSet', replicas: 2, serviceName: 'web', volumeClaims: [] } as const;

  test('starts all pods at once: one that waits for another could not be mended by the next release', () => {
    expect(at(only(make({ controller }), 'StatefulSet'), 'spec.podManagementPolicy')).toBe('Parallel');
  });

  test('tells its health script after how long without progress its rollout has failed', () => {
    const deadline = (props: Partial<WorkloadProps>) =>
      only(make({ controller, ...props }), 'StatefulSet').metadata.annotations?.[progressDeadlineAnnotation];
    expect([deadline({}), deadline({ progressDeadlineSeconds: 77 })]).toEqual(['135', '77']);
  });

  test('makes a claim of each of its pods', () => {
    const volumeClaims = [persistentVolumeClaim('data', Size.gibibytes(5), 'local-path')];
    const manifests = make({ controller: { kind: 'StatefulSet', replicas: 2, serviceName: 'web', volumeClaims } });
    expect(at(only(manifests, 'StatefulSet'), 'spec.volumeClaimTemplates')).toEqual([
      {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: { name: 'data' },
        spec: {
          accessModes: ['ReadWriteOnce'],
          storageClassName: 'local-path',
          resources: { requests: { storage: '5Gi' } },
        },
      },
    ]);
  });
});

describe('a workload', () => {
  const deployment = (changes: Partial<WorkloadProps> = {}) => only(make(changes), 'Deployment');
  const pod = (changes: Partial<WorkloadProps> = {}) => podTemplateOf(deployment(changes))!.spec!;

  test('says beside its numbers where they come from', () => {
    expect(deployment().metadata.annotations).toEqual({ 'diptych/resources-of-web': 'measured' });
  });

  test('is never updated by taking pods away first, unless each node has its pod already', () => {
    const update = (spread: Spread, replicas: number): unknown =>
      at(deployment({ spread, controller: { kind: 'Deployment', replicas } }), 'spec.strategy.rollingUpdate');
    const neverFewer = { maxSurge: 1, maxUnavailable: 0 };
    expect([update('preferred', 2), update('strict', 1)]).toEqual([neverFewer, neverFewer]);
    expect(update('strict', 2)).toEqual({ maxSurge: 0, maxUnavailable: 1 });
  });

  test('takes its pod away first where it says that it may', () => {
    const controller = { kind: 'Deployment', replicas: 1, maxSurge: 0 } as const;
    expect(at(deployment({ controller }), 'spec.strategy.rollingUpdate')).toEqual({ maxSurge: 0, maxUnavailable: 1 });
  });

  test.each([2, 3, 4, 5, 6, 7, 8, 9, 10])(
    'of %d nodes, an update takes a pod away first only when each has its own',
    (nodes) => {
      const controller = {
        kind: 'Deployment',
        replicas: { minimum: 1, maximum: nodes, targetCpuPercent: 70 },
      } as const;
      const share = Number.parseInt(String(rollingUpdate(controller, 'strict', nodes).maxUnavailable)) / 100;
      const away = Array.from({ length: nodes }, (_, index) => Math.floor(share * (index + 1)));
      expect(away).toEqual([...Array<number>(nodes - 1).fill(0), 1]);
    },
  );

  test('never runs two pods of a Job at once, whatever starts it', () => {
    const job = { retries: 1, deadline: Duration.minutes(5) } as const;
    const ends = { containers: [{ ...container, ports: [], probes: 'none' }] } as const;
    const once = only(make({ controller: { kind: 'Job', ...job }, ...ends }), 'Job');
    const schedule = Schedule.utc('0 2 * * *');
    const often = only(make({ controller: { kind: 'CronJob', schedule, ...job }, ...ends }), 'CronJob');
    expect([at(once, 'spec.podReplacementPolicy'), at(often, 'spec.jobTemplate.spec.podReplacementPolicy')]).toEqual([
      'Failed',
      'Failed',
    ]);
  });

  test('asks for what patches have left of its numbers', () => {
    const demands: unknown[] = [];
    manifestsOf((scope) => {
      const workload = new Workload(scope, 'web', { ...base, controller: { kind: 'Deployment', replicas: 2 } });
      const resources = '/spec/template/spec/containers/0/resources/requests';
      workload.object.addJsonPatch(
        JsonPatch.replace('/spec/replicas', 4),
        JsonPatch.replace('/spec/strategy/rollingUpdate/maxSurge', '50%'),
        JsonPatch.replace(`${resources}/memory`, '60Gi'),
        JsonPatch.replace(`${resources}/cpu`, '2'),
      );
      demands.push(workload.demand(2));
    });
    const each = { millicores: 2000, mebibytes: 60 * 1024 };
    expect(demands).toEqual([{ each, apart: false, least: 4, full: 4, most: 6 }]);
  });

  test('what votes is spread evenly, the odd one where the Kubernetes API is, and on a witness', () => {
    const { affinity, topologySpreadConstraints, tolerations } = pod({
      spread: 'voters',
      leaveLostNodeAfterSeconds: false,
    });
    expect(affinity).toEqual({
      nodeAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [
          {
            weight: 100,
            preference: { matchExpressions: [{ key: 'node-role.kubernetes.io/control-plane', operator: 'Exists' }] },
          },
        ],
      },
    });
    expect(topologySpreadConstraints).toMatchObject([
      {
        maxSkew: 1,
        topologyKey: 'kubernetes.io/hostname',
        whenUnsatisfiable: 'DoNotSchedule',
        nodeTaintsPolicy: 'Honor',
      },
    ]);
    expect(tolerations).toEqual([{ ...witnessTaint, operator: 'Exists' }]);
  });

  test('that is of no use without the Kubernetes API goes where that is, and elsewhere where there is no room', () => {
    const { affinity, tolerations = [], topologySpreadConstraints } = pod({ spread: 'servers-first' });
    expect(affinity).toEqual({
      nodeAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [
          {
            weight: 100,
            preference: { matchExpressions: [{ key: 'node-role.kubernetes.io/control-plane', operator: 'Exists' }] },
          },
        ],
      },
    });
    expect([tolerations.map(({ key }) => key).includes(witnessTaint.key), topologySpreadConstraints]).toEqual([
      false,
      undefined,
    ]);
  });

  test('spreads its pods strictly, preferably or not at all', () => {
    const kinds = (['strict', 'preferred', 'anywhere'] as const).map((spread) =>
      Object.keys(pod({ spread }).affinity?.podAntiAffinity ?? {}),
    );
    expect(kinds).toEqual([
      ['requiredDuringSchedulingIgnoredDuringExecution'],
      ['preferredDuringSchedulingIgnoredDuringExecution'],
      [],
    ]);
  });

  test('goes where those pods are whose volume it mounts, and waits for them', () => {
    const beside = { selector: { 'app.kubernetes.io/instance': 'other' } };
    expect(pod({ spread: 'anywhere', beside }).affinity).toEqual({
      podAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [
          { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: beside.selector } },
        ],
      },
    });
  });

  test('lets a drain take one pod at a time, also pods that never got ready', () => {
    expect(only(make(), 'PodDisruptionBudget').spec).toMatchObject({
      maxUnavailable: 1,
      unhealthyPodEvictionPolicy: 'AlwaysAllow',
    });
  });

  test('can do without a disruption budget', () => {
    expect(make({ maxUnavailable: false }).map(({ kind }) => kind)).not.toContain('PodDisruptionBudget');
  });

  test('leaves a lost node after its time, or never', () => {
    expect(pod().tolerations?.map(({ tolerationSeconds }) => tolerationSeconds)).toEqual([30, 30]);
    expect(pod({ leaveLostNodeAfterSeconds: false }).tolerations).toBeUndefined();
  });

  test('a rollout fails when its pods had their longest start and two minutes for node and image', () => {
    expect(at(deployment(), 'spec.progressDeadlineSeconds')).toBe(probe.periodSeconds * probe.failureThreshold + 120);
  });

  test('a pod that has to stay ready before the next one is no rollout that failed', () => {
    const { spec } = only(make({ controller: { kind: 'Deployment', replicas: 2, minReadySeconds: 20 } }), 'Deployment');
    expect(spec).toMatchObject({
      minReadySeconds: 20,
      progressDeadlineSeconds: probe.periodSeconds * probe.failureThreshold + 140,
    });
  });

  describe('that may use the Kubernetes API', () => {
    const rules = [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }];
    const rights = { endpoint: kubernetesApi(['10.0.0.1']), reason: 'looks at pods', containers: ['web'] } as const;

    test('gets a token in the container that asks, and in no other', () => {
      const beside = { ...container, name: 'beside', ports: [], probes: 'none' } as const;
      const { automountServiceAccountToken, containers, volumes } = pod({
        api: { ...rights, rules },
        containers: [container, beside],
      });
      const tokens = volumes?.filter(({ projected }) => projected?.sources?.some((each) => each.serviceAccountToken));
      expect(automountServiceAccountToken).toBe(false);
      expect(tokens?.map(({ name }) => name)).toEqual(['api-token']);
      expect(containers.map(({ name, volumeMounts = [] }) => [name, volumeMounts])).toEqual([
        ['web', [{ name: 'api-token', mountPath: '/var/run/secrets/kubernetes.io/serviceaccount', readOnly: true }]],
        ['beside', []],
      ]);
    });

    test('is refused where it names a container that is not there', () => {
      expect(refusal(() => make({ api: { ...rights, containers: ['wbe'] } })).map(({ what }) => what)).toEqual([
        'api.containers names wbe, and it has no such container',
      ]);
    });

    test('says in its role why a right names no objects', () => {
      const unnamed = [{ ...rules[0]!, verbs: ['list'], unnamedBecause: 'it looks at all of them' }];
      const role = only(make({ api: { ...rights, rules: unnamed } }), 'Role', 'web');
      expect([role.metadata.annotations, role.rules]).toEqual([
        { 'diptych/unnamed-rights': 'list pods: it looks at all of them\n' },
        [{ apiGroups: [''], resources: ['pods'], verbs: ['list'] }],
      ]);
    });

    test('is wired to it', () => {
      const policy = only(make({ api: { ...rights, rules } }), 'NetworkPolicy', 'web');
      expect(at(policy, 'spec.egress.0')).toEqual({
        to: [{ ipBlock: { cidr: '10.0.0.1/32' } }],
        ports: [{ port: 6443, protocol: 'TCP' }],
      });
    });

    test('has a role in its namespace', () => {
      const manifests = make({ api: { ...rights, rules } });
      expect(only(manifests, 'Role', 'web').rules).toEqual(rules);
      expect(only(manifests, 'RoleBinding', 'web')).toMatchObject({
        roleRef: { kind: 'Role', name: 'web' },
        subjects: [{ kind: 'ServiceAccount', name: 'web' }],
      });
      expect(manifests.map(({ kind }) => kind)).not.toContain('ClusterRole');
    });

    test('gets what the API server tells of itself, and nothing else of the cluster', () => {
      const manifests = make({ api: { ...rights, paths: ['/metrics'] } });
      expect(only(manifests, 'ClusterRole')).toMatchObject({
        rules: [{ nonResourceURLs: ['/metrics'], verbs: ['get'] }],
      });
      expect(make({ api: { ...rights, paths: [] } }).filter(({ kind }) => kind === 'ClusterRole')).toEqual([]);
    });

    test('has a role in the whole cluster, by a name that no other namespace has', () => {
      const manifests = make({ api: { ...rights, clusterRules: rules } });
      expect(only(manifests, 'ClusterRole', 'test-web').rules).toEqual(rules);
      expect(only(manifests, 'ClusterRoleBinding', 'test-web')).toMatchObject({
        roleRef: { kind: 'ClusterRole', name: 'test-web' },
        subjects: [{ kind: 'ServiceAccount', name: 'web', namespace: 'test' }],
      });
      expect(manifests.map(({ kind }) => kind)).not.toContain('Role');
    });
  });

  test('says what wrote its volumes', () => {
    const dataFormat = { program: 'Redis', major: 8, recoveredFrom: 'redis-1', runbook: 'redis-major-upgrade' };
    const said = { minor: 2, holds: ['a', 'b'], encrypted: true, empty: true };
    expect(deployment({ dataFormat: { ...dataFormat, ...said } }).metadata.annotations).toMatchObject({
      'diptych/redis-major': '8',
      'diptych/redis-minor': '2',
      'diptych/recovered-from': 'redis-1',
      'diptych/holds': 'a,b',
      'diptych/backups-encrypted': 'true',
      'diptych/begins-empty': 'true',
    });
  });

  /** But for runtimeLabels, which changes what the check of Services takes: see lint.test.ts. */
  const changes: { [K in Exclude<keyof Required<WorkloadProps>, 'runtimeLabels'>]: WorkloadProps[K] } = {
    name: 'other',
    program: 'other',
    component: 'other',
    controller: { kind: 'Deployment', replicas: 3 },
    containers: [{ ...container, command: ['serve'] }],
    priority: 'edge',
    spread: 'anywhere',
    beside: { selector: { 'app.kubernetes.io/instance': 'other' } },
    maxUnavailable: 2,
    api: { endpoint: kubernetesApi(['10.0.0.1']), reason: 'looks at pods', containers: ['web'] },
    nameServers: 'node',
    knownBy: { 'k8s-app': 'kube-dns' },
    dataFormat: { program: 'Redis', major: 8, runbook: 'redis-major-upgrade' },
    user: 20_002,
    group: 20_003,
    volumes: { files: { configMap: 'files' } },
    lowestPort: 53,
    initContainers: [{ ...container, name: 'before', probes: 'none' }],
    terminationGracePeriodSeconds: 99,
    leaveLostNodeAfterSeconds: 99,
    progressDeadlineSeconds: 99,
    annotations: { 'example.com/note': 'x' },
  };
  test.each(Object.entries(changes))('changes its output with the option %s', (key, value) => {
    expect(make({ [key]: value })).not.toEqual(make());
  });

  test('is selected by the labels that others know it by, and its controller takes no pods of others for its own', () => {
    const knownBy = { 'k8s-app': 'kube-dns' };
    const ours = at(deployment(), 'spec.selector.matchLabels') as object;
    const known = deployment({ knownBy });
    expect(at(known, 'spec.selector.matchLabels')).toEqual(ours);
    expect(podTemplateOf(known)!.metadata!.labels).toMatchObject({ ...ours, ...knownBy });
    expect(at(only(make({ knownBy }), 'PodDisruptionBudget'), 'spec.selector.matchLabels')).toEqual(knownBy);
  });

  test('gives its volumes to a group of their own, or to that of the user', () => {
    const groups = (changes: Partial<WorkloadProps>): unknown[] => {
      const { runAsUser, runAsGroup, fsGroup } = pod(changes).securityContext ?? {};
      return [runAsUser, runAsGroup, fsGroup];
    };
    expect(groups({ user: 101 })).toEqual([101, 101, 101]);
    expect(groups({ user: 101, group: 103 })).toEqual([101, 103, 103]);
  });

  describe('with containers that run before', () => {
    const before = { ...container, name: 'before', ports: [], probes: 'none' } as const;
    const large = { ...before, resources: { ...container.resources, memory: Size.gibibytes(9) } };

    test('has them in its pods, with the source of their numbers', () => {
      const initContainers = [before];
      expect(pod({ initContainers }).initContainers?.map(({ name }) => name)).toEqual(['before']);
      expect(deployment({ initContainers }).metadata.annotations).toHaveProperty('diptych/resources-of-before');
    });

    test('requests what the largest of them needs, where that is more than the others do together', () => {
      const requests = (changes: Partial<WorkloadProps>): unknown => {
        const workloads: Workload[] = [];
        manifestsOf((scope) => workloads.push(new Workload(scope, 'web', { ...base, ...changes })));
        return workloads[0]?.demand(2).each;
      };
      expect(requests({ initContainers: [before] })).toEqual(requests({}));
      expect(requests({ initContainers: [large] })).toMatchObject({ mebibytes: 9 * 1024 });
    });
  });

  test('has the defaults that are documented', () => {
    const { terminationGracePeriodSeconds, securityContext, tolerations } = pod();
    expect([terminationGracePeriodSeconds, securityContext?.runAsUser, tolerations?.[0]?.tolerationSeconds]).toEqual([
      workloadDefaults.terminationGracePeriodSeconds,
      workloadDefaults.user,
      workloadDefaults.leaveLostNodeAfterSeconds,
    ]);
  });

  test('mounts exactly the keys of the secrets it reads, as files for its group', () => {
    const manifests = manifestsOf((scope) => {
      const keys = {
        a: { kind: 'random', bytes: 16, encoding: 'hex' },
        b: { kind: 'random', bytes: 16, encoding: 'hex' },
      } as const;
      const secret = new SecretRef(scope, 'secret', { name: 'pair', purpose: 'test', keys });
      new Workload(scope, 'web', { ...base, containers: [{ ...container, secretFiles: { A_FILE: secret.key('a') } }] });
    });
    const spec = podTemplateOf(only(manifests, 'Deployment'))!.spec!;
    expect(spec.volumes).toEqual([
      { name: 'secret-pair', secret: { secretName: 'pair', defaultMode: 0o440, items: [{ key: 'a', path: 'a' }] } },
    ]);
    expect(spec.containers[0]?.env).toEqual([{ name: 'A_FILE', value: '/run/secrets/pair/a' }]);
  });

  const untyped = (changes: object) =>
    ({ containers: [{ ...container, ...changes }] }) as Pick<WorkloadProps, 'containers'>;
  const refused: [string, Partial<WorkloadProps>, string][] = [
    ['no image', untyped({ image: undefined }), 'it has no image'],
    ['the text of an image', untyped({ image: 'web:1' }), 'its image is "web:1"'],
    ['a command of nothing', untyped({ command: [] }), 'its command is []'],
    ['a command that is no list', untyped({ command: 'node main.js' }), 'its command is "node main.js"'],
    [
      'a port declared twice',
      { containers: [container, { ...container, name: 'b' }] },
      'is declared twice, by web and b',
    ],
    ['a name that is too long', { name: 'a'.repeat(47) }, 'has 47 characters'],
    [
      'a probe of a port that it does not have',
      {
        containers: [
          { ...container, probes: { startup: probe, readiness: { ...probe, port: 'htp' }, liveness: probe } },
        ],
      },
      'it asks the port "htp"',
    ],
    [
      'a probe of a container that runs before',
      { initContainers: [{ ...container, name: 'before', ports: [] }] },
      'it runs before the others and has probes',
    ],
    [
      'a pause before the end of a container that runs before',
      { initContainers: [{ ...container, name: 'before', ports: [], probes: 'none', preStopSleepSeconds: 5 }] },
      'it runs before the others and has a pause before it stops',
    ],
    [
      'a pause as long as the time to stop',
      { containers: [{ ...container, preStopSleepSeconds: 30 }] },
      'it pauses 30 seconds before it stops, and is killed after 30',
    ],
    [
      'a program before the end that takes as long as the time to stop',
      { containers: [{ ...container, beforeStop: { command: ['wait'], atMostSeconds: 30 } }] },
      'it pauses 30 seconds before it stops, and is killed after 30',
    ],
    [
      'two ways to wait before the end',
      {
        containers: [{ ...container, preStopSleepSeconds: 5, beforeStop: { command: ['wait'], atMostSeconds: 5 } }],
      },
      'it is to sleep and to run a program before it stops',
    ],
    [
      'a probe without a program',
      { containers: [{ ...container, probes: execProbes({ live: [] }) }] },
      'its command is empty',
    ],
    [
      'a probe that never fails',
      {
        containers: [
          { ...container, probes: { startup: { ...probe, failureThreshold: 0 }, readiness: probe, liveness: probe } },
        ],
      },
      'got 0',
    ],
    [
      'fewer replicas at most than at least',
      { controller: { kind: 'Deployment', replicas: { minimum: 3, maximum: 2, targetCpuPercent: 70 } } },
      'between 3 and 2',
    ],
  ];
  test.each(refused)('is refused with %s', (_, given, what) => {
    expect(refusal(() => make(given))[0]?.what).toContain(what);
  });

  test('names its ports when another is asked for', () => {
    expect(refusal(() => manifestsOf((scope) => new Workload(scope, 'web', base).port('metrics')))[0]?.allowed).toBe(
      'http',
    );
  });
});

describe('a secret', () => {
  const keys = { a: { kind: 'random', bytes: 16, encoding: 'hex' } } as const;

  test('names its keys when another is asked for', () => {
    expect(
      refusal(() =>
        manifestsOf((scope) => new SecretRef(scope, 's', { name: 's', purpose: 'test', keys }).key('b')),
      )[0],
    ).toMatchObject({ what: 'there is no key "b"', allowed: 'a' });
  });

  test("can't be a hook and an ordinary object in one namespace", () => {
    const [finding] = refusal(() =>
      manifestsOf((scope) => {
        const secret = new SecretRef(scope, 's', { name: 's', purpose: 'test', keys });
        secret.copyTo(scope);
        secret.copyTo(scope, { 'argocd.argoproj.io/hook': 'PreSync' });
      }),
    );
    expect(finding?.what).toContain('ordinary object of test and PreSync object of test');
  });
});
