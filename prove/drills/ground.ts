import { buildPlatform } from '../../apps/platform.ts';
import type { Platform } from '../../constructs/core/platform.ts';
import { clusterOf } from '../cluster/handle.ts';
import type { Cluster } from '../cluster/handle.ts';
import { standInOf } from '../cluster/plan.ts';
import { standInApplications } from '../delivery/applications.ts';
import type { Applications } from '../delivery/applications.ts';
import { deliver } from '../delivery/deliver.ts';
import type { DeliverOptions, Delivery } from '../delivery/deliver.ts';
import { exists, isWhole } from '../delivery/lifecycle.ts';
import type { UpOptions } from '../delivery/lifecycle.ts';
import { withCluster } from '../delivery/with-cluster.ts';
import { ProvingError } from '../machine/error.ts';

/** What was run during a drill, beside the programs of its area. */
export class Used {
  readonly standIns = new Set<string>();
  readonly versions = new Map<string, string>();

  add({ standIns, versions = {} }: Pick<Delivery, 'standIns'> & Partial<Pick<Delivery, 'versions'>>): void {
    for (const standIn of standIns) this.standIns.add(standIn);
    for (const [name, version] of Object.entries(versions)) this.versions.set(name, version);
  }

  /** Takes the real thing in the place of what stood in for it. */
  replace({ standIn = '' }: { readonly standIn?: string }, by: { readonly standIn?: string }): void {
    this.standIns.delete(standIn);
    if (by.standIn !== undefined) this.standIns.add(by.standIn);
  }
}

/** Where and how a round of a drill is run. */
export interface Ground {
  /** Of this repository. */
  readonly root: string;
  /** For its state and logs. */
  readonly folder: string;
  /** Of `config/`, for drills that run in one. */
  readonly environment: string;
  readonly report: (line: string) => void;
  /** Which round of how many this is, from 1. */
  readonly round: { readonly number: number; readonly of: number };
  readonly used: Used;
}

/** A cluster, running. */
export interface ClusterGround extends Ground {
  readonly cluster: Cluster;
  /** Aborted when somebody interrupts the drill. */
  readonly signal: AbortSignal;
}

/** The platform in a cluster, as Argo CD applied it. */
export interface PlatformGround extends ClusterGround, Delivery {
  /** As its constructs describe it. */
  readonly platform: Platform;
  /** What runs as backend and frontend. */
  readonly web: Applications;
}

/** Brings an empty cluster up for an action, and down after it. @throws ProvingError where there is one already */
export function onCluster<Value>(
  ground: Ground,
  action: (ground: ClusterGround) => Promise<Value>,
  { world }: Pick<UpOptions, 'world'> = {},
): Promise<Value> {
  const cluster = clusterOf(ground.environment);
  if (exists(cluster)) throw new ProvingError('it needs an empty cluster: run npm run prove -- down before');
  return withCluster(cluster, { report: ground.report, world }, (signal) =>
    action(noted({ ...ground, cluster, signal })),
  );
}

/**
 * Has an action done on the platform as Argo CD applied it from this tree. A cluster that is up already is used, brought
 * to where the tree is, and stays; else one is brought up, and taken down.
 */
export function onPlatform<Value>(ground: Ground, action: (ground: PlatformGround) => Promise<Value>): Promise<Value> {
  const cluster = clusterOf(ground.environment);
  return withCluster(cluster, { report: ground.report, keep: isWhole(cluster) }, async (signal) =>
    action(await delivered(noted({ ...ground, cluster, signal }))),
  );
}

/** Applies the platform to a cluster. */
export async function delivered(
  ground: ClusterGround,
  options: Pick<DeliverOptions, 'prepare' | 'atMost' | 'atRest'> = {},
): Promise<PlatformGround> {
  const { cluster, root, report, signal, used } = ground;
  const delivery = await deliver(cluster, root, { report, signal, ...options });
  used.add(delivery);
  const { environment } = ground;
  return { ...ground, ...delivery, platform: buildPlatform(environment), web: standInApplications(environment) };
}

function noted(ground: ClusterGround): ClusterGround {
  ground.used.add({ standIns: [standInOf(ground.cluster.plan)] });
  return ground;
}
