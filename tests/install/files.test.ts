import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { load } from 'js-yaml';
import { environmentInput, environments, parseEnvironment } from '../../config/index.ts';
import type { EnvironmentInput } from '../../config/schema.ts';
import { upstream } from '../../config/upstream.ts';
import { witnessTaint } from '../../constructs/core/witness.ts';
import { strangeKeys } from '../../prove/drills/install/k3s-keys.ts';
import { filesOfNode, installFiles, writeInstall } from '../../synth/install/index.ts';
import { k3sConfiguration } from '../../synth/install/k3s.ts';
import { installPlan } from '../../synth/install/plan.ts';
import type { InstallPlan } from '../../synth/install/plan.ts';
import { refusal, testImages, testInput } from '../support/harness.ts';

const root = path.join(import.meta.dirname, '../..');

function planOf(name: string, changes: Partial<EnvironmentInput> = {}): InstallPlan {
  const plan = installPlan(name, { ...environmentInput(name), ...changes });
  if (plan === undefined) throw new Error(`${name} is not installed`);
  return plan;
}

function filesOf(
  name: string,
  node: string,
  changes: Partial<EnvironmentInput> = {},
): Readonly<Record<string, string>> {
  const plan = planOf(name, changes);
  const found = plan.nodes.find((each) => each.name === node);
  if (found === undefined) throw new Error(`${name} has no ${node}`);
  return filesOfNode(plan, found);
}

const k3sOf = (name: string, node: string, changes: Partial<EnvironmentInput> = {}) =>
  load(filesOf(name, node, changes)['/etc/rancher/k3s/config.yaml'] ?? '') as Readonly<Record<string, unknown>>;
const production = environmentInput('production').k3s;

describe('what install/ reads', () => {
  test('is of every environment with machines of its own', () => {
    expect(Object.keys(environments).filter((name) => installPlan(name) !== undefined)).toEqual([
      'production',
      'three-node',
    ]);
    expect(installPlan('production', { ...environmentInput('production'), hetzner: undefined })).toBeUndefined();
    expect(installPlan('production', { ...environmentInput('production'), k3s: undefined })).toBeUndefined();
    expect(installPlan('production', { ...environmentInput('production'), shares: 'three-node' })).toBeUndefined();
    expect(installFiles(undefined)).toEqual({});
  });

  test('is committed as it should be', () => {
    expect(writeInstall(root, Object.keys(environments), { dryRun: true })).toEqual([]);
  });

  test('is written where it differs, told of by a dry run, and removed where nothing makes it any more', () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'diptych-install-'));
    const told = [true, false, false].map((dryRun) => writeInstall(folder, ['production'], { dryRun }).length);
    expect(told).toEqual([told[0], told[0], 0]);
    const stale = path.join(folder, 'install/environments/production/node9/node.env');
    fs.mkdirSync(path.dirname(stale));
    fs.writeFileSync(stale, '');
    fs.writeFileSync(path.join(folder, 'install/environments/production/environment.env'), '');
    expect(writeInstall(folder, ['production'], { dryRun: false })).toEqual([
      '~ install/environments/production/environment.env',
      '- install/environments/production/node9/node.env',
    ]);
    expect(fs.existsSync(stale)).toBe(false);
    fs.rmSync(folder, { recursive: true });
  });

  test('has no secret: keys of WireGuard are named, and put there on the machine', () => {
    const keys = (filesOf('production', 'node1')['/etc/wireguard/wg0.conf'] ?? '').split('\n');
    expect(keys.filter((line) => line.includes('Key = '))).toEqual([
      'PrivateKey = @node1.key@',
      'PublicKey = @node2.pub@',
      'PresharedKey = @node1--node2.psk@',
    ]);
  });

  test('pins Argo CD as config/upstream.ts does', () => {
    const pins = fs.readFileSync(path.join(root, 'install/pins.env'), 'utf8');
    expect(pins).toContain(`/${upstream.argocd.commit}/`);
    expect(pins.match(/^[A-Z0-9_]+_SHA256='[0-9a-f]{64}'$/gm)).toHaveLength(3);
  });
});

