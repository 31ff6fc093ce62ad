import type { Manifest } from '../../../constructs/core/manifest.ts';
import type { ContainerPort, PodGroup } from '../../../synth/network/evaluate.ts';
import { podManifest } from '../../cluster/kubectl.ts';

/** A pod in the place of one of a workload's. */
export interface StandIn {
  readonly group: PodGroup;
  readonly namespace: string;
  readonly name: string;
  readonly manifest: Manifest;
}

/**
 * Two pods for each group, on one node each where there are two: what passes between pods of one node takes another way
 * than what goes to the next, and a workload's pods are two ends as well.
 */
export function standInsOf(groups: readonly PodGroup[], nodes: readonly string[]): StandIn[] {
  return groups.flatMap((group) =>
    [0, 1].map((index) => {
      const name = `${group.name.slice(group.namespace.length + 1)}-${index + 1}`;
      const node = nodes[index % nodes.length];
      return { group, namespace: group.namespace, name, manifest: standIn(group, name, node) };
    }),
  );
}

/** The ports of a group, each once. */
export function portsOf({ ports }: PodGroup): ContainerPort[] {
  return [...new Map(ports.map((port) => [`${port.protocol} ${port.port}`, port])).values()];
}

/** A pod that the selectors of the workload's policies find, and that answers where the workload would. */
function standIn(group: PodGroup, name: string, node: string | undefined): Manifest {
  const ports = portsOf(group);
  const { namespace, labels } = group;
  // The first port is for groups without any: a server serves something.
  const served = ports.flatMap(({ port, protocol }) => ({ TCP: `:${port}`, UDP: `udp/:${port}`, SCTP: [] })[protocol]);
  const args = ['serve', ':65000', ...served];
  const manifest = podManifest({ namespace, name, labels, args, ...(node === undefined ? {} : { node }) });
  const { containers, ...spec } = manifest.spec as { readonly containers: readonly [object] };
  const declared = ports.map(({ name: named, port, protocol }) => ({
    ...(named === undefined ? {} : { name: named }),
    containerPort: port,
    protocol,
  }));
  return { ...manifest, spec: { ...spec, containers: [{ ...containers[0], ports: declared }] } };
}
