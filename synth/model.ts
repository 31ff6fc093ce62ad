import { ForeignWorkload } from '../constructs/core/foreign-workload.ts';
import { clusterDns, describePeer, isAnyone, isPodPeer } from '../constructs/core/endpoint.ts';
import type { Anyone, Peer } from '../constructs/core/endpoint.ts';
import type { Platform } from '../constructs/core/platform.ts';
import { Workload } from '../constructs/core/workload.ts';
import type { DeclaredEdge } from './network/compare.ts';
import { ANYWHERE } from './network/evaluate.ts';
import type { PodGroup } from './network/evaluate.ts';
import { blockText } from './network/policies.ts';
import { sourcesOf } from './upstream/facts.ts';

/**
 * Pods that no manifest makes which is ours or is known of others, as the evaluator wants them: those of an application
 * that reads upstream's manifests are in `upstreamManifests`.
 */
export function foreignPodGroups(platform: Platform): PodGroup[] {
  const known = new Set(sourcesOf(platform).map(({ chart }) => chart.application));
  const coreDns: PodGroup = {
    name: describePeer(clusterDns),
    namespace: clusterDns.namespace,
    labels: { ...clusterDns.selector },
    ports: [
      { name: 'dns', port: 53, protocol: 'UDP' },
      { name: 'dns-tcp', port: 53, protocol: 'TCP' },
    ],
    hostNetwork: false,
  };
  const foreign = platform.owners
    .filter((owner) => owner instanceof ForeignWorkload)
    .filter(({ application }) => !known.has(application))
    .map((owner) => ({
      name: describePeer(owner),
      namespace: owner.namespace,
      labels: { ...owner.selector },
      ports: owner.ports.map(({ name, port, protocol = 'TCP' as const }) => ({ name, port, protocol })),
      hostNetwork: false,
    }));
  // An environment that brings what a cluster has once declares it itself.
  const isThere = platform.owners.some((owner) => describePeer(owner) === coreDns.name);
  return isThere ? foreign : [...foreign, coreDns];
}

/** Keys of labels that programs set on their own pods. */
export function runtimeLabels({ owners }: Platform): readonly string[] {
  return owners.flatMap((owner) => (owner instanceof Workload ? (owner.props.runtimeLabels ?? []) : []));
}

/** What the wires permit, in the evaluator's words. */
export function declaredEdges({ connections }: Platform): DeclaredEdge[] {
  return connections.flatMap(({ from, to, protocol, port }) =>
    ends(from).flatMap((source) => ends(to).map((destination) => ({ from: source, to: destination, protocol, port }))),
  );
}

function ends(peer: Peer | Anyone): string[] {
  if (isAnyone(peer)) return [ANYWHERE];
  if (isPodPeer(peer)) return [describePeer(peer)];
  return peer.cidrs.map(({ cidr, except }) => blockText({ cidr, ...(except ? { except: [...except] } : {}) }));
}
