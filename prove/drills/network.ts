import { buildPlatform } from '../../apps/platform.ts';
import type { Manifest } from '../../constructs/core/manifest.ts';
import { kubernetesApi } from '../../constructs/core/endpoint.ts';
import { declaredEdges, foreignPodGroups } from '../../synth/model.ts';
import { podGroups } from '../../synth/network/evaluate.ts';
import type { PodGroup } from '../../synth/network/evaluate.ts';
import { clusterOf } from '../cluster/cluster.ts';
import { untilInterrupted } from '../cluster/commands.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { apply, exec, getJson, podManifest } from '../cluster/kubectl.ts';
import { down, up } from '../cluster/lifecycle.ts';
import { serversOf } from '../cluster/plan.ts';
import { ClusterError, waitFor } from '../cluster/run.ts';
import { DrillError } from '../processes.ts';
import type { DrillCheck, Measured } from '../results.ts';
import { versionOf } from '../tools/modules.ts';
import { committedObjects, inOrder } from './committed.ts';

const environment = 'production';

/** Somewhere to connect to, as the declared edges call it. */
interface Target {
  readonly name: string;
  readonly address: string;
  readonly port: number;
}

interface Source {
  readonly group: PodGroup;
  readonly pod: string;
}

/** What one workload reached, and how many connections that is off what is declared. */
interface Reached {
  readonly check: DrillCheck;
  readonly differences: number;
}

/**
 * In a real two-node cluster with the committed network policies and a pod with the labels and ports of each workload,
 * every pod tries every port of every other one, of CoreDNS and of the API: what opens is what the wires declare.
 */
export async function networkDrill(root: string, _: string, report: (line: string) => void): Promise<Measured> {
  const cluster = clusterOf(environment);
  try {
    const results = await untilInterrupted(
      (signal) => report(`${signal}: taking the cluster down, which takes some seconds`),
      async (signal) => {
        await up(cluster, { report, signal });
        return reachable(cluster, root, report);
      },
    );
    const checks = results.map(({ check }) => check);
    const differences = results.reduce((sum, each) => sum + each.differences, 0);
    return {
      promise: 'net-deny',
      drill: 'every pair of workloads tries every TCP port of each other, of CoreDNS and of the API, on two nodes',
      units: { differences: 'connections' },
      rounds: [{ figures: { differences }, checks }],
      versions: {
        kubernetes: versionOf('kubelet'),
        'kube-router (of K3s)': versionOf('netpold'),
        containerd: versionOf('containerd'),
      },
      standIns: [
        'a pod with the labels and ports of each workload in its place',
        'UDP and the internet are not tried',
        'two network namespaces of one machine for two nodes',
      ],
    };
  } catch (error) {
    if (error instanceof ClusterError) throw new DrillError(error.message);
    throw error;
  } finally {
    await down(cluster, { report });
  }
}

async function reachable(cluster: Cluster, root: string, report: (line: string) => void): Promise<Reached[]> {
  const platform = buildPlatform(environment);
  const committed = committedObjects(root, `dist/${environment}`);
  const rules = committed.filter(({ kind }) => kind === 'Namespace' || kind === 'NetworkPolicy');
  const groups = podGroups(committed, foreignPodGroups(platform)).filter(
    ({ namespace }) => namespace !== 'kube-system',
  );
  report(
    `starting ${groups.length} pods under ${rules.length - new Set(groups.map(({ namespace }) => namespace)).size} policies`,
  );
  await apply(cluster, inOrder(rules));
  const nodes = cluster.plan.nodes.filter(({ role }) => role !== 'witness');
  const sources = groups.map((group, index): Source & { readonly manifest: Manifest } => {
    const pod = group.name.replace('/', '-');
    return { group, pod, manifest: standIn(group, pod, nodes[index % nodes.length]?.name) };
  });
  await apply(
    cluster,
    sources.map(({ manifest }) => manifest),
  );
  const targets = await targetsOf(cluster, sources);

  const declared = new Set(
    declaredEdges(platform)
      .filter(({ protocol }) => protocol === 'TCP')
      .map(({ from, to, port }) => `${from} ${to} ${port}`),
  );
  report(`trying ${sources.length} times ${targets.length} ports`);
  return Promise.all(
    sources.map(async (source) => {
      const { group } = source;
      const others = targets.filter(({ name }) => name !== group.name);
      const key = ({ name, port }: Target): string => `${name} ${port}`;
      const wanted = others.filter((target) => declared.has(`${group.name} ${key(target)}`));
      // Rules for a new pod come within moments; what is allowed tells when they are there.
      for (const target of wanted) {
        await waitFor(`${group.name} to reach ${key(target)}`, { atMost: 60, every: 500 }, () =>
          opens(cluster, source, target),
        );
      }
      const found: Target[] = [];
      for (const target of others) if (await opens(cluster, source, target)) found.push(target);
      const text = (list: readonly Target[]): string => list.map(key).sort().join(', ') || 'nothing';
      const check = {
        what: `what ${group.name} reaches, of ${others.length} ports`,
        expected: text(wanted),
        got: text(found),
      };
      const differences = others.filter((target) => wanted.includes(target) !== found.includes(target)).length;
      return { check, differences };
    }),
  );
}

