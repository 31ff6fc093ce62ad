import { setTimeout as delay } from 'node:timers/promises';
import { freeze, powerOff, returnNode, thaw } from '../../cluster/faults.ts';
import { initPid } from '../../cluster/nodes.ts';
import { expendableOf } from '../../cluster/plan.ts';
import type { WayIn } from '../../components/edge/way-in.ts';
import type { Prometheus } from '../../components/observability/prometheus.ts';
import { askedAt, toldTo } from '../../components/observability/told.ts';
import type { Told } from '../../components/observability/told.ts';
import { seconds } from '../../instruments/figures.ts';
import { withCleanUp } from '../../machine/clean-up.ts';
import { ProvingError } from '../../machine/error.ts';
import { waitFor } from '../../machine/wait-for.ts';
import type { DrillCheck, Part, Round } from '../../results/index.ts';
import { startLoadBalancer, stopLoadBalancer } from '../../stand-ins/load-balancer/index.ts';
import type { PlatformGround } from '../ground.ts';
import { allPods, ready, waitForHealth } from '../recovered.ts';
import { ofTheGround } from './of-the-ground.ts';

/** Seconds that somebody outside waits for the next sign of life before he tells: three are missed by then. */
const patience = 210;
/** Seconds between two of them, at most, while all is well: one a minute, as groups are looked at. */
const often = 95;

/** What is taken away, and what has to be told of it within how many seconds. */
const wanted = { NodeLost: 240, PublicPathDown: 360 } as const;
type Wanted = keyof typeof wanted;

/** One alert, from when what it tells of began. */
interface Delivery {
  readonly alert: Wanted;
  /** Seconds until somebody was told. */
  readonly told: number;
  /** Seconds from when all was given back until he was told that it is over. */
  readonly resolved: number;
}

/** What came of all that was provoked. */
export interface Provoked extends Part {
  readonly deliveries: readonly Delivery[];
}

/** Whom the environment tells. @throws ProvingError where nobody misses a sign of life */
export function hostsOf({ platform, environment }: PlatformGround): {
  readonly onCall: string;
  readonly heartbeat: string;
} {
  const { observability } = platform.environment;
  if (observability === undefined || observability.heartbeat === false)
    throw new ProvingError(`${environment} has nobody who is told, or nobody who misses a sign of life`);
  return { onCall: observability.onCall, heartbeat: observability.heartbeat };
}

/** Takes a node and the way in away at once, and then the whole from whoever waits outside for a sign of life. */
export async function alerts(ground: PlatformGround, prometheus: Prometheus, way: WayIn): Promise<Provoked> {
  const before = await allPods(ground);
  const deliveries = await nodeAndWayIn(ground, way);
  await waitForHealth(ground, before);
  const silence = await frozen(ground, prometheus);
  return {
    deliveries: deliveries.done,
    figures: { ...deliveries.figures, ...silence.figures },
    checks: [...deliveries.checks, ...silence.checks],
  };
}

async function nodeAndWayIn(
  ground: PlatformGround,
  { entrance }: WayIn,
): Promise<Part & { readonly done: readonly Delivery[] }> {
  const { cluster, report, signal } = ground;
  const { onCall } = hostsOf(ground);
  const { name } = expendableOf(cluster.plan);
  const since = new Date();
  const told = (status: Told['status'], from: Date): readonly Told[] =>
    toldTo(cluster, onCall, from).filter((each) => each.status === status);
  const firsts = new Map<Wanted, number>();
  const ends = new Map<Wanted, number>();
  const giveBack = async (): Promise<void> => {
    await startLoadBalancer(cluster, entrance, { signal });
    if (initPid(cluster, name) === undefined) await returnNode(cluster, name);
  };
  return withCleanUp([giveBack], async () => {
    report(`${name} loses its power, and the way in is closed`);
    await Promise.all([powerOff(cluster, name), stopLoadBalancer(cluster)]);
    const names = Object.keys(wanted) as Wanted[];
    for (const alert of names) {
      const what = `whoever is on call to be told ${alert}`;
      const [first] = await waitFor(what, { atMost: wanted[alert], every: 500, signal }, () => {
        const found = told('firing', since).filter((each) => each.alert === alert);
        return found.length > 0 && found;
      });
      firsts.set(alert, seconds((first?.at.getTime() ?? 0) - since.getTime()));
      report(`${alert} was told after ${firsts.get(alert)} s`);
    }
    const during = told('firing', since);
    const back = new Date();
    await giveBack();
    await ready(ground, name);
    for (const alert of names) {
      const what = `whoever is on call to be told that ${alert} is over`;
      const [end] = await waitFor(what, { atMost: 420, every: 500, signal }, () => {
        const found = told('resolved', back).filter((each) => each.alert === alert);
        return found.length > 0 && found;
      });
      ends.set(alert, seconds((end?.at.getTime() ?? 0) - back.getTime()));
      report(`${alert} was told to be over after ${ends.get(alert)} s`);
    }
    const done = names.map((alert) => ({ alert, told: firsts.get(alert) ?? 0, resolved: ends.get(alert) ?? 0 }));
    return { done, figures: {}, checks: whileLost(during) };
  });
}

