import type { InstallPlan, NodePlan } from './plan.ts';
import { wireguardPort } from './wireguard.ts';

/** What hands out a server's user_data to whoever asks from it. */
const metadataAddress = '169.254.169.254';

/** Interfaces that only this machine, its pods and the other nodes reach. All others are outside, whatever their names. */
const inside = ['lo', 'wg0', 'cni0', 'flannel.1'];

const insideNames = `{ ${inside.map((name) => `"${name}"`).join(', ')} }`;

/**
 * The host's firewall. It decides in prerouting, before kube-proxy has rewritten where a packet to a node port goes: later
 * such a packet would pass `forward`, and `input` would never see it.
 */
export function firewallRules({ nodes, networks, waysIn, breakGlass }: InstallPlan, node: NodePlan): string {
  const peers = nodes.filter(({ name }) => name !== node.name).map(({ privateAddress }) => privateAddress);
  const own = node.privateAddress;
  const glass = breakGlass?.node === node.name ? breakGlass : undefined;
  const lines = [
    '#!/usr/sbin/nft -f',
    '# Written by npm run synth. One table of our own, replaced as a whole and at once: never "flush ruleset", which would',
    "# take Kubernetes' rules with it.",
    'table inet diptych',
    'delete table inet diptych',
    '',
    'table inet diptych {',
    '  chain outside {',
    '    type filter hook prerouting priority mangle; policy drop;',
    '',
    '    # The machine, its pods, and the other nodes through the tunnel: network policies have the say there.',
    `    iifname ${insideNames} accept`,
    '',
    '    # Without its neighbours and its lease the machine would lose its addresses.',
    '    ip6 hoplimit 255 icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-advert } accept',
    '    udp sport 67 udp dport 68 accept',
    '',
    '    # Who says to come from where it does not.',
    '    fib saddr . iif oif missing counter drop',
    '    ct state vmap { established : accept, related : accept, invalid : drop }',
    '',
    '    icmp type { echo-request, destination-unreachable, time-exceeded, parameter-problem } accept',
    '    icmpv6 type { echo-request, destination-unreachable, packet-too-big, time-exceeded, parameter-problem } accept',
    '',
    ...(peers.length === 0
      ? []
      : [
          '    # The other nodes: WireGuard, and nothing beside it.',
          `    ip saddr { ${peers.join(', ')} } ip daddr ${own} udp dport ${wireguardPort} accept`,
          '',
        ]),
    ...(node.role === 'witness'
      ? []
      : waysIn.flatMap(({ name, address, ports }) => [
          `    # The load balancer of ${name}.`,
          `    ip saddr ${address} ip daddr ${own} tcp dport { ${ports.join(', ')} } accept`,
          '',
        ])),
    "    # On the public interface, where Hetzner's firewall lets in whom open_ports of terraform/ names, and else nobody.",
    `    ip daddr != ${networks.private} tcp dport 22 accept`,
    '    meta nfproto ipv6 tcp dport 22 accept',
    '',
    ...(glass === undefined
      ? []
      : [
          '    # Broken glass: who came to 80 or 443, whose port is another one already.',
          `    ip daddr != ${networks.private} tcp dport { ${glass.web}, ${glass.websecure} } accept`,
          '',
        ]),
    '    counter comment "dropped"',
    '  }',
    '',
    ...(glass === undefined ? [] : brokenGlass(networks.private, glass)),
    '  # The user_data of this machine is not for pods.',
    '  chain pods {',
    '    type filter hook forward priority filter - 10; policy accept;',
    `    ip daddr ${metadataAddress} counter drop`,
    '  }',
    '',
    '  # Nor for pods in the network of the machine.',
    '  chain programs {',
    '    type filter hook output priority filter - 10; policy accept;',
    `    ip daddr ${metadataAddress} meta skuid != 0 counter drop`,
    '  }',
    '}',
    '',
  ];
  return lines.join('\n');
}

/**
 * Leads 80 and 443 of the machine's other addresses to node ports. By hand, in each packet and before a connection is known: a
 * connection has one translation, and that is kube-proxy's.
 */
function brokenGlass(network: string, { web, websecure }: NonNullable<InstallPlan['breakGlass']>): readonly string[] {
  const lead = [
    [80, web],
    [443, websecure],
  ] as const;
  return [
    '  # Broken glass: 80 and 443 of the public interface lead to the node ports, which stay closed themselves.',
    '  chain glass_in {',
    '    type filter hook prerouting priority raw; policy accept;',
    `    iifname ${insideNames} accept`,
    '    meta nfproto ipv6 accept',
    `    ip daddr ${network} accept`,
    `    tcp dport { ${web}, ${websecure} } counter drop`,
    ...lead.map(([port, nodePort]) => `    tcp dport ${port} tcp dport set ${nodePort}`),
    '  }',
    '',
    '  # And back, once kube-proxy has said who answers.',
    '  chain glass_out {',
    '    type filter hook postrouting priority srcnat + 10; policy accept;',
    `    oifname ${insideNames} accept`,
    '    meta nfproto ipv6 accept',
    `    ip saddr ${network} accept`,
    ...lead.map(([port, nodePort]) => `    tcp sport ${nodePort} tcp sport set ${port}`),
    '  }',
    '',
  ];
}
