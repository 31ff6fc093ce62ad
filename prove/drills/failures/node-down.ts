import type { Platform } from '../../../constructs/core/platform.ts';
import { Workload } from '../../../constructs/core/workload.ts';
import { powerOff, returnNode } from '../../cluster/faults.ts';
import type { Cluster } from '../../cluster/handle.ts';
import { kubectl, readinessOf } from '../../cluster/kubectl.ts';
import { initPid } from '../../cluster/nodes.ts';
import { expendableOf, workersOf } from '../../cluster/plan.ts';
import { affectedBy, missingOn, nodesOf, ownerOf } from '../../cluster/pods.ts';
import type { PodObject } from '../../cluster/pods.ts';
import { askOf, webOf } from '../../components/web.ts';
import { failedOf, longestGap, reasonsOf, seconds } from '../../instruments/figures.ts';
import { Recorder } from '../../instruments/recorder.ts';
import { withCleanUp } from '../../machine/clean-up.ts';
import { ProvingError } from '../../machine/error.ts';
import { waitFor } from '../../machine/wait-for.ts';
import type { DrillCheck, Round } from '../../results/index.ts';
import type { PlatformGround } from '../ground.ts';
import { allPods, ready, waitForHealth } from '../recovered.ts';
import { gatherStateful } from './placement.ts';

/** Seconds that are waited for the pods: longer than the promise allows. What isn't there by then has missed it. */
const patience = 130;

const units = {
  moved: 's',
  'deployments moved': 's',
  pods: 'pods',
  'seen as lost': 's',
  'requests failed': 'requests',
  'longest gap': 's',
  'ready after return': 's',
  'whole again': 's',
};

interface Nodes {
  readonly lost: string;
  readonly other: string;
}

/** Takes a node's power away until its pods run on the other, gives it back, and waits until everything is as before. */
export async function nodeDown(platform: PlatformGround): Promise<Round> {
  const { cluster, report } = platform;
  const nodes = nodesOfPlan(cluster);
  const { lost, other } = nodes;
  await gatherStateful(platform, lost, other);
  const before = await allPods(platform);
  const affected = affectedBy(lost, before);
  const checks: DrillCheck[] = spreadOf(platform.platform).map((each) => spreadCheck(each, nodes, before));
  const recorder = await Recorder.start(cluster, {
    ...askOf(webOf(platform.platform, 'backend'), platform.web.paths.backend),
    name: 'node2-client',
  });
  const undo = [() => initPid(cluster, lost) === undefined && returnNode(cluster, lost), () => recorder.remove()];
  return withCleanUp(undo, async () => {
    report(`${lost} loses its power, with pods of ${[...affected.keys()].join(', ')}`);
    const since = new Date();
    await powerOff(cluster, lost);
    const outage = await watchMove(platform, nodes, affected, since);
    const until = new Date();
    const requests = (await recorder.requests(since)).filter(({ at }) => at <= until);
    report(`the client's failures: ${reasonsOf(requests)}`);
    checks.push({
      what: `what ran on ${lost} and doesn't run on ${other}`,
      expected: 'nothing',
      got: outage.missing.join(', ') || 'nothing',
    });
    const back = await restore(platform, nodes, affected, before);
    checks.push(...back.checks);
    return {
      figures: {
        moved: outage.moved,
        'deployments moved': outage.deployments,
        pods: before.filter((pod) => pod.spec.nodeName === lost && affected.has(ownerOf(pod) ?? '')).length,
        'seen as lost': outage.seen,
        'requests failed': failedOf(requests),
        'longest gap': longestGap(requests, since, until),
        'ready after return': back.ready,
        'whole again': back.whole,
      },
      units,
      checks,
    };
  });
}

interface Outage {
  /** Seconds until everything ran on the other node; those that were waited if not everything did. */
  readonly moved: number;
  readonly deployments: number;
  /** Seconds until the node was seen as lost. */
  readonly seen: number;
  readonly missing: readonly string[];
}

async function watchMove(
  platform: PlatformGround,
  { lost, other }: Nodes,
  affected: ReadonlyMap<string, number>,
  since: Date,
): Promise<Outage> {
  const { cluster, report, signal } = platform;
  const passed = (): number => seconds(Date.now() - since.getTime());
  let [seen, deployments] = [0, 0];
  let missing: readonly string[] = [...affected.keys()];
  const done = async (): Promise<boolean> => {
    if (seen === 0 && (await readinessOf(cluster, lost)) === 'Unknown') {
      seen = passed();
      report(`${seen} s  ${lost} is seen as lost`);
    }
    const now = missingOn(other, affected, await allPods(platform));
    if (now.length < missing.length) report(`${passed()} s  missing: ${now.join(', ') || 'nothing'}`);
    missing = now;
    if (deployments === 0 && !now.some((each) => each.startsWith('Deployment '))) deployments = passed();
    return now.length === 0;
  };
  try {
    await waitFor('the pods on the other node', { atMost: patience, every: 500, signal }, done);
  } catch (error) {
    // Not moved in time is a result; an interruption is none.
    if (!(error instanceof ProvingError) || signal.aborted) throw error;
  }
  return { moved: passed(), deployments: deployments === 0 ? passed() : deployments, seen, missing };
}

interface Return {
  readonly ready: number;
  readonly whole: number;
  readonly checks: readonly DrillCheck[];
}

/** Gives the power back and waits until everything is healthy; then spreads the pods again, which nobody else would. */
async function restore(
  platform: PlatformGround,
  nodes: Nodes,
  affected: ReadonlyMap<string, number>,
  before: readonly PodObject[],
): Promise<Return> {
  const { cluster, report } = platform;
  const { lost } = nodes;
  const since = new Date();
  const passed = (): number => seconds(Date.now() - since.getTime());
  await returnNode(cluster, lost);
  await ready(platform, lost);
  const readyAfter = passed();
  await waitForHealth(platform, before);
  const whole = passed();
  report(`${whole} s  everything Synced and Healthy after the return`);

  const old = new Set(before.map(({ metadata }) => metadata.uid));
  const moved = (await allPods(platform)).filter(
    (pod) => affected.has(ownerOf(pod) ?? '') && !old.has(pod.metadata.uid) && pod.spec.nodeName !== lost,
  );
  for (const { metadata } of moved) {
    await kubectl(cluster, ['delete', 'pod', metadata.name, `--namespace=${metadata.namespace}`, '--wait=false']);
  }
  await waitForHealth(platform, before);
  const after = await allPods(platform);
  return {
    ready: readyAfter,
    whole,
    checks: spreadOf(platform.platform).map((each) => spreadCheck(each, nodes, after)),
  };
}

/** Our Deployments of several pods: a node that is lost may take only some of them. */
export function spreadOf({ owners }: Platform): readonly Workload[] {
  return owners
    .filter((owner) => owner instanceof Workload)
    .filter((workload) => workload.props.controller.kind === 'Deployment' && workload.demand(1).least > 1);
}

function spreadCheck({ name, namespace }: Workload, { lost, other }: Nodes, pods: readonly PodObject[]): DrillCheck {
  const got = nodesOf(`Deployment ${namespace}/${name}`, pods).join(', ');
  return { what: `the nodes of the ${name}'s pods`, expected: [other, lost].sort().join(', '), got };
}

/** The node whose loss costs the API the least, and the one that its pods go to. */
function nodesOfPlan({ plan }: Cluster): Nodes {
  const { name: lost } = expendableOf(plan);
  const other = workersOf(plan).find(({ name }) => name !== lost);
  if (other === undefined) throw new ProvingError('there is only one node for pods');
  return { lost, other: other.name };
}
