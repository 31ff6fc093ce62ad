import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Machines } from '../../prove/stand-ins/machine/index.ts';

const root = path.join(import.meta.dirname, '../..');
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'diptych-machines-'));
let made = 0;
const machinesOf = (environment: string): Promise<Machines> =>
  Machines.make({ root, environment, folder: path.join(folder, String((made += 1))) });
const total = (stdout: string): string => /^[a-z-]+: \d+ changes.*$/m.exec(stdout)?.[0] ?? stdout;

afterAll(() => fs.rmSync(folder, { recursive: true }));

describe('install/run', () => {
  let machines: Machines;
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

  test('changes a running tunnel without taking it down', async () => {
    await machines.command('secrets', 'production', '--folder', machines.secrets, '--rotate', 'node2');
    fs.writeFileSync(machines.file('node1', 'stub/calls'), '');
    const { stdout } = await machines.install('--only', '20-wireguard', '--node', 'node1');
    expect(stdout).toContain('wg0 changed while it runs');
    const calls = fs.readFileSync(machines.file('node1', 'stub/calls'), 'utf8');
    expect(calls).toMatch(/^wg syncconf wg0 /m);
    expect(calls).not.toMatch(/^systemctl (re)?start wg-quick/m);
  });

  test('lets K3s become another release only when it is asked to, and takes a snapshot before', async () => {
    fs.appendFileSync(machines.file('node1', 'usr/local/bin/k3s'), '# an older one\n');
    expect((await machines.install('--only', '40-k3s-server')).stderr).toContain(
      'K3s is another release than v0.0.0+k3s1 here',
    );
    expect(fs.existsSync(machines.file('node1', 'stub/snapshot'))).toBe(false);
    expect((await machines.install('--only', '40-k3s-server', '--upgrade')).status).toBe(0);
    expect(fs.existsSync(machines.file('node1', 'stub/snapshot'))).toBe(true);
  });
});

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
      'packets that would be sent in two',
      (machines) => fs.writeFileSync(path.join(machines.rootOf('node1'), '../net/enp7s0/mtu'), '1400\n'),
      [],
      'packets of 1370 bytes would be sent in two: enp7s0 carries 1400',
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
    ['secrets', [], 2, 'it needs the name of an environment'],
    ['secrets', ['production', '--rotate', 'node3', '--folder', '/tmp'], 1, 'there is no node node3'],
    ['pin', ['--k3s', '1.36'], 1, '1.36 is no release of K3s'],
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

  test('secrets refuses a folder that would be committed', async () => {
    const { stderr } = await machines.command('secrets', 'production', '--folder', path.join(machines.tree, 'keys'));
    expect(stderr).toContain('lies in the repository');
  });
});
