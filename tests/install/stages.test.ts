import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { bootstrapSteps, upstreamManifests } from '../../prove/delivery/bootstrap.ts';
import { Machines, floatingIp } from '../../prove/stand-ins/machine/index.ts';

const root = path.join(import.meta.dirname, '../..');
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'diptych-machines-'));
let made = 0;
const machinesOf = (environment: string): Promise<Machines> =>
  Machines.make({ root, environment, folder: path.join(folder, String((made += 1))) });
const total = (stdout: string): string => /^[a-z-]+: \d+ changes.*$/m.exec(stdout)?.[0] ?? stdout;

afterAll(() => fs.rmSync(folder, { recursive: true }));

describe('install/run', () => {
  let machines: Machines;
  let firstCalls = '';
  beforeAll(async () => {
    machines = await machinesOf('production');
  });

  test('says what it would change, and changes nothing', async () => {
    const before = machines.plan.nodes.map(({ name }) => machines.contentsOf(name));
    const { status, stdout } = await machines.install('--dry-run');
    expect([status, stdout]).toEqual([0, expect.stringContaining('would: /etc/wireguard/wg0.conf')]);
    expect(total(stdout)).toMatch(/^production: [1-9]\d* changes, which a run without --dry-run would make$/);
    expect(machines.plan.nodes.map(({ name }) => machines.contentsOf(name))).toEqual(before);
  });

  test('makes nodes of machines, and changes nothing when it is run again', async () => {
    const first = await machines.install();
    expect([first.stderr, first.status]).toEqual(['', 0]);
    expect(total(first.stdout)).toMatch(/^production: [1-9]\d* changes$/);
    expect(first.stdout).toContain('ok: node2 answers through the tunnel');
    expect(first.stdout).toContain('ok: root is Healthy and Synced');
    firstCalls = fs.readFileSync(machines.file('node1', 'stub/calls'), 'utf8');
    const before = machines.plan.nodes.map(({ name }) => machines.contentsOf(name));
    const second = await machines.install();
    expect([second.status, total(second.stdout)]).toEqual([0, 'production: 0 changes']);
    expect(machines.plan.nodes.map(({ name }) => machines.contentsOf(name))).toEqual(before);
  });

  test('leaves secrets where root alone reads them, each where it is needed', () => {
    const modeOf = (node: string, file: string) => machines.contentsOf(node)[file]?.split(' ')[0];
    expect(modeOf('node1', 'etc/wireguard/wg0.conf')).toBe('600');
    expect(modeOf('node1', 'etc/rancher/k3s/token')).toBe('600');
    expect(modeOf('node2', 'etc/rancher/k3s/token')).toBeUndefined();
    expect(modeOf('node2', 'etc/rancher/k3s/agent-token')).toBe('600');
    for (const { name } of machines.plan.nodes) expect(fs.readdirSync(machines.file(name, 'run'))).toEqual(['lock']);
  });

  test('tells K3s in the Secret how many snapshots stay in the bucket, which else are those of all servers together', () => {
    expect(fs.readFileSync(machines.file('node1', 'stub/secret-keys'), 'utf8')).toContain('etcd-s3-retention\n');
  });

  test('writes into no output what only machines may know', async () => {
    const { stdout, stderr } = await machines.install('--from', '20-wireguard');
    for (const value of Object.values(machines.secretValues())) expect(stdout + stderr).not.toContain(value);
  });

  test('begins the cluster on the first server, and joins the agent to it', () => {
    const join = fs.readFileSync(machines.file('node1', 'etc/rancher/k3s/config.yaml.d/join.yaml'), 'utf8');
    expect(join).toBe('cluster-init: true\n');
    expect(fs.readdirSync(machines.file('node2', 'stub/active')).sort()).toEqual([
      'diptych-firewall',
      'k3s-agent',
      'wg-quick@wg0',
    ]);
  });

  test('does to a cluster what the proving ground does, in its order', () => {
    const done = doneToCluster(firstCalls);
    // One more, of the snapshots' bucket: the proving ground has no K3s.
    const secrets = done.flatMap((each, index) => (each === 'apply secret' ? index : []));
    expect(secrets).toHaveLength(2);
    expect(done.filter((_, index) => index !== secrets[1])).toEqual(doneByProve('production'));
  });

  test('changes a running tunnel without taking it down', async () => {
    await machines.command('secrets', 'production', '--folder', machines.secrets, '--rotate', 'node2');
    fs.writeFileSync(machines.file('node1', 'stub/calls'), '');
    const { stdout } = await machines.install('--only', '20-wireguard', '--node', 'node1');
    expect(stdout).toContain('wg0 changed while it runs');
    const calls = fs.readFileSync(machines.file('node1', 'stub/calls'), 'utf8');
    expect(calls).toMatch(/^wg syncconf wg0 /m);
    expect(calls).not.toMatch(/^systemctl (re)?start wg-quick/m);
  });

  test('gives a running tunnel no half of its file, which would take its key and its peers', async () => {
    await machines.command('secrets', 'production', '--folder', machines.secrets, '--rotate', 'node1');
    machines.ask('node1', 'refuse', '^wg-quick strip \n');
    fs.writeFileSync(machines.file('node1', 'stub/calls'), '');
    const only = ['--only', '20-wireguard', '--node', 'node1'];
    const { status, stderr } = await machines.install(...only);
    machines.unask('node1', 'refuse');
    expect([status, stderr]).toEqual([1, expect.stringContaining('wg-quick does not take wg0.conf')]);
    expect(fs.readFileSync(machines.file('node1', 'stub/calls'), 'utf8')).not.toMatch(/^wg syncconf/m);
    expect((await machines.install(...only)).stdout).toContain('wg0 changed while it runs');
  });

  test('takes packets of the floating IP where Terraform says that it is, and gives it up where it was', async () => {
    const service = 'etc/systemd/system/diptych-floating-ip.service';
    const has = () =>
      machines.plan.nodes.map(({ name }) => fs.existsSync(machines.file(name, 'stub/active/diptych-floating-ip')));
    machines.moveFloatingIp('node1');
    await machines.install('--only', '10-hosts');
    expect(has()).toEqual([true, false]);
    expect(fs.readFileSync(machines.file('node1', service), 'utf8')).toContain(
      `ip address replace ${floatingIp}/32 dev lo\n`,
    );
    expect(total((await machines.install('--only', '10-hosts')).stdout)).toBe('production: 0 changes');
    machines.moveFloatingIp('node2');
    await machines.install('--only', '10-hosts');
    expect(has()).toEqual([false, true]);
    expect(fs.existsSync(machines.file('node1', service))).toBe(false);
    expect(total((await machines.install('--only', '10-hosts')).stdout)).toBe('production: 0 changes');
  });

  test('pulls no image through a registry that is configured no more', async () => {
    const given = path.join(machines.tree, 'install/environments/production');
    const on = (node: string) => machines.file(node, 'etc/rancher/k3s/registries.yaml');
    for (const node of ['node1', 'node2']) {
      fs.writeFileSync(path.join(given, node, 'files/etc/rancher/k3s/registries.yaml'), 'mirrors: {}\n');
    }
    await machines.install('--from', '40-k3s-server');
    expect(['node1', 'node2'].map((node) => fs.existsSync(on(node)))).toEqual([true, true]);
    for (const node of ['node1', 'node2']) {
      fs.rmSync(path.join(given, node, 'files/etc/rancher/k3s/registries.yaml'));
      fs.writeFileSync(machines.file(node, 'stub/calls'), '');
    }
    const told = (await machines.install('--from', '40-k3s-server', '--dry-run')).stdout;
    expect(told.match(/would: \/etc\/rancher\/k3s\/registries\.yaml removed/g)).toHaveLength(2);
    expect(fs.existsSync(on('node1'))).toBe(true);
    await machines.install('--from', '40-k3s-server');
    expect(['node1', 'node2'].map((node) => fs.existsSync(on(node)))).toEqual([false, false]);
    const calls = (node: string) => fs.readFileSync(machines.file(node, 'stub/calls'), 'utf8');
    expect(calls('node1')).toContain('systemctl restart --no-block k3s\n');
    expect(calls('node2')).toContain('systemctl restart --no-block k3s-agent\n');
    expect(total((await machines.install('--from', '40-k3s-server')).stdout)).toBe('production: 0 changes');
  });

  test('mounts the volumes that Terraform names, each once, and gives up what is another one or elsewhere', async () => {
    const mounts = () =>
      machines.plan.nodes.map(({ name }) => {
        const file = machines.file(name, 'etc/fstab');
        const lines = fs.existsSync(file) ? fs.readFileSync(file, 'utf8').split('\n') : [];
        return lines.flatMap((line) => /^\S+_(\d+) (\S+) /.exec(line)?.slice(1).join(' ') ?? []);
      });
    const mounted = (node: string) => {
      const file = machines.file(node, 'stub/mounted');
      return fs.existsSync(file) ? fs.readdirSync(file) : [];
    };
    fs.writeFileSync(
      machines.file('node1', 'etc/fstab'),
      'UUID=1 / ext4 defaults 0 1\n# /dev/disk/by-id/scsi-0HC_Volume_7 /mnt/files ext4\n',
    );
    const only = ['--only', '10-hosts'];
    machines.attach({ node1: { files: 7, more: 8 } });
    await machines.install(...only);
    expect(mounts()).toEqual([['7 /mnt/files', '8 /mnt/more'], []]);
    expect(mounted('node1')).toEqual(['mnt+files', 'mnt+more']);
    expect(total((await machines.install(...only)).stdout)).toBe('production: 0 changes');
    // One was made anew, and the other one moves: what is mounted there is not what it was.
    machines.attach({ node1: { files: 17 }, node2: { more: 8 } });
    expect((await machines.install(...only, '--dry-run')).stdout).toContain('would: /mnt/more given up');
    await machines.install(...only);
    expect(mounts()).toEqual([['17 /mnt/files'], ['8 /mnt/more']]);
    expect([mounted('node1'), mounted('node2')]).toEqual([['mnt+files'], ['mnt+more']]);
    expect(fs.readFileSync(machines.file('node1', 'etc/fstab'), 'utf8')).toMatch(
      /^UUID=1 \/ ext4 defaults 0 1\n# \/dev/,
    );
    expect(total((await machines.install(...only)).stdout)).toBe('production: 0 changes');
    machines.attach({});
    machines.ask('node2', 'refuse', '^umount \n');
    const { status, stderr } = await machines.install(...only);
    machines.unask('node2', 'refuse');
    expect([status, stderr]).toEqual([1, expect.stringContaining('/mnt/more is still in use')]);
    await machines.install(...only);
    expect(mounts()).toEqual([[], []]);
  });

  test('lets K3s become another release only when it is asked to, and takes a snapshot before', async () => {
    fs.appendFileSync(machines.file('node1', 'usr/local/bin/k3s'), '# an older one\n');
    expect((await machines.install('--only', '40-k3s-server')).stderr).toContain(
      'K3s is another release than v0.0.0+k3s1 here',
    );
    machines.ask('node1', 'refuse', '^k3s etcd-snapshot \n');
    const refused = await machines.install('--only', '40-k3s-server', '--upgrade');
    expect([refused.status, refused.stderr]).toEqual([
      1,
      expect.stringContaining('K3s takes no snapshot, and without one there is no way back from an upgrade'),
    ]);
    machines.unask('node1', 'refuse');
    expect(fs.existsSync(machines.file('node1', 'stub/snapshot'))).toBe(false);
    const active = machines.file('node1', 'stub/active/k3s');
    fs.rmSync(active);
    expect((await machines.install('--only', '40-k3s-server', '--upgrade')).stderr).toContain(
      'K3s does not run, so there is no snapshot to come back to',
    );
    fs.writeFileSync(active, '');
    expect((await machines.install('--only', '40-k3s-server', '--upgrade')).status).toBe(0);
    expect(fs.existsSync(machines.file('node1', 'stub/snapshot'))).toBe(true);
    expect(total((await machines.install('--only', '40-k3s-server', '--upgrade')).stdout)).toBe(
      'production: 0 changes',
    );
  });

  test('starts a K3s that is still starting anew with another configuration', async () => {
    fs.appendFileSync(machines.file('node1', 'etc/rancher/k3s/config.yaml'), '# another\n');
    fs.rmSync(machines.file('node1', 'stub/active/k3s'));
    fs.writeFileSync(machines.file('node1', 'stub/calls'), '');
    expect((await machines.install('--only', '40-k3s-server')).status).toBe(0);
    const calls = fs.readFileSync(machines.file('node1', 'stub/calls'), 'utf8');
    expect(calls).toContain('systemctl restart --no-block k3s\n');
  });

  test('writes no other sealing key over the one of the cluster, unless that is kept', async () => {
    machines.ask('node1', 'sealing-key', 'the certificate of the cluster\n');
    const asked = ['--only', '60-secrets'];
    expect((await machines.install(...asked)).stderr).toContain(
      "the cluster's sealing key is not the one in the folder",
    );
    const kept = path.join(machines.secrets, 'cluster/sealing/sealing-key');
    fs.mkdirSync(kept, { recursive: true });
    fs.writeFileSync(path.join(kept, 'tls.key'), 'the key of the cluster\n');
    fs.writeFileSync(path.join(kept, 'tls.crt'), 'the certificate of the cluster\n');
    const { status, stdout } = await machines.install(...asked);
    expect([status, stdout]).toEqual([0, expect.stringMatching(/the secret sealing-key-[0-9a-f]{8} applied/)]);
    // It reads its keys when it starts, and never again.
    const deleted = machines.file('node1', 'stub/deleted');
    expect(fs.readFileSync(deleted, 'utf8')).toBe('delete pods --all --namespace sealed-secrets --wait=false\n');
    expect((await machines.install(...asked)).stdout).not.toContain('started anew');
    // Also where the power was gone in between.
    fs.rmSync(deleted);
    fs.writeFileSync(path.join(kept, 'tls.crt'), 'the certificate of the cluster, made anew\n');
    fs.writeFileSync(machines.file('node1', 'stub/sealing-key'), 'the certificate of the cluster, made anew\n');
    machines.ask('node1', 'refuse', 'delete pods\n');
    expect((await machines.install(...asked)).status).toBe(1);
    machines.unask('node1', 'refuse');
    expect((await machines.install(...asked)).stdout).toContain('the controller of sealed secrets started anew');
    expect(fs.existsSync(deleted)).toBe(true);
    machines.ask('node1', 'refuse', 'get secret sealing-key\n');
    expect((await machines.install(...asked)).stderr).toContain('the cluster does not tell its sealing key');
    machines.unask('node1', 'refuse');
    machines.unask('node1', 'sealing-key');
  });
});

