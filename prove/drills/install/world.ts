import fs from 'node:fs';
import path from 'node:path';
import { withCleanUp } from '../../machine/clean-up.ts';
import { ProvingError } from '../../machine/error.ts';
import { Namespaces } from '../../machine/namespaces.ts';
import { must } from '../../machine/run.ts';
import { Processes } from '../../machine/processes.ts';
import { waitFor } from '../../machine/wait-for.ts';
import { Machines, publicAddress } from '../../stand-ins/machine/index.ts';

/** Who asks from the internet. */
export const outsider = '192.0.2.7';
/** Somebody else in the private network, such as a machine that was forgotten. */
export const strangerAddress = '10.10.0.99';
const metadataAddress = '169.254.169.254';
/** Ports that programs of a node have opened, of which nobody outside may learn. */
export const opened = [22, 80, 443, 2379, 2380, 5432, 6443, 9100, 10250, 10257] as const;
export const podPort = 8080;
const openedUdp = [53, 4789];

/** Names of the private network's interface: they differ between types of machines. */
const interfaces = ['enp7s0', 'ens10', 'eth1'];

/**
 * Machines at Hetzner, without Hetzner: a router that each has two cables to, one of its private network (1450 bytes, where
 * everything passes the router) and one to the world; the load balancer; a stranger beside it; and somebody outside.
 */
export class World {
  readonly router: Namespaces;
  readonly balancer: Namespaces;
  readonly stranger: Namespaces;
  readonly outside: Namespaces;
  readonly nodes: Readonly<Record<string, Namespaces>>;
  readonly machines: Machines;
  readonly folder: string;
  private readonly processes: Processes;

  private constructor(
    parts: Pick<World, 'router' | 'balancer' | 'stranger' | 'outside' | 'nodes' | 'machines' | 'folder'>,
    processes: Processes,
  ) {
    ({
      router: this.router,
      balancer: this.balancer,
      stranger: this.stranger,
      outside: this.outside,
      nodes: this.nodes,
      machines: this.machines,
      folder: this.folder,
    } = parts);
    this.processes = processes;
  }

  /** Does something in a world of an environment, of which nothing is left afterwards. */
  static async with<Value>(
    { root, folder, environment }: { readonly root: string; readonly folder: string; readonly environment: string },
    action: (world: World) => Promise<Value>,
  ): Promise<Value> {
    const started: Namespaces[] = [];
    const processes = new Processes(path.join(folder, 'logs'));
    const start = async (name: string): Promise<Namespaces> => {
      const namespaces = await Namespaces.start(name);
      started.push(namespaces);
      return namespaces;
    };
    return withCleanUp(
      [() => processes.stop(), ...[0, 1, 2, 3, 4, 5, 6].map((n) => () => started[n]?.stop())],
      async () => {
        const router = await start('router');
        const balancer = await start('balancer');
        const stranger = await start('stranger');
        const outside = await start('outside');
        const nodes: Record<string, Namespaces> = {};
        const enter: Record<string, readonly string[]> = {};
        for (const name of ['node1', 'node2']) {
          nodes[name] = await start(name);
          enter[name] = nodes[name].enter();
        }
        const machines = await Machines.make({ root, environment, folder: path.join(folder, 'machines'), enter });
        const world = new World({ router, balancer, stranger, outside, nodes, machines, folder }, processes);
        await world.wire();
        return action(world);
      },
    );
  }

  node(name: string): Namespaces {
    const found = this.nodes[name];
    if (found === undefined) throw new TypeError(`there is no node ${name}`);
    return found;
  }

  privateAddress(name: string): string {
    return this.machines.plan.nodes.find((node) => node.name === name)?.privateAddress ?? '';
  }

  publicAddress(name: string): string {
    return publicAddress(this.machines.plan.nodes.findIndex((node) => node.name === name));
  }

  /** Starts what answers on ports of some namespaces. @returns the file with what came by UDP */
  async answer(
    name: string,
    where: Namespaces,
    tcp: readonly number[],
    udp: readonly number[] = openedUdp,
  ): Promise<string> {
    const notes = path.join(this.folder, `${name}.notes`);
    const script = path.join(import.meta.dirname, 'files/answer.py');
    fs.rmSync(notes, { force: true });
    const [program = '', ...args] = where.enter(['python3', script, notes, tcp.join(), udp.join()]);
    this.processes.start(name, program, args);
    await waitFor(
      `what answers on ${name}`,
      { atMost: 90 },
      () => fs.existsSync(notes) && fs.readFileSync(notes, 'utf8') !== '',
    );
    return notes;
  }

  /** The stages up to the firewall, with the real programs. @throws ProvingError where one fails */
  async install(): Promise<void> {
    for (const stage of ['00-preflight', '10-hosts', '20-wireguard', '30-nftables']) {
      const { status, stdout, stderr } = await this.machines.install('--only', stage);
      if (status !== 0) throw new ProvingError(`${stage}: exit code ${status}\n${stdout}\n${stderr}`);
    }
  }

