import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { load } from 'js-yaml';
import { environments, parseEnvironment } from '../../config/index.ts';
import type { EnvironmentInput } from '../../config/schema.ts';
import { upstream } from '../../config/upstream.ts';
import { witnessTaint } from '../../constructs/core/witness.ts';
import { wantedFiles } from '../../scripts/bundle/contents.ts';
import { strangeKeys } from '../../prove/drills/install/k3s-keys.ts';
import { filesOfNode, installFiles, writeInstall } from '../../synth/install/index.ts';
import { k3sConfiguration } from '../../synth/install/k3s.ts';
import { installPlan } from '../../synth/install/plan.ts';
import { tokenFiles } from '../../synth/install/tokens.ts';
import type { InstallPlan } from '../../synth/install/plan.ts';
import { refusal, testImages, testInput } from '../support/harness.ts';
import { threeMachines, twoMachines } from '../support/machines.ts';

const root = path.join(import.meta.dirname, '../..');

const inputs = { two: twoMachines, three: threeMachines } as const;
type Name = keyof typeof inputs;

/** Of the tests' own machines: what an operator changes in production breaks none of these. */
function planOf(name: Name, changes: Partial<EnvironmentInput> = {}): InstallPlan {
  const plan = installPlan('production', { ...inputs[name], ...changes });
  if (plan === undefined) throw new Error(`${name} is not installed`);
  return { ...plan, waysIn: plan.waysIn.filter((way) => way.name === 'production') };
}

function filesOf(name: Name, node: string, changes: Partial<EnvironmentInput> = {}): Readonly<Record<string, string>> {
  const plan = planOf(name, changes);
  const found = plan.nodes.find((each) => each.name === node);
  if (found === undefined) throw new Error(`${name} has no ${node}`);
  return filesOfNode(plan, found);
}

const k3sOf = (name: Name, node: string, changes: Partial<EnvironmentInput> = {}) =>
  load(filesOf(name, node, changes)['/etc/rancher/k3s/config.yaml'] ?? '') as Readonly<Record<string, unknown>>;

describe('what install/ reads', () => {
  test('is of every environment with machines of its own', () => {
    const own = Object.entries(environments)
      .filter(([, { hetzner, k3s, shares }]) => hetzner && k3s && shares === undefined)
      .map(([name]) => name);
    expect(own).toContain('production');
    expect(Object.keys(environments).filter((name) => installPlan(name) !== undefined)).toEqual(own);
    expect(installPlan('production', { ...twoMachines, hetzner: undefined })).toBeUndefined();
    expect(installPlan('production', { ...twoMachines, k3s: undefined })).toBeUndefined();
    expect(installPlan('production', { ...twoMachines, shares: 'another' })).toBeUndefined();
    expect(installFiles(undefined)).toEqual({});
  });

  test('has the tokens that only a person can bring, as the bundle looks for them', () => {
    const lines = installFiles(planOf('two'))['tokens.txt']?.trim().split('\n') ?? [];
    expect(lines).toContain('tokens/HCLOUD_TOKEN: makes the machines');
    expect(lines.map((line) => line.replace(/: .*/, ''))).toEqual(
      wantedFiles('production').flatMap(({ path: file }) => (file.startsWith('tokens/') ? file : [])),
    );
    const byHetzner = { ...twoMachines, edge: undefined };
    expect(tokenFiles('production', byHetzner).map(({ path: file }) => file)).not.toContain(
      'tokens/CLOUDFLARE_API_TOKEN',
    );
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
    const keys = (filesOf('two', 'node1')['/etc/wireguard/wg0.conf'] ?? '').split('\n');
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
    const text = filesOf('three', 'witness')['/etc/wireguard/wg0.conf'];
    expect(text).toContain('Address = 10.0.1.3/24\nListenPort = 51820\nMTU = 1370\n');
    expect(text).toContain('AllowedIPs = 10.0.1.1/32\nEndpoint = 10.10.0.11:51820\n');
    expect(text).toContain('AllowedIPs = 10.0.1.2/32\nEndpoint = 10.10.0.12:51820\n');
  });

  test('takes packets as large as the configuration says', () => {
    const k3s = { snapshots: false as const, wireguardMtu: 1320 };
    expect(filesOf('two', 'node1', { k3s })['/etc/wireguard/wg0.conf']).toContain('MTU = 1320\n');
    expect(installFiles(planOf('two', { k3s }))['node1/node.env']).toContain("WIREGUARD_MTU='1320'\n");
  });
});