/** What install/run asked of a cluster, by its calls of kubectl: each `diff` is that of an `apply`, where anything differs. */
function doneToCluster(calls: string): string[] {
  return calls.split('\n').flatMap((line) => {
    const [verb = '', ...words] = line
      .replace('k3s kubectl ', '')
      .replaceAll('--namespace ', '--namespace=')
      .split(' ');
    if (verb === 'rollout') return `wait for ${words[1] ?? ''}`;
    if (verb === 'delete') return `remove ${words.join(' ').replaceAll('--selector ', '--selector=')}`;
    if (!line.startsWith('k3s ') || verb !== 'diff') return [];
    const options = words.filter((word) => !/^--(filename=|server-side$|force-conflicts$)/.test(word));
    // Of a folder, the files of kinds that a new cluster has are named one by one.
    const files = words.flatMap((word) => /(?:(?:dist|argocd)\/[^/]+|secret|argocd\.yaml)(?=$|[/.])/.exec(word) ?? []);
    return ['apply', ...options, ...new Set(files)].join(' ');
  });
}

/** The same of the proving ground's bootstrap. */
function doneByProve(environment: string): string[] {
  return bootstrapSteps(environment, 'argocd').map((step) => {
    if ('waitFor' in step) return `wait for ${step.waitFor}`;
    if ('remove' in step) return `remove ${step.remove.join(' ')}`;
    if ('sealingKey' in step) return 'apply secret';
    const files = step.apply.map((name) =>
      name === upstreamManifests ? 'argocd.yaml' : name.replace(`/${environment}/`, '/'),
    );
    return ['apply', ...(step.options ?? []), ...files].join(' ');
  });
}

