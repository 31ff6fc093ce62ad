import type { PromiseId } from '../../promises.ts';
import { controlPlanePrograms } from '../cluster/control-plane.ts';
import { clusterPrograms } from '../cluster/requirements.ts';
import { platformPrograms } from '../delivery/deliver.ts';
import type { Round } from '../results/index.ts';
import type { ProgramName } from '../tools/programs.ts';
import type { ClusterGround, Ground, PlatformGround } from './ground.ts';

/**
 * What an area runs on:
 * - `machine`: this machine alone: it starts the programs that it names itself
 * - `api`: control planes on the loopback interface, which it starts itself
 * - `cluster`: a cluster without the platform, brought up for it and taken down
 * - `platform`: the platform as Argo CD applied it; one that is up is used, and stays
 * - `empty`: no cluster at all: it brings up its own, of which little is as it was at the end
 */
export type Need = 'machine' | 'api' | 'cluster' | 'platform' | 'empty';

interface GroundOf {
  readonly machine: Ground;
  readonly api: Ground;
  readonly cluster: ClusterGround;
  readonly platform: PlatformGround;
  readonly empty: Ground;
}

/** A round for each promise of the area, with what stood in for what beside what its ground says. */
export type Outcome = Readonly<Partial<Record<PromiseId, Round & { readonly standIns?: readonly string[] }>>>;

/** Drills that are run together. */
export interface Area<Of extends Need = Need> {
  readonly purpose: string;
  /** The promises that it alone measures, and what is done for each, in one sentence. */
  readonly promises: Readonly<Partial<Record<PromiseId, string>>>;
  readonly needs: Of;
  /** What one round takes on two processors, with what it brings up itself; a platform is there already. */
  readonly minutes: number;
  /** Programs beyond those of its ground. */
  readonly programs: readonly ProgramName[];
  /**
   * What an environment has to have, of what one can do without, such as `edge`.
   * @default nothing
   */
  readonly asks?: 'edge' | 'observability';
  /**
   * Whether its round can be run with the samples in the place of the stand-ins for backend and frontend.
   * @default false
   */
  readonly takesSamples?: Of extends 'platform' ? boolean : never;
  /** Files and folders, beside its own, whose change can change what it measures; relative to the root. */
  readonly about: readonly string[];
  /** One round. @throws ProvingError where it can't be done at all */
  readonly run: (ground: GroundOf[Of]) => Promise<Outcome>;
}

/** An area with a ground that is known only when it is run. */
export type AnyArea = { readonly [Of in Need]: Area<Of> }[Need];

const programsOfNeed: Readonly<Record<Need, readonly ProgramName[]>> = {
  machine: [],
  api: controlPlanePrograms,
  cluster: clusterPrograms,
  platform: platformPrograms,
  empty: platformPrograms,
};

/** All that has to be built for an area. */
export function programsOf({ needs, programs }: Pick<AnyArea, 'needs' | 'programs'>): readonly ProgramName[] {
  return [...programsOfNeed[needs], ...programs];
}

export function promisesOf({ promises }: Pick<AnyArea, 'promises'>): readonly PromiseId[] {
  return Object.keys(promises) as PromiseId[];
}
