import { X509Certificate } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Node } from '../../constructs/core/environment.ts';
import { InputError } from '../../constructs/core/error.ts';
import { processorsOf } from '../../prove/cluster/disk.ts';
import { cutRules } from '../../prove/cluster/faults.ts';
import type { Cluster } from '../../prove/cluster/handle.ts';
import { podManifest } from '../../prove/cluster/kubectl.ts';
import { configurationOf, keysOf } from '../../prove/cluster/node-configuration.ts';
import { certificatesOf, makePki } from '../../prove/cluster/pki.ts';
import { etcdMembersOf, nodeOf, planCluster, serversOf, standInOf } from '../../prove/cluster/plan.ts';
import { servicesOf } from '../../prove/cluster/services.ts';
import { flagsOf } from '../../synth/install/kubernetes.ts';
import { systemManifests } from '../../prove/cluster/system/index.ts';
import { committedDns } from '../../prove/delivery/committed-dns.ts';
import { nodeLabels } from '../../prove/delivery/lifecycle.ts';
import { ProvingError } from '../../prove/machine/error.ts';
import { must, run } from '../../prove/machine/run.ts';
import { waitFor } from '../../prove/machine/wait-for.ts';
import { schemaFindings } from '../../synth/schema/index.ts';
import { root } from '../support/committed.ts';
import { testEnvironment, testInput } from '../support/harness.ts';

const production = testEnvironment();
const plan = planCluster(production);

/** The environment with a second server, and a witness. */
function threeNodes() {
  const [first] = production.nodes as [Node, Node];
  return planCluster({
    ...production,
    nodes: [
      first,
      { ...first, name: 'node2', address: '10.0.0.2' },
      { ...first, name: 'witness', role: 'witness', address: '10.0.0.3' },
    ],
  });
}

function argument(node: string, service: string, flag: string, of = plan): string | undefined {
  const found = servicesOf(of, nodeOf(of, node)).find(({ name }) => name === service);
  return found?.args.find((arg) => arg.startsWith(`--${flag}=`))?.slice(flag.length + 3);
}

function configured(node: string, file: string, of = plan): Record<string, unknown> {
  const text = configurationOf({ plan: of, cgroup: 'diptych/test' }, nodeOf(of, node))[file] ?? 'null';
  return JSON.parse(text) as Record<string, unknown>;
}

describe('the plan', () => {
  test('gives each node a /24 of the pod network, in the order of the configuration', () => {
    expect(plan.nodes.map(({ podCidr }) => podCidr)).toEqual(['10.42.0.0/24', '10.42.1.0/24']);
  });

  test('keeps the addresses of the configuration, which the committed policies name', () => {
    expect(plan.nodes.map(({ address }) => address)).toEqual(testInput.nodes.map(({ address }) => address));
  });

  test('gives the API and DNS the addresses of services that K3s gives them', () => {
    expect([plan.apiService, plan.dnsService]).toEqual(['10.43.0.1', '10.43.0.10']);
  });

  test('speaks as the outside world from the last address between the nodes', () => {
    expect(plan.outside).toBe('10.0.0.254');
  });

  test('has names of cables that the kernel takes', () => {
    expect(plan.nodes.map(({ port }) => port.length <= 15)).toEqual([true, true]);
  });

  test('takes three nodes, two of them with an API and all with a vote', () => {
    const three = threeNodes();
    expect([serversOf(three).length, etcdMembersOf(three).length]).toEqual([2, 3]);
  });

  test('says that a witness, which in K3s asks any server, asks one alone', () => {
    expect(standInOf(plan)).not.toMatch('witness');
    expect(standInOf(threeNodes())).toMatch(/^three .* three nodes, of which the witness asks the first server alone$/);
  });

  test('refuses a node with the address of the outside world', () => {
    const nodes = production.nodes.map((node) => ({ ...node, address: '10.0.0.254' }));
    expect(() => planCluster({ ...production, nodes })).toThrow(InputError);
  });

  test('refuses a pod network without room for a /24 a node', () => {
    const networks = { ...production.networks, pods: '10.42.0.0/24' };
    expect(() => planCluster({ ...production, networks })).toThrow(/networks\.pods: 10\.42\.0\.0\/24/);
  });

  test('refuses the name of a node that is none', () => {
    expect(() => nodeOf(plan, 'node9')).toThrow(/allowed: node1, node2/);
  });
});

