import path from 'node:path';
import process from 'node:process';
import type { PromiseId } from '../../promises.ts';
import { ProvingError } from '../machine/error.ts';
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

/** Runs an area's rounds. @returns a result for each of its promises. @throws ProvingError */
export async function runRounds(name: string, area: AnyArea, options: RunOptions): Promise<readonly Measured[]> {
  const { report, rounds } = options;
  const used = new Used();
  const ground = {
    ...{ root: process.cwd(), folder: path.join(toolsHere().cache, 'drills', name) },
    ...{ environment: options.environment, report, used },
  };
  const outcomes: Outcome[] = [];
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
    await onPlatform({ ...ground, round }, (platform) =>
      options.samples ? withSamples(platform, all) : all(platform),
    );
  } else if (area.needs === 'cluster') {
    const { run } = area;
    await each((own) => onCluster(own, run));
  } else {
    await each(area.run);
  }
  return merged(area, outcomes, used);
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
