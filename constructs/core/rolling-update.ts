import type { Controller } from './controller.ts';
import type { Spread } from './pod-template.ts';

export interface RollingUpdate {
  readonly maxSurge: number;
  readonly maxUnavailable: number | string;
}

/**
 * One more first, then one less. Where every node has a pod that shares none, one more would never find a place: then one
 * goes first. An autoscaler may be anywhere between the two: of a share that is rounded down, nothing is left while a node
 * is free, and one pod when none is.
 * @param workers how many nodes carry pods
 */
export function rollingUpdate(controller: Controller, spread: Spread, workers: number): RollingUpdate {
  const neverFewer = { maxSurge: 1, maxUnavailable: 0 };
  if (controller.kind === 'Deployment' && controller.maxSurge === 0) return { maxSurge: 0, maxUnavailable: 1 };
  if (spread !== 'strict' || controller.kind !== 'Deployment') return neverFewer;
  const { replicas } = controller;
  const [least, most] = typeof replicas === 'number' ? [replicas, replicas] : [replicas.minimum, replicas.maximum];
  if (most < workers) return neverFewer;
  if (least >= workers) return { maxSurge: 0, maxUnavailable: 1 };
  return { maxSurge: 1, maxUnavailable: `${Math.ceil(100 / workers)}%` };
}
