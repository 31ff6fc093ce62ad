import type { Measured } from '../../results/index.ts';
import type { RunningPlatform } from '../on-platform.ts';
import { node2Down } from './node2-down.ts';
import { podCrash } from './pod-crash.ts';

/** From the smallest loss to the largest. */
export async function failuresDrill(platform: RunningPlatform): Promise<readonly Measured[]> {
  return [await podCrash(platform), await node2Down(platform)];
}
