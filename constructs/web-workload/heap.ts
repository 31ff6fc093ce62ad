import { JsonPatch } from 'cdk8s';
import type { IPodSpec } from 'kubernetes-models/v1/PodSpec';
import { glanceAt } from '../core/kube-object.ts';
import { memoryLimit } from '../core/pod-demand.ts';
import type { Workload } from '../core/workload.ts';

export const heapVariable = 'NODE_OPTIONS';

/** Share of the memory limit that V8's old generation may fill: the rest is for buffers, stacks and young objects. */
const heapShare = 0.75;

export function heapOption(mebibytes: number): string {
  return `--max-old-space-size=${Math.floor(mebibytes * heapShare)}`;
}

/** Gives a server whose memory was patched the heap that goes with it, unless somebody chose one. */
export function fitHeap({ object, name, props }: Workload): void {
  const manifest = glanceAt(object);
  const mebibytes = memoryLimit(manifest, name);
  const given = heapOption(props.containers[0].resources.memory.toMebibytes());
  if (mebibytes === undefined || heapOption(mebibytes) === given) return;
  const { containers } = (manifest.spec as { readonly template: { readonly spec: IPodSpec } }).template.spec;
  const container = containers.findIndex((each) => each.name === name);
  const variables = containers[container]?.env ?? [];
  const variable = variables.findIndex((each) => each.name === heapVariable);
  const [heap, ...more] = variables[variable]?.value?.split(' ') ?? [];
  if (heap !== given) return;
  const path = `/spec/template/spec/containers/${container}/env/${variable}/value`;
  object.addJsonPatch(JsonPatch.replace(path, [heapOption(mebibytes), ...more].join(' ')));
}