describe('the firewall', () => {
  const rules = (name: Name, node: string, changes: Partial<EnvironmentInput> = {}) =>
    filesOf(name, node, changes)['/etc/diptych/firewall.nft'] ?? '';
  const statements = (name: Name, node: string) => rules(name, node).replaceAll(/^ *#.*$/gm, '');

  test('replaces its own table and touches no other', () => {
    expect(statements('two', 'node1')).not.toContain('flush');
    expect(statements('two', 'node1').match(/^(delete )?table .*$/gm)).toEqual([
      'table inet diptych',
      'delete table inet diptych',
      'table inet diptych {',
    ]);
  });

  test('lets in the load balancer at the ports of the way in, the other nodes at the tunnel, and nobody else', () => {
    const accepted = statements('two', 'node1').match(/^ *ip saddr .*$/gm);
    expect(accepted?.map((line) => line.trim())).toEqual([
      'ip saddr { 10.10.0.12 } ip daddr 10.10.0.11 udp dport 51820 accept',
      'ip saddr 10.10.0.2 ip daddr 10.10.0.11 tcp dport { 30080, 30081, 30443 } accept',
    ]);
  });

  test('lets no load balancer in at a witness, which runs nothing that answers', () => {
    expect(rules('three', 'node2')).toContain('tcp dport { 30080');
    expect(rules('three', 'witness')).not.toContain('tcp dport { 30080');
  });

  test('leads 80 and 443 of the public interface to the node ports where the configuration has broken the glass, and nowhere else', () => {
    const glass = { edge: { ...twoMachines.edge, breakGlass: { node: 'node2' } } };
    expect(rules('two', 'node1', glass)).toBe(rules('two', 'node1'));
    const broken = rules('two', 'node2', glass)
      .split('\n')
      .map((line) => line.trim());
    expect(broken).toContain('ip daddr != 10.10.0.0/16 tcp dport { 30080, 30443 } accept');
    expect(broken).toContain('tcp dport { 30080, 30443 } counter drop');
    expect(broken.filter((line) => line.includes(' set '))).toEqual([
      'tcp dport 80 tcp dport set 30080',
      'tcp dport 443 tcp dport set 30443',
      'tcp sport 30080 tcp sport set 80',
      'tcp sport 30443 tcp sport set 443',
    ]);
    expect(rules('two', 'node2')).not.toContain('glass');
  });

  test('knows no name of an interface of Hetzner: they differ between types of machines', () => {
    expect(statements('two', 'node1').match(/iifname .*$/gm)).toEqual([
      'iifname { "lo", "wg0", "cni0", "flannel.1" } accept',
    ]);
  });
});

describe('K3s', () => {
  test('has no key that its documentation does not have', () => {
    const plans = [planOf('two'), planOf('three'), ...Object.keys(environments).map((name) => installPlan(name))];
    const strange = plans.flatMap((plan) =>
      plan?.nodes.flatMap((node) => strangeKeys(k3sConfiguration(plan, node), node.role)),
    );
    expect(strange.filter((key) => key !== undefined)).toEqual([]);
    expect(strangeKeys({ 'no-such-key': true }, 'server')).toEqual(['no-such-key']);
  });

  test('has the same values on all servers where it asks for that', () => {
    const shared = ['agent-token-file', 'cluster-cidr', 'service-cidr', 'cluster-dns', 'flannel-backend', 'disable'];
    const all = ['node1', 'node2', 'witness'].map((node) => k3sOf('three', node));
    for (const key of [...shared, 'disable-helm-controller', 'secrets-encryption']) {
      expect(new Set(all.map((each) => JSON.stringify(each[key]))).size).toBe(1);
      expect(all[0]?.[key]).toBeDefined();
    }
  });

  test('serves no API on a witness, and taints it as pods that vote tolerate it: K3s does not by itself', () => {
    expect(k3sOf('three', 'witness')).toMatchObject({
      'disable-apiserver': true,
      'disable-scheduler': true,
      'node-taint': [`${witnessTaint.key}:${witnessTaint.effect}`],
    });
    for (const [environment, node] of [
      ['three', 'node1'],
      ['two', 'node2'],
    ] as const) {
      expect(k3sOf(environment, node)).not.toHaveProperty('node-taint');
    }
    expect(Object.keys(filesOf('three', 'witness'))).not.toContain('/etc/rancher/k3s/admission.yaml');
  });

  test('gives an agent the token of agents alone', () => {
    expect(k3sOf('two', 'node2')).toMatchObject({
      server: 'https://10.0.0.1:6443',
      'token-file': '/etc/rancher/k3s/agent-token',
    });
    expect(k3sOf('two', 'node1')).toMatchObject({ 'token-file': '/etc/rancher/k3s/token' });
  });

  test('keeps from pods what the configuration reserves, together with what eviction keeps free', () => {
    const { memoryMebibytes, cpuMillicores } = testInput.reserved;
    const flags = k3sOf('two', 'node2')['kubelet-arg'] as readonly string[];
    expect(flags).toContain(`system-reserved=cpu=${cpuMillicores}m,memory=${memoryMebibytes - 100}Mi`);
    expect(flags.find((flag) => flag.startsWith('eviction-hard='))).toContain('memory.available<100Mi');
  });

  test('saves its state as often as the configuration says, or not at all', () => {
    expect(k3sOf('two', 'node1')).toMatchObject({
      'etcd-snapshot-schedule-cron': '0 */6 * * *',
      'etcd-snapshot-retention': 28,
      'etcd-s3-config-secret': 'k3s-etcd-snapshot-s3-config',
    });
    // With any other key of S3 in its configuration K3s ignores the Secret.
    const keys = Object.keys(k3sOf('two', 'node1')).filter((key) => key.startsWith('etcd-s3'));
    expect(keys).toEqual(['etcd-s3', 'etcd-s3-config-secret']);
    expect(installFiles(planOf('two'))['node1/node.env']).toContain("SNAPSHOT_KEEP='28'\n");
    expect(installFiles(planOf('two'))['node1/node.env']).toContain("SNAPSHOT_BUCKET='test-backups'\n");
    const none = { k3s: { snapshots: false as const } };
    expect(k3sOf('two', 'node1', none)).toMatchObject({ 'etcd-disable-snapshots': true });
    expect(installFiles(planOf('two', none))['node1/node.env']).toContain("SNAPSHOT_BUCKET=''\n");
  });

  test('keeps as many snapshots of each server, as K3s counts those of all in the bucket together', () => {
    expect(k3sOf('three', 'node1')).toMatchObject({ 'etcd-snapshot-retention': 3 * 28 });
    expect(installFiles(planOf('three'))['witness/node.env']).toContain("SNAPSHOT_KEEP='84'\n");
  });

  test('pulls images through what the configuration names', () => {
    const k3s = { snapshots: false as const, mirrors: { 'docker.io': 'https://mirror.example' } };
    expect(load(filesOf('two', 'node2', { k3s })['/etc/rancher/k3s/registries.yaml'] ?? '')).toEqual({
      mirrors: { 'docker.io': { endpoint: ['https://mirror.example'] } },
    });
    expect(Object.keys(filesOf('two', 'node2'))).not.toContain('/etc/rancher/k3s/registries.yaml');
  });
});

test('K3s goes with the tunnel, and still starts when that came only at its second try', () => {
  const file = path.join(root, 'install/files/etc/systemd/system/k3s.service.d/diptych.conf');
  const settings = fs.readFileSync(file, 'utf8').split('\n');
  const tunnel = 'wg-quick@wg0.service';
  expect(settings).toEqual(expect.arrayContaining([`Wants=${tunnel}`, `PartOf=${tunnel}`]));
  expect(settings.filter((line) => /^(Requires|Requisite|BindsTo)=/.test(line))).toEqual([]);
});

describe('a configuration that can not be installed is refused:', () => {
  const { hetzner, nodes } = twoMachines;
  const parse = (input: object) => parseEnvironment('test', input as EnvironmentInput, testImages, {});
  const cases: readonly [string, object, string, string][] = [
    ['without machines', { k3s: twoMachines.k3s }, 'k3s', 'there is no hetzner that says what the machines are'],
    [
      'with a bucket that is none',
      { hetzner, nodes, k3s: { snapshots: { store: 'elsewhere', schedule: '0 * * * *', keep: 1, offsite: false } } },
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

  // Debian 12's own check takes any name, and nobody is told of one that it doesn't know; Debian 13's asks the area hardware.
  test('has no top-level key but those that it knows', () => {
    const known = ['ssh_pwauth', 'manage_etc_hosts', 'package_update', 'packages', 'write_files', 'runcmd'];
    expect(text.startsWith('#cloud-config\n')).toBe(true);
    expect(Object.keys(values).filter((key) => !known.includes(key))).toEqual([]);
  });

  test('brings nothing that the first stage would not bring where it failed', () => {
    const packages = [...(values.packages as readonly string[])];
    const stage = fs.readFileSync(path.join(root, 'install/stages/00-preflight.sh'), 'utf8');
    const [, pairs = ''] = /^for pair in (.+); do$/m.exec(stage) ?? [];
    expect(
      pairs
        .split(' ')
        .map((pair) => pair.split(':')[1])
        .sort(),
    ).toEqual(packages.sort());
  });

  test('lets nobody in with a password, and starts no machine anew', () => {
    expect(values.ssh_pwauth).toBe(false);
    expect(text).toContain('PasswordAuthentication no\n');
    expect(text).toContain('Unattended-Upgrade::Automatic-Reboot "false";\n');
    expect(text).not.toMatch(/power_state|reboot:/);
  });

  test('leaves the names of the nodes in /etc/hosts when the machine starts again', () => {
    expect(values.manage_etc_hosts).toBe(false);
  });
});
