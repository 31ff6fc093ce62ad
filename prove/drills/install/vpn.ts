import fs from 'node:fs';
import path from 'node:path';
import type { Round } from '../../results/index.ts';
import { Checks } from '../hardware/checks.ts';
import type { World } from './world.ts';

/** Of a ping without IP options: what the header takes of a packet. */
const header = 28;
const tunnelMtu = 1370;
/** VXLAN takes 50 bytes: what flannel sets by itself. */
const podMtu = tunnelMtu - 50;

/** The tunnel that the stages have made: handshake, size of packets, new keys while it is used. */
export async function vpnOf(world: World, report: (line: string) => void): Promise<Round> {
  const checks = new Checks();
  const [node1, node2] = [world.node('node1'), world.node('node2')];
  const { environment, nodes } = world.machines.plan;
  const [, second] = nodes;
  const there = second?.address ?? '';
  const pings = (size: number, count: number, address = there) =>
    node1.run(['ping', '-q', '-M', 'do', '-f', '-c', String(count), '-s', String(size - header), address], {
      timeout: 60,
    });

  const start = performance.now();
  checks.succeeds('a ping through the tunnel', await node1.run(['ping', '-q', '-c', '5', '-i', '0.2', there]));
  const handshake = Math.round((performance.now() - start) / 100) / 10;
  const handshakes = await node1.must(['wg', 'show', 'wg0', 'latest-handshakes']);
  checks.same('node1 has shaken hands with node2', /\t[1-9]\d+\n/.test(handshakes) ? 'yes' : handshakes, 'yes');
  const mtu = /mtu (\d+)/.exec(await node1.must(['ip', '-o', 'link', 'show', 'wg0']))?.[1] ?? '';
  checks.same('the MTU of wg0', mtu, String(tunnelMtu));
  for (const [name, file, mode] of [
    ['node1', 'etc/wireguard/wg0.conf', '600'],
    ['node2', 'etc/wireguard/wg0.conf', '600'],
  ] as const) {
    checks.same(
      `who reads ${file} of ${name}`,
      (fs.statSync(world.machines.file(name, file)).mode & 0o777).toString(8),
      mode,
    );
  }
  const secret = fs.readFileSync(path.join(world.machines.secrets, 'wireguard/node2.key'), 'utf8').trim();
  const rest = fs.readFileSync(world.machines.file('node1', 'etc/wireguard/wg0.conf'), 'utf8');
  checks.same('node1 has the private key of node2', rest.includes(secret) ? 'yes' : 'no', 'no');

  report('sending packets of full size');
  checks.same('full packets through the tunnel, of 2000', received(await pings(tunnelMtu, 2000)), '2000');
  checks.same('one byte more', received(await pings(tunnelMtu + 1, 3)), '0');
  await overlay(world);
  checks.same('full packets between pods, of 2000', received(await pings(podMtu, 2000, '10.42.1.1')), '2000');
  const fragments = await world.fragments();
  checks.same('packets in pieces on the private network', String(fragments), '0');

  report('trying what would be sent in pieces');
  for (const node of [node1, node2]) await node.must(['ip', 'link', 'set', 'wg0', 'mtu', '1420']);
  checks.same('full packets of 1420 bytes, of 100', received(await pings(1420, 100)), '100');
  checks.same(
    'the counter sees them',
    (await world.fragments()) >= 200 ? 'yes' : String(await world.fragments()),
    'yes',
  );
  for (const node of [node1, node2]) await node.must(['ip', 'link', 'set', 'wg0', 'mtu', String(tunnelMtu)]);
  await node1.must(['ip', 'link', 'set', 'enp7s0', 'mtu', '1400']);
  checks.says(
    'a private network that carries less',
    (await world.machines.install('--only', '20-wireguard', '--node', 'node1')).stderr,
    'packets of 1370 bytes would be sent in two: enp7s0 carries 1400',
  );
  await node1.must(['ip', 'link', 'set', 'enp7s0', 'mtu', '1450']);

  report('changing keys while the tunnel is used');
  const before = await node1.must(['ip', '-o', 'link', 'show', 'wg0']);
  const flow = node1.run(['ping', '-q', '-i', '0.05', '-w', '25', there], { timeout: 40 });
  const rotated = await world.machines.command(
    'secrets',
    environment,
    '--folder',
    world.machines.secrets,
    '--rotate',
    'node2',
  );
  checks.succeeds('new keys for node2', rotated);
  checks.succeeds('both nodes take them', await world.machines.install('--only', '20-wireguard'));
  const { stdout } = await flow;
  const [, sent = '0', back = '0'] = /(\d+) packets transmitted, (\d+) received/.exec(stdout) ?? [];
  const lost = Math.round((Number(sent) - Number(back)) * 5) / 100;
  checks.same(
    'wg0 is the interface it was',
    (await node1.must(['ip', '-o', 'link', 'show', 'wg0'])).split(':')[0] ?? '',
    before.split(':')[0] ?? '',
  );
  checks.same('the tunnel is silent for less than 15 s', lost < 15 ? 'yes' : `${lost} s`, 'yes');
  checks.same('a ping afterwards', received(await pings(tunnelMtu, 20)), '20');
  const now = fs.readFileSync(path.join(world.machines.secrets, 'wireguard/node2.pub'), 'utf8').trim();
  checks.same('node1 knows the new key', (await node1.must(['wg', 'show', 'wg0', 'peers'])).trim(), now);
  return {
    figures: { fragments, handshake, 'new keys': lost },
    units: { fragments: 'packets', handshake: 's', 'new keys': 's' },
    checks: checks.all,
  };
}

const received = ({ stdout }: { readonly stdout: string }): string => /(\d+) received/.exec(stdout)?.[1] ?? '0';

/** What flannel makes of wg0: VXLAN, with the address of each node's pods. */
async function overlay(world: World): Promise<void> {
  const nodes = world.machines.plan.nodes;
  const mac = (index: number) => `02:00:00:00:42:0${index}`;
  for (const [index, { name, address }] of nodes.entries()) {
    const node = world.node(name);
    const vxlan = ['type', 'vxlan', 'id', '1', 'dev', 'wg0', 'local', address, 'dstport', '8472', 'nolearning'];
    await node.must(['ip', 'link', 'add', 'flannel.1', 'address', mac(index), ...vxlan]);
    await node.must(['ip', 'address', 'add', `10.42.${index}.0/32`, 'dev', 'flannel.1']);
    await node.must(['ip', 'link', 'set', 'flannel.1', 'up']);
    await node.must(['ip', 'link', 'add', 'cni0', 'mtu', String(podMtu), 'type', 'bridge']);
    await node.must(['ip', 'address', 'add', `10.42.${index}.1/24`, 'dev', 'cni0']);
    await node.must(['ip', 'link', 'set', 'cni0', 'up']);
    for (const [other, { address: there }] of nodes.entries()) {
      if (other === index) continue;
      await node.must([
        'ip',
        'route',
        'add',
        `10.42.${other}.0/24`,
        'via',
        `10.42.${other}.0`,
        'dev',
        'flannel.1',
        'onlink',
      ]);
      await node.must([
        'ip',
        'neighbour',
        'add',
        `10.42.${other}.0`,
        'lladdr',
        mac(other),
        'dev',
        'flannel.1',
        'nud',
        'permanent',
      ]);
      await node.must(['bridge', 'fdb', 'append', mac(other), 'dev', 'flannel.1', 'dst', there]);
    }
  }
}
