import { systemNamespace } from '../../apps/namespaces.ts';
import { describePeer } from '../../constructs/core/endpoint.ts';
import { ForeignWorkload } from '../../constructs/core/foreign-workload.ts';
import type { Platform } from '../../constructs/core/platform.ts';

/** Pods that are only declared: no source of their application brings them, and whoever needs them waits. */
export function unmadePods(platform: Platform): string[] {
  const brought = platform.charts
    .filter((chart) => platform.upstreamSources(chart).length > 0)
    .map(({ application }) => application);
  return platform.owners
    .filter((owner) => owner instanceof ForeignWorkload)
    .filter(({ application, namespace }) => namespace !== systemNamespace.name && !brought.includes(application))
    .flatMap((owner) => {
      const wires = platform.wires.filter(({ endpoint }) => endpoint.targets.some(({ peer }) => peer === owner));
      const users = [...new Set(wires.map(({ client }) => describePeer(client)))];
      if (users.length === 0) return [];
      return `nothing here brings ${describePeer(owner)} (${owner.madeBy}), which ${users.join(', ')} use: bring it, or leave that wire out`;
    });
}
