import fs from 'node:fs';
import path from 'node:path';
import { traefikWafDefaults } from '../../../constructs/traefik-waf/index.ts';
import { firewallRules } from '../../../synth/install/nftables.ts';
import { Namespaces } from '../../machine/namespaces.ts';
import { must } from '../../machine/run.ts';
import { withCleanUp } from '../../machine/clean-up.ts';
import type { Round } from '../../results/index.ts';
import { Checks } from '../hardware/checks.ts';
import { opened, outsider, podPort } from './world.ts';
import type { World } from './world.ts';

const podAddress = '10.42.0.10';
const metadata = 'http://169.254.169.254/hetzner/v1/userdata';

/** Who reaches what of node1, with pods and rules on it as K3s would have them. */
export async function firewallOf(world: World, report: (line: string) => void): Promise<Round> {
  const checks = new Checks();
  const pod = await Namespaces.start('pod');
  return withCleanUp([() => pod.stop()], async () => {
    await addPod(world, pod);
    const node1 = world.node('node1');
    const datagrams = await world.answer('node1', node1, opened);
    await world.answer('pod', pod, [podPort], []);
    await world.answer('outside', world.outside, [8080], []);
    const rules = await kubernetesRules(world);

    await fromOutside(world, checks, report);
    await fromWithin(world, checks, report);
    await ofPods(world, pod, checks);
    checks.same('datagrams that programs of node1 got from outside', fs.readFileSync(datagrams, 'utf8'), 'ready\n');

    report('breaking the glass');
    await throughBrokenGlass(world, checks);

    report('loading the rules anew');
    const flow = world.balancer.run(['ping', '-q', '-i', '0.01', '-c', '200', world.privateAddress('node1')]);
    const again = () => node1.run(['nft', '--file', world.machines.file('node1', 'etc/diptych/firewall.nft')]);
    for (let time = 0; time < 5; time += 1) checks.succeeds(`the rules are loaded anew, ${time + 1}`, await again());
    checks.same('packets lost meanwhile, of 200', /(\d+) received/.exec((await flow).stdout)?.[1] ?? '', '200');
    checks.same("Kubernetes' rules afterwards", await savedRules(world), rules);
    checks.same('lines of them', String(rules.split('\n').length > 10), 'true');
    await node1.must(['nft', 'delete', 'table', 'inet', 'diptych']);
    checks.same(
      'without the table, who is in the private network finds ports',
      (await scan(world.stranger, world.privateAddress('node1'), 1, 12_000)).length > 0 ? 'yes' : 'no',
      'yes',
    );
    const mended = await world.machines.install('--only', '30-nftables');
    checks.says('a table that was wiped is loaded again', mended.stdout, 'production: 1 changes');
    checks.same("Kubernetes' rules after that", await savedRules(world), rules);
    checks.same(
      'what somebody in the private network finds',
      await all(world.stranger, world.privateAddress('node1')),
      '',
    );
    return { figures: {}, units: {}, checks: checks.all };
  });
}

async function fromOutside(world: World, checks: Checks, report: (line: string) => void): Promise<void> {
  const address = world.publicAddress('node1');
  report("scanning from outside, through Hetzner's firewall and past it");
  await world.hetznerFirewall([]);
  checks.same('ports from outside', await all(world.outside, address), '');
  await world.hetznerFirewall([22]);
  checks.same('ports from outside, where Terraform opened 22', await all(world.outside, address), '22');
  await world.hetznerFirewall(undefined);
  checks.same("ports from outside, without Hetzner's firewall", await all(world.outside, address), '22');
  await datagramsTo(world.outside, address);
  await world.hetznerFirewall([]);
}

