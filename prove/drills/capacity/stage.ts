import { setTimeout as pause } from 'node:timers/promises';
import type { Manifest } from '../../../constructs/core/manifest.ts';
import type { ControlPlane } from '../../cluster/control-plane.ts';
import { getJson, kubectl } from '../../cluster/kubectl.ts';
import { ProvingError } from '../../machine/error.ts';
import { differences, isOfEachNode, keptPods, placedPods } from './placement.ts';
import type { Group, Left, Pod, Size } from './placement.ts';

interface Deployment extends Manifest {
  readonly metadata: Manifest['metadata'] & { readonly generation: number };
  readonly spec: { readonly replicas: number };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly replicas?: number;
    readonly updatedReplicas?: number;
    readonly availableReplicas?: number;
  };
}

interface Budget extends Manifest {
  readonly status?: { readonly disruptionsAllowed?: number };
}

/** What waiting for a placement came to. */
export interface Outcome {
  readonly placed: readonly Pod[];
  /** Since the waiting began; undefined when it wasn't reached. */
  readonly seconds: number | undefined;
  /** What was still different from the computed pods. */
  readonly open: readonly string[];
  readonly left: Left;
}

/** The computed pods on a control plane: moves the numbers, and sees where the pods are. */
export class Stage {
  readonly plane: ControlPlane;
  readonly groups: readonly Group[];
  private readonly lost = new Set<string>();
  private readonly workers: number;
  private readonly witnesses: readonly string[];

  /**
   * @param workers nodes that pods may run on
   * @param witnesses names of the others, where what is on each node is not computed
   */
  constructor(plane: ControlPlane, groups: readonly Group[], workers: number, witnesses: readonly string[]) {
    this.plane = plane;
    this.groups = groups;
    this.workers = workers;
    this.witnesses = witnesses;
  }

  /** Pods on these nodes count as gone, whatever the API still says. */
  lose(node: string): void {
    this.lost.add(node);
  }

  /** Has what the node kept made anew. */
  async regain(node: string): Promise<void> {
    this.lost.delete(node);
    for (const { metadata } of keptPods((await this.list('pods')) as unknown as Pod[], node)) {
      const { name, namespace } = metadata;
      await kubectl(this.plane, [
        'delete',
        'pod',
        name,
        `--namespace=${namespace}`,
        '--wait=false',
        '--ignore-not-found',
      ]);
    }
  }

  /** Waits until exactly the computed pods are placed and ready. Never throws for what doesn't come. */
  async placement(size: Size, seconds: number): Promise<Outcome> {
    const start = performance.now();
    let placed: Pod[] = [];
    let open: string[] = [];
    let left: Left = { nodes: this.workers - this.lost.size, stranded: [] };
    const reached = async (): Promise<number | undefined> => {
      const pods = ((await this.list('pods')) as unknown as Pod[]).filter((pod) => !this.isOfWitness(pod));
      placed = placedPods(pods, [...this.lost]);
      left = { ...left, stranded: pods.filter(({ spec: { nodeName = '' } }) => this.lost.has(nodeName)) };
      open = differences(this.groups, placed, size, left);
      if (open.length === 0) return Math.round((performance.now() - start) / 100) / 10;
      // Each question costs the machine more than it costs the answer.
      await pause(700);
      return undefined;
    };
    return { seconds: await this.patient(`the pods at their ${size}`, seconds, reached), placed, open, left };
  }

  private isOfWitness(pod: Pod): boolean {
    return isOfEachNode(pod) && this.witnesses.includes(pod.spec.nodeName ?? '');
  }

  /** Has every autoscaler stand at one of its bounds. */
  async scaleTo(size: 'least' | 'most'): Promise<void> {
    for (const { metadata } of await this.list('horizontalpodautoscalers')) {
      const { name, namespace = '' } = metadata;
      const group = this.groups.find((candidate) => candidate.name === `${namespace}/${name}`);
      if (group === undefined)
        throw new ProvingError(`the autoscaler ${namespace}/${name} scales nothing that is computed`);
      const spec = { minReplicas: group.count[size], maxReplicas: group.count[size] };
      await this.patch('hpa', namespace, name, { spec });
    }
  }

  /** Begins a rollout of each of our Deployments and holds it where both its old and its new pods are there. */
  async beginRollout(): Promise<void> {
    const template = { metadata: { annotations: { 'proving/rollout': String(Date.now()) } } };
    // A new pod counts as available only after this time: until then no old one goes.
    await this.patchOwn({ spec: { minReadySeconds: 600, progressDeadlineSeconds: 1200, template } });
  }

  async endRollout(): Promise<void> {
    await this.patchOwn({ spec: { minReadySeconds: 0 } });
  }

  /** Waits until every Deployment has only new, available pods. @returns what is left to do, empty when nothing is */
  async rolledOut(seconds: number): Promise<string> {
    let open: string[] = [];
    await this.patient('the end of rollouts', seconds, async () => {
      const deployments = (await this.list('deployments')) as Deployment[];
      open = deployments.filter((each) => !isRolledOut(each)).map(({ metadata }) => metadata.name);
      if (open.length === 0) return true;
      await pause(700);
      return undefined;
    });
    return open.join(', ');
  }

  /** Names of disruption budgets that would refuse even one drain. */
  async closedBudgets(): Promise<string[]> {
    const budgets = (await this.list('poddisruptionbudgets')) as Budget[];
    return budgets.filter(({ status }) => (status?.disruptionsAllowed ?? 0) < 1).map(({ metadata }) => metadata.name);
  }

  private async patchOwn(body: object): Promise<void> {
    for (const { own, namespace, name } of this.groups) {
      if (own) await this.patch('deployment', namespace, name.replace(`${namespace}/`, ''), body);
    }
  }

  private async patch(kind: string, namespace: string, name: string, body: object): Promise<void> {
    const args = ['patch', kind, name, '--namespace', namespace, '--type=merge', '--patch', JSON.stringify(body)];
    await kubectl(this.plane, args);
  }

  private async list(kind: string): Promise<readonly Manifest[]> {
    const found = await getJson<{ readonly items: readonly Manifest[] }>(this.plane, [kind, '--all-namespaces']);
    return found.items;
  }

  /** undefined when it doesn't come; what ended unexpectedly is told by the next waiting, which nobody forgives. */
  private async patient<T>(what: string, seconds: number, ask: () => Promise<T | undefined>): Promise<T | undefined> {
    const end = performance.now() + seconds * 1000;
    return this.plane
      .waitFor(what, seconds + 60, async () => {
        const answer = await ask();
        if (answer !== undefined) return { answer };
        return performance.now() > end ? { answer: undefined } : undefined;
      })
      .then(({ answer }) => answer);
  }
}

function isRolledOut({ metadata, spec, status }: Deployment): boolean {
  if (status === undefined || (status.observedGeneration ?? 0) < metadata.generation) return false;
  const { replicas, updatedReplicas, availableReplicas } = status;
  return [replicas, updatedReplicas, availableReplicas].every((count) => count === spec.replicas);
}
