import { workersOf } from '../constructs/core/environment.ts';
import type { Node } from '../constructs/core/environment.ts';
import type { Finding } from '../constructs/core/error.ts';
import { describePeer } from '../constructs/core/endpoint.ts';
import { ForeignWorkload } from '../constructs/core/foreign-workload.ts';
import type { Platform } from '../constructs/core/platform.ts';
import type { PodDemand } from '../constructs/core/pod-demand.ts';
import { Workload } from '../constructs/core/workload.ts';

/** CPU in millicores, memory in mebibytes. */
export interface Amount {
  readonly cpu: number;
  readonly memory: number;
}

/** What the pods expected on a node request, beside what it has to give. */
export interface NodeLoad {
  readonly node: Node;
  /** With the least number of pods, which is the ordinary one. */
  readonly requested: Amount;
  /** With every autoscaler at its most. */
  readonly requestedAtMost: Amount;
  readonly allocatable: Amount;
}

/** What becomes of the pods when a node is lost. */
export interface Loss {
  readonly node: Node;
  /**
   * Whether the Kubernetes API goes on: a server is left, and a majority of those that keep its state. Without it nothing
   * moves: what ran on the lost node is gone until it is back, and the other nodes carry no more than before.
   */
  readonly keepsApi: boolean;
  /** What the least number of pods requests; of those that never share a node, as many as there are nodes left. */
  readonly requested: Amount;
  /** What the nodes that are left have to give. */
  readonly allocatable: Amount;
}

interface Demand {
  readonly name: string;
  readonly each: Amount;
  /** Whether its pods never share a node. */
  readonly strict: boolean;
  readonly least: number;
  readonly most: number;
}

/** A node while pods are placed. */
interface Load {
  readonly node: Node;
  readonly whole: Amount;
  requested: Amount;
  /** Of the workload that is being placed. */
  pods: number;
}

const none: Amount = { cpu: 0, memory: 0 };

/**
 * How the scheduler is expected to share the pods: those of one workload in equal numbers, as its spread by host name has
 * it whatever the nodes' sizes are, and what is left over to the node with the most room.
 * @param beside the other environments in its cluster
 */
export function nodeLoads(platform: Platform, beside: readonly Platform[] = []): NodeLoad[] {
  const { nodes } = platform.environment;
  const list = [platform, ...beside].flatMap(demands);
  const least = place(nodes, list, 'least');
  const most = place(nodes, list, 'most');
  return workersOf(nodes).map((node) => ({
    node,
    requested: least.get(node) ?? none,
    requestedAtMost: most.get(node) ?? none,
    allocatable: allocatable(node),
  }));
}

/** The loss of each node that carries pods. */
export function losses(platform: Platform, beside: readonly Platform[] = []): Loss[] {
  const { nodes } = platform.environment;
  const list = [platform, ...beside].flatMap(demands);
  return workersOf(nodes).map((node) => {
    const left = workersOf(nodes).filter((other) => other !== node);
    const pods = ({ strict, least }: Demand): number => (strict ? Math.min(least, left.length) : least);
    return {
      node,
      keepsApi: keepsApi(nodes, node),
      requested: sum(list.map((demand) => times(demand.each, pods(demand)))),
      allocatable: sum(left.map(allocatable)),
    };
  });
}

function keepsApi(nodes: readonly Node[], lost: Node): boolean {
  const left = nodes.filter((node) => node !== lost);
  const votes = (list: readonly Node[]): number => list.filter(({ role }) => role !== 'agent').length;
  return left.some(({ role }) => role === 'server') && votes(left) * 2 > votes(nodes);
}

/**
 * Whether everything fits: at full size, within each node's budget, and with one node gone where the Kubernetes API is
 * left to move its pods.
 * @param beside the other environments in its cluster
 */
export function budgetFindings(platform: Platform, beside: readonly Platform[] = []): Finding[] {
  const { nodes } = platform.environment;
  const all = [platform, ...beside];
  const file = fileOf(all);
  const pods = podsOf(all);
  const list = all.flatMap(demands);
  const most = sum(list.map(({ each, most: count }) => times(each, count)));
  const whole = sum(workersOf(nodes).map(allocatable));
  const findings: Finding[] = [];
  if (most.cpu > whole.cpu || most.memory > whole.memory) {
    findings.push({
      where: `${file}: nodes`,
      what: `at full size, with one more pod of each Deployment during a rollout, ${pods} request ${show(most)}`,
      allowed: `what the nodes have to give together: ${show(whole)}`,
      remedy: 'choose a larger serverType, or lower maxReplicas, cpuRequestMillicores or memoryMebibytes in sizes',
    });
  }
  for (const { node, requestedAtMost, allocatable: has } of nodeLoads(platform, beside)) {
    const { cpuPercent, memoryPercent } = node.budget;
    const budget = { cpu: (has.cpu * cpuPercent) / 100, memory: (has.memory * memoryPercent) / 100 };
    if (requestedAtMost.cpu <= budget.cpu && requestedAtMost.memory <= budget.memory) continue;
    findings.push({
      where: `${file}: nodes.${nodes.indexOf(node)}.budget`,
      what: `at full size, the ${pods} expected on ${node.name} request ${show(requestedAtMost)}`,
      allowed: `${cpuPercent} % of its CPU and ${memoryPercent} % of its memory: ${show(budget)}`,
      remedy: 'choose a larger serverType, raise the budget, or lower the sizes',
    });
  }
  return [...findings, ...lostNodeFindings(platform, beside), ...strictSpreadFindings(platform)];
}

