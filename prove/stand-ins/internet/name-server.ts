import fs from 'node:fs';
import path from 'node:path';
import type { Cluster } from '../../cluster/handle.ts';
import { inFabric, startInFabric } from '../../cluster/nodes.ts';
import type { Progress } from '../../machine/interruption.ts';
import { waitFor } from '../../machine/wait-for.ts';
import { worldAddresses, worldNameServer } from './names.ts';

/** Tells every question that left the cluster. */
export const nameServerLog = ({ folder }: Pick<Cluster, 'folder'>): string => path.join(folder, 'logs', 'names.log');

/** Starts the name server that the nodes ask for names of the world: CoreDNS once more, in the fabric. */
export async function startNameServer(cluster: Cluster, { signal }: Pick<Progress, 'signal'>): Promise<void> {
  const file = path.join(cluster.folder, 'world', 'Corefile');
  fs.writeFileSync(file, worldCorefile(cluster.plan));
  await inFabric(cluster, ['ip', 'address', 'replace', `${worldNameServer}/32`, 'dev', 'lo']);
  const log = nameServerLog(cluster);
  startInFabric(cluster, [cluster.program('coredns'), '-conf', file], log);
  await waitFor('the name server of the world', { atMost: 30, see: log, signal }, async () => {
    const probe = [cluster.program('probe'), 'udp', `${worldNameServer}:53`, '1s'];
    return (await inFabric(cluster, probe).catch(() => '')).trim() === 'open';
  });
}

/** It knows the hosts that the proving ground has a stand-in for, and says of all others that there are none. */
export function worldCorefile(plan: Parameters<typeof worldAddresses>[0]): string {
  const addresses = Object.entries(worldAddresses(plan));
  const zones = addresses.flatMap(([, hosts]) => hosts.map((host) => `${host}:53`));
  return [
    `${zones.join(' ')} {`,
    `    bind ${worldNameServer}`,
    '    log',
    '    hosts {',
    ...addresses.map(([address, hosts]) => `        ${address} ${hosts.join(' ')}`),
    '    }',
    '}',
    '.:53 {',
    `    bind ${worldNameServer}`,
    '    log',
    '    template ANY ANY . {',
    '        rcode NXDOMAIN',
    '    }',
    '}',
    '',
  ].join('\n');
}