/** 80 and 443 of the world, with pods behind them: what node1 itself has there is not reached. */
async function throughBrokenGlass(world: World, checks: Checks): Promise<void> {
  const node1 = world.node('node1');
  const { plan } = world.machines;
  const { web, websecure } = traefikWafDefaults.nodePorts;
  const node = plan.nodes.find(({ name }) => name === 'node1');
  if (node === undefined) throw new TypeError('there is no node1');
  const rules = path.join(world.folder, 'broken-glass.nft');
  fs.writeFileSync(rules, firewallRules({ ...plan, breakGlass: { node: node.name, web, websecure } }, node));
  await node1.must(['nft', '--file', rules]);
  await world.hetznerFirewall(undefined);
  const address = world.publicAddress('node1');
  // Of the node ports too, which only the load balancer asks.
  checks.same(
    'ports from outside through broken glass',
    (await scan(world.outside, address, 1, 31_000)).join(),
    '22,80,443',
  );
  checks.same(
    'ports for somebody in the private network then',
    (await scan(world.stranger, world.privateAddress('node1'), 1, 31_000)).join(),
    '',
  );
  const counted = await node1.must(['nft', 'list', 'chain', 'inet', 'diptych', 'glass_in']);
  checks.same(
    'node ports asked from outside are dropped',
    /counter packets [1-9]/.test(counted) ? 'yes' : counted,
    'yes',
  );
  const asked = await world.outside.run(['curl', '--silent', '--http0.9', '--max-time', '5', `http://${address}:80/`]);
  checks.same('who is answered through it', asked.stdout.trim(), outsider);
  await node1.must(['nft', '--file', world.machines.file('node1', 'etc/diptych/firewall.nft')]);
  checks.same('ports from outside with the glass whole', (await scan(world.outside, address, 1, 31_000)).join(), '22');
  await world.hetznerFirewall([]);
}

async function fromWithin(world: World, checks: Checks, report: (line: string) => void): Promise<void> {
  const address = world.privateAddress('node1');
  report('scanning from the private network');
  const ports = world.machines.plan.waysIn.flatMap((wayIn) => wayIn.ports);
  checks.same('ports for the load balancer', await all(world.balancer, address), ports.join());
  checks.same('ports for somebody else in the private network', await all(world.stranger, address), '');
  checks.same('ports for node2, beside the tunnel', await all(world.node('node2'), address), '');
  await datagramsTo(world.stranger, address);
  await datagramsTo(world.node('node2'), address);
  const own = world.machines.plan.nodes[0]?.address ?? '';
  const open = await scan(world.node('node2'), own, 1, 12_000);
  checks.same(
    'ports for node2, through the tunnel',
    open.filter((line) => !line.includes('refused')).join(),
    opened.join(),
  );
  for (const [name, who] of [
    ['the load balancer', world.balancer],
    ['somebody else', world.stranger],
  ] as const) {
    checks.same(
      `a ping of ${name}`,
      (await who.run(['ping', '-q', '-c', '1', '-W', '2', address])).status === 0 ? 'answered' : 'silence',
      'answered',
    );
  }
  // Who says to be the load balancer, and comes by the other cable.
  await world.outside.must(['ip', 'address', 'add', `${world.machines.plan.waysIn[0]?.address ?? ''}/32`, 'dev', 'lo']);
  await world.hetznerFirewall(undefined);
  const script = `import socket; socket.create_connection(("${world.publicAddress('node1')}", ${ports[0] ?? 0}), 1, ("${world.machines.plan.waysIn[0]?.address ?? ''}", 0))`;
  checks.same(
    "who has the load balancer's address outside",
    (await world.outside.run(['python3', '-c', script])).status === 0 ? 'connected' : 'nothing',
    'nothing',
  );
  const dropped = await world.node('node1').must(['nft', 'list', 'chain', 'inet', 'diptych', 'outside']);
  checks.same(
    'it is dropped for where it came from',
    /fib .*counter packets [1-9]/.test(dropped) ? 'yes' : dropped,
    'yes',
  );
  await world.outside.must(['ip', 'address', 'del', `${world.machines.plan.waysIn[0]?.address ?? ''}/32`, 'dev', 'lo']);
  await world.hetznerFirewall([]);
}

