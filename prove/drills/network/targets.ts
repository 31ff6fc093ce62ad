import { kubernetesApi } from '../../../constructs/core/endpoint.ts';
import type { Cluster } from '../../cluster/handle.ts';
import { getJson } from '../../cluster/kubectl.ts';
import { serversOf } from '../../cluster/plan.ts';
import { ProvingError } from '../../machine/error.ts';
import { waitFor } from '../../machine/wait-for.ts';
import type { Target } from './reach.ts';
import { portsOf } from './stand-ins.ts';
import type { StandIn } from './stand-ins.ts';

const kubeletPort = 10250;

type Labels = Readonly<Record<string, string>>;

interface Pod {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly labels?: Labels;
    /** Of one that is on its way out. */
    readonly deletionTimestamp?: string;
  };
  readonly status: {
    readonly podIP?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

export interface PodList {
  readonly items: readonly Pod[];
}

/**
 * Every port of every pod, once they are ready, the API of every server and every node's kubelet.
 * @param standIns pods of the drill
 * @param system those of them that stand beside the real ones, which are found by their labels
 * @throws ProvingError where pods don't come, or nothing has such labels
 */
export async function targetsOf(
  cluster: Cluster,
  standIns: readonly StandIn[],
  system: readonly StandIn[],
  signal?: AbortSignal,
): Promise<Target[]> {
  const pods = await waitFor('the pods', { atMost: 180, every: 1000, signal }, () => readyPods(cluster, standIns));
  const own = standIns.flatMap(({ group, ...standIn }) =>
    pods.filter((pod) => isPod(standIn, pod)).map((pod) => ({ group, pod })),
  );
  const others = [...new Set(system.map(({ group }) => group))].flatMap((group) => {
    const found = pods.filter(
      (pod) =>
        pod.metadata.namespace === group.namespace &&
        hasLabels(pod.metadata.labels, group.labels) &&
        !standIns.some((standIn) => isPod(standIn, pod)),
    );
    if (found.length === 0) throw new ProvingError(`no pod of ${group.name} is ready`);
    return found.map((pod) => ({ group, pod }));
  });
  const ports = [...own, ...others].flatMap(({ group, pod }) =>
    portsOf(group).flatMap(({ port, protocol }): Target[] => {
      if (protocol === 'SCTP') return [];
      return [{ name: group.name, place: pod.metadata.name, address: pod.status.podIP ?? '', protocol, port }];
    }),
  );
  const servers = serversOf(cluster.plan).map(({ address }) => address);
  const onNode = (address: string, port: number): Target => ({
    ...{ name: `${address}/32`, place: address, address, protocol: 'TCP', port },
  });
  const api = kubernetesApi(servers).targets.flatMap(({ port }) => servers.map((address) => onNode(address, port)));
  return [...ports, ...api, ...cluster.plan.nodes.map(({ address }) => onNode(address, kubeletPort))];
}

/** All pods whose containers are ready, once the stand-ins' are. */
async function readyPods(cluster: Cluster, standIns: readonly StandIn[]): Promise<readonly Pod[] | undefined> {
  const { items } = await getJson<PodList>(cluster, ['pods', '--all-namespaces']);
  const ready = items.filter(
    ({ metadata, status }) =>
      metadata.deletionTimestamp === undefined &&
      status.conditions?.some(({ type, status: state }) => type === 'ContainersReady' && state === 'True'),
  );
  return standIns.every((standIn) => ready.some((pod) => isPod(standIn, pod))) ? ready : undefined;
}

function isPod({ namespace, name }: Pick<StandIn, 'namespace' | 'name'>, { metadata }: Pod): boolean {
  return metadata.namespace === namespace && metadata.name === name;
}

function hasLabels(labels: Labels = {}, wanted: Labels): boolean {
  return Object.entries(wanted).every(([key, value]) => labels[key] === value);
}
