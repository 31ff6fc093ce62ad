import type { Node } from '../../../constructs/core/environment.ts';
import type { Platform } from '../../../constructs/core/platform.ts';
import { nodeLoads } from '../../../synth/budget.ts';
import type { Amount } from '../../../synth/budget.ts';
import type { KwokNodes } from '../../cluster/kwok-nodes.ts';
import { add, computed, differences, missingPods, percent, requestsOf } from './placement.ts';
import { witnessTaint } from '../../../constructs/core/witness.ts';
import type { Pod, Size } from './placement.ts';
import type { RoundRecord } from './record.ts';
import type { Outcome, Stage } from './stage.ts';

const words: Readonly<Record<Size, string>> = {
  least: 'at its least',
  most: 'at its most',
  rollout: 'at its most, during a rollout of everything of ours',
};

/** Seconds that a change of size may take: the autoscalers look every 15 s. */
const patience = 90;

/** A lost node is noticed after 16 s, and its pods may stay for 30 s more. */
const lossPatience = 46 + patience;

/** What is tried on one environment, each state left for the next. Everything that isn't promised is only told. */
export class CapacityDrill {
  private readonly platform: Platform;
  private readonly stage: Stage;
  private readonly kwok: KwokNodes;
  private readonly record: RoundRecord;
  private readonly say: (line: string) => void;

  constructor(platform: Platform, stage: Stage, kwok: KwokNodes, record: RoundRecord, say: (line: string) => void) {
    this.platform = platform;
    this.stage = stage;
    this.kwok = kwok;
    this.record = record;
    this.say = say;
  }

  async atLeast(): Promise<void> {
    this.say(`everything ${words.least}`);
    // Twice: so much starts at the same time here.
    const outcome = await this.stage.placement('least', 2 * patience);
    this.asComputed('least', outcome);
    this.perNode('least', outcome.placed);
    const open = await this.stage.rolledOut(patience);
    this.check('every Deployment is available', 'yes', open === '' ? 'yes' : `not ${open}`);
    const closed = await this.stage.closedBudgets();
    this.check(
      'every disruption budget lets a pod go',
      'yes',
      closed.length === 0 ? 'yes' : `not ${closed.join(', ')}`,
    );
  }

  async atMost(): Promise<void> {
    this.say(`everything ${words.most}`);
    await this.stage.scaleTo('most');
    const outcome = await this.stage.placement('most', patience);
    this.asComputed('most', outcome);
    this.perNode('most', outcome.placed);
  }

  /** From the most, with all nodes there; afterwards the pods are spread anew. */
  async rollout(): Promise<void> {
    this.say(`everything ${words.rollout}`);
    await this.stage.beginRollout();
    this.asComputed('rollout', await this.stage.placement('rollout', patience));
    await this.stage.endRollout();
    const open = await this.stage.rolledOut(patience);
    this.check('the rollout ends', 'yes', open === '' ? 'yes' : `not of ${open}`);
    const outcome = await this.stage.placement('most', patience);
    this.asComputed('most', outcome);
    this.perNode('most', outcome.placed);
  }

  /** From the least; leaves everything at its most, if it can, with all nodes there. */
  async lossAtLeast(node: Node): Promise<void> {
    await this.lose(node);
    this.again('least', node, await this.stage.placement('least', lossPatience), true);
    await this.stage.scaleTo('most');
    this.without('most', node, await this.stage.placement('most', patience));
    await this.regain(node);
  }

  /** Leaves everything at its least with all nodes there. */
  async lossAtMost(node: Node): Promise<void> {
    await this.stage.scaleTo('most');
    await this.stage.placement('most', patience);
    await this.lose(node);
    const outcome = await this.stage.placement('most', lossPatience);
    this.again('most', node, outcome, false);
    this.without('most', node, outcome);
    await this.stage.scaleTo('least');
    this.stays('least', node, await this.stage.placement('least', patience));
    await this.regain(node);
  }

  private async lose(node: Node): Promise<void> {
    this.say(`${node.name} loses power`);
    this.stage.lose(node.name);
    await this.kwok.powerOff(node.name);
  }

  private async regain({ name }: Node): Promise<void> {
    await this.kwok.powerOn(name);
    await this.stage.regain(name);
  }