async function ofPods(world: World, pod: Namespaces, checks: Checks): Promise<void> {
  const node1 = world.node('node1');
  const curl = ['curl', '--silent', '--http0.9', '--max-time', '2', '--output', '/dev/null'];
  const reached = ({ status }: { readonly status: number }) => (status === 0 ? 'yes' : 'no');
  checks.same('the machine reads its metadata', reached(await node1.run([...curl, metadata])), 'yes');
  checks.same('a pod reads it', reached(await pod.run([...curl, metadata])), 'no');
  const nobody = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups'];
  checks.same(
    "a pod in the machine's network reads it",
    reached(await node1.run([...nobody, ...curl, metadata])),
    'no',
  );
  checks.same('a pod reaches the world', reached(await pod.run([...curl, 'http://192.0.2.7:8080'])), 'yes');
}

/** A pod on node1, as its network plugin makes it. */
async function addPod(world: World, pod: Namespaces): Promise<void> {
  const node1 = world.node('node1');
  await must('nsenter', [
    ...[`--net=/proc/${node1.pid}/ns/net`, 'ip', 'link', 'add', 'veth10', 'mtu', '1320', 'type', 'veth'],
    ...['peer', 'name', 'eth0', 'mtu', '1320', 'netns', String(pod.pid)],
  ]);
  await node1.must(['ip', 'link', 'set', 'veth10', 'master', 'cni0', 'up']);
  await pod.must(['ip', 'address', 'add', `${podAddress}/24`, 'dev', 'eth0']);
  await pod.must(['ip', 'link', 'set', 'eth0', 'up']);
  await pod.must(['ip', 'route', 'add', 'default', 'via', '10.42.0.1']);
}

/** Rules as kube-proxy and flannel write them, for the node ports of the way in. @returns all of them */
async function kubernetesRules(world: World): Promise<string> {
  const ports = world.machines.plan.waysIn.flatMap((wayIn) => wayIn.ports);
  const nat = [
    '*nat',
    ':KUBE-SERVICES - [0:0]',
    ':KUBE-NODEPORTS - [0:0]',
    ':KUBE-POSTROUTING - [0:0]',
    ':FLANNEL-POSTRTG - [0:0]',
    '-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES',
    '-A OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES',
    '-A POSTROUTING -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING',
    '-A POSTROUTING -m comment --comment "flanneld masq" -j FLANNEL-POSTRTG',
    '-A KUBE-SERVICES -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS',
    ...ports.map(
      (port) => `-A KUBE-NODEPORTS -p tcp -m tcp --dport ${port} -j DNAT --to-destination ${podAddress}:${podPort}`,
    ),
    '-A FLANNEL-POSTRTG -s 10.42.0.0/16 ! -d 10.42.0.0/16 -j MASQUERADE',
    'COMMIT',
    '*filter',
    ':KUBE-FORWARD - [0:0]',
    '-A FORWARD -m comment --comment "kubernetes forwarding rules" -j KUBE-FORWARD',
    '-A KUBE-FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
    'COMMIT',
    '',
  ].join('\n');
  await world.node('node1').must(['iptables-restore', '--noflush'], { input: nat });
  return savedRules(world);
}

async function savedRules(world: World): Promise<string> {
  const text = await world.node('node1').must(['iptables-save']);
  return text
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .map((line) => line.replace(/\[\d+:\d+\]/, '[0:0]'))
    .join('\n');
}

/** Ports of TCP that answer, or refuse, in whatever way. */
async function scan(from: Namespaces, address: string, first: number, last: number): Promise<string[]> {
  const script = path.join(import.meta.dirname, 'files/scan.py');
  const text = await from.must(['python3', script, address, String(first), String(last), '1'], { timeout: 240 });
  return text.split('\n').filter((line) => line !== '');
}

/** Of all ports. */
const all = async (from: Namespaces, address: string): Promise<string> => (await scan(from, address, 1, 65_535)).join();

async function datagramsTo(from: Namespaces, address: string): Promise<void> {
  const send = `import socket\ns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\nfor port in (53, 4789, 8472): s.sendto(b"x" * 64, ("${address}", port))`;
  await from.must(['python3', '-c', send]);
}