describe('services', () => {
  test('put the control plane on the server alone', () => {
    expect(plan.nodes.map((node) => servicesOf(plan, node).map(({ name }) => name))).toEqual([
      [
        ...['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'],
        ...['containerd', 'kubelet', 'kube-proxy', 'netpold'],
      ],
      ['containerd', 'kubelet', 'kube-proxy', 'netpold'],
    ]);
  });

  test('give a witness a vote and no API', () => {
    const three = threeNodes();
    expect(servicesOf(three, nodeOf(three, 'witness')).map(({ name }) => name)).toEqual([
      ...['etcd', 'containerd', 'kubelet', 'kube-proxy', 'netpold'],
    ]);
  });

  test('advertise the API at the address that the committed policies let pods connect to', () => {
    expect(argument('node1', 'kube-apiserver', 'advertise-address')).toBe('10.0.0.1');
  });

  test('elect a leader only where there are two candidates', () => {
    expect([
      argument('node1', 'kube-scheduler', 'leader-elect'),
      argument('node1', 'kube-scheduler', 'leader-elect', threeNodes()),
    ]).toEqual(['false', 'true']);
  });

  test('let no NetworkPolicy enforcer say that it is ready without a file to say it in', () => {
    expect(argument('node2', 'netpold', 'ready')).toBe('/run/netpold-ready');
  });

  test('start the kubelet after the images are there, which nobody could pull', () => {
    const kubelet = servicesOf(plan, nodeOf(plan, 'node1')).find(({ name }) => name === 'kubelet');
    expect(kubelet?.after).toBe('/run/containerd/containerd.sock');
  });
});

describe('settings', () => {
  test('are rendered sorted', () => {
    expect(flagsOf({ b: '2', a: '1' })).toEqual(['--a=1', '--b=2']);
  });

  test('make namespaces without labels restricted, and exempt kube-system alone', () => {
    const { plugins } = configured('node1', 'etc/kubernetes/settings/admission.json');
    expect(plugins).toMatchObject([
      { configuration: { defaults: { enforce: 'restricted' }, exemptions: { namespaces: ['kube-system'] } } },
      { name: 'EventRateLimit' },
    ]);
  });

  test('give the kubelet the cgroup of its node', () => {
    expect(configured('node2', 'etc/kubernetes/settings/kubelet.json')).toMatchObject({
      cgroupRoot: '/diptych/test/node2',
      clusterDNS: ['10.43.0.10'],
    });
  });

  test('keep anonymous requests from the kubelet', () => {
    const { authentication } = configured('node1', 'etc/kubernetes/settings/kubelet.json');
    expect(authentication).toMatchObject({ anonymous: { enabled: false } });
  });

  test('let a kubelet promise three quarters of the machine, however many nodes there are', () => {
    const total = Math.floor(os.totalmem() / 2 ** 20);
    const { systemReserved } = configured('node1', 'etc/kubernetes/settings/kubelet.json', threeNodes());
    expect(systemReserved).toEqual({ memory: `${Math.floor(total / 4)}Mi` });
  });

  test('let a kubelet count as many processors as the server type has', () => {
    const files = processorsOf(nodeOf(plan, 'node1'));
    const cores = Object.keys(files).filter((file) => file.endsWith('/topology/core_id'));
    expect([files.online, cores.length]).toEqual(['0-7', 8]);
  });

  test('keep pods off a witness', () => {
    expect(configured('witness', 'etc/kubernetes/settings/kubelet.json', threeNodes())).toMatchObject({
      registerWithTaints: [{ key: 'node-role.kubernetes.io/etcd', effect: 'NoExecute' }],
    });
  });

  test('label nodes as K3s does', () => {
    expect(plan.nodes.map((node) => Object.keys(nodeLabels(node)))).toEqual([
      ['node.kubernetes.io/instance-type', 'node-role.kubernetes.io/control-plane', 'node-role.kubernetes.io/etcd'],
      ['node.kubernetes.io/instance-type'],
    ]);
  });
});

