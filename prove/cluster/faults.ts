import { setFrozen } from '../machine/cgroup.ts';
import { ProvingError } from '../machine/error.ts';
import { podCgroup } from './handle.ts';
import type { Cluster } from './handle.ts';
import { inFabric, initPid, inNode, killNode, startNode } from './nodes.ts';
import { nodeOf } from './plan.ts';
import type { ClusterPlan, NodePlan } from './plan.ts';
import type { PodObject } from './pods.ts';

/**
 * What a cut separates a node from: everything (its cable is pulled), the other nodes and their pods while the API still
 * answers, or the API alone.
 */
export type Cut = 'all' | 'nodes' | 'api';

/** Pulls the plug: all processes of the node, its containers too, are gone at once; its disk stays. */
export async function powerOff(cluster: Cluster, name: string): Promise<void> {
  await killNode(cluster, nodeOf(cluster.plan, name));
}

/** Gives a node its power back. It starts from its disk; `kubectl wait` tells when it is ready. */
export async function returnNode(cluster: Cluster, name: string): Promise<void> {
  await startNode(cluster, nodeOf(cluster.plan, name));
}

/** Stops every process of a node where it is, as when its host hangs; its cable stays in. */
export function freeze(cluster: Cluster, name: string): void {
  requirePower(cluster, name);
  setFrozen(podCgroup(cluster.cgroup, name).slice(1), true);
}

/** Lets a frozen node go on. */
export function thaw(cluster: Cluster, name: string): void {
  setFrozen(podCgroup(cluster.cgroup, nodeOf(cluster.plan, name).name).slice(1), false);
}

/** Cuts connections of a running node, in both directions and without an answer. Replaces an earlier cut. */
export async function cut(cluster: Cluster, name: string, from: Cut): Promise<void> {
  requirePower(cluster, name);
  await restore(cluster, name);
  const node = nodeOf(cluster.plan, name);
  if (from === 'all') await inFabric(cluster, ['ip', 'link', 'set', node.port, 'down']);
  else await inNode(cluster, name, ['nft', cutRules(cluster.plan, node, from)]);
}

/** Undoes any cut of a running node. */
export async function restore(cluster: Cluster, name: string): Promise<void> {
  requirePower(cluster, name);
  await inFabric(cluster, ['ip', 'link', 'set', nodeOf(cluster.plan, name).port, 'up']);
  // Made first, so that there is one to remove.
  await inNode(cluster, name, ['nft', 'add table inet diptych_cut; delete table inet diptych_cut']);
}

/** Rules for nft that drop what a node gets from others and sends to them. */
export function cutRules({ nodes }: ClusterPlan, node: NodePlan, from: Exclude<Cut, 'all'>): string {
  const others = nodes.filter(({ name }) => name !== node.name).flatMap(({ address, podCidr }) => [address, podCidr]);
  const rules = (direction: 'saddr' | 'daddr', device: 'iifname' | 'oifname') =>
    from === 'api'
      ? [`${device} eth0 tcp sport 6443 drop`, `${device} eth0 tcp dport 6443 drop`]
      : [
          // The API, and the API's way to the kubelet.
          'tcp sport { 6443, 10250 } accept',
          'tcp dport { 6443, 10250 } accept',
          `ip ${direction} { ${others.join(', ')} } drop`,
        ];
  const chain = (hook: string, priority: number, lines: readonly string[]) => [
    `add chain inet diptych_cut ${hook} { type filter hook ${hook} priority ${priority}; }`,
    ...lines.map((line) => `add rule inet diptych_cut ${hook} ${line}`),
  ];
  return [
    'add table inet diptych_cut',
    // Before connection tracking and address translation on the way in, after both on the way out.
    ...chain('prerouting', -310, rules('saddr', 'iifname')),
    ...chain('postrouting', 310, rules('daddr', 'oifname')),
  ].join('; ');
}

function requirePower(cluster: Cluster, name: string): void {
  if (initPid(cluster, nodeOf(cluster.plan, name).name) === undefined) throw new ProvingError(`${name} is off`);
}

/** SIGKILL of process 1 of a pod's first container, from its node: nothing in the pod is asked or told. */
export async function killMain(cluster: Cluster, { spec, status }: PodObject): Promise<void> {
  const id = status.containerStatuses?.[0]?.containerID?.replace('containerd://', '');
  if (id === undefined || spec.nodeName === undefined) throw new ProvingError('the pod has no container');
  const tasks = ['ctr', '--namespace', 'k8s.io', 'tasks'];
  await inNode(cluster, spec.nodeName, [...tasks, 'kill', '--signal', 'SIGKILL', id]);
}