describe('three servers', () => {
  let machines: Machines;
  beforeAll(async () => {
    machines = await machinesOf('three-node');
    await machines.install();
  });
  const join = 'etc/rancher/k3s/config.yaml.d/join.yaml';
  const joins = () => machines.plan.nodes.map(({ name }) => fs.readFileSync(machines.file(name, join), 'utf8').trim());

  test('are one cluster, which the second and the witness join', () => {
    expect(joins()).toEqual(['cluster-init: true', 'server: https://10.0.1.1:6443', 'server: https://10.0.1.1:6443']);
  });

  test('have a witness that pods are kept off, or it is told how', async () => {
    expect((await machines.install('--only', '90-verify')).stdout).toContain('ok: witness only votes');
    machines.ask('node1', 'untainted');
    const { status, stderr } = await machines.install('--only', '90-verify');
    machines.unask('node1', 'untainted');
    expect([status, stderr]).toEqual([
      1,
      expect.stringContaining('kubectl taint node witness node-role.kubernetes.io/etcd:NoExecute'),
    ]);
  });

  test('take back a first one that was replaced, instead of a new cluster beside them', async () => {
    for (const name of ['etc/rancher', 'var/lib/rancher', 'stub/active/k3s']) {
      fs.rmSync(machines.file('node1', name), { recursive: true });
    }
    expect((await machines.install('--only', '40-k3s-server', '--node', 'node1')).status).toBe(0);
    expect(joins()[0]).toBe('server: https://10.0.1.2:6443');
  });

  test('are refused a new cluster while another one has the state and does not answer', async () => {
    for (const name of ['etc/rancher', 'var/lib/rancher', 'stub/active/k3s']) {
      fs.rmSync(machines.file('node1', name), { recursive: true });
    }
    for (const name of ['node2', 'witness']) fs.rmSync(machines.file(name, 'stub/active/k3s'));
    const { status, stderr } = await machines.install('--only', '40-k3s-server', '--node', 'node1');
    expect([status, stderr]).toEqual([
      1,
      expect.stringContaining("node2 has the cluster's state, and its API server does not answer"),
    ]);
    expect(fs.existsSync(machines.file('node1', join))).toBe(false);
  });

  test('are refused a new cluster while another one is not reached', async () => {
    machines.ask('node2', 'closed');
    fs.rmSync(machines.file('witness', 'var/lib/rancher'), { recursive: true });
    const { status, stderr } = await machines.install('--only', '40-k3s-server', '--node', 'node1');
    machines.unask('node2', 'closed');
    expect([status, stderr]).toEqual([
      1,
      expect.stringContaining("node2 is not reached, and may have the cluster's state"),
    ]);
    expect(fs.existsSync(machines.file('node1', join))).toBe(false);
  });
});