/** Of the one that has the cluster: its nodes are everybody's. */
function fileOf(all: readonly Platform[]): string {
  const home = all.find(({ environment }) => !environment.sharesCluster) ?? all[0];
  return `config/environments/${home?.environment.name}.ts`;
}

/** `pods`, and whose where there are several. */
function podsOf(all: readonly Platform[]): string {
  const names = all.map(({ environment }) => environment.name).sort();
  return names.length === 1 ? 'pods' : `pods of ${names.join(' and ')}`;
}

/** Pods that never share a node can't be more than the nodes. */
function strictSpreadFindings(platform: Platform): Finding[] {
  const count = workersOf(platform.environment.nodes).length;
  return [...podDemands(platform)]
    .map(([workload, demand]) => ({ workload, ...demand }))
    .filter(({ apart, full }) => apart && full > count)
    .map(({ workload, full }) => {
      // Those of a store are its members: what they keep is on nodes of their own.
      const isStore = workload.props.controller.kind === 'StatefulSet';
      return {
        where: `workload ${describePeer(workload)}`,
        what: `${full} ${isStore ? 'members' : 'pods'} that never share a node, on ${count} ${count === 1 ? 'node' : 'nodes'}: one would wait for ever`,
        allowed: isStore ? `at most ${count}, one on each node` : `at most ${count}, or the spread preferred`,
        remedy: isStore ? 'lower members where it is made, or add a node' : 'lower its replicas, or let it share nodes',
      };
    });
}

function lostNodeFindings(platform: Platform, beside: readonly Platform[]): Finding[] {
  const all = [platform, ...beside];
  return losses(platform, beside)
    .filter(({ keepsApi: moves }) => moves)
    .filter(({ requested, allocatable: left }) => requested.cpu > left.cpu || requested.memory > left.memory)
    .map(({ node, requested, allocatable: left }) => ({
      where: `${fileOf(all)}: nodes`,
      what: `with ${node.name} gone, the least number of ${podsOf(all)} requests ${show(requested)}`,
      allowed: `what the others have to give: ${show(left)}`,
      remedy: 'choose a larger serverType, or lower the sizes',
    }));
}

/** What the pods of each workload ask for. */
function podDemands({ owners, environment }: Platform): ReadonlyMap<Workload, PodDemand> {
  const count = workersOf(environment.nodes).length;
  const workloads = owners.filter((owner) => owner instanceof Workload);
  return new Map(workloads.map((workload) => [workload, workload.demand(count)]));
}

function demands(platform: Platform): Demand[] {
  const count = workersOf(platform.environment.nodes).length;
  const pods = podDemands(platform);
  return platform.owners.flatMap((owner): Demand[] => {
    const name = describePeer(owner);
    const demand = owner instanceof Workload ? pods.get(owner) : undefined;
    if (demand !== undefined) {
      const { each, apart: strict, least, most } = demand;
      // One more of those than nodes waits, and takes nothing from any.
      const placed = strict ? Math.min(most, count) : most;
      return [{ name, each: { cpu: each.millicores, memory: each.mebibytes }, strict, least, most: placed }];
    }
    if (owner instanceof ForeignWorkload && owner.requests) {
      const { cpu, memory, replicas } = owner.requests;
      const each = { cpu: cpu.millicores, memory: memory.toMebibytes() };
      return [{ name, each, strict: false, least: replicas, most: replicas }];
    }
    return [];
  });
}

/** What is asked of each node that carries pods. */
function place(nodes: readonly Node[], list: readonly Demand[], size: 'least' | 'most'): Map<Node, Amount> {
  const loads = workersOf(nodes).map((node): Load => ({ node, whole: allocatable(node), requested: none, pods: 0 }));
  const largest = [...list].sort((a, b) => b.each.cpu - a.each.cpu || (a.name < b.name ? -1 : 1));
  for (const demand of largest) {
    for (const load of loads) load.pods = 0;
    for (let pod = 0; pod < demand[size]; pod += 1) {
      const chosen = loads.reduce((best, load) =>
        (load.pods - best.pods || fill(load) - fill(best)) < 0 ? load : best,
      );
      chosen.requested = sum([chosen.requested, demand.each]);
      chosen.pods += 1;
    }
  }
  return new Map(loads.map(({ node, requested }) => [node, requested]));
}

function fill({ requested, whole }: Load): number {
  return Math.max(requested.cpu / whole.cpu, requested.memory / whole.memory);
}

function allocatable(node: Node): Amount {
  return { cpu: node.allocatable.cpu.millicores, memory: node.allocatable.memory.toMebibytes() };
}

function sum(amounts: readonly Amount[]): Amount {
  return amounts.reduce((a, b) => ({ cpu: a.cpu + b.cpu, memory: a.memory + b.memory }), none);
}

function times({ cpu, memory }: Amount, count: number): Amount {
  return { cpu: cpu * count, memory: memory * count };
}

/** `1.25 CPU and 2.5 GiB`. */
export function show({ cpu, memory }: Amount): string {
  const round = (value: number): string => String(Math.round(value * 100) / 100);
  return `${round(cpu / 1000)} CPU and ${round(memory / 1024)} GiB`;
}