describe('the tunnel', () => {
  test('leads to each other node, by its address in the private network, and lets in that address alone', () => {
    const text = filesOf('three-node', 'witness')['/etc/wireguard/wg0.conf'];
    expect(text).toContain('Address = 10.0.1.3/24\nListenPort = 51820\nMTU = 1370\n');
    expect(text).toContain('AllowedIPs = 10.0.1.1/32\nEndpoint = 10.10.0.11:51820\n');
    expect(text).toContain('AllowedIPs = 10.0.1.2/32\nEndpoint = 10.10.0.12:51820\n');
  });

  test('takes packets as large as the configuration says', () => {
    const k3s = { snapshots: false as const, wireguardMtu: 1320 };
    expect(filesOf('production', 'node1', { k3s })['/etc/wireguard/wg0.conf']).toContain('MTU = 1320\n');
    expect(installFiles(planOf('production', { k3s }))['node1/node.env']).toContain("WIREGUARD_MTU='1320'\n");
  });
});

describe('the firewall', () => {
  const rules = (name: string, node: string) => filesOf(name, node)['/etc/diptych/firewall.nft'] ?? '';
  const statements = (name: string, node: string) => rules(name, node).replaceAll(/^ *#.*$/gm, '');

  test('replaces its own table and touches no other', () => {
    expect(statements('production', 'node1')).not.toContain('flush');
    expect(statements('production', 'node1').match(/^(delete )?table .*$/gm)).toEqual([
      'table inet diptych',
      'delete table inet diptych',
      'table inet diptych {',
    ]);
  });

  test('lets in the load balancer at the ports of the way in, the other nodes at the tunnel, and nobody else', () => {
    const accepted = statements('production', 'node1').match(/^ *ip saddr .*$/gm);
    expect(accepted?.map((line) => line.trim())).toEqual([
      'ip saddr { 10.10.0.12 } ip daddr 10.10.0.11 udp dport 51820 accept',
      'ip saddr 10.10.0.2 ip daddr 10.10.0.11 tcp dport { 30080, 30081, 30443 } accept',
    ]);
  });

  test('lets no load balancer in at a witness, which runs nothing that answers', () => {
    expect(rules('three-node', 'node2')).toContain('tcp dport { 30080');
    expect(rules('three-node', 'witness')).not.toContain('tcp dport { 30080');
  });

  test('knows no name of an interface of Hetzner: they differ between types of machines', () => {
    expect(statements('production', 'node1').match(/iifname .*$/gm)).toEqual([
      'iifname { "lo", "wg0", "cni0", "flannel.1" } accept',
    ]);
  });
});

describe('K3s', () => {
  test('has no key that its documentation does not have', () => {
    const nodes = ['production', 'three-node'].flatMap((name) =>
      planOf(name).nodes.map((node) => [name, node] as const),
    );
    expect(nodes.flatMap(([name, node]) => strangeKeys(k3sConfiguration(planOf(name), node), node.role))).toEqual([]);
    expect(strangeKeys({ 'no-such-key': true }, 'server')).toEqual(['no-such-key']);
  });

  test('has the same values on all servers where it asks for that', () => {
    const shared = ['agent-token-file', 'cluster-cidr', 'service-cidr', 'cluster-dns', 'flannel-backend', 'disable'];
    const all = ['node1', 'node2', 'witness'].map((node) => k3sOf('three-node', node));
    for (const key of [...shared, 'disable-helm-controller', 'secrets-encryption']) {
      expect(new Set(all.map((each) => JSON.stringify(each[key]))).size).toBe(1);
      expect(all[0]?.[key]).toBeDefined();
    }
  });

  test('serves no API on a witness, so that it taints the node as pods that vote tolerate it', () => {
    expect(k3sOf('three-node', 'witness')).toMatchObject({ 'disable-apiserver': true, 'disable-scheduler': true });
    expect(witnessTaint.key).toBe('node-role.kubernetes.io/etcd');
    expect(Object.keys(filesOf('three-node', 'witness'))).not.toContain('/etc/rancher/k3s/admission.yaml');
  });

  test('gives an agent the token of agents alone', () => {
    expect(k3sOf('production', 'node2')).toMatchObject({
      server: 'https://10.0.0.1:6443',
      'token-file': '/etc/rancher/k3s/agent-token',
    });
    expect(k3sOf('production', 'node1')).toMatchObject({ 'token-file': '/etc/rancher/k3s/token' });
  });

  test('keeps from pods what the configuration reserves, together with what eviction keeps free', () => {
    const { memoryMebibytes, cpuMillicores } = environmentInput('production').reserved;
    const flags = k3sOf('production', 'node2')['kubelet-arg'] as readonly string[];
    expect(flags).toContain(`system-reserved=cpu=${cpuMillicores}m,memory=${memoryMebibytes - 100}Mi`);
    expect(flags.find((flag) => flag.startsWith('eviction-hard='))).toContain('memory.available<100Mi');
  });

  test('saves its state as often as the configuration says, or not at all', () => {
    expect(k3sOf('production', 'node1')).toMatchObject({
      'etcd-snapshot-schedule-cron': '0 */6 * * *',
      'etcd-snapshot-retention': 28,
      'etcd-s3-config-secret': 'k3s-etcd-snapshot-s3-config',
    });
    expect(installFiles(planOf('production'))['node1/node.env']).toContain("SNAPSHOT_BUCKET='example-backups'\n");
    const none = { k3s: { snapshots: false as const } };
    expect(k3sOf('production', 'node1', none)).toMatchObject({ 'etcd-disable-snapshots': true });
    expect(installFiles(planOf('production', none))['node1/node.env']).toContain("SNAPSHOT_BUCKET=''\n");
  });

  test('pulls images through what the configuration names', () => {
    const k3s = { snapshots: false as const, mirrors: { 'docker.io': 'https://mirror.example' } };
    expect(load(filesOf('production', 'node2', { k3s })['/etc/rancher/k3s/registries.yaml'] ?? '')).toEqual({
      mirrors: { 'docker.io': { endpoint: ['https://mirror.example'] } },
    });
    expect(Object.keys(filesOf('production', 'node2'))).not.toContain('/etc/rancher/k3s/registries.yaml');
  });
});

describe('a configuration that can not be installed is refused:', () => {
  const hetzner = { locations: ['fsn1'], subnet: '10.10.0.0/24' };
  const nodes = testInput.nodes.map((node, index) => ({ ...node, machine: { address: `10.10.0.${11 + index}` } }));
  const parse = (input: object) => parseEnvironment('test', input as EnvironmentInput, testImages, {});
  const cases: readonly [string, object, string, string][] = [
    ['without machines', { k3s: production }, 'k3s', 'there is no hetzner that says what the machines are'],
    [
      'with a bucket that is none',
      { hetzner, nodes, k3s: { snapshots: { store: 'elsewhere', schedule: '0 * * * *', keep: 1 } } },
      'k3s.snapshots.store',
      'there is no object store "elsewhere"',
    ],
    [
      'with packets too large',
      { hetzner, nodes, k3s: { snapshots: false, wireguardMtu: 1420 } },
      'k3s.wireguardMtu',
      'got 1420',
    ],
  ];
  test.each(cases)('%s', (_, changes, where, what) => {
    const findings = refusal(() => parse({ ...testInput, ...changes }));
    expect(findings.map((finding) => finding.where)).toContain(`config/environments/test.ts: ${where}`);
    expect(findings.map((finding) => finding.what).join('\n')).toContain(what);
  });
});

describe('cloud-init', () => {
  const text = fs.readFileSync(path.join(root, 'terraform/cloud-init.yaml'), 'utf8');
  const values = load(text) as Readonly<Record<string, unknown>>;

  // Its own check takes any name, and nobody is told of one that it doesn't know.
  test('has no top-level key but those that it knows', () => {
    const known = ['ssh_pwauth', 'package_update', 'packages', 'write_files', 'runcmd'];
    expect(text.startsWith('#cloud-config\n')).toBe(true);
    expect(Object.keys(values).filter((key) => !known.includes(key))).toEqual([]);
  });

  test('lets nobody in with a password, and starts no machine anew', () => {
    expect(values.ssh_pwauth).toBe(false);
    expect(text).toContain('PasswordAuthentication no\n');
    expect(text).toContain('Unattended-Upgrade::Automatic-Reboot "false";\n');
    expect(text).not.toMatch(/power_state|reboot:/);
  });
});
