import path from 'node:path';
import process from 'node:process';
import type { Cluster } from '../../cluster/handle.ts';
import { fabricProcesses, inFabric, startInFabric } from '../../cluster/nodes.ts';
import { workersOf } from '../../cluster/plan.ts';
import type { Progress } from '../../machine/interruption.ts';
import { waitFor } from '../../machine/wait-for.ts';
import { entrances } from '../internet/names.ts';
import type { Balancing, Listener } from './balancer.ts';
import type { ProxyVersion } from './proxy-header.ts';

/** What stands in for what. */
export const standIn = "a load balancer of the proving ground for the provider's, which speaks both versions of PROXY";

/** What stands before the load balancer of a platform, and where it leads. */
export interface Entrance {
  /** Its address in the private network. */
  readonly address: string;
  readonly nodePorts: { readonly web: number; readonly websecure: number; readonly health: number };
}

const program = 'prove/stand-ins/load-balancer/server.ts';
const root = path.join(import.meta.dirname, '..', '..', '..');

const running = (cluster: Cluster) => fabricProcesses(cluster).filter(({ command }) => command.includes(program));

/** Ends it, if it runs: nobody gets in any more. */
export async function stopLoadBalancer(cluster: Cluster): Promise<void> {
  for (const { pid } of running(cluster)) process.kill(pid, 'SIGKILL');
  await waitFor('the end of the load balancer', { atMost: 10 }, () => running(cluster).length === 0);
}

/** Starts it, unless it runs as it should: it ends with the cluster. */
export async function startLoadBalancer(
  cluster: Cluster,
  { address, nodePorts }: Entrance,
  { signal }: Pick<Progress, 'signal'> = {},
): Promise<void> {
  const listeners = Object.entries(entrances).flatMap(([name, entrance]): Listener[] => {
    const proxy: ProxyVersion = name === 'v1' ? 'v1' : 'v2';
    return [
      { address: entrance, port: 80, targetPort: nodePorts.web, proxy },
      { address: entrance, port: 443, targetPort: nodePorts.websecure, proxy },
    ];
  });
  const balancing: Balancing = {
    listeners,
    nodes: workersOf(cluster.plan).map((node) => node.address),
    from: address,
    health: {
      port: nodePorts.health,
      path: '/ping',
      intervalMilliseconds: 5000,
      timeoutMilliseconds: 3000,
      retries: 3,
    },
  };
  const configuration = JSON.stringify(balancing);
  if (running(cluster).some(({ command }) => command.includes(configuration))) return;
  await stopLoadBalancer(cluster);
  for (const each of [address, entrances.v1, entrances.v2]) await ownAddress(cluster, `${each}/32`);
  await ownAddress(cluster, `${entrances.ipv6}/128`);
  const log = path.join(cluster.folder, 'logs', 'load-balancer.log');
  startInFabric(cluster, [process.execPath, path.join(root, 'scripts', 'run.cjs'), program, configuration], log);
  await waitFor('the load balancer', { atMost: 60, see: log, signal }, async () => {
    const probe = [cluster.program('probe'), 'tcp', `${entrances.v2}:443`, '1s'];
    return (await inFabric(cluster, probe).catch(() => '')).trim() === 'open';
  });
}

/** Gives the fabric an address of its own. */
export async function ownAddress(cluster: Cluster, address: string): Promise<void> {
  const isIpv6 = address.includes(':');
  // It is in use at once: nobody else could have it.
  const more = isIpv6 ? ['nodad'] : [];
  await inFabric(cluster, ['ip', 'address', 'replace', address, 'dev', 'lo', ...more]);
}
