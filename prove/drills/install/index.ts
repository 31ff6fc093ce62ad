import path from 'node:path';
import { standIn } from '../../stand-ins/machine/index.ts';
import type { Area, Outcome } from '../area.ts';
import type { Ground } from '../ground.ts';
import { firewallOf } from './firewall.ts';
import { stagesOf } from './stages.ts';
import { vpnOf } from './vpn.ts';
import { World } from './world.ts';

const namespaces = "network namespaces for machines, with Hetzner's router, load balancer and firewall between them";
const goWireguard = 'wireguard-go where the kernel has no WireGuard';

export const area: Area<'machine'> = {
  purpose: 'makes nodes of machines by the stages of install/, and asks from all sides what they let in',
  promises: {
    vpn:
      'the generated configuration in network namespaces, in a private network of 1450 bytes that is routed as Hetzner routes ' +
      'it: full packets through the tunnel and between pods in it, counted in pieces on the wire; new keys while it is used',
    firewall:
      'the generated rules there, with pods and with rules as kube-proxy writes them: all ports of TCP scanned from outside, ' +
      "from the load balancer, from another machine and from the other node; loaded anew, Kubernetes' rules are still there",
    k3s:
      'all stages, on machines that are folders with programs that only note: from nothing, again, and after the power was gone ' +
      "in the middle; K3s' keys are compared with its documentation, and the flags read by the real programs",
  },
  needs: 'machine',
  minutes: 9,
  programs: ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubelet'],
  about: ['install', 'synth/install', 'prove/stand-ins/machine', 'scripts/way-back'],
  run: install,
};

async function install({ root, folder, report }: Ground): Promise<Outcome> {
  const { vpn, firewall } = await World.with(
    { root, folder: path.join(folder, 'world'), environment: 'production' },
    async (world) => {
      report('four stages on two machines');
      await world.install();
      return { vpn: await vpnOf(world, report), firewall: await firewallOf(world, report) };
    },
  );
  const k3s = await stagesOf(root, path.join(folder, 'stages'), report);
  return {
    vpn: { ...vpn, standIns: [namespaces, goWireguard] },
    firewall: { ...firewall, standIns: [namespaces, goWireguard] },
    k3s: { ...k3s, standIns: [standIn] },
  };
}
