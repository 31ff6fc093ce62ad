import path from 'node:path';
import process from 'node:process';
import type { PromiseId } from '../../promises.ts';
import { toldTo } from '../components/observability/told.ts';
import { ProvingError } from '../machine/error.ts';
import type { Delivered } from '../results/deliveries.ts';
import type { Measured, Round } from '../results/index.ts';
import { toolsHere } from '../tools/cache.ts';
import { versionsOf } from '../tools/modules.ts';
import { programsOf, promisesOf } from './area.ts';
import type { AnyArea, Outcome } from './area.ts';
import { onCluster, onPlatform, Used } from './ground.ts';
import type { Ground, PlatformGround } from './ground.ts';
import { withSamples } from './with-samples.ts';

export interface RunOptions {
  readonly rounds: number;
  /** Of `config/`. */
  readonly environment: string;
  /** Whether the samples run in the place of the stand-ins for backend and frontend. */
  readonly samples: boolean;
  readonly report: (line: string) => void;
}

/** What an area's rounds came to. */
export interface Run {
  /** One for each of its promises. */
  readonly results: readonly Measured[];
  /** What whoever is on call was told meanwhile. */
  readonly told: readonly Delivered[];
}

/** Runs an area's rounds. @throws ProvingError */
export async function runRounds(name: string, area: AnyArea, options: RunOptions): Promise<Run> {
  const { report, rounds } = options;
  const used = new Used();
  const ground = {
    ...{ root: process.cwd(), folder: path.join(toolsHere().cache, 'drills', name) },
    ...{ environment: options.environment, report, used },
  };
  const outcomes: Outcome[] = [];
  const told: Delivered[] = [];
  const each = async (once: (ground: Ground) => Promise<Outcome>): Promise<void> => {
    for (let number = 1; number <= rounds; number += 1) {
      if (rounds > 1) report(`round ${number} of ${rounds}`);
      outcomes.push(await once({ ...ground, round: { number, of: rounds } }));
    }
  };
  // One platform for all rounds; anything else is made anew for each.
  if (area.needs === 'platform') {
    const { run } = area;
    const round = { number: 1, of: rounds };
    const all = (platform: PlatformGround) => each((own) => run({ ...platform, round: own.round }));
    await onPlatform({ ...ground, round }, async (platform) => {
      const since = new Date();
      await (options.samples ? withSamples(platform, all) : all(platform));
      const host = platform.platform.environment.observability?.onCall;
      if (host !== undefined)
        // Not what went on from before, and is told again.
        told.push(
          ...toldTo(platform.cluster, host, since).filter(({ status, fired }) => status === 'firing' && fired >= since),
        );
    });
  } else if (area.needs === 'cluster') {
    const { run } = area;
    await each((own) => onCluster(own, run));
  } else {
    await each(area.run);
  }
  return { results: merged(area, outcomes, used), told };
}

/** One result for each promise of the area, with the rounds in their order. */
export function merged(area: AnyArea, outcomes: readonly Outcome[], used: Used): Measured[] {
  const versions = { ...versionsOf(programsOf(area)), ...Object.fromEntries(used.versions) };
  return promisesOf(area).map((promise) => {
    const own = outcomes.flatMap((outcome) => outcome[promise] ?? []);
    if (own.length < outcomes.length) throw new ProvingError(`a round measured nothing of ${promise}`);
    const standIns = new Set([...used.standIns, ...own.flatMap((round) => round.standIns ?? [])]);
    const rounds = own.map(({ figures, units, checks, table }): Round => ({ figures, units, checks, table }));
    return { promise, drill: sentence(area, promise), rounds, versions, standIns: [...standIns] };
  });
}

function sentence({ promises }: AnyArea, promise: PromiseId): string {
  return promises[promise] ?? '';
}