/** One address for each pod with ports, for each pod of CoreDNS, and for the API. */
async function targetsOf(cluster: Cluster, sources: readonly Source[]): Promise<Target[]> {
  const own = await Promise.all(
    sources.map(async ({ group, pod }) => {
      const [address] = await addresses(cluster, group.namespace, pod);
      const ports = new Set(group.ports.filter(({ protocol }) => protocol === 'TCP').map(({ port }) => port));
      return [...ports].map((port) => ({ name: group.name, address: address ?? '', port }));
    }),
  );
  const [dns = ''] = await addresses(cluster, 'kube-system', undefined, 'k8s-app=kube-dns');
  const servers = serversOf(cluster.plan).map(({ address }) => address);
  const api = kubernetesApi(servers).targets.map(({ host, port }) => ({ name: `${host}/32`, address: host, port }));
  return [...own.flat(), { name: 'kube-system/coredns', address: dns, port: 53 }, ...api];
}

/** Addresses of pods, once they are ready. */
function addresses(
  cluster: Cluster,
  namespace: string,
  name: string | undefined,
  selector?: string,
): Promise<string[]> {
  interface Pod {
    readonly metadata: { readonly name: string };
    readonly status: {
      readonly podIP?: string;
      readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    };
  }
  const where = ['pods', `--namespace=${namespace}`, ...(selector === undefined ? [] : [`--selector=${selector}`])];
  return waitFor(`pods of ${namespace}`, { atMost: 60, every: 500 }, async () => {
    const { items } = await getJson<{ readonly items: readonly Pod[] }>(cluster, where);
    const wanted = items.filter(({ metadata }) => name === undefined || metadata.name === name);
    const ready = wanted.filter(({ status }) =>
      status.conditions?.some(({ type, status: state }) => type === 'Ready' && state === 'True'),
    );
    if (wanted.length === 0 || ready.length < wanted.length) return undefined;
    return ready.flatMap(({ status }) => status.podIP ?? []);
  });
}

async function opens(cluster: Cluster, { group, pod }: Source, { address, port }: Target): Promise<boolean> {
  const command = ['probe', 'tcp', `${address}:${port}`, '1s'];
  const { stdout } = await exec(cluster, { namespace: group.namespace, name: pod, container: 'probe' }, command, {
    timeout: 30,
  });
  return stdout.trim() === 'open';
}

/** A pod that the selectors of the workload's policies find, and that listens where the workload would. */
function standIn({ namespace, labels, ports }: PodGroup, name: string, node: string | undefined): Manifest {
  const manifest = podManifest({
    namespace,
    name,
    labels,
    args: ['serve', ':65000'],
    ...(node === undefined ? {} : { node }),
  });
  const spec = manifest.spec as { readonly containers: readonly [Readonly<Record<string, unknown>>] };
  const [probe] = spec.containers;
  const numbers = [...new Set(ports.filter(({ protocol }) => protocol === 'TCP').map(({ port }) => port))];
  const servers = numbers.map((port) => ({ ...probe, name: `port-${port}`, args: ['serve', `:${port}`] }));
  return { ...manifest, spec: { ...spec, containers: [probe, ...servers] } };
}
