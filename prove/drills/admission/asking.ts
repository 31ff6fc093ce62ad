import type { Manifest } from '../../../constructs/core/manifest.ts';
import { toYaml } from '../../../synth/yaml.ts';
import type { ControlPlane } from '../../cluster/control-plane.ts';
import { tryKubectl } from '../../cluster/kubectl.ts';
import type { Result } from '../../machine/run.ts';

/** One after the other: an object may need the one before it. */
export async function inTurn<Each, Value>(all: readonly Each[], ask: (each: Each) => Promise<Value>): Promise<Value[]> {
  const answers: Value[] = [];
  for (const each of all) answers.push(await ask(each));
  return answers;
}

/** Where no quota counts: nothing is used up there by the object that is changed. */
export const apart: Manifest = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'apart' } };

/**
 * The object as another one, which asks for nothing that the first one holds: under a name by which its answer is found,
 * in a namespace without quotas, with other ports of the nodes.
 */
export function another(manifest: Manifest, name: string): Manifest {
  const { kind, metadata, spec } = manifest;
  const namespace = metadata.namespace === undefined ? {} : { namespace: apart.metadata.name };
  const renamed = { ...manifest, metadata: { ...metadata, ...namespace, name } };
  const { ports } = (spec ?? {}) as { readonly ports?: unknown };
  if (kind !== 'Service' || !Array.isArray(ports)) return renamed;
  return { ...renamed, spec: { ...(spec as object), ports: ports.map(withAnotherNodePort) } };
}

function withAnotherNodePort(port: unknown): unknown {
  const { nodePort } = (port ?? {}) as { readonly nodePort?: unknown };
  const [first, last] = [30_000, 32_767];
  // What is no port of the nodes is a value to be judged.
  if (typeof nodePort !== 'number' || nodePort < first || nodePort > last) return port;
  return { ...(port as object), nodePort: first + last - nodePort };
}

/** Asks the server whether it would create the objects, and leaves nothing behind. Of thousands it takes minutes. */
export function create(plane: ControlPlane, ...manifests: readonly Manifest[]): Promise<Result> {
  const input = manifests.map(toYaml).join('---\n');
  return tryKubectl(plane, ['create', '--dry-run=server', '--validate=strict', '-f', '-'], { input, timeout: 900 });
}
