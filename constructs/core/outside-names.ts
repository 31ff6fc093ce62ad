import { isPodPeer } from './endpoint.ts';
import type { Endpoint } from './endpoint.ts';
import { isName } from './wire.ts';
import type { Wire } from './wire.ts';

/** Pods with this label may ask the cluster's DNS for names of the world; it refuses them to all others. */
export const outsideNames = { key: 'diptych/names', value: 'outside' } as const;

/** Whether a client of these wires has to resolve names that are not the cluster's. */
export function asksOutside(wires: readonly Pick<Wire, 'endpoint'>[]): boolean {
  return wires.some(({ endpoint }) => leadsOutside(endpoint));
}

function leadsOutside({ targets }: Endpoint): boolean {
  return targets.some(({ peer, host }) => !isPodPeer(peer) && isName(host));
}
