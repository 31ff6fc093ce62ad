import { Size } from 'cdk8s';
import type { ApplicationChart } from '../../constructs/core/application-chart.ts';
import { Cpu } from '../../constructs/core/cpu.ts';
import type { Manifest } from '../../constructs/core/manifest.ts';
import { Platform } from '../../constructs/core/platform.ts';
import type { Privilege } from '../../constructs/core/privilege.ts';
import { Workload } from '../../constructs/core/workload.ts';
import { restrictedViolations } from '../../synth/pod-security.ts';
import { policyFindings } from '../../synth/policies.ts';
import { podTemplateOf } from '../../synth/pods.ts';
import { outdatedPrivileges, placedPrivileges, privilegesOf } from '../../synth/privileges.ts';
import { image, manifestsOf, only, refusal, testApplication, testEnvironment } from '../support/harness.ts';

const said = { because: 'reads what the nodes log', until: '2027-06-30' };
const capability = { capability: 'NET_ADMIN', ...said };
const hostPath = { hostPath: '/var/log/pods', ...said };
const root = { user: 0, ...said };
const each: [string, Privilege, string[]][] = [
  ['a capability', capability, ['containers[0].capabilities.add: NET_ADMIN']],
  ['a directory of the node', hostPath, ['volumes[0]: hostPath']],
  ['the user root', root, ['containers[0].runAsNonRoot: not true', 'containers[0].runAsUser: 0']],
];

function agent(scope: ApplicationChart, privileges: readonly Privilege[]): Workload {
  const resources = { cpuRequest: Cpu.millicores(1), memory: Size.mebibytes(1), because: 'measured' };
  return new Workload(scope, 'agent', {
    name: 'agent',
    program: 'agent',
    component: 'agent',
    controller: { kind: 'DaemonSet' },
    containers: [{ name: 'agent', image, resources, probes: 'none', privileges }],
    priority: 'observability',
    spread: 'anywhere',
  });
}

const daemonSet = (privileges: readonly Privilege[] = []): Manifest =>
  only(
    manifestsOf((scope) => agent(scope, privileges)),
    'DaemonSet',
  );
const podOf = (manifest: Manifest) => podTemplateOf(manifest)!.spec!;

describe.each(each)('a container with %s', (_, privilege, violations) => {
  test('has it', () => {
    expect(restrictedViolations(podOf(daemonSet([privilege])))).toEqual(violations);
  });

  test('says so, why and until when', () => {
    expect(daemonSet([privilege]).metadata.annotations?.['diptych/privileges-of-agent']).toMatch(
      /^(capability NET_ADMIN|hostPath \/var\/log\/pods|user 0) until 2027-06-30: reads what the nodes log$/,
    );
  });

  test('is taken by who knows of the exception, and only that one', () => {
    const pod = podOf(daemonSet([privilege]));
    expect(restrictedViolations(pod, { agent: [privilege] })).toEqual([]);
    const others = each.map(([, other]) => other).filter((other) => other !== privilege);
    expect(restrictedViolations(pod, { agent: others })).toEqual(violations);
  });
});

test('a directory of the node is seen under its own path, for reading', () => {
  expect(podOf(daemonSet([hostPath])).containers[0]?.volumeMounts).toEqual([
    { name: 'host-var-log-pods', mountPath: '/var/log/pods', readOnly: true },
  ]);
});

