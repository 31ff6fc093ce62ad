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

/** A pod in each namespace that refuses all by default, with labels that no policy names. */
export function strangersOf(committed: readonly Manifest[]): PodGroup[] {
  return committed
    .filter(({ kind, metadata }) => kind === 'NetworkPolicy' && metadata.name === 'default-deny')
    .map(({ metadata: { namespace = '' } }) => ({
      ...{ name: `${namespace}/stranger`, namespace, labels: {}, ports: [], hostNetwork: false },
    }));
}

/** The ports of a group, each once. */
export function portsOf({ ports }: PodGroup): ContainerPort[] {
  return [...new Map(ports.map((port) => [`${port.protocol} ${port.port}`, port])).values()];
}

/** A pod that the selectors of the workload's policies find, and that answers where the workload would. */
function standIn(group: PodGroup, name: string, node: string | undefined): Manifest {
  const ports = portsOf(group);
  const { namespace } = group;
  // With all of them, the controller of the real ones would take it for one of its own.
  const labels = Object.fromEntries(
    Object.entries(group.labels).filter(
      ([key]) => namespace !== 'kube-system' || !key.startsWith('app.kubernetes.io/'),
    ),
  );
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
  // Of a Service of the system it gets no questions: what it answers is nothing that anybody could use.
  const unready = namespace === 'kube-system' ? { readinessGates: [{ conditionType: 'diptych/serves' }] } : {};
  return { ...manifest, spec: { ...spec, ...unready, containers: [{ ...containers[0], ports: declared }] } };
}
