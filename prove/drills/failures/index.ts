import type { Area } from '../area.ts';
import { nodeDown } from './node-down.ts';
import { podCrash } from './pod-crash.ts';

/** From the smallest loss to the largest. */
export const area: Area<'platform'> = {
  purpose: 'kills a pod and takes a node away, under clients',
  promises: {
    'pod-crash':
      "kill -9 of a backend's process, then its pod deleted without grace, under two clients outside, by the load balancer, " +
      'Traefik and the firewall, by new connections and by a kept one, and one inside, by the Service; each asks every 100 ms',
    'node2-down':
      'the power of the node without a server taken away until its pods run on the other, then given back, under a ' +
      'client of the backend',
  },
  needs: 'platform',
  takesSamples: true,
  asks: 'edge',
  minutes: 6,
  programs: [],
  about: [
    ...['constructs/nest-backend', 'constructs/web-workload', 'constructs/traefik-waf'],
    ...['synth/install/kubernetes.ts', 'prove/cluster/faults.ts', 'prove/components/edge'],
  ],
  run: async (platform) => ({ 'pod-crash': await podCrash(platform), 'node2-down': await nodeDown(platform) }),
};