  /** The same pods, in number and in what they request, as synth's budget has. */
  private asComputed(size: Size, { placed, open }: Outcome): void {
    const { pods, requests } = computed(this.stage.groups, size);
    // The least is what synth tells for each node; it has no such figure of the other sizes.
    const total = size === 'least' ? add(nodeLoads(this.platform).map(({ requested }) => requested)) : requests;
    const what = `${words[size]}, every pod is placed and ready, and the requests are those that are computed`;
    const text = (count: number, { cpu, memory }: Amount): string => `${count} pods, ${cpu} m CPU, ${memory} MiB`;
    const got = text(placed.length, requestsOf(placed));
    this.check(what, text(pods, total), open.length === 0 ? got : `${got}: ${open.join(', ')}`);
  }

  /** What each node carries, beside its budget. */
  private perNode(size: Size, placed: readonly Pod[]): void {
    for (const { node, allocatable } of nodeLoads(this.platform)) {
      const on = placed.filter(({ spec }) => spec.nodeName === node.name);
      const requests = requestsOf(on);
      const { cpuPercent, memoryPercent } = node.budget;
      const cpu = percent(requests.cpu, allocatable.cpu);
      const memory = percent(requests.memory, allocatable.memory);
      const within = `at most ${cpuPercent} % of its CPU and ${memoryPercent} % of its memory`;
      this.figure(`CPU of ${node.name} ${words[size]}`, '%', cpu);
      this.figure(`memory of ${node.name} ${words[size]}`, '%', memory);
      this.check(
        `${words[size]}, the pods on ${node.name} request`,
        within,
        cpu <= cpuPercent && memory <= memoryPercent ? within : `${cpu} % and ${memory} %`,
      );
    }
    for (const { name, role } of this.platform.environment.nodes) {
      if (role !== 'witness') continue;
      const on = placed.filter(({ spec }) => spec.nodeName === name && !votes(spec));
      this.check(
        `${words[size]}, pods on ${name} that do not vote, as it does`,
        'none',
        on.length === 0 ? 'none' : String(on.length),
      );
    }
  }

  private again(size: Size, { name }: Node, outcome: Outcome, promised: boolean): void {
    const { seconds } = outcome;
    this.figure(`everything ${words[size]} is ready again after the loss of ${name}`, 's', seconds);
    this.say(seconds === undefined ? `not all ready again ${words[size]}` : `all ready again after ${seconds} s`);
    if (promised) this.stays(size, { name }, outcome);
  }

  private stays(size: Size, { name }: Pick<Node, 'name'>, { placed, left }: Outcome): void {
    const open = differences(this.stage.groups, placed, size, left);
    const what = `with ${name} lost, everything ${words[size]} is placed and ready`;
    this.check(what, 'yes', open.length === 0 ? 'yes' : open.join(', '));
  }

  /** Told, not checked: that everything fits at its most is promised with all nodes there. */
  private without(size: Size, { name }: Node, { placed, open, left }: Outcome): void {
    const missing = missingPods(this.stage.groups, placed, size, left);
    this.figure(`without a place ${words[size]} with ${name} lost`, 'pods', missing);
    for (const { node, allocatable } of nodeLoads(this.platform)) {
      if (node.name === name) continue;
      const { cpu, memory } = requestsOf(placed.filter(({ spec }) => spec.nodeName === node.name));
      this.figure(`CPU of ${node.name} ${words[size]} with ${name} lost`, '%', percent(cpu, allocatable.cpu));
      this.figure(`memory of ${node.name} ${words[size]} with ${name} lost`, '%', percent(memory, allocatable.memory));
    }
    this.say(`${words[size]} with ${name} lost: ${missing === 0 ? 'all placed' : open.join(', ')}`);
  }

  private check(what: string, expected: string, got: string): void {
    this.record.check(`${this.platform.environment.name}: ${what}`, expected, got);
  }

  private figure(name: string, unit: string, value: number | undefined): void {
    this.record.figure(`${this.platform.environment.name}: ${name}`, unit, value);
  }
}

/** Whether it may run on a witness: a Sentinel does. */
function votes({ tolerations = [] }: Pod['spec']): boolean {
  return tolerations.some(({ key }) => key === witnessTaint.key);
}
