import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Machines, publicAddress } from '../../prove/stand-ins/machine/index.ts';

// What is done with machines later on, as the runbooks have it: their own lines, typed one after the other.

const root = path.join(import.meta.dirname, '../..');
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'diptych-operations-'));
const machinesOf = (environment: string, name: string): Promise<Machines> =>
  Machines.make({ root, environment, folder: path.join(folder, name) });

let machines: Machines;
beforeAll(async () => {
  machines = await machinesOf('production', 'production');
  await machines.install();
});
afterAll(() => fs.rmSync(folder, { recursive: true }));

/** Blocks for a shell on the page of a runbook, without its remarks; what people fill in is that of a machine. */
function blocksOf(page: string, address = publicAddress(0)): readonly (readonly string[])[] {
  const text = fs.readFileSync(path.join(root, `docs/runbooks/${page}.md`), 'utf8');
  return [...text.matchAll(/^ *```sh\n(.*?)^ *```$/gms)].map(([, block = '']) =>
    block
      .trimEnd()
      .split('\n')
      .map((line) => line.trim().replace(/ +#.*$/, ''))
      // Machines are folders here.
      .map((line) => line.replaceAll('ADDRESS', address).replaceAll(/(?<=cat )\/etc/g, '$DIPTYCH_ROOT/etc')),
  );
}

/** The block in which a line begins so. */
function blockWith(blocks: readonly (readonly string[])[], begin: string): readonly string[] {
  const found = blocks.find((block) => block.some((line) => line.startsWith(begin)));
  if (found === undefined) throw new Error(`no block has ${begin}`);
  return found;
}

const ofInstall = (lines: readonly string[]): string[] => lines.filter((line) => line.includes('install/'));
const done = { status: 0, stderr: '' };
const secret = (name: string): string => fs.readFileSync(path.join(machines.secrets, name), 'utf8');
const has = (node: string, file: string): string => fs.readFileSync(machines.file(node, file), 'utf8');
const forget = (): void => {
  for (const { name } of machines.plan.nodes) fs.writeFileSync(machines.file(name, 'stub/calls'), '');
};

describe('k3s-certificates', () => {
  const blocks = blocksOf('k3s-certificates');

  test('looks at certificates, and makes them anew while K3s does not run', async () => {
    forget();
    expect(await machines.type(...blockWith(blocks, 'ssh'))).toMatchObject(done);
    const rotated = blocks.find((block) => block.some((line) => line.includes('certificate rotate'))) ?? [];
    expect(await machines.type(...rotated)).toMatchObject(done);
    expect(has('node1', 'stub/calls')).toMatch(
      /k3s certificate check\n[^]*systemctl stop k3s\nk3s certificate rotate\nsystemctl start k3s\n/,
    );
  });

  test('gives all machines another token of agents, each of which starts K3s anew, servers first', async () => {
    const before = secret('k3s/agent-token');
    forget();
    expect(await machines.type(...blockWith(blocks, 'mv'))).toMatchObject(done);
    const now = secret('k3s/agent-token');
    expect(now).not.toBe(before);
    expect(secret('k3s/agent-token.before')).toBe(before);
    for (const node of ['node1', 'node2']) expect(has(node, 'etc/rancher/k3s/agent-token')).toBe(now);
    expect(has('node1', 'stub/calls')).toContain('systemctl restart --no-block k3s\n');
    expect(has('node2', 'stub/calls')).toContain('systemctl restart --no-block k3s-agent\n');
    expect((await machines.install()).stdout).toMatch(/^production: 0 changes$/m);
  });

  test('lets K3s change the token of servers before its file is another one', async () => {
    const before = secret('k3s/token').trim();
    expect(await machines.type(...blockWith(blocks, 'cp'))).toMatchObject(done);
    const now = secret('k3s/token').trim();
    expect(now).not.toBe(before);
    expect(has('node1', 'stub/token')).toBe(`token rotate --token ${before} --new-token ${now}\n`);
    expect(has('node1', 'etc/rancher/k3s/token').trim()).toBe(now);
    fs.rmSync(machines.file('node1', 'stub/snapshot'), { force: true });
    expect(await machines.type(...(blocks.at(-1) ?? []))).toMatchObject(done);
    expect(fs.existsSync(machines.file('node1', 'stub/snapshot'))).toBe(true);
  });
});

describe('k3s-upgrade', () => {
  const blocks = blocksOf('k3s-upgrade').map((block) => block.map((line) => line.replaceAll('NAME', 'latest')));
  const isOf = (version: string): boolean[] =>
    machines.plan.nodes.map(({ name }) => has(name, 'usr/local/bin/k3s').includes(version));
  let back: () => void;

  test('brings the pinned release to one node after the other, the server with a snapshot', async () => {
    fs.rmSync(machines.file('node1', 'stub/snapshot'), { force: true });
    back = machines.release('v0.0.1+k3s1');
    const [first = [], others = []] = blocks.filter((block) => block.some((line) => line.includes('--upgrade')));
    expect(await machines.type(...first)).toMatchObject(done);
    expect([isOf('v0.0.1'), fs.existsSync(machines.file('node1', 'stub/snapshot'))]).toEqual([[true, false], true]);
    expect(await machines.type(...others)).toMatchObject(done);
    expect(isOf('v0.0.1')).toEqual([true, true]);
  });

  test('comes back to the release of before with the state of the snapshot', async () => {
    machines.buckets('snapshot', 'the state of before\n');
    back();
    const lines = blockWith(blocks, 'git revert').filter((line) => !line.startsWith('git '));
    expect(await machines.type(...lines)).toMatchObject(done);
    expect(isOf('v0.0.1')).toEqual([false, false]);
    expect(has('node1', 'var/lib/rancher/k3s/server/db/etcd/restored')).toBe('the state of before\n');
    expect((await machines.install()).stdout).toMatch(/^production: 0 changes$/m);
  });
});

test('volume-grows: the file system on the volume grows, at its own name', async () => {
  forget();
  const [, , grown = []] = blocksOf('volume-grows');
  expect(await machines.type(...grown)).toMatchObject(done);
  expect(has('node1', 'stub/calls')).toMatch(/^resize2fs \/dev\/disk\/by-id\/scsi-0HC_Volume_ID$/m);
});

test('server-type: what the node says of itself follows its type, and no other machine is touched', async () => {
  const generated = path.join(machines.tree, 'install/environments/production/node2/files/etc/rancher/k3s/config.yaml');
  fs.writeFileSync(generated, fs.readFileSync(generated, 'utf8').replaceAll('ccx23', 'ccx33'));
  const before = machines.contentsOf('node1');
  forget();
  const lines = ofInstall(blockWith(blocksOf('server-type'), 'install/run'));
  expect(lines).toHaveLength(2);
  expect(await machines.type(...lines)).toMatchObject(done);
  expect(has('node2', 'etc/rancher/k3s/config.yaml')).toContain('ccx33');
  expect(has('node2', 'stub/calls')).toContain('systemctl restart --no-block k3s-agent\n');
  expect(machines.contentsOf('node1')).toEqual(before);
});

test('witness-added: a machine more, and an agent that becomes a server', async () => {
  const three = await machinesOf('three-node', 'three-node');
  const asThere = (lines: readonly string[]): string[] =>
    lines.map((line) => line.replaceAll('production', 'three-node'));
  const blocks = blocksOf('witness-added').map(asThere);
  // As it was before: two machines, and nothing of a third one.
  const ofWitness = Object.keys(three.secretValues()).filter((file) => file.includes('witness'));
  expect(ofWitness).toHaveLength(4);
  for (const file of fs.readdirSync(three.secrets, { recursive: true, encoding: 'utf8' })) {
    if (path.basename(file).includes('witness')) fs.rmSync(path.join(three.secrets, file));
  }
  await three.type('install/secrets three-node', 'install/run three-node --node node1');
  const before = three.secretValues();

  expect(await three.type(...ofInstall(blockWith(blocks, 'install/secrets')))).toMatchObject(done);
  expect(three.secretValues()).toEqual({ ...three.secretValues(), ...before });
  expect(await three.type(...ofInstall(blockWith(blocks, 'for stage')))).toMatchObject(done);
  expect(fs.existsSync(three.file('witness', 'stub/active/wg-quick@wg0'))).toBe(true);

  const [asServer = '', asWitness = '', ...verify] = blockWith(
    blocks,
    'install/run three-node --node node2 --replaced',
  );
  three.ask('node1', 'not-ready');
  expect(await three.type(asServer)).toMatchObject(done);
  three.unask('node1', 'not-ready');
  expect(await three.type(asWitness, ...verify)).toMatchObject(done);
  for (const node of ['node2', 'witness']) {
    const join = fs.readFileSync(three.file(node, 'etc/rancher/k3s/config.yaml.d/join.yaml'), 'utf8');
    expect(join).toBe('server: https://10.0.1.1:6443\n');
  }
});
