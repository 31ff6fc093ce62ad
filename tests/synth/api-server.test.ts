import { JsonPatch } from 'cdk8s';
import type { Manifest } from '../../constructs/core/manifest.ts';
import { NestBackend } from '../../constructs/nest-backend/index.ts';
import type { NestBackendProps } from '../../constructs/nest-backend/index.ts';
import { changed } from '../../prove/drills/admission/changed.ts';
import type { Path } from '../../prove/drills/admission/changed.ts';
import { objectFindings } from '../../synth/api-server/index.ts';
import { committed } from '../support/committed.ts';
import { built } from '../support/constructs.ts';
import { image, only } from '../support/harness.ts';

const production = ['dist/production', 'argocd/production'].flatMap((folder) =>
  committed(folder).map(({ manifest }) => manifest),
);
const committedOne = (kind: string): Manifest => {
  const found = production.find((manifest) => manifest.kind === kind);
  if (found === undefined) throw new Error(`no ${kind} is committed`);
  return found;
};

const pod: Path = ['spec', 'template', 'spec'];
const container: Path = [...pod, 'containers', 0];
const job: Path = ['spec', 'jobTemplate', 'spec'];
const wide = 'x'.repeat(300 * 1024);

type Spoiled = readonly [what: string, kind: string, path: Path, value: unknown, finding: RegExp];

/** Each is of its form, and refused by a real API server: see prove/drills/admission. */
const spoiled: readonly Spoiled[] = [
  [
    'a port name of 21 letters',
    'Deployment',
    [...container, 'ports', 0, 'name'],
    'a'.repeat(21),
    /ports\[0\]\.name: .* at most 15/,
  ],
  [
    'a port above 65535',
    'Deployment',
    [...container, 'ports', 0, 'containerPort'],
    70_000,
    /containerPort: got 70000 1 to 65535/,
  ],
  ['a variable without a name', 'Deployment', [...container, 'env', 0, 'name'], '', /env\[0\]\.name: got "" printable/],
  ['a variable with = in its name', 'Deployment', [...container, 'env', 0, 'name'], 'A=B', /env\[0\]\.name: got "A=B"/],
  [
    'a variable with two sources',
    'Deployment',
    [...container, 'env', 0, 'valueFrom'],
    { fieldRef: { fieldPath: 'metadata.name' } },
    /a value and valueFrom/,
  ],
  [
    'a field that no variable has',
    'StatefulSet',
    [...container, 'env', 0],
    { name: 'A', valueFrom: { fieldRef: { fieldPath: 'spec.nodename' } } },
    /fieldPath: got "spec\.nodename" metadata\.name/,
  ],
  [
    'a limit below its request',
    'Deployment',
    [...container, 'resources', 'limits', 'memory'],
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
    [...container, 'lifecycle'],
    { preStop: { sleep: { seconds: 3600 } } },
    /sleep\.seconds: got 3600 0 to \d+/,
  ],
  [
    'a hook that does two things',
    'Deployment',
    [...container, 'lifecycle'],
    { preStop: { sleep: { seconds: 1 }, exec: { command: ['a'] } } },
    /preStop: it has exec and sleep/,
  ],
  [
    'a probe that asks nothing',
    'Deployment',
    [...container, 'livenessProbe', 'httpGet'],
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
    [...pod, 'restartPolicy'],
    'Never',
    /restartPolicy: got "Never" Always/,
  ],
  [
    'a Job whose pods always start again',
    'Job',
    [...pod, 'restartPolicy'],
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
    [...pod, 'volumes', 0],
    { name: 'tmp', emptyDir: {}, secret: { secretName: 'a' } },
    /it has emptyDir and secret/,
  ],
  [
    'a volume of a name with a dot',
    'Job',
    [...pod, 'volumes'],
    [{ name: 'a.b', emptyDir: {} }],
    /volumes\[0\]\.name: got "a\.b"/,
  ],
  [
    'a toleration of seconds for what evicts nobody',
    'Deployment',
    [...pod, 'tolerations', 0, 'effect'],
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
];

const told = (manifest: Manifest): string[] =>
  objectFindings(manifest).map(({ where, what, allowed }) => `${where}: ${what} ${allowed}`);

test.each(spoiled)('synth refuses %s', (_, kind, path, value, finding) => {
  expect(told(changed(committedOne(kind), path, value))).toContainEqual(expect.stringMatching(finding));
});

test('synth refuses nothing of what is committed', () => {
  expect(production.flatMap(told)).toEqual([]);
});

describe('a patch is judged by the object that it makes:', () => {
  const backend = (changes: Partial<NestBackendProps>): Manifest =>
    only(
      built((scope) => new NestBackend(scope, 'web', { image, host: 'web.example.com', ...changes })).manifests,
      'Deployment',
    );
  const first = '/spec/template/spec/containers/0';

  test.each([
    [
      'a second variable of one name',
      `${first}/env/-`,
      { name: 'PORT', value: '1' },
      /the variable PORT of web is there twice/,
    ],
    [
      'a volume that is missing',
      `${first}/volumeMounts/-`,
      { name: 'no', mountPath: '/no' },
      /mounts no, which its pod/,
    ],
    [
      'a second mount in one place',
      `${first}/volumeMounts/-`,
      { name: 'tmp', mountPath: '/tmp' },
      /the mount \/tmp of web/,
    ],
    ['a limit below the request', `${first}/resources/limits/memory`, '1Mi', /it requests 512Mi and may have 1Mi/],
  ])('%s', (_, path, value, finding) => {
    expect(told(backend({ patches: [JsonPatch.add(path, value)] }))).toEqual([expect.stringMatching(finding)]);
  });
});

describe('a name that is there twice where it may be once:', () => {
  const mounts = ['/x', '/x'].map((mountPath) => ({ name: 'tmp', mountPath }));
  const volumes = [{ name: 'a', emptyDir: {} }];
  const ports = [{ name: 'a', port: 80 }];

  test.each([
    [
      'two mounts in one place',
      'Deployment',
      [...container, 'volumeMounts'],
      mounts,
      /the mount \/x of backend is there/,
    ],
    ['two volumes', 'Job', [...pod, 'volumes'], [...volumes, ...volumes], /the volume a is there twice/],
    [
      'a container and one before it',
      'Deployment',
      [...pod, 'initContainers'],
      [{ name: 'backend', image: 'a' }],
      /the container backend/,
    ],
    [
      'two ports of one number',
      'Service',
      ['spec', 'ports'],
      [...ports, { name: 'b', port: 80 }],
      /the port TCP 80 is/,
    ],
    ['two ports of one name', 'Service', ['spec', 'ports'], [...ports, { name: 'a', port: 81 }], /the port name a is/],
  ] as const)('%s', (_, kind, path, value, finding) => {
    expect(told(changed(committedOne(kind), path, value))).toContainEqual(expect.stringMatching(finding));
  });
});
