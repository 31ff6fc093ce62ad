import type { Construct, IConstruct } from 'constructs';
import type { Alert } from './alert.ts';
import type { Dashboard } from './dashboard.ts';
import { InputError } from './error.ts';
import type { LogAlert } from './log-alert.ts';
import type { Objective } from './objective.ts';
import type { PodOwner } from './pod-owner.ts';
import type { Scrape } from './scrape.ts';

/**
 * A platform is made in phases: applications are built; collectors are told what there is, and may wire; then wires are
 * frozen, because policies and waves follow from them; totals come last.
 */
type Phase = 'build' | 'collect' | 'frozen';

/** What the applications built, for those who name nobody: watchers, the edge. */
export interface Found {
  readonly owners: readonly PodOwner[];
  readonly alerts: readonly Alert[];
  readonly logAlerts: readonly LogAlert[];
  readonly objectives: readonly Objective[];
  readonly dashboards: readonly Dashboard[];
  readonly scrapes: readonly Scrape[];
}

/** A construct that works with whatever was built. It is told once, and may wire and add objects then. */
export interface Collects extends Construct {
  collect(found: Found): void;
}

/** A construct that adds something up. It is told when every wire and every policy is there. */
export interface Completes extends Construct {
  complete(owners: readonly PodOwner[]): void;
}

export function collects(construct: IConstruct): construct is Collects {
  return 'collect' in construct;
}

export function completes(construct: IConstruct): construct is Completes {
  return 'complete' in construct;
}

/** By the root of the tree: a construct knows its platform by nothing else. */
const phases = new WeakMap<IConstruct, Phase>();

export function enterPhase(root: IConstruct, phase: Phase): void {
  phases.set(root, phase);
}

/** A wire after the freeze would open no network and order nothing. @throws InputError */
export function refuseLateWire(owner: PodOwner, what: string): void {
  if (phases.get(owner.node.root) !== 'frozen') return;
  throw new InputError({
    where: `workload ${owner.namespace}/${owner.name}`,
    what: `it ${what} after wires were frozen, so no policy and no wave would follow from it`,
    allowed: 'wires while the applications are built, and in collect(found)',
    remedy: 'wire it in the constructor, or in collect(found) if it depends on what others built',
  });
}

/** What is made after the build is missing in what collectors were told. @throws InputError */
export function refuseLateConstruct(construct: IConstruct, what: string): void {
  if ((phases.get(construct.node.root) ?? 'build') === 'build') return;
  throw new InputError({
    where: `${what} (${construct.node.path})`,
    what: 'it is made after everything was collected, so nobody would know of it',
    allowed: 'workloads, alerts, objectives, dashboards and scrapes while their application is built',
    remedy: 'make it in the constructor; collect(found) wires and adds objects',
  });
}

/** A collector that another one made is told of nothing. @throws InputError */
export function refuseLateCollectors(all: readonly Collects[], told: readonly Collects[]): void {
  const late = all.filter((construct) => !told.includes(construct));
  if (late.length === 0) return;
  throw new InputError(
    late.map((construct) => ({
      where: `collector ${construct.node.path}`,
      what: 'it is made while everything is collected, so nobody tells it what there is',
      allowed: 'collectors while their application is built',
      remedy: 'make it in the constructor',
    })),
  );
}
