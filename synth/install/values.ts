import { snapshotFolder } from '../../apps/cluster.ts';
import { witnessTaintText } from '../../constructs/core/witness.ts';
import { keptSnapshots } from './k3s.ts';
import { firstServer } from './plan.ts';
import type { InstallPlan, NodePlan } from './plan.ts';
import { defaultMtu, pairOf } from './wireguard.ts';

/** Variables of bash; none has a quote in it, as the configuration's schema sees to. */
const variables = (values: Readonly<Record<string, string | number>>): string =>
  ['# Written by npm run synth.', ...Object.entries(values).map(([key, value]) => `${key}='${value}'`), ''].join('\n');

/** What install/run knows of an environment. */
export function environmentValues(plan: InstallPlan): string {
  const { environment, nodes } = plan;
  return variables({
    ENVIRONMENT: environment,
    NODES: nodes.map(({ name }) => name).join(' '),
    FIRST_SERVER: firstServer(plan).name,
    PAIRS: nodes.flatMap((node, index) => nodes.slice(index + 1).map((other) => pairOf(node, other))).join(' '),
  });
}

/** What the stages know of the machine that they run on. */
export function nodeValues(plan: InstallPlan, node: NodePlan): string {
  const { environment, nodes, k3s, store } = plan;
  const others = nodes.filter(({ name }) => name !== node.name);
  const first = firstServer(plan);
  const servers = others.filter(({ role }) => role === 'server').map(({ address }) => address);
  return variables({
    ENVIRONMENT: environment,
    NODE: node.name,
    ROLE: node.role,
    FIRST_SERVER: first.name === node.name ? 'yes' : 'no',
    FIRST_SERVER_ADDRESS: first.address,
    PRIVATE_ADDRESS: node.privateAddress,
    WIREGUARD_ADDRESS: node.address,
    WIREGUARD_MTU: k3s.wireguardMtu ?? defaultMtu,
    // Names and addresses in the tunnel, of all and of the others.
    HOSTS: nodes.map(({ name, address }) => `${name}=${address}`).join(' '),
    PEERS: others.map(({ name, address }) => `${name}=${address}`).join(' '),
    PAIRS: others.map((other) => pairOf(node, other)).join(' '),
    WITNESSES: nodes.flatMap(({ name, role }) => (role === 'witness' ? name : [])).join(' '),
    WITNESS_TAINT: witnessTaintText,
    OTHER_SERVERS: servers.join(' '),
    SNAPSHOT_ENDPOINT: store === undefined ? '' : store.endpoint.replace(/^https:\/\//, ''),
    SNAPSHOT_REGION: store?.region ?? '',
    SNAPSHOT_BUCKET: store?.bucket ?? '',
    SNAPSHOT_FOLDER: store === undefined ? '' : snapshotFolder,
    SNAPSHOT_KEEP: store === undefined ? '' : keptSnapshots(plan),
  });
}