describe('a directory of the node that is written into', () => {
  const writable = { ...hostPath, hostPath: '/var/lib/agent', writable: true } as const;

  test('is made where it is missing, and says so', () => {
    const pod = podOf(daemonSet([writable, hostPath]));
    expect(pod.volumes?.map(({ hostPath: host }) => host?.type)).toEqual(['DirectoryOrCreate', 'Directory']);
    expect(pod.containers[0]?.volumeMounts).toEqual([
      { name: 'host-var-lib-agent', mountPath: '/var/lib/agent' },
      { name: 'host-var-log-pods', mountPath: '/var/log/pods', readOnly: true },
    ]);
    expect(daemonSet([writable]).metadata.annotations?.['diptych/privileges-of-agent']).toBe(
      'hostPath /var/lib/agent for writing until 2027-06-30: reads what the nodes log',
    );
  });

  test('is taken from who declares it for writing, and from nobody who declares it for reading', () => {
    const pod = podOf(daemonSet([writable]));
    expect(restrictedViolations(pod, { agent: [writable] })).toEqual([]);
    expect(restrictedViolations(pod, { agent: [{ ...hostPath, hostPath: '/var/lib/agent' }] })).toEqual([
      'containers[0].volumeMounts: host-var-lib-agent, which is declared for reading',
    ]);
  });
});

describe('a privilege is refused', () => {
  test.each([
    ['without a reason', { ...capability, because: '' }],
    ['without an end', { ...capability, until: 'never' }],
    ['with a day that never was', { ...capability, until: '2027-02-30' }],
    ['with a month for a day', { ...capability, until: '2027-06' }],
    ['for a directory by a relative path', { ...hostPath, hostPath: 'var/log' }],
    ['for a directory whose volume could be another one', { ...hostPath, hostPath: '/var-log' }],
  ])('%s', (_, privilege) => {
    expect(refusal(() => daemonSet([privilege]))[0]?.where).toBe('workload test/agent: agent');
  });
});

test('two users of one container are refused', () => {
  expect(refusal(() => daemonSet([root, { ...root, user: 1 }])).map(({ what }) => what)).toEqual(['2 users']);
});

test("a directory of the node that another container declared is not this one's to mount", () => {
  const pod = podOf(daemonSet([hostPath]));
  const other = { ...pod.containers[0]!, name: 'other' };
  const both = { ...pod, containers: [...pod.containers, other] };
  expect(restrictedViolations(both, { agent: [hostPath] })).toEqual([
    'containers[1].volumeMounts: host-var-log-pods, which another container declares',
  ]);
});

describe('the policy of Pod Security', () => {
  const findings = (privileges: readonly Privilege[], level: string, declared = privileges): string[] => {
    const application = testApplication('test', (scope) => agent(scope, privileges));
    const platform = new Platform(testEnvironment(), [application]);
    const namespace: Manifest = {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'test', labels: { 'pod-security.kubernetes.io/enforce': level } },
    };
    const context = {
      images: new Set([image.reference]),
      secrets: new Map(),
      privileges: declared === privileges ? privilegesOf(platform) : new Map(),
    };
    return policyFindings([namespace, daemonSet(privileges)], context)
      .map(({ what }) => what)
      .filter((what) => /restricted|Pod Security/.test(what));
  };

  test('takes exceptions where the API server does', () => {
    expect(findings([capability], 'privileged')).toEqual([]);
  });

  test('refuses them where the API server would', () => {
    expect(findings([capability], 'restricted')).toEqual([
      'Pod Security refuses containers[0].capabilities.add: NET_ADMIN',
    ]);
  });

  test('refuses what nobody declared, also where the API server takes it', () => {
    expect(findings([capability], 'privileged', [])).toEqual([
      'it has what the level restricted refuses, and nobody says why: containers[0].capabilities.add: NET_ADMIN',
    ]);
  });
});

test('an exception is outdated from the day after its last one', () => {
  const platform = new Platform(testEnvironment(), [testApplication('test', (scope) => agent(scope, [capability]))]);
  const list = placedPrivileges(platform);
  expect(list).toEqual([{ where: 'DaemonSet test/agent: agent', privilege: capability }]);
  expect(outdatedPrivileges(list, new Date('2027-06-30T23:59:59Z'))).toEqual([]);
  expect(outdatedPrivileges(list, new Date('2027-07-01T00:00:00Z'))).toEqual(list);
});