describe('keys', () => {
  test('of the control plane are on no agent', () => {
    expect(keysOf(nodeOf(plan, 'node2')).filter((file) => !file.includes('node2'))).toEqual(['ca.crt', 'world-ca.crt']);
  });

  test('that a node needs are all made', () => {
    const made = certificatesOf(plan).flatMap(({ file, api }) => [
      ...[`${file}.crt`, `${file}.key`],
      ...(api === undefined ? [] : [`${file}.kubeconfig`]),
    ]);
    const authorities = ['ca.crt', 'ca.key', 'front-proxy-ca.crt', 'etcd-ca.crt', 'world-ca.crt'];
    const others = ['service-account.key', 'service-account.pub', 'encryption.json'];
    const needed = plan.nodes.flatMap(keysOf);
    expect(needed.filter((file) => ![...made, ...authorities, ...others].includes(file))).toEqual([]);
  });

  test('are signed by the authority, and name the address that pods connect to', async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'diptych-pki-'));
    try {
      await makePki({ plan, folder } as Cluster);
      const read = (file: string) => new X509Certificate(fs.readFileSync(path.join(folder, 'pki', file)));
      const certificate = read('apiserver.crt');
      expect([certificate.checkIssued(read('ca.crt')), certificate.checkIP('10.0.0.1'), certificate.ca]).toEqual([
        ...[true, '10.0.0.1', false],
      ]);
    } finally {
      fs.rmSync(folder, { recursive: true });
    }
  });
});

describe('system pods', () => {
  const serving = { authority: 'eA==', certificate: 'eA==', key: 'eA==' };
  const manifests = systemManifests(plan, serving, 'k3s');

  test('are objects that an API server takes', () => {
    // The platform makes none of these itself, so the schema check doesn't know their kinds.
    const foreign = ['APIService'];
    const findings = manifests.filter(({ kind }) => !foreign.includes(kind)).flatMap(schemaFindings);
    expect(findings).toEqual([]);
  });

  test('have the labels of CoreDNS to which the committed policies allow egress', () => {
    const deployment = manifests.find(({ kind, metadata }) => kind === 'Deployment' && metadata.name === 'coredns');
    expect(deployment).toMatchObject({
      metadata: { namespace: 'kube-system' },
      spec: { replicas: 2, template: { metadata: { labels: { 'k8s-app': 'kube-dns' } } } },
    });
  });

  test('leave CoreDNS to the platform, but where it leaves it to K3s', () => {
    const names = (whose: 'ours' | 'k3s') =>
      systemManifests(plan, serving, whose).filter(({ metadata }) => ['coredns', 'kube-dns'].includes(metadata.name));
    expect(names('ours')).toEqual([]);
    expect(names('k3s')).not.toEqual([]);
    const own = committedDns(root, 'production').map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    expect(own.sort()).toEqual([
      'ClusterRole kube-system-coredns',
      'ClusterRoleBinding kube-system-coredns',
      'ConfigMap coredns-settings',
      'DaemonSet coredns',
      'Service kube-dns',
      'ServiceAccount coredns',
    ]);
  });

  test('make a drill pod that a restricted namespace admits', () => {
    expect(schemaFindings(podManifest({ namespace: 'drill', name: 'client', node: 'node1' }))).toEqual([]);
  });
});

describe('cuts', () => {
  test('between nodes drop what comes from the other node and its pods, but not the API', () => {
    const rules = cutRules(plan, nodeOf(plan, 'node2'), 'nodes').split('; ');
    const prerouting = rules.filter((rule) => rule.startsWith('add rule inet diptych_cut prerouting'));
    expect(prerouting.map((rule) => rule.replace('add rule inet diptych_cut prerouting ', ''))).toEqual([
      'tcp sport { 6443, 10250 } accept',
      'tcp dport { 6443, 10250 } accept',
      'ip saddr { 10.0.0.1, 10.42.0.0/24 } drop',
    ]);
  });
});

describe('running programs', () => {
  test('that fail tells their exit code and what they said', async () => {
    await expect(must('/bin/sh', ['-c', 'echo broken >&2; exit 3'])).rejects.toThrow(/exit code 3\nbroken/);
  });

  test('that take too long kills them', async () => {
    expect(await run('/bin/sleep', ['60'], { timeout: 0.2 })).toMatchObject({ status: -1 });
  });

  test('that do not exist is a failure like others', async () => {
    expect(await run('/nonexistent', [])).toMatchObject({ status: 127 });
  });

  test('a wait ends in words when its time is up', async () => {
    const wait = waitFor('the sun', { atMost: 0.1, every: 10, see: 'sky.log' }, () => undefined);
    await expect(wait).rejects.toThrow('waited 0.1 s for the sun, in vain; see sky.log');
  });

  test('a wait ends when somebody interrupts', async () => {
    const wait = waitFor('the sun', { atMost: 60, signal: AbortSignal.abort() }, () => undefined);
    await expect(wait).rejects.toThrow(ProvingError);
  });
});
