import type { WorkloadSize } from './environment.ts';

type Resources = Pick<WorkloadSize, 'cpuRequest' | 'memory'>;

/** What an environment gives a container, or what is usual; and why it is so much, for the object's annotation. */
export function sized(
  given: Resources = {},
  usual: Required<Resources>,
  why: string,
): Required<Resources> & { readonly because: string } {
  const isUsual = given.cpuRequest === undefined && given.memory === undefined;
  return {
    cpuRequest: given.cpuRequest ?? usual.cpuRequest,
    memory: given.memory ?? usual.memory,
    because: isUsual ? why : 'Set for this environment in config/environments/.',
  };
}
