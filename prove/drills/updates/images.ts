import fs from 'node:fs';
import path from 'node:path';
import type { Cluster } from '../../cluster/cluster.ts';
import { kubectl } from '../../cluster/kubectl.ts';
import type { PlatformClone } from '../../delivery/clone.ts';

/** Gives an image of the clone's table another tag. */
export function setImage(clone: PlatformClone, name: string, tag: string): void {
  const file = path.join(clone.folder, 'config', 'images.json');
  const table = JSON.parse(fs.readFileSync(file, 'utf8')) as Readonly<Record<string, object>>;
  fs.writeFileSync(file, `${JSON.stringify({ ...table, [name]: { ...table[name], tag } }, null, 2)}\n`);
}

/** What a Deployment of the product asks for now. */
export function imageOf(cluster: Cluster, deployment: string): Promise<string> {
  const format = '--output=jsonpath={.spec.template.spec.containers[0].image}';
  return kubectl(cluster, ['get', 'deployment', deployment, '--namespace=shop', format]);
}
