import type { Manifest } from '../../../constructs/core/manifest.ts';
import { changed } from './changed.ts';
import type { Path } from './changed.ts';

/** What a kind of object is broken by, and what synth says to it; with a reason where the server takes it. */
export type BrokenRule = readonly [
  what: string,
  kind: string,
  path: Path,
  value: unknown,
  finding: RegExp,
  stricter?: string,
];

export const podPath: Path = ['spec', 'template', 'spec'];
export const containerPath: Path = [...podPath, 'containers', 0];
const preferredPath: Path = [
  ...[...podPath, 'affinity', 'podAntiAffinity', 'preferredDuringSchedulingIgnoredDuringExecution', 0],
  'podAffinityTerm',
];
const job: Path = ['spec', 'jobTemplate', 'spec'];
const wide = 'x'.repeat(300 * 1024);

/** Each is of its form, and breaks a rule between fields, of keys or of sizes. */
export const brokenRules: readonly BrokenRule[] = [
  [
    'a resolver of its own without a name server',
    'Deployment',
    [...podPath, 'dnsPolicy'],
    'None',
    /dnsConfig: no name server beside dnsPolicy None/,
  ],
  [
    'nodes that are preferred by nothing',
    'Deployment',
    [...podPath, 'affinity', 'nodeAffinity'],
    {
      preferredDuringSchedulingIgnoredDuringExecution: [
        { weight: 0, preference: { matchExpressions: [{ key: 'disk', operator: 'Exists' }] } },
      ],
    },
    /weight: got 0/,
  ],
  [
    'a label of nodes without the values that it is to have',
    'Deployment',
    [...podPath, 'affinity', 'nodeAffinity'],
    {
      preferredDuringSchedulingIgnoredDuringExecution: [
        { weight: 1, preference: { matchExpressions: [{ key: 'disk', operator: 'In' }] } },
      ],
    },
    /values: got \[\] beside In/,
  ],
  [
    'a rule about nothing',
    'ClusterRole',
    ['rules', 0],
    { verbs: ['get'], nonResourceURLs: [] },
    /rules\[0\]\.resources: there are none/,
  ],
  [
    'a label key that is none, whose value pods are to have in common',
    'Deployment',
    [...preferredPath, 'matchLabelKeys', 0],
    '../a',
    /matchLabelKeys\[0\]: got "\.\.\/a" before the slash a DNS name/,
  ],
  [
    'label keys without a selector that they add to',
    'Deployment',
    [...preferredPath, 'labelSelector'],
    undefined,
    /podAffinityTerm\.labelSelector: none beside matchLabelKeys/,
  ],
  [
    'two ways to be spread over the same nodes',
    'Deployment',
    [...podPath, 'topologySpreadConstraints'],
    [1, 2].map((maxSkew) => ({ maxSkew, topologyKey: 'a', whenUnsatisfiable: 'DoNotSchedule', labelSelector: {} })),
    /topologySpreadConstraints\[1\]: it is the second of "a" and "DoNotSchedule"/,
  ],
  [
    'a port name of 21 letters',
    'Deployment',
    [...containerPath, 'ports', 0, 'name'],
    'a'.repeat(21),
    /ports\[0\]\.name: .* at most 15/,
  ],
  [
    'a port above 65535',
    'Deployment',
    [...containerPath, 'ports', 0, 'containerPort'],
    70_000,
    /containerPort: got 70000 1 to 65535/,
  ],
  [
    'a variable without a name',
    'Deployment',
    [...containerPath, 'env', 0, 'name'],
    '',
    /env\[0\]\.name: got "" printable/,
  ],
  [
    'a variable with = in its name',
    'Deployment',
    [...containerPath, 'env', 0, 'name'],
    'A=B',
    /env\[0\]\.name: got "A=B"/,
  ],
  [
    'a variable with two sources',
    'Deployment',
    [...containerPath, 'env', 0, 'valueFrom'],
    { fieldRef: { fieldPath: 'metadata.name' } },
    /a value and valueFrom/,
  ],
  [
    'a field that no variable has',
    'StatefulSet',
    [...containerPath, 'env', 0],
    { name: 'A', valueFrom: { fieldRef: { fieldPath: 'spec.nodename' } } },
    /fieldPath: got "spec\.nodename" metadata\.name/,
  ],
  [
    'a limit below its request',
    'Deployment',
    [...containerPath, 'resources', 'limits', 'memory'],
    '1Mi',
    /limits\.memory: it requests \S+ and may have 1Mi/,
  ],
  [
    'no surge and nothing unavailable',
    'Deployment',
    ['spec', 'strategy', 'rollingUpdate'],
    { maxSurge: 0, maxUnavailable: 0 },
    /no pod could ever be replaced/,
  ],
  [
    'no surge and nothing unavailable, in percent',
    'Deployment',
    ['spec', 'strategy', 'rollingUpdate'],
    { maxSurge: '0%', maxUnavailable: '0%' },
    /no pod could ever be replaced/,
  ],
  [
    'Recreate beside rollingUpdate',
    'Deployment',
    ['spec', 'strategy', 'type'],
    'Recreate',
    /rollingUpdate: it is there beside the type Recreate/,
  ],
  [
    'a sleep longer than the time to stop',
    'Deployment',
    [...containerPath, 'lifecycle'],
    { preStop: { sleep: { seconds: 3600 } } },
    /sleep\.seconds: got 3600 0 to \d+/,
  ],
  [
    'a hook that does two things',
    'Deployment',
    [...containerPath, 'lifecycle'],
    { preStop: { sleep: { seconds: 1 }, exec: { command: ['a'] } } },
    /preStop: it has exec and sleep/,
  ],
  [
    'a probe that asks nothing',
    'Deployment',
    [...containerPath, 'livenessProbe', 'httpGet'],
    undefined,
    /livenessProbe: it is empty/,
  ],
  [
    'a deadline that is not after the time to be ready',
    'Deployment',
    ['spec', 'minReadySeconds'],
    10_000,
    /more than minReadySeconds/,
  ],
  ['a selector that is empty', 'Deployment', ['spec', 'selector'], {}, /spec\.selector: it is empty/],
  [
    'pods that never start again',
    'Deployment',
    [...podPath, 'restartPolicy'],
    'Never',
    /restartPolicy: got "Never" Always/,
  ],
  [
    'a Job whose pods always start again',
    'Job',
    [...podPath, 'restartPolicy'],
    'Always',
    /restartPolicy: got "Always" Never, OnFailure/,
  ],
  ['a schedule with the hour 25', 'CronJob', ['spec', 'schedule'], '0 25 * * *', /spec\.schedule: .*hour/],
  [
    'a CronJob whose pods always start again',
    'CronJob',
    [...job, 'template', 'spec', 'restartPolicy'],
    'Always',
    /restartPolicy/,
  ],
  [
    'a volume with two sources',
    'Deployment',
    [...podPath, 'volumes', 0],
    { name: 'tmp', emptyDir: {}, secret: { secretName: 'a' } },
    /it has emptyDir and secret/,
  ],
  [
    'a volume of a name with a dot',
    'Job',
    [...podPath, 'volumes'],
    [{ name: 'a.b', emptyDir: {} }],
    /volumes\[0\]\.name: got "a\.b"/,
  ],
  [
    'a toleration of seconds for what evicts nobody',
    'Deployment',
    [...podPath, 'tolerations', 0, 'effect'],
    'NoSchedule',
    /NoExecute where tolerationSeconds/,
  ],
  [
    'annotations over 256 KiB',
    'Deployment',
    ['metadata', 'annotations'],
    { a: wide },
    /metadata\.annotations: they have \d+ bytes at most 262144/,
  ],
  [
    'annotations of pods over 256 KiB',
    'Deployment',
    ['spec', 'template', 'metadata', 'annotations'],
    { a: wide },
    /annotations of its pods/,
  ],
  [
    'a ConfigMap over 1 MiB',
    'ConfigMap',
    ['data'],
    { a: wide, b: wide, c: wide, d: wide },
    /data: it has \d+ bytes at most 1048576/,
  ],
  ['a key of a ConfigMap with a slash', 'ConfigMap', ['data', 'a/b'], 'x', /data\["a\/b"\]/],
  [
    'a Service without ports that has an address',
    'Service',
    ['spec', 'ports'],
    [],
    /spec\.ports: there are none|spec\.clusterIP/,
  ],
  [
    'two ports of a Service of which one has no name',
    'Service',
    ['spec', 'ports'],
    [{ port: 80 }, { name: 'a', port: 81 }],
    /ports\[0\]\.name/,
  ],
  [
    'a node port that is not of a node',
    'Service',
    ['spec', 'ports', 0, 'nodePort'],
    30_001,
    /nodePort: 30001, beside the type ClusterIP/,
  ],
  [
    'a way to prefer pods that there is not',
    'Service',
    ['spec', 'trafficDistribution'],
    'PreferFar',
    /trafficDistribution: got "PreferFar" PreferClose, PreferSameZone, PreferSameNode/,
  ],
  [
    'more pods at least than at most',
    'HorizontalPodAutoscaler',
    ['spec', 'minReplicas'],
    500,
    /maxReplicas: got \d+ 500 or more/,
  ],
  ['both ways to say a budget', 'PodDisruptionBudget', ['spec', 'minAvailable'], 1, /minAvailable and maxUnavailable/],
  ['a priority above those of users', 'PriorityClass', ['value'], 2_000_000_000, /value: got 2000000000/],
  [
    'a peer of addresses and pods',
    'NetworkPolicy',
    ['spec', 'egress'],
    [{ to: [{ ipBlock: { cidr: '10.0.0.0/8' }, podSelector: {} }] }],
    /ipBlock and a selector/,
  ],
  [
    'a network with host bits',
    'NetworkPolicy',
    ['spec', 'egress'],
    [{ to: [{ ipBlock: { cidr: '10.0.0.1/8' } }] }],
    /cidr: got "10\.0\.0\.1\/8"/,
  ],
  ['a role that allows nothing', 'Role', ['rules', 0, 'verbs'], [], /verbs: there are none/],
  [
    'a claim of no size',
    'StatefulSet',
    ['spec', 'volumeClaimTemplates', 0, 'spec', 'resources', 'requests', 'storage'],
    '0',
    /storage: got "0" more than 0/,
  ],
  ['a schedule with the minute 60', 'CronJob', ['spec', 'schedule'], '60 2 * * *', /spec\.schedule: .*minute/],
  ['a schedule that steps by nothing', 'CronJob', ['spec', 'schedule'], '*/0 * * * *', /spec\.schedule: .*step/],
  [
    'a schedule of the 31st of February',
    'CronJob',
    ['spec', 'schedule'],
    '0 2 31 2 *',
    /no month has that day/,
    'the server does not look whether it ever happens',
  ],
  ['a schedule of the day 7', 'CronJob', ['spec', 'schedule'], '0 0 * * 7', /Sunday is 0/],
];

/** An object that was sound before, with the rule broken; undefined where none of its kind is there. */
export function breaking(manifests: readonly Manifest[], [, kind, path, value]: BrokenRule): Manifest | undefined {
  const sound = manifests.find((manifest) => manifest.kind === kind);
  return sound && changed(sound, path, value);
}
