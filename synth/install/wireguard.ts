import type { InstallPlan, NodePlan } from './plan.ts';

export const wireguardPort = 51_820;

/**
 * 1450 of Hetzner's private network, less the 80 that WireGuard takes at most: with 1391 or more every full packet would
 * be sent in two.
 */
export const defaultMtu = 1370;

/** Keys are changed as docs/runbooks/wireguard-keys.md says. This is the file of those between two nodes, whoever asks. */
export function pairOf(...nodes: readonly [Pick<NodePlan, 'name'>, Pick<NodePlan, 'name'>]): string {
  return nodes
    .map(({ name }) => name)
    .sort()
    .join('--');
}

/** wg0.conf of a node. `@NAME@` stands for a key, which install/stages/20-wireguard.sh puts there on the machine. */
export function wireguardConfiguration({ nodes, networks, k3s }: InstallPlan, node: NodePlan): string {
  const peers = nodes.filter(({ name }) => name !== node.name);
  const prefix = networks.wireguard.split('/')[1] ?? '';
  return [
    '# Written by npm run synth; keys are put in on the machine. To change it while it runs: wg syncconf, never down and up.',
    '[Interface]',
    `Address = ${node.address}/${prefix}`,
    `ListenPort = ${wireguardPort}`,
    `MTU = ${k3s.wireguardMtu ?? defaultMtu}`,
    `PrivateKey = @${node.name}.key@`,
    ...peers.flatMap((peer) => [
      '',
      `# ${peer.name}`,
      '[Peer]',
      `PublicKey = @${peer.name}.pub@`,
      `PresharedKey = @${pairOf(node, peer)}.psk@`,
      `AllowedIPs = ${peer.address}/32`,
      `Endpoint = ${peer.privateAddress}:${wireguardPort}`,
    ]),
    '',
  ].join('\n');
}
