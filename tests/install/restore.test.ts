import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Machines } from '../../prove/stand-ins/machine/index.ts';

const root = path.join(import.meta.dirname, '../..');
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'diptych-restore-'));

let machines: Machines;
beforeAll(async () => {
  machines = await Machines.make({ root, environment: 'production', folder: path.join(folder, 'production') });
  await machines.install();
});
afterAll(() => fs.rmSync(folder, { recursive: true }));

const join = 'etc/rancher/k3s/config.yaml.d/join.yaml';
const etcd = 'var/lib/rancher/k3s/server/db/etcd';
const asBefore = (machines: Machines) => machines.plan.nodes.map(({ name }) => machines.contentsOf(name));
const calls = (machines: Machines, node: string) => fs.readFileSync(machines.file(node, 'stub/calls'), 'utf8');

describe('a lost cluster', () => {
  test('is not touched where no way back is proven', async () => {
    machines.buckets('no-way-back', 'the snapshot etcd-1: it is empty: 0 bytes\n');
    fs.writeFileSync(machines.file('node1', 'stub/calls'), '');
    const before = asBefore(machines);
    const { status, stderr } = await machines.install('--restore', '--replace-state');
    machines.unasked();
    expect([status, stderr]).toEqual([1, expect.stringContaining('it is empty: 0 bytes')]);
    expect(stderr).toContain('the way back is not proven, so no machine was touched');
    expect(asBefore(machines)).toEqual(before);
    expect(calls(machines, 'node1')).toBe('');
  });

  test('is not restored over a state that is still there', async () => {
    const before = asBefore(machines);
    const { status, stderr } = await machines.install('--restore');
    expect([status, stderr]).toEqual([
      1,
      expect.stringContaining('node1 has the state of a cluster, so not all is lost'),
    ]);
    expect(asBefore(machines)).toEqual(before);
  });

  test('is begun anew on new machines, whose keys of SSH are others, with passwords and sealing keys of the old one', async () => {
    for (const { name } of machines.plan.nodes) machines.replace(name);
    const older = path.join(machines.secrets, 'cluster/sealing/sealing-key-2024');
    fs.mkdirSync(older, { recursive: true });
    for (const name of ['tls.key', 'tls.crt']) fs.writeFileSync(path.join(older, name), `an older ${name}\n`);
    const dry = await machines.install('--restore', '--dry-run');
    expect(dry).toMatchObject({ status: 0, stderr: '' });
    expect(Object.keys(machines.contentsOf('node1'))).toEqual(['etc/hosts']);
    const { status, stdout, stderr } = await machines.install('--restore');
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toContain('way back: proven');
    // Before Argo CD, whose controller would open nothing that they sealed.
    expect(stdout.indexOf('the secret sealing-key-2024 applied')).toBeGreaterThan(0);
    expect(stdout.indexOf('the secret sealing-key-2024 applied')).toBeLessThan(stdout.indexOf('Argo CD applied'));
    for (const { name } of machines.plan.nodes) {
      const password = fs.readFileSync(machines.file(name, 'etc/rancher/node/password'), 'utf8');
      expect(password).toBe(fs.readFileSync(path.join(machines.secrets, 'node-passwords', name), 'utf8'));
      expect(fs.readdirSync(machines.file(name, 'var/lib/diptych/install'))).not.toContain('restoring');
    }
    expect(fs.readFileSync(machines.file('node1', join), 'utf8')).toBe('cluster-init: true\n');
    expect((await machines.install()).stdout).toMatch(/^production: 0 changes$/m);
  });

  test('gets the state of a snapshot, while what was there stays beside; an interruption goes on', async () => {
    machines.buckets('snapshot', 'the state of the drill\n');
    // After K3s was stopped, twice: before its state is moved, and before etcd's is made.
    machines.ask('node1', 'break', '3');
    const asked = ['--restore', '--snapshot', 'latest', '--node', 'node1', '--replace-state'];
    const broken = await machines.install(...asked);
    expect([broken.status, broken.stderr]).toEqual([
      1,
      expect.stringContaining(
        'install/run production --restore --snapshot etcd-snapshot-node1-1 --node node1 --from 40',
      ),
    ]);
    expect(await machines.install(...asked.slice(0, -1))).toMatchObject({ status: 0, stderr: '' });
    expect(fs.readFileSync(machines.file('node1', `${etcd}/restored`), 'utf8')).toBe('the state of the drill\n');
    const aside = fs.readdirSync(machines.file('node1', 'var/lib/rancher/k3s')).filter((name) => name !== 'server');
    expect(aside).toEqual([expect.stringMatching(/^server-before-/)]);
    expect(fs.existsSync(machines.file('node1', `var/lib/rancher/k3s/${aside[0]}/db/etcd`))).toBe(true);
    expect((await machines.install()).stdout).toMatch(/^production: 0 changes$/m);
  });

  test('is not restored from another snapshot over what an earlier restoration brought back', async () => {
    const restoring = machines.file('node1', 'var/lib/diptych/install/restoring');
    fs.writeFileSync(restoring, 'of a snapshot of before\n');
    const before = asBefore(machines);
    const { status, stderr } = await machines.install('--restore', '--snapshot', 'latest', '--node', 'node1');
    expect([status, stderr]).toEqual([1, expect.stringContaining('node1 has the state of a cluster')]);
    expect(asBefore(machines)).toEqual(before);
    fs.rmSync(restoring);
  });

  test('stops a K3s that is started over and over before its state is moved', async () => {
    fs.rmSync(machines.file('node1', 'stub/active/k3s'));
    fs.writeFileSync(machines.file('node1', 'stub/calls'), '');
    const asked = ['--restore', '--snapshot', 'latest', '--node', 'node1', '--replace-state'];
    expect(await machines.install(...asked)).toMatchObject({ status: 0, stderr: '' });
    const made = calls(machines, 'node1');
    expect(made.indexOf('systemctl stop k3s\n')).toBeGreaterThan(0);
    expect(made.indexOf('systemctl stop k3s\n')).toBeLessThan(made.indexOf('k3s server --cluster-reset'));
  });

  test('takes back a node whose machine was replaced, once it is gone', async () => {
    const ready = await machines.install('--node', 'node2', '--replaced');
    expect(ready.stderr).toContain('node2 is Ready, so its machine is the one that it was');
    machines.replace('node2');
    machines.ask('node1', 'not-ready');
    expect(await machines.install('--node', 'node2', '--replaced')).toMatchObject({ status: 0, stderr: '' });
    expect(fs.readFileSync(machines.file('node1', 'stub/deleted'), 'utf8')).toContain('delete node node2 ');
    expect(fs.existsSync(machines.file('node2', 'stub/active/k3s-agent'))).toBe(true);
    machines.unask('node1', 'not-ready');
    const lost = await machines.install('--node', 'node1', '--replaced');
    expect(lost.stderr).toContain("nobody but node1 had the cluster's state");
  });

  test('knows another password of a node than the folder', async () => {
    fs.writeFileSync(path.join(machines.secrets, 'node-passwords/node2'), 'another\n');
    const { stderr } = await machines.install('--only', '50-k3s-agent');
    expect(stderr).toContain('/etc/rancher/node/password is not the secret node-passwords/node2');
  });
});

