import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Environment, Node } from '../../constructs/core/environment.ts';
import type { Manifest } from '../../constructs/core/manifest.ts';
import { witnessTaint } from '../../constructs/core/witness.ts';
import { nodeLabels } from '../delivery/lifecycle.ts';
import { asset } from '../tools/assets.ts';
import { binary } from '../tools/cache.ts';
import type { ControlPlane } from './control-plane.ts';
import { apply, tryKubectl } from './kubectl.ts';
import { planCluster } from './plan.ts';
import type { NodePlan } from './plan.ts';

/** What kwok does to nodes and pods, as its makers write it; without it kwok refuses to start. */
const stages = [
  'node/fast/node-initialize',
  'node/heartbeat-with-lease/node-heartbeat-with-lease',
  'pod/fast/pod-ready',
  'pod/fast/pod-complete',
  'pod/fast/pod-delete',
] as const;

/** Four times the heartbeat of the real nodes' settings: kwok renews the lease of a node four times in its duration. */
const leaseSeconds = 16;

/**
 * Nodes of an environment that kwok keeps alive, one process for each: it renews the node's lease and marks its pods as
 * running. When that process ends, nobody tells the API, as when a server loses power.
 */
export class KwokNodes {
  private readonly plane: ControlPlane;
  private readonly plans: ReadonlyMap<string, NodePlan>;

  private constructor(plane: ControlPlane, plans: readonly NodePlan[]) {
    this.plane = plane;
    this.plans = new Map(plans.map((plan) => [plan.name, plan]));
  }

  /** @throws ProvingError when a node doesn't get ready */
  static async start(plane: ControlPlane, environment: Environment): Promise<KwokNodes> {
    const { nodes } = planCluster(environment);
    const all = new KwokNodes(plane, nodes);
    const manifests = environment.nodes.map((node, index) => nodeManifest(node, nodes[index]));
    await apply(plane, manifests);
    for (const { name } of nodes) all.run(name);
    for (const { name } of nodes) await all.ready(name);
    return all;
  }

  /** The node stops answering; its pods and its Node stay until the controllers find out. */
  async powerOff(name: string): Promise<void> {
    await this.plane.processes.stopOne(`kwok-${name}`);
  }

  /** The node answers again. @throws ProvingError when it doesn't get ready */
  async powerOn(name: string): Promise<void> {
    this.run(name);
    await this.ready(name);
  }

  private run(name: string): void {
    const plan = this.plans.get(name);
    if (plan === undefined) throw new TypeError(`no node is called ${name}`);
    const folder = asset('kwok', 'kustomize/stage');
    this.plane.processes.start(`kwok-${name}`, binary('kwok'), [
      `--kubeconfig=${this.plane.kubeconfig}`,
      ...stages.map((stage) => `--config=${path.join(folder, `${stage}.yaml`)}`),
      `--manage-single-node=${name}`,
      `--node-ip=${plan.address}`,
      `--cidr=${plan.podCidr}`,
      `--node-lease-duration-seconds=${leaseSeconds}`,
    ]);
  }

  private async ready(name: string): Promise<void> {
    const wanted = 'jsonpath={.status.conditions[?(@.type=="Ready")].status} {.spec.taints[*].key}';
    await this.plane.waitFor(`readiness of ${name}`, 90, async () => {
      const { stdout } = await tryKubectl(this.plane, ['get', 'node', name, '-o', wanted]);
      if (/^True(?!.*node\.kubernetes\.io)/.test(stdout)) return true;
      await pause(400);
      return undefined;
    });
  }
}

/** A node of the configured size, with the labels and the taint that K3s would give it. */
function nodeManifest({ name, role, allocatable, disk }: Node, plan: NodePlan | undefined): Manifest {
  if (plan === undefined) throw new TypeError(`the plan has no node ${name}`);
  const labels = { 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'amd64' };
  const size = {
    cpu: allocatable.cpu.asString(),
    memory: allocatable.memory.asString(),
    'ephemeral-storage': disk.asString(),
    pods: '110',
  };
  const taints = role === 'witness' ? [witnessTaint] : [];
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { ...labels, ...nodeLabels(plan) } },
    spec: { podCIDR: plan.podCidr, podCIDRs: [plan.podCidr], ...(taints.length > 0 ? { taints } : {}) },
    status: { capacity: size, allocatable: size },
  };
}