  /** What Hetzner's firewall lets in: nothing but these ports of TCP. With undefined there is none at all. */
  async hetznerFirewall(ports: readonly number[] | undefined): Promise<void> {
    const rules = [
      'table inet hetzner',
      'delete table inet hetzner',
      ...(ports === undefined
        ? []
        : [
            'table inet hetzner {',
            'chain servers {',
            '  type filter hook forward priority filter; policy accept;',
            '  oifname "public*" ct state established,related accept',
            ...ports.map((port) => `  oifname "public*" tcp dport ${port} accept`),
            '  oifname "public*" drop',
            '}',
            '}',
          ]),
    ];
    await this.router.must(['nft', '--file', '-'], { input: `${rules.join('\n')}\n` });
  }

  /** Packets that came in more than one piece to the router of the private network since it began to count. */
  async fragments(): Promise<number> {
    const text = await this.router.must(['nft', 'list', 'chain', 'inet', 'wire', 'count']);
    return Number(/frag.*packets (\d+)/.exec(text)?.[1]);
  }

  private async wire(): Promise<void> {
    const { router, outside } = this;
    await router.must(['sysctl', '-qw', 'net.ipv4.ip_forward=1', 'net.ipv4.conf.all.rp_filter=0']);
    const { plan } = this.machines;
    for (const [index, { name, privateAddress }] of plan.nodes.entries()) {
      const node = this.node(name);
      await cable(router, `private${index}`, node, interfaces[index] ?? 'eth1', 1450);
      await privateSide(router, `private${index}`, node, interfaces[index] ?? 'eth1', privateAddress);
      await cable(router, `public${index}`, node, 'eth0', 1500);
      await publicSide(router, `public${index}`, node, publicAddress(index));
      await node.must(['sysctl', '-qw', 'net.ipv4.ip_forward=1']);
    }
    const [wayIn] = plan.waysIn;
    for (const [name, where, address] of [
      ['private8', this.balancer, wayIn?.address ?? ''],
      ['private9', this.stranger, strangerAddress],
    ] as const) {
      await cable(router, name, where, 'eth0', 1450);
      await privateSide(router, name, where, 'eth0', address);
    }
    await cable(router, 'world', outside, 'eth0', 1500);
    await router.must(['ip', 'address', 'add', '192.0.2.1/24', 'dev', 'world']);
    await outside.must(['ip', 'address', 'add', `${outsider}/24`, 'dev', 'eth0']);
    await outside.must(['ip', 'route', 'add', 'default', 'via', '192.0.2.1']);
    // Before anything puts pieces together again.
    const count = 'type filter hook prerouting priority -500; iifname "private*" ip frag-off & 0x3fff != 0 counter';
    await router.must(['nft', '--file', '-'], { input: `table inet wire {\nchain count {\n${count}\n}\n}\n` });
    await router.must(['ip', 'address', 'add', `${metadataAddress}/32`, 'dev', 'lo']);
    await this.answer('metadata', router, [80], []);
    await this.hetznerFirewall([]);
  }
}

/** Run from outside of their namespaces of processes, where both have a number. */
async function cable(a: Namespaces, nameA: string, b: Namespaces, nameB: string, mtu: number): Promise<void> {
  const size = ['mtu', String(mtu)];
  await must('nsenter', [
    ...[`--net=/proc/${a.pid}/ns/net`, 'ip', 'link', 'add', nameA, ...size, 'type', 'veth'],
    ...['peer', 'name', nameB, ...size, 'netns', String(b.pid)],
  ]);
  await a.must(['ip', 'link', 'set', nameA, 'up']);
  await b.must(['ip', 'link', 'set', nameB, 'up']);
}

/** As Hetzner hands it out: the address alone, and everything else of the network by the gateway. */
async function privateSide(
  router: Namespaces,
  port: string,
  machine: Namespaces,
  name: string,
  address: string,
): Promise<void> {
  await machine.must(['ip', 'address', 'add', `${address}/32`, 'dev', name]);
  await machine.must(['ip', 'route', 'add', '10.10.0.1/32', 'dev', name]);
  await machine.must(['ip', 'route', 'add', '10.10.0.0/16', 'via', '10.10.0.1']);
  await router.must(['ip', 'address', 'add', '10.10.0.1/32', 'dev', port]);
  await router.must(['ip', 'route', 'add', `${address}/32`, 'dev', port]);
}

async function publicSide(router: Namespaces, port: string, machine: Namespaces, address: string): Promise<void> {
  await machine.must(['ip', 'address', 'add', `${address}/32`, 'dev', 'eth0']);
  await machine.must(['ip', 'route', 'add', 'default', 'via', '172.31.1.1', 'dev', 'eth0', 'onlink']);
  await router.must(['ip', 'address', 'add', '172.31.1.1/32', 'dev', port]);
  await router.must(['ip', 'route', 'add', `${address}/32`, 'dev', port]);
}