test('of three servers one that has the state keeps the others from being restored without it', async () => {
  const three = await Machines.make({ root, environment: 'three-node', folder: path.join(folder, 'three-node') });
  fs.mkdirSync(three.file('node2', etcd), { recursive: true });
  three.buckets('snapshot', 'the state of the drill\n');
  const { status, stderr } = await three.install('--restore', '--snapshot', 'latest', '--node', 'node1');
  expect([status, stderr]).toEqual([
    1,
    expect.stringContaining('node2 has the state of the cluster, and is not restored'),
  ]);
  three.ask('node2', 'closed');
  const silent = await three.install('--restore', '--snapshot', 'latest', '--node', 'node1');
  expect(silent.stderr).toContain('node2 is not reached, and may have the state of the cluster');
  three.unask('node2', 'closed');
  const all = await three.install('--restore', '--snapshot', 'latest', '--replace-state');
  expect(all).toMatchObject({ status: 0, stderr: '' });
  expect(three.plan.nodes.map(({ name }) => fs.readFileSync(three.file(name, join), 'utf8').trim())).toEqual([
    'cluster-init: true',
    'server: https://10.0.1.1:6443',
    'server: https://10.0.1.1:6443',
  ]);
});

test.each([
  [['--snapshot', 'latest'], '--snapshot is of --restore'],
  [['--replace-state'], '--replace-state is of --restore'],
  [['--replaced'], '--replaced is of a --node'],
  [['--restore', '--node', 'node1'], '--restore begins anew on all nodes'],
  [
    ['--restore', '--snapshot', 'latest', '--node', 'node1', '--replaced'],
    '--replaced and --restore exclude each other',
  ],
])('install/run production %j is refused', async (args, what) => {
  const { status, stderr } = await machines.install(...args);
  expect([status, stderr]).toEqual([2, expect.stringContaining(what)]);
});
