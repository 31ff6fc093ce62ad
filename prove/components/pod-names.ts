import type { Workload } from '../../constructs/core/workload.ts';

/** Names of the pods that a StatefulSet has. */
export function podNames(workload: Workload): readonly string[] {
  const { least } = workload.demand(1);
  return Array.from({ length: least }, (_, index) => `${workload.name}-${index}`);
}
