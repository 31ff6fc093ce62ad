import { Construct } from 'constructs';
import { Cpu } from '../core/cpu.ts';
import { InputError } from '../core/error.ts';
import type { Finding } from '../core/error.ts';
import { kubeObject } from '../core/kube-object.ts';
import { KubeNamespace, KubePriorityClass, KubeResourceQuota, Quantity } from '../core/level1.ts';
import type { NamespaceDefinition } from '../core/namespace.ts';
import { defaultDeny } from '../core/network-policy.ts';
import type { Completes } from '../core/phase.ts';
import type { PodDemand } from '../core/pod-demand.ts';
import type { PodOwner } from '../core/pod-owner.ts';
import { priorities } from '../core/priority.ts';
import { Service } from '../core/service.ts';
import { serviceQuota } from '../core/service-quota.ts';
import { Workload } from '../core/workload.ts';

export interface FoundationsProps {
  /** Every namespace of the platform. */
  readonly namespaces: readonly NamespaceDefinition[];
  /**
   * Whether it brings the priority classes, which a cluster has once.
   * @default true
   */
  readonly priorities?: boolean;
  /** How many nodes a DaemonSet runs on, for the quotas. */
  readonly nodes: number;
}

/** Pods on their way out count until they are gone, so a rollout at full size needs its room twice. */
const quotaFactor = 2;

/** Read by the admission plugin PodNodeSelector. */
const serversOnly = {
  'scheduler.alpha.kubernetes.io/node-selector': 'node-role.kubernetes.io/control-plane=true',
};

/** Namespaces that a cluster has before anybody makes one. */
const ofKubernetes = /^(default|kube-.*)$/;

function checkNamespaces(namespaces: readonly NamespaceDefinition[]): void {
  const findings = namespaces.flatMap(({ name }, index): Finding[] => {
    const where = `namespace ${name}`;
    const remedy = 'rename it in apps/namespaces.ts';
    if (namespaces.slice(0, index).some((other) => other.name === name)) {
      return [{ where, what: 'it is defined twice', allowed: 'each namespace once: applications share it', remedy }];
    }
    if (!ofKubernetes.test(name)) return [];
    return [{ where, what: 'it is one of Kubernetes itself', allowed: 'a namespace of the platform', remedy }];
  });
  if (findings.length > 0) throw new InputError(findings);
}

/** Namespaces with their Pod Security level, the refusal of all traffic, quotas, and the priority classes. */
export class Foundations extends Construct implements Completes {
  private readonly props: FoundationsProps;

  constructor(scope: Construct, id: string, props: FoundationsProps) {
    super(scope, id);
    checkNamespaces(props.namespaces);
    this.props = props;
    for (const [name, { value, description }] of props.priorities === false ? [] : Object.entries(priorities)) {
      kubeObject(this, `priority-${name}`, KubePriorityClass, { metadata: { name }, value, description });
    }
    for (const { name, podSecurity, onServers } of props.namespaces) {
      const level = Object.fromEntries(
        ['enforce', 'audit', 'warn'].map((mode) => [`pod-security.kubernetes.io/${mode}`, podSecurity]),
      );
      kubeObject(this, `namespace-${name}`, KubeNamespace, {
        metadata: { name, labels: level, ...(onServers ? { annotations: serversOnly } : {}) },
      });
      defaultDeny(this, name);
    }
  }

  /** Totals of what others built: quotas of what pods request, and of the ways in that Services open. */
  complete(owners: readonly PodOwner[]): void {
    const services = this.node.root.node.findAll().filter((node) => node instanceof Service);
    for (const { name } of this.props.namespaces) {
      const own = services.filter(({ namespace }) => namespace === name);
      serviceQuota(
        this,
        name,
        own.reduce((sum, { nodePorts }) => sum + nodePorts, 0),
      );
    }
    this.requestQuotas(owners);
  }

  /**
   * Stops runaways: a quota of what all workloads of a namespace can request at most. Pods of somebody else's chart may
   * state no requests, and a quota would refuse them, so their namespaces have none.
   */
  private requestQuotas(owners: readonly PodOwner[]): void {
    for (const { name } of this.props.namespaces) {
      const own = owners.filter(({ namespace }) => namespace === name);
      const workloads = own.filter((owner) => owner instanceof Workload);
      if (workloads.length === 0 || workloads.length < own.length) continue;
      const demands = workloads.map((workload) => workload.demand(this.props.nodes));
      const sum = (of: (each: PodDemand['each']) => number): number =>
        quotaFactor * demands.reduce((total, { each, most }) => total + most * of(each), 0);
      kubeObject(this, `quota-${name}`, KubeResourceQuota, {
        metadata: { name: 'requests', namespace: name },
        spec: {
          hard: {
            'requests.cpu': Quantity.fromString(Cpu.millicores(sum(({ millicores }) => millicores)).asString()),
            'requests.memory': Quantity.fromString(`${sum(({ mebibytes }) => mebibytes)}Mi`),
          },
        },
      });
    }
  }
}
