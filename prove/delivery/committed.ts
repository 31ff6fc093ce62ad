import fs from 'node:fs';
import path from 'node:path';
import { load } from 'js-yaml';
import { isClusterScoped } from '../../constructs/core/kube-object.ts';
import type { Manifest } from '../../constructs/core/manifest.ts';
import { definitionFiles, makerNames, makers } from '../../scripts/import/makers.ts';
import type { ControlPlane } from '../cluster/control-plane.ts';
import { kubectl, tryKubectl } from '../cluster/kubectl.ts';

/** The committed objects of a folder: what Argo CD would apply, not what is in memory. */
export function committedObjects(root: string, folder: string): Manifest[] {
  return fs
    .readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.yaml'))
    .sort()
    .map((file) => load(fs.readFileSync(path.join(root, folder, file), 'utf8')) as Manifest);
}

/** Namespaces first, then what is in no namespace, then the rest: an API server refuses the other order. */
export function inOrder(manifests: readonly Manifest[]): Manifest[] {
  const rank = ({ kind }: Manifest): number => (kind === 'Namespace' ? 0 : isClusterScoped(kind) ? 1 : 2);
  return [...manifests].sort((a, b) => rank(a) - rank(b));
}

/** Brings the kinds that are not Kubernetes' own, as their makers define them. */
export async function defineCustomResources(plane: ControlPlane): Promise<void> {
  for (const name of makerNames) {
    for (const file of definitionFiles(name)) {
      await kubectl(plane, ['apply', '--server-side', '-f', file]);
    }
  }
  const kinds = makerNames.flatMap((name) => makers[name].kinds);
  await plane.waitFor('the custom resources', 30, async () => {
    for (const kind of kinds) {
      const { status } = await tryKubectl(plane, ['get', kind, '--all-namespaces']);
      if (status !== 0) return false;
    }
    return true;
  });
}