// The area install asks for many more.
test.each([6, 17])('a machine whose power was gone at change %i is finished by the next run', async (number) => {
  const machines = await machinesOf('production');
  machines.ask('node1', 'break', String(number));
  expect((await machines.install()).status).toBe(1);
  expect(fs.existsSync(machines.file('node1', 'stub/break'))).toBe(false);
  expect(await machines.install()).toMatchObject({ status: 0, stderr: '' });
  expect(total((await machines.install()).stdout)).toBe('production: 0 changes');
});

test('packages are waited for while the distribution updates its own', async () => {
  const machines = await machinesOf('production');
  // Nobody has it by another name.
  fs.writeFileSync(
    path.join(machines.tree, 'install/stages/00-preflight.sh'),
    fs
      .readFileSync(path.join(machines.tree, 'install/stages/00-preflight.sh'), 'utf8')
      .replace('diff:diffutils', 'diptych-none:diffutils'),
  );
  machines.ask('node1', 'locked', '3');
  const { status, stdout } = await machines.install('--only', '00-preflight', '--node', 'node1');
  expect([status, stdout]).toEqual([0, expect.stringContaining('packages installed: diffutils')]);
  expect(fs.readFileSync(machines.file('node1', 'stub/locked'), 'utf8')).toBe('0\n');
});