/** What follows from a lost node waits until it is back; what pages is told, and what is right here whatever is lost. */
export function whileLost(told: readonly Told[]): DrillCheck[] {
  const tickets = told
    .filter(({ alert, labels }) => labels.severity !== 'page' && ofTheGround[alert] === undefined)
    .map(({ alert }) => alert);
  return [
    {
      what: 'what was told beside pages while a node was lost',
      expected: 'nothing',
      got: [...new Set(tickets)].join(', ') || 'nothing',
    },
  ];
}

/** Freezes the node of Prometheus: nobody in the cluster can tell of that, so somebody outside misses the sign of life. */
async function frozen(ground: PlatformGround, prometheus: Prometheus): Promise<Part> {
  const { cluster, report, signal } = ground;
  const { heartbeat } = hostsOf(ground);
  const { spec } = await prometheus.pod();
  const node = spec.nodeName ?? '';
  const start = new Date(Date.now() - 300_000);
  const signs = askedAt(cluster, heartbeat, start).map((at) => at.getTime());
  const apart = Math.max(0, ...signs.map((at, index) => seconds(at - (signs[index - 1] ?? at))));
  let last = 0;
  await withCleanUp([() => thaw(cluster, node)], async () => {
    report(`${node}, with Prometheus, is frozen`);
    const since = new Date();
    freeze(cluster, node);
    await delay(patience * 1000, undefined, { signal });
    // Whatever was under way is through by then.
    last = askedAt(cluster, heartbeat, new Date(since.getTime() + 120_000)).length;
  });
  const back = new Date();
  const [first] = await waitFor('the next sign of life', { atMost: 300, every: 500, signal }, () => {
    const found = askedAt(cluster, heartbeat, back);
    return found.length > 0 && found;
  });
  const again = seconds((first?.getTime() ?? 0) - back.getTime());
  report(`signs of life: ${apart} s apart at most, ${last} while frozen, and again ${again} s after it`);
  return {
    figures: { 'signs of life apart': apart, 'sign of life again': again },
    checks: [
      { what: 'signs of life in the five minutes before', expected: `every ${often} s`, got: everyOf(signs, apart) },
      {
        what: 'signs of life from two minutes after the node was frozen',
        expected: 'none',
        got: last === 0 ? 'none' : String(last),
      },
    ],
  };
}

function everyOf(signs: readonly number[], apart: number): string {
  return signs.length > 1 && apart <= often ? `every ${often} s` : `${signs.length}, ${apart} s apart`;
}

/** The round, with a line for each alert that was delivered. */
export function told(quiet: Part, { deliveries, figures, checks }: Provoked): Round {
  const delivered = deliveries.flatMap(({ alert, told: first, resolved }): [string, number][] => [
    [`${alert} told`, first],
    [`${alert} over`, resolved],
  ]);
  const all = { ...quiet.figures, ...Object.fromEntries(delivered), ...figures };
  return {
    figures: all,
    units: Object.fromEntries(Object.keys(all).map((name) => [name, 's'])),
    checks: [...quiet.checks, ...checks],
  };
}