test("others' rules may change while ours are loaded, as kube-proxy's do at any time", async () => {
  const machines = await machinesOf('production');
  machines.ask('node1', 'fewer');
  expect(await machines.install()).toMatchObject({ status: 0, stderr: '' });
});

describe('what goes wrong is said in one line, with what to do:', () => {
  const cases: readonly [string, (machines: Machines) => void, readonly string[], string][] = [
    [
      'a private network that does not come',
      (machines) => machines.unask('node1', 'private'),
      [],
      'waited 3 s for the address 10.10.0.11 in the private network, in vain',
    ],
    [
      'a stage on another machine',
      (machines) => machines.ask('node1', 'private', '10.10.0.12'),
      ['--only', '10-hosts'],
      'this machine has not the address 10.10.0.11',
    ],
    [
      'a stage before its time',
      () => undefined,
      ['--only', '20-wireguard'],
      'it comes after 10-hosts, which was never done here',
    ],
    ['a full disk', (machines) => machines.ask('node1', 'full'), [], 'the disk is full: /var/lib has 12 MiB free'],
    ['no network', (machines) => machines.ask('node1', 'no-network'), [], 'there is no way out to the internet'],
    ['swap', (machines) => machines.ask('node1', 'swap'), [], 'there is swap, and the kubelet starts with none alone'],
    [
      'a node that was renamed',
      (machines) => {
        fs.mkdirSync(machines.file('node1', 'etc/diptych'));
        fs.writeFileSync(machines.file('node1', 'etc/diptych/node'), 'production/first\n');
      },
      [],
      'this machine was installed as production/first, and is to be production/node1',
    ],
    [
      'a token that is missing',
      (machines) => fs.rmSync(path.join(machines.secrets, 'k3s/token')),
      [],
      'the secret k3s/token is missing',
    ],
    [
      'a key that is none',
      (machines) => fs.writeFileSync(path.join(machines.secrets, 'wireguard/node2.pub'), 'half\n'),
      [],
      'the secret wireguard/node2.pub is no key',
    ],
    [
      'keys of object storage that are missing',
      (machines) => fs.rmSync(path.join(machines.secrets, 'snapshots/secret-key')),
      [],
      'the secret snapshots/secret-key is missing',
    ],
    [
      'keys of object storage that are none',
      (machines) => fs.writeFileSync(path.join(machines.secrets, 'snapshots/access-key'), 'its id\nand more\n'),
      [],
      'the secret snapshots/access-key is no key',
    ],
    [
      'packets that would be sent in two',
      (machines) => fs.writeFileSync(path.join(machines.rootOf('node1'), '../net/enp7s0/mtu'), '1400\n'),
      [],
      'packets of 1370 bytes would be sent in two: enp7s0 carries 1400',
    ],
    [
      'another address in the tunnel, which no running tunnel takes',
      (machines) => {
        fs.mkdirSync(machines.file('node1', 'etc/wireguard'));
        fs.writeFileSync(machines.file('node1', 'etc/wireguard/wg0.conf'), '[Interface]\nAddress = 10.0.9.1/24\n');
      },
      [],
      'the tunnel has 10.0.9.1 here, and is to have 10.0.0.1',
    ],
    [
      "others' rules that are gone",
      (machines) => machines.ask('node1', 'wiped'),
      [],
      "others' rules are gone, Kubernetes' among them: ip nat",
    ],
    [
      'packages that somebody else installs all the time',
      (machines) => {
        const file = path.join(machines.tree, 'install/stages/00-preflight.sh');
        fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replace('diff:diffutils', 'diptych-none:diffutils'));
        machines.ask('node1', 'locked', '100000');
      },
      [],
      'another program has installed packages for 3 s',
    ],
    [
      'a volume that can not be mounted',
      (machines) => {
        const file = path.join(machines.rootOf('node1'), '../outputs.json');
        const device = '/dev/disk/by-id/scsi-0HC_Volume_1';
        const { nodes } = JSON.parse(fs.readFileSync(file, 'utf8')) as {
          nodes: { value: { node1: { volumes: object } } };
        };
        nodes.value.node1.volumes = { files: device };
        fs.writeFileSync(file, JSON.stringify({ nodes }));
        fs.mkdirSync(path.dirname(machines.file('node1', device)), { recursive: true });
        fs.writeFileSync(machines.file('node1', device), '');
        machines.ask('node1', 'refuse', '^mount \n');
      },
      [],
      'the volume files (/dev/disk/by-id/scsi-0HC_Volume_1) can not be mounted',
    ],
    [
      'a file that is not the pinned one',
      (machines) => fs.appendFileSync(path.join(machines.rootOf('node1'), '../releases/k3s'), '#\n'),
      [],
      'is not the file of install/pins.env',
    ],
    [
      'K3s that does not start because the cluster knows another node of that name',
      (machines) => {
        machines.ask('node2', 'refuse', 'curl .*healthz\n');
        machines.ask('node2', 'journal', 'level=error msg="Node password rejected, duplicate hostname"\n');
      },
      [],
      'the cluster knows another node2: kubectl delete secret node2.node-password.k3s',
    ],
    [
      'a door that is closed',
      (machines) => machines.ask('node2', 'closed'),
      [],
      'node2 (198.51.100.12) does not let install/run in after 3 s: connect to host 198.51.100.12 port 22: Connection timed out',
    ],
    [
      'machines of other names at Terraform',
      (machines) => {
        const file = path.join(machines.rootOf('node1'), '../outputs.json');
        fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replace('"node2"', '"second"'));
      },
      [],
      'Terraform has the nodes node1, second, and the configuration has node1, node2',
    ],
    [
      'outputs of Terraform that are none',
      (machines) => fs.writeFileSync(path.join(machines.rootOf('node1'), '../outputs.json'), 'half'),
      [],
      'what Terraform says is not of the machines of production',
    ],
  ];
  test.each(cases)('%s', async (_, prepare, args, what) => {
    const machines = await machinesOf('production');
    prepare(machines);
    const { status, stderr } = await machines.install(...args);
    expect([status, stderr]).toEqual([1, expect.stringContaining(what)]);
    expect(stderr.split(what)).toHaveLength(2);
    expect(stderr).toContain('remedy: ');
    expect(stderr).not.toMatch(/failed in line|unbound variable|No such file/);
  });

  test('what failed goes on by the command that it names, which asks for no more than the first one', async () => {
    const machines = await machinesOf('production');
    machines.ask('node1', 'full');
    const { stderr } = await machines.install('--only', '00-preflight', '--node', 'node1', '--upgrade', '--dry-run');
    const [, command = ''] = /, then: (.+)$/m.exec(stderr) ?? [];
    expect(command).toMatch(
      /^install\/run production --node node1 --only 00-preflight --upgrade --dry-run --outputs '.+' --secrets '.+'$/,
    );
    expect((await machines.install()).stderr).toMatch(/then: install\/run production --from 00-preflight --outputs /);
  });

  test('two runs at once', async () => {
    const machines = await machinesOf('production');
    machines.unask('node1', 'private');
    const [first, second] = await Promise.all([machines.install(), machines.install()]);
    expect([first.stderr, second.stderr].join('')).toContain('another install/run works on production');
  });
});

describe('the commands', () => {
  let machines: Machines;
  beforeAll(async () => {
    machines = await machinesOf('production');
  });
  const misuses: readonly [string, readonly string[], number, string][] = [
    ['run', [], 2, 'it needs the name of an environment'],
    ['run', ['nowhere'], 1, 'there is nothing to install of the environment "nowhere"'],
    ['run', ['../x'], 2, 'is no name of an environment'],
    ['run', ['production', '--form'], 2, 'unknown option --form'],
    ['run', ['production', '--from', '10-hosts', '--only', '10-hosts'], 2, '--from and --only exclude each other'],
    ['run', ['production', '--only', '11-hosts', '--secrets', '/'], 1, 'there is no stage 11-hosts'],
    ['run', ['production', '--node', 'node3'], 1, 'there is no node node3'],
    ['run', ['production', '--secrets', '/nowhere'], 1, 'there are no secrets in /nowhere'],
    [
      'run',
      ['production', '--restore', '--secrets', '/nowhere'],
      1,
      "npm run bundle -- open production --identity FILE --to '/nowhere' brings them back",
    ],
    ['secrets', [], 2, 'it needs the name of an environment'],
    ['secrets', ['production', '--rotate', 'node3', '--folder', '/tmp'], 1, 'there is no node node3'],
    ['pin', ['--k3s', '1.36'], 1, '1.36 is no release of K3s'],
    ['stage', ['5'], 2, 'there is no stage "5"; name one of: 00-preflight 10-hosts'],
    ['stage', ['50-k3s-agent'], 1, 'nothing says which node this machine is'],
  ];
  test.each(misuses)('%s %j is refused', async (name, args, code, what) => {
    const { status, stderr } = await machines.command(name, ...args);
    expect([status, stderr]).toEqual([code, expect.stringContaining(what)]);
  });

  test.each(['run', 'secrets', 'pin', 'stage'])('%s says how it is used', async (name) => {
    const { status, stdout } = await machines.command(name, '--help');
    expect([status, stdout]).toEqual([0, expect.stringContaining('Usage: ')]);
  });

  test('secrets makes each once, for root alone, and names what is missing', async () => {
    const values = machines.secretValues();
    fs.rmSync(path.join(machines.secrets, 'snapshots/access-key'));
    fs.rmSync(path.join(machines.secrets, 'wireguard/node1.pub'));
    const { status, stdout } = await machines.command('secrets', 'production', '--folder', machines.secrets);
    expect(status).toBe(1);
    expect(stdout).toContain('missing  snapshots/access-key');
    expect(stdout).toContain('2 made; 1 missing');
    const now = machines.secretValues();
    expect(now['node2.key']).toBe(values['node2.key']);
    // Half a pair is none.
    expect(now['node1.key']).not.toBe(values['node1.key']);
    expect(fs.statSync(path.join(machines.secrets, 'wireguard/node1.key')).mode & 0o777).toBe(0o600);
  });

  test('secrets names the tokens that are still to be brought, and ends well without them', async () => {
    for (const file of ['snapshots/access-key', 'tokens/HCLOUD_TOKEN']) {
      fs.mkdirSync(path.dirname(path.join(machines.secrets, file)), { recursive: true });
      fs.writeFileSync(path.join(machines.secrets, file), 'brought\n');
    }
    const { status, stdout } = await machines.command('secrets', 'production', '--folder', machines.secrets);
    expect(status).toBe(0);
    expect(stdout).not.toContain('HCLOUD_TOKEN');
    expect(stdout).toContain('to bring  tokens/CLOUDFLARE_API_TOKEN: moves the names');
    expect(stdout).toContain('to bring  tokens/offsite/AWS_SECRET_ACCESS_KEY: the bucket offsite');
    expect(stdout).toContain('0 made; 0 missing; 9 tokens to bring');
  });

  test('that are named in a remedy name their environment', () => {
    const install = path.join(root, 'install');
    const scripts = fs
      .readdirSync(install, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.sh') || ['run', 'secrets', 'pin', 'stage'].includes(file));
    const unfinished = scripts.flatMap((file) =>
      (fs.readFileSync(path.join(install, file), 'utf8').match(/install\/(?:run|secrets) --.*/g) ?? []).map(
        (command) => `${file}: ${command}`,
      ),
    );
    expect(scripts.length).toBeGreaterThan(10);
    expect(unfinished).toEqual([]);
  });

  test('secrets refuses a folder that would be committed', async () => {
    const { stderr } = await machines.command('secrets', 'production', '--folder', path.join(machines.tree, 'keys'));
    expect(stderr).toContain('lies in the repository');
  });
});
